#!/usr/bin/env bash
# The AWS CLI whose path is the argument, as a client of check.sh. Versions before
# 2.13 know the endpoint by the flag only.
while read -r; do
	arn=$("$1" --endpoint-url "$AWS_ENDPOINT_URL" sts get-caller-identity --query Arn --output text) &&
		value=$("$1" --endpoint-url "$AWS_ENDPOINT_URL" secretsmanager get-secret-value --secret-id "$SECRET" \
			--query SecretString --output text) &&
		printf '%s %s\n' "$arn" "$value" || echo failed
done
