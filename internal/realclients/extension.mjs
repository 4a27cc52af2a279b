// A Lambda function's client of the Parameters and Secrets Extension, as AWS's
// documentation has it: fetch, the token in a header, success told by the members
// of the answer. It prints the secret $SECRET and two parameters, and what a
// client sees of one that is not there.

const { AWS_SESSION_TOKEN: token, PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: port, SECRET } = process.env;

async function get(path, query) {
  const url = new URL(path, `http://localhost:${port}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  const response = await fetch(url, { headers: { "X-Aws-Parameters-Secrets-Token": token } });
  const text = await response.text();
  return response.ok ? JSON.parse(text) : { error: `${response.status} ${text}` };
}

const parameter = (name, more) => get("/systemsmanager/parameters/get", { name, ...more });

const secret = await get("/secretsmanager/get", { secretId: SECRET });
if (secret.SecretBinary !== null || !("SecretString" in secret) || isNaN(new Date(secret.CreatedDate))) throw secret;
const plain = await parameter("/testapp/loglevel");
const secure = await parameter("/testapp/apikey", { withDecryption: true });
const absent = await parameter("/testapp/absent");
console.log(
  [secret.SecretString, plain.Parameter.Value, `${secure.Parameter.Type} ${secure.Parameter.Value}`, absent.error].join("; "),
);
