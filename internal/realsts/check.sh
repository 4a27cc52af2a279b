#!/usr/bin/env bash
# Against real servers: a token that a kube-apiserver mints, taken by MinIO's
# STS, through this library. It takes some fifteen minutes of building and a
# gigabyte of disk, and so is not part of the gate. It needs Go, git, curl,
# openssl, python3 and etcd (Debian: etcd-server); everything else is built from
# modules, in a directory that is removed at the end. Run it from anywhere.
#
#   internal/realsts/check.sh [DIR]     with DIR, keep the servers' binaries there
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kubernetes=v1.34.4
minio=v0.0.0-20260212201848-7aac2a2c5b7c

work=$(mktemp -d)
bin=${1:-$work/bin}
mkdir -p "$bin"
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT

# build NAME MODULE VERSION PACKAGE makes $bin/NAME. Kubernetes asks for its
# own parts at v0.0.0, which only its repository has: their releases stand in.
build() {
	[[ -x $bin/$1 ]] && return
	local dir=$work/$1 part
	mkdir "$dir"
	cd "$dir"
	go mod init build 2>/dev/null
	go mod edit -go=1.26.0 -require="$2@$3"
	for part in $(go mod download -json "$2@$3" | python3 -c '
import json, re, sys
mod = open(json.load(sys.stdin)["GoMod"]).read()
print(*sorted(set(re.findall(r"(k8s\.io/[a-z0-9.-]+) v0\.0\.0(?![-.\w])", mod))))'); do
		go mod edit -replace="$part=$part@${kubernetes/v1/v0}"
	done
	printf '//go:build tools\n\npackage build\n\nimport _ "%s"\n' "$4" >tools.go
	echo "building $1" >&2
	GOWORK=off GOFLAGS=-mod=mod go build -o "$bin/$1" "$4"
}

keys() {
	openssl genrsa -out sa.key 2048 2>/dev/null
	openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout api.key -out api.csr -subj /CN=localhost 2>/dev/null
	openssl x509 -req -in api.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out api.crt -days 2 \
		-extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) 2>/dev/null
	admin=$(openssl rand -hex 16)
	echo "$admin,admin,admin,\"system:masters\"" >users.csv
}

# until_ok COMMAND… waits for a server.
until_ok() {
	local i
	for ((i = 0; i < 60; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 1
	done
	echo "gave up on: $*" >&2
	return 1
}

api() {
	curl -sSf --cacert ca.crt -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' "https://localhost:16443$1" -d "$2"
}

cluster() {
	etcd --data-dir etcd --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 \
		--listen-peer-urls http://127.0.0.1:12380 >etcd.log 2>&1 &
	"$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:12379 --service-account-issuer=https://localhost:16443 \
		--service-account-signing-key-file=sa.key --service-account-key-file=sa.pub --authorization-mode=RBAC \
		--tls-cert-file=api.crt --tls-private-key-file=api.key --token-auth-file=users.csv --cert-dir=run \
		--service-cluster-ip-range=10.0.0.0/24 --secure-port=16443 --bind-address=127.0.0.1 \
		--advertise-address=127.0.0.1 >api.log 2>&1 &
	until_ok curl -sf --cacert ca.crt https://localhost:16443/readyz
	api /api/v1/namespaces '{"metadata":{"name":"testnamespace"}}' >/dev/null
	api /api/v1/namespaces/testnamespace/serviceaccounts '{"metadata":{"name":"testapp"}}' >/dev/null
	api /apis/rbac.authorization.k8s.io/v1/clusterrolebindings '{"metadata":{"name":"discovery"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"system:service-account-issuer-discovery"},
		"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"system:unauthenticated"}]}' >/dev/null
	until_ok curl -sf --cacert ca.crt https://localhost:16443/.well-known/openid-configuration
	api /api/v1/namespaces/testnamespace/serviceaccounts/testapp/token \
		'{"spec":{"audiences":["sts.amazonaws.com"],"expirationSeconds":86400}}' |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["status"]["token"], end="")' >token
}

sts() {
	mkdir -p certs/CAs data
	cp ca.crt certs/CAs/
	MINIO_ROOT_USER=root MINIO_ROOT_PASSWORD=$(openssl rand -hex 16) MINIO_IDENTITY_OPENID_CLIENT_ID=sts.amazonaws.com \
		MINIO_IDENTITY_OPENID_CONFIG_URL=https://localhost:16443/.well-known/openid-configuration \
		MINIO_IDENTITY_OPENID_ROLE_POLICY=readwrite \
		"$bin/minio" server --certs-dir certs --address 127.0.0.1:19000 data >minio.log 2>&1 &
	until_ok grep -q 'arn:minio' minio.log
}

build kube-apiserver k8s.io/kubernetes "$kubernetes" k8s.io/kubernetes/cmd/kube-apiserver
build minio github.com/minio/minio "$minio" github.com/minio/minio
cd "$root" && go build -o "$work/doctor" ./examples/doctor
cd "$work"
keys
cluster
sts
# MinIO has no GetCallerIdentity, so the doctor fails that check. The line
# "session" is what this is about.
AWS_REGION=us-east-1 AWS_ENDPOINT_URL_STS=http://127.0.0.1:19000 AWS_WEB_IDENTITY_TOKEN_FILE=$work/token \
	AWS_ROLE_ARN=$(grep -o 'arn:minio[^ ]*' minio.log) SSL_CERT_FILE=ca.crt ./doctor | tee doctor.out || true
grep -qE '^ok +token signature' doctor.out
grep -qE '^ok +session' doctor.out
echo "a real token gave a session"
