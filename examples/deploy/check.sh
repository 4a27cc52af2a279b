#!/usr/bin/env bash
# Against real programs: promtool for the rules, a kube-apiserver for each overlay,
# buildah for the image, where they are there. It is not part of the gate, whose
# tests look at the same files with the libraries of Kubernetes.
#
#   examples/deploy/check.sh [DIR]    with DIR, kube-apiserver is taken from there
#
# It needs kubectl, etcd, openssl and jq for the API server, which
# internal/realsts/check.sh DIR builds. For the image it needs root, and a
# builder's image that it makes of this machine's Go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bin=${1:-}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT

have() {
	command -v "$1" >/dev/null && return
	echo "skipped: there is no $1"
	return 1
}

rules() {
	have promtool || return 0
	promtool check rules prometheus/rules.yaml
	(cd prometheus && promtool test rules rules_test.yaml)
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

k() { kubectl --kubeconfig "$work/kubeconfig" "$@"; }

start_cluster() {
	(
		cd "$work"
		openssl genrsa -out sa.key 2048 2>/dev/null
		openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
	)
	admin=$(openssl rand -hex 16)
	echo "$admin,admin,admin,\"system:masters\"" >"$work/users.csv"
	etcd --data-dir "$work/etcd" --listen-client-urls http://127.0.0.1:22379 --advertise-client-urls http://127.0.0.1:22379 \
		--listen-peer-urls http://127.0.0.1:22380 >"$work/etcd.log" 2>&1 &
	"$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:22379 --service-account-issuer=https://localhost:26443 \
		--service-account-signing-key-file="$work/sa.key" --service-account-key-file="$work/sa.pub" \
		--authorization-mode=RBAC --token-auth-file="$work/users.csv" --cert-dir="$work/run" \
		--service-cluster-ip-range=10.0.0.0/24 --secure-port=26443 --bind-address=127.0.0.1 \
		--advertise-address=127.0.0.1 >"$work/api.log" 2>&1 &
	kubectl config --kubeconfig "$work/kubeconfig" set-cluster c --server https://localhost:26443 --insecure-skip-tls-verify >/dev/null
	kubectl config --kubeconfig "$work/kubeconfig" set-credentials c --token "$admin" >/dev/null
	kubectl config --kubeconfig "$work/kubeconfig" set-context c --cluster c --user c >/dev/null
	kubectl config --kubeconfig "$work/kubeconfig" use-context c >/dev/null
	until_ok k get --raw /readyz
}

# pods makes pods of what an overlay's Deployment or Job would: they are what the
# level restricted is enforced on.
pods() {
	kubectl kustomize "$1" | k create --dry-run=client -f - -o json |
		jq -c '(.items[]?, select(.items | not)) | select(.spec.template) | {apiVersion: "v1", kind: "Pod",
			metadata: (.spec.template.metadata + {name: .metadata.name, namespace: .metadata.namespace}), spec: .spec.template.spec}'
}

cluster() {
	if [[ ! -x $bin/kube-apiserver ]]; then
		echo "skipped: there is no kube-apiserver in ${bin:-the directory that was not given}"
		return
	fi
	have kubectl && have etcd && have jq || return 0
	start_cluster
	# Namespace and service account are made; all else is asked for, by server-side
	# apply, and not made.
	k apply --server-side -f base/namespace.yaml
	k apply --server-side -n testnamespace -f base/serviceaccount.yaml
	local dir
	for dir in base overlays/* verify; do
		echo "--- $dir"
		kubectl kustomize "$dir" | k apply --server-side --force-conflicts --validate=strict --dry-run=server --warnings-as-errors -f -
		pods "$dir" | k create --dry-run=server --validate=strict --warnings-as-errors -f -
	done
	echo "--- what must be refused"
	refused '.spec.containers[0].securityContext.allowPrivilegeEscalation = true'
	refused '.spec.initContainers[0].securityContext.capabilities = {}'
	refused '.spec.securityContext.seccompProfile = null'
	refused '.spec.hostNetwork = true'
}

# refused CHANGE fails unless Pod Security refuses the base's pod with it.
refused() {
	local said
	if said=$(pods base | jq -c "$1" | k create --dry-run=server -f - 2>&1) || [[ $said != *'violates PodSecurity "restricted:latest"'* ]]; then
		echo "not refused: $1: $said" >&2
		return 1
	fi
	echo "refused: $1"
}

# image builds the image twice, by a builder of this machine's Go and certificates,
# and compares.
image() {
	have buildah || return 0
	if ((EUID)); then
		echo "skipped: the image needs root"
		return
	fi
	local store=(--root "$work/storage" --runroot "$work/run-storage" --storage-driver vfs) one sums=()
	local builder
	builder=$(buildah "${store[@]}" from scratch)
	mkdir -p "$work/rootfs/tmp"
	# shellcheck disable=SC2046 # one name a word
	(cd / && cp -L --parents bin/sh bin/mkdir etc/ssl/certs/ca-certificates.crt \
		$(ldd /bin/sh /bin/mkdir | grep -o '/lib[^ ]*' | sort -u | sed 's,^/,,') "$work/rootfs")
	buildah "${store[@]}" copy -q "$builder" "$work/rootfs" / >/dev/null
	buildah "${store[@]}" copy -q "$builder" "$(go env GOROOT)" /usr/local/go >/dev/null
	# Modules are this machine's, so that nothing has to be fetched.
	buildah "${store[@]}" copy -q "$builder" "$(go env GOMODCACHE)/cache/download" /proxy >/dev/null
	buildah "${store[@]}" config --env PATH=/usr/local/go/bin:/bin --env GOPROXY=file:///proxy \
		--env GOSUMDB=off "$builder" # go.sum has the sums
	buildah "${store[@]}" commit -q "$builder" local/go >/dev/null
	for one in first second; do
		buildah "${store[@]}" build --isolation chroot --pull-never --no-cache --timestamp 0 -q \
			--build-arg GO_IMAGE=localhost/local/go -f Containerfile -t "$one" ../.. >/dev/null
		sums+=("$(buildah "${store[@]}" inspect --type image --format '{{.FromImageDigest}}' "$one")")
	done
	printf '%s\n' "${sums[@]}"
	[[ ${sums[0]} && ${sums[0]} == "${sums[1]}" ]]
	one=$(buildah "${store[@]}" from --pull-never first)
	(cd "$(buildah "${store[@]}" mount "$one")" && find . -type f -exec ls -ln {} +)
	buildah "${store[@]}" inspect --type image --format '{{.OCIv1.Config.User}}' first
	echo
	buildah "${store[@]}" run --isolation chroot "$one" /files -h | head -2
}

rules
cluster
image
echo "done"
