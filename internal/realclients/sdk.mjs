// The AWS SDK for JavaScript as a client of check.sh.

import { createInterface } from "node:readline";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

for await (const _ of createInterface({ input: process.stdin })) {
  // A chain of its own, for the one inside a client remembers what it found.
  const credentials = fromNodeProviderChain();
  try {
    const who = await new STSClient({ credentials }).send(new GetCallerIdentityCommand({}));
    const secret = await new SecretsManagerClient({ credentials }).send(
      new GetSecretValueCommand({ SecretId: process.env.SECRET }),
    );
    console.log(who.Arn, secret.SecretString);
  } catch (e) {
    console.log("failed:", e.name, e.message);
  }
}
