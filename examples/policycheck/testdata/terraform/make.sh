#!/usr/bin/env bash
# Makes plans/*.json with a real terraform and a real AWS provider; see README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

tmp=$(mktemp -d)
go build -o "$tmp/fakeaws" ../../../fakeaws
"$tmp/fakeaws" -listen 127.0.0.1:4598 -world accounts.yaml &
trap 'kill $!; rm -rf "$tmp"' EXIT

cat >"$tmp/credentials" <<'INI'
[cluster]
aws_access_key_id = AKIAIOSFODNN7EXAMPL1
aws_secret_access_key = only-for-the-fake-cluster
[secrets]
aws_access_key_id = AKIAIOSFODNN7EXAMPL2
aws_secret_access_key = only-for-the-fake-secrets
[keys]
aws_access_key_id = AKIAIOSFODNN7EXAMPL3
aws_secret_access_key = only-for-the-fake-keys
INI
export AWS_SHARED_CREDENTIALS_FILE=$tmp/credentials AWS_CONFIG_FILE=/dev/null
export AWS_ENDPOINT_URL=http://127.0.0.1:4598 AWS_EC2_METADATA_DISABLED=true

plan() { # plan CONFIGURATION NAME [OVERRIDE]
	local dir=$tmp/$1
	if [[ ! -d $dir ]]; then
		cp -r "$1" "$dir"
		terraform -chdir="$dir" init -input=false >/dev/null
	fi
	rm -f "$dir"/*_override.tf
	if (($# > 2)); then cp "$3" "$dir/mistake_override.tf"; fi
	terraform -chdir="$dir" plan -input=false -out=plan.bin >/dev/null
	terraform -chdir="$dir" show -json plan.bin >"plans/$2.json"
}

mkdir -p plans
plan forms forms
plan story right
for mistake in story/mistakes/*.tf; do
	plan story "$(basename "$mistake" .tf)" "$mistake"
done
