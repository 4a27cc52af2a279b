#!/usr/bin/env bash
# Real clients against the servers of examples/, which stand on the fake AWS: the
# AWS CLI (each version on the PATH), boto3 and the AWS SDK for JavaScript take
# their credentials from credserver in each form that it has, say who they are
# and read a secret. curl, as in the documentation of AWS's agent, and a client of
# the Lambda extension in JavaScript read from agent. It needs Go, an AWS CLI, a
# python3 with boto3, curl, node and npm, which downloads the SDK, and so is not
# part of the gate. Run it from anywhere.
# It prints a line for each client and form, and fails if one of them fails.
#
#   internal/realclients/check.sh [DIR]     with DIR, keep npm's packages there
#
# A client is a program that for each line on its standard input, with nothing
# left from the one before, asks for its identity and the secret $SECRET and
# prints both in a line, ARN and value, or what went wrong. Its environment has
# the Region, AWS_ENDPOINT_URL and what the form says, and no identity.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
work=$(mktemp -d)
npm=${1:-$work/npm}
mkdir -p "$npm"
npm=$(cd "$npm" && pwd)
pids=()
failures=0
finish() {
	if ((${#pids[@]})); then
		kill "${pids[@]}" 2>/dev/null || true
		wait "${pids[@]}" 2>/dev/null || true
	fi
	rm -rf "$work"
}
trap finish EXIT

# report ok|absent|FAILED CLIENT FORM [DETAIL] prints a line.
report() {
	[[ $1 != FAILED ]] || failures=$((failures + 1))
	printf '%-6s  %-44s  %-34s  %s\n' "$1" "$2" "$3" "${4:-}"
}

# start NAME PATTERN COMMAND… runs a server until the end, and waits until a line
# of its output in $work/NAME.log matches.
start() {
	local name=$1 pattern=$2 i
	shift 2
	"$@" >"$work/$name.log" 2>"$work/$name.err" &
	pids+=($!)
	for ((i = 0; i < 200; i++)); do
		grep -qE "$pattern" "$work/$name.log" && return
		kill -0 "${pids[-1]}" 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/$name.log" "$work/$name.err" >&2
	echo "$name does not start" >&2
	return 1
}

# exported NAME VARIABLE is what a server says that its clients should set.
exported() { sed -n "s/^export $2=//p" "$work/$1.log"; }

# check CLIENT FORM BETWEEN VARIABLE=VALUE… -- COMMAND… has a client ask twice,
# and runs BETWEEN between.
check() {
	local client=$1 form=$2 between=$3 env=() out errors i got=
	shift 3
	while [[ $1 != -- ]]; do
		env+=("$1")
		shift
	done
	shift
	errors=$work/client.err
	mkdir -p "$work/home"
	coproc CLIENT {
		exec env -i PATH="$PATH" HOME="$work/home" AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER= AWS_EC2_METADATA_DISABLED=true \
			AWS_ENDPOINT_URL="$aws" SECRET="$secret" "${env[@]}" "$@" 2>"$errors"
	}
	local pid=$CLIENT_PID
	exec 7<&"${CLIENT[0]}" 8>&"${CLIENT[1]}"
	for i in 1 2; do
		((i == 1)) || "$between"
		echo >&8 2>/dev/null || break
		IFS= read -r -t 60 out <&7 || out=
		[[ $out == "$identity"*" $value" ]] || break
		got+=$i
	done
	exec 8>&- 7<&-
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	if [[ $got == 12 ]]; then
		report ok "$client" "$form"
	else
		report FAILED "$client" "$form" "call $((${#got} + 1)): ${out:-$(tail -n 1 "$errors")}"
	fi
}

nothing() { :; }

# rewrite replaces the token that both sides read.
rewrite() {
	printf 'token-%s%s' "$RANDOM" "$(date +%s%N)" >"$work/token.next"
	chmod 0440 "$work/token.next"
	mv -f "$work/token.next" "$work/token"
}

# through_credserver CLIENT COMMAND… checks a client in all forms.
through_credserver() {
	local client=$1
	shift
	check "$client" 'token in the environment' nothing \
		AWS_CONTAINER_CREDENTIALS_FULL_URI="$(exported environment AWS_CONTAINER_CREDENTIALS_FULL_URI)" \
		AWS_CONTAINER_AUTHORIZATION_TOKEN="$token" -- "$@"
	if [[ $client =~ ^aws-cli/2\.([0-9]|1[0-4])\. ]]; then
		report absent "$client" 'token in a file, rewritten' 'known to AWS CLI 1.30 and 2.15'
	else
		check "$client" 'token in a file, rewritten' rewrite \
			AWS_CONTAINER_CREDENTIALS_FULL_URI="$(exported file AWS_CONTAINER_CREDENTIALS_FULL_URI)" \
			AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$(exported file AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" -- "$@"
	fi
	check "$client" 'credential_process' nothing AWS_CONFIG_FILE="$work/config" AWS_SDK_LOAD_CONFIG=1 -- "$@"
}

# expect CLIENT FORM WANT COMMAND… compares what a client of the agent prints.
expect() {
	local client=$1 form=$2 want=$3 out
	shift 3
	out=$("$@" 2>"$work/client.err") || true
	if [[ $out == "$want" ]]; then
		report ok "$client" "$form"
	else
		report FAILED "$client" "$form" "${out:-$(tail -n 1 "$work/client.err")}"
	fi
}

# ask PATH [OPTION…] is curl as the documentation of AWS's agent has it.
ask() {
	local path=$1
	shift
	curl -s --noproxy '*' "$@" -H "X-Aws-Parameters-Secrets-Token: $(<"$work/agent.token")" "http://localhost:$port$path"
}

cd "$root"
go build -o "$work/bin/" ./examples/fakeaws ./examples/credserver ./examples/agent
region=eu-west-1
identity=arn:aws:sts::111122223333:assumed-role/pod-role/
secret=arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf
value='{"username":"app","password":"correct-horse-battery-staple"}'
start fakeaws listening "$work/bin/fakeaws" -listen 127.0.0.1:0 -token-file "$work/projected"
aws=$(sed -n 's/^fakeaws listening on //p' "$work/fakeaws.log")

# What the webhook sets for a pod: here for the servers alone.
pod=(AWS_REGION=$region AWS_ENDPOINT_URL="$aws" AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod-role
	AWS_WEB_IDENTITY_TOKEN_FILE="$work/projected" AWS_CONFIG_FILE=/dev/null)
token=token-$RANDOM-of-both-sides
start environment '^# and' env "${pod[@]}" AWS_CONTAINER_AUTHORIZATION_TOKEN=$token "$work/bin/credserver" -listen 127.0.0.1:0
start file TOKEN_FILE env "${pod[@]}" "$work/bin/credserver" -listen 127.0.0.1:0 -token-file "$work/token"
printf '[default]\ncredential_process = env %s %s process\n' "${pod[*]}" "$work/bin/credserver" >"$work/config"

# Every AWS CLI on the PATH, each version once.
versions=
while read -r cli; do
	version=$("$cli" --version 2>&1 | cut -d ' ' -f 1,2) || continue
	[[ $versions != *"$version"* ]] || continue
	versions+=" $version"
	through_credserver "$version" "$here/awscli.sh" "$cli"
done < <(type -ap aws)
[[ $versions ]] || report FAILED aws-cli all 'none is on the PATH'

python=
for python in $(type -ap python3 python); do
	"$python" -c 'import boto3' 2>/dev/null && break
	python=
done
if [[ $python ]]; then
	through_credserver "boto3 $("$python" -c 'import boto3; print(boto3.__version__)')" "$python" "$here/boto.py"
else
	report FAILED boto3 all 'no python on the PATH has it'
fi

if command -v npm >/dev/null; then
	npm install --prefix "$npm" --no-save --no-audit --no-fund --silent \
		@aws-sdk/client-sts @aws-sdk/client-secrets-manager @aws-sdk/credential-providers
	cp "$here/sdk.mjs" "$npm/"
	version=$(node -p 'require(process.argv[1]).version' "$npm/node_modules/@aws-sdk/client-sts/package.json")
	through_credserver "AWS SDK for JavaScript $version" node "$npm/sdk.mjs"
else
	report FAILED 'AWS SDK for JavaScript' all 'there is no npm'
fi

# The agent, in a pod that has nothing of its own to set for it but where the
# token goes.
printf 'http_port = 0\n' >"$work/agent.toml"
pod+=(IRSA_AGENT_TOKEN_FILE="$work/agent.token")
start agent listening env "${pod[@]}" "$work/bin/agent" -c "$work/agent.toml"
port=$(sed -n '1s/.*listening on http:.*://p' "$work/agent.log")
if command -v curl >/dev/null; then
	curl=$(curl --version | head -n 1 | cut -d ' ' -f 1,2)
	body='{"ARN":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf","Name":"testsecret"'
	body+=',"VersionId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111","SecretString":"'${value//\"/\\\"}'","VersionStages":["AWSCURRENT"]'
	body+=$(ask "/secretsmanager/get?secretId=$secret" | grep -oE ',"CreatedDate":"[0-9.]+"}$')
	expect "$curl" 'agent, secretId' "$body" ask "/secretsmanager/get?secretId=$secret"
	expect "$curl" 'agent, refreshNow' "$body" ask "/secretsmanager/get?secretId=$secret&refreshNow=true"
	expect "$curl" 'agent, versionStage' "$body" ask "/secretsmanager/get?secretId=$secret&versionStage=AWSCURRENT"
	expect "$curl" 'agent, in the path' "$body" ask "/v1/$secret"
	expect "$curl" 'agent, ping' healthy ask /ping
	expect "$curl" 'agent, forwarded' Forwarded ask "/v1/$secret" -H 'X-Forwarded-For: 10.0.0.1'
	expect "$curl" 'agent, without a token' 'Bad Token' curl -s --noproxy '*' "http://localhost:$port/v1/$secret"
else
	report FAILED curl all 'there is no curl'
fi

start extension listening env "${pod[@]}" IRSA_AGENT_DIALECT=extension "$work/bin/agent" -c "$work/agent.toml"
port=$(sed -n '1s/.*listening on http:.*://p' "$work/extension.log")
if command -v node >/dev/null; then
	expect "fetch of node $(node --version)" 'extension' \
		"$value; info; SecureString a-very-secret-api-key; 400 an unexpected error occurred while executing request" \
		env AWS_SESSION_TOKEN="$(<"$work/agent.token")" PARAMETERS_SECRETS_EXTENSION_HTTP_PORT="$port" SECRET="$secret" node "$here/extension.mjs"
else
	report FAILED 'fetch of node' extension 'there is no node'
fi

((failures == 0))
