"""boto3 as a client of check.sh."""

import os
import sys

import boto3

for _ in sys.stdin:
    session = boto3.Session()  # of its own credentials
    try:
        arn = session.client("sts").get_caller_identity()["Arn"]
        secret = session.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])
        print(arn, secret["SecretString"], flush=True)
    except Exception as e:
        print("failed:", type(e).__name__, e, flush=True)
