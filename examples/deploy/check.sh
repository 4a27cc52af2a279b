#!/usr/bin/env bash
# Against real programs, where they are there: promtool for rules, queries and the
# scrape configuration; Grafana's own types for the dashboard; a kube-apiserver for
# each overlay; Prometheus, which finds and scrapes an agent by way of it; buildah
# for the image. It is not part of the gate, whose tests look at the same files with
# the libraries of Kubernetes.
#
#   examples/deploy/check.sh [DIR [STEP…]]
#
# With DIR, programs are taken from there first: kube-apiserver, which
# internal/realsts/check.sh DIR builds, and prometheus and promtool, which this
# builds if they are not there, in five minutes or so, for Debian's know no
# Kubernetes. The steps are rules, dashboard, cluster and image; without any, all.
#
# The cluster needs kubectl, etcd, openssl and jq. The image needs root, and a
# builder that is made of this machine's Go. Ports 9090, 22379, 22773, 22774, 24599,
# 26443, 29090 and 29091 must be free.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bin=${1:+$(realpath "$1")}
PATH=${bin:+$bin:}$PATH
steps=("${@:2}")
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT

have() {
	command -v "$1" >/dev/null && return
	echo "skipped: there is no $1"
	return 1
}

# queries prints what the dashboard's panels ask, one a line: the expression and the
# labels of its legend. Grafana's variables have values.
queries() {
	jq -r '.panels[].targets[]? | [.expr, .legendFormat] | @tsv' grafana/dashboard.json |
		sed 's/\$namespace/.+/g; s/\$__rate_interval/1m/g'
}

# build_prometheus makes it with the discovery of Kubernetes, and no other.
build_prometheus() {
	[[ $bin && ! -x $bin/promtool ]] || return 0
	local src=$work/prometheus
	cp -r "$(cd "$work" && go mod download -json github.com/prometheus/prometheus@v0.303.0 | jq -r .Dir)" "$src"
	chmod -R u+w "$src"
	printf 'package plugins\n\nimport _ "github.com/prometheus/prometheus/discovery/kubernetes"\n' >"$src/plugins/plugins.go"
	GOWORK=off go -C "$src" build -o "$bin" ./cmd/prometheus ./cmd/promtool
}

knows_kubernetes() {
	[[ $(promtool check config prometheus/scrape.yaml 2>&1) == *'kubernetes_sd_configs not found'* ]] || return 0
	echo "skipped: this Prometheus knows no Kubernetes"
	return 1
}

rules() {
	build_prometheus
	have promtool && have jq || return 0
	promtool check rules prometheus/rules.yaml
	(cd prometheus && promtool test rules rules_test.yaml)
	if knows_kubernetes; then
		promtool check config prometheus/scrape.yaml
	fi
	queries | jq -R 'split("\t")[0]' | awk 'BEGIN { print "groups: [{name: dashboard, rules: [" }
		{ print "{record: panel" NR ", expr: " $0 "}," } END { print "]}]" }' >"$work/dashboard.yaml"
	promtool check rules "$work/dashboard.yaml"
}

# dashboard compiles it as a value of Grafana's type, which knows each field.
dashboard() {
	have npm || return 0
	mkdir "$work/grafana"
	npm install --prefix "$work/grafana" --silent --no-audit --no-fund --ignore-scripts @grafana/schema@13.2.3 typescript@5.9.3
	{
		# JSON has the values of enumerations, not their names.
		cat <<-'TS'
			import type { Dashboard } from '@grafana/schema';
			type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
				: T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
			export const dashboard: Plain<Dashboard> =
		TS
		cat grafana/dashboard.json
	} >"$work/grafana/dashboard.ts"
	(cd "$work/grafana" && npx tsc --strict --noEmit --skipLibCheck --module nodenext dashboard.ts)
	echo "the dashboard is one of Grafana"
}

# until_ok COMMAND… waits for a server.
until_ok() {
	local i
	for ((i = 0; i < 60; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 1
	done
	echo "gave up on: $*" >&2
	tail -n 5 "$work"/*.log >&2
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
	kube-apiserver --etcd-servers=http://127.0.0.1:22379 --service-account-issuer=https://localhost:26443 \
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
	have kube-apiserver && have kubectl && have etcd && have jq || return 0
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
	watched
	echo "--- what must be refused"
	refused '.spec.containers[0].securityContext.allowPrivilegeEscalation = true'
	refused '.spec.initContainers[0].securityContext.capabilities = {}'
	refused '.spec.securityContext.seccompProfile = null'
	refused '.spec.hostNetwork = true'
	live
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

# watched applies the component for the Prometheus Operator, whose definitions of
# PodMonitor and PrometheusRule know more than its types in Go.
watched() {
	local operator=github.com/prometheus-operator/prometheus-operator version kind
	version=$(go -C .. list -m -f '{{.Version}}' $operator/pkg/apis/monitoring)
	for kind in podmonitors prometheusrules; do
		k apply --server-side -f "$(cd "$work" && go mod download -json "$operator@$version" |
			jq -r .Dir)/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml"
		k wait --for condition=established "crd/$kind.monitoring.coreos.com"
	done
	mkdir "$work/watched"
	cat >"$work/watched/kustomization.yaml" <<-YAML
		namespace: testnamespace
		resources: [$(realpath --relative-to "$work/watched" base)]
		components: [$(realpath --relative-to "$work/watched" components/prometheus-operator)]
	YAML
	echo "--- components/prometheus-operator"
	kubectl kustomize "$work/watched" | k apply --server-side --force-conflicts --validate=strict --dry-run=server --warnings-as-errors -f -
}

# ask EXPRESSION prints Prometheus's samples, as a list.
ask() { curl -sSf http://127.0.0.1:29090/api/v1/query --data-urlencode "query=$1" | jq -c .data.result; }

has() {
	local got
	got=$(ask "$1") && [[ $got != '[]' ]]
}

# well reports whether Prometheus has evaluated all rules, without an error.
well() {
	curl -sSf http://127.0.0.1:29090/api/v1/rules >"$work/rules.log" &&
		jq -e '[.data.groups[].rules[].health] | length > 0 and all(. == "ok")' "$work/rules.log"
}

# start_aws starts the fake, once. Its identity is that of the pod.
start_aws() {
	identity=(AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://127.0.0.1:24599 AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod-role)
	[[ ! -s $work/pod-token ]] || return 0
	go -C .. build -o "$work" ./fakeaws
	"$work/fakeaws" -listen 127.0.0.1:24599 -token-file "$work/pod-token" >"$work/fakeaws.log" 2>&1 &
	until_ok test -s "$work/pod-token"
}

# start_prometheus gives it an agent to find: the base's, with its configuration, in
# a pod of which this script is the kubelet.
start_prometheus() {
	go -C .. build -o "$work" ./agent
	start_aws
	mkdir "$work/irsa"
	sed "1i http_port = 22773
		s,/var/run/irsa,$work/irsa," base/agent.toml >"$work/agent.toml"
	env "${identity[@]}" AWS_WEB_IDENTITY_TOKEN_FILE="$work/pod-token" "$work/agent" -c "$work/agent.toml" >"$work/agent.log" 2>&1 &
	until_ok "$work/agent" ready -c "$work/agent.toml"
	pods base | k create -f -
	k -n testnamespace patch pod testapp --subresource=status \
		-p '{"status": {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}}'
	{
		echo "global: {scrape_interval: 1s, evaluation_interval: 1s}"
		echo "rule_files: [$PWD/prometheus/rules.yaml]"
		sed "s,^      - role: pod,&\n        kubeconfig_file: $work/kubeconfig," prometheus/scrape.yaml
	} >"$work/prometheus.yaml"
	prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:29090 >"$work/prometheus.log" 2>&1 &
	until_ok has 'up{job="irsa-agent", namespace="testnamespace", pod="testapp"} == 1'
}

# live has Prometheus find, scrape and judge the agent, and answer the dashboard.
live() {
	build_prometheus
	have prometheus && have promtool && have curl && knows_kubernetes || return 0
	echo "--- Prometheus"
	start_prometheus
	curl -sSf http://127.0.0.1:22773/ping
	echo
	until_ok has 'sum(rate(irsa_agent_requests_total[1m])) + sum(namespace:irsa_cache_hits:ratio_rate5m)'
	until_ok well
	local expr legend labels answer
	if has ALERTS; then
		ask ALERTS >&2
		return 1
	fi
	# Panels about trouble show what is above zero: asked without that, each has an
	# answer, which has the legend's labels.
	while IFS=$'\t' read -r expr legend; do
		labels=$(grep -oP '{{\K\w+' <<<"$legend" | jq -Rnc '[inputs]') || labels='[]'
		answer=$(ask "${expr% > 0}")
		if ! jq -e --argjson labels "$labels" 'length > 0 and all(.[].metric; . as $m | all($labels[]; . as $l | $m | has($l)))' <<<"$answer" >/dev/null; then
			echo "no answer, or not with $labels: $expr: $answer" >&2
			return 1
		fi
	done < <(queries)
	echo "the agent is found and scraped, all rules are in order, and all panels have data"
}

# image builds the image twice, by a builder of this machine's Go and certificates,
# and compares.
image() {
	have buildah || return 0
	if ((EUID)); then
		echo "skipped: the image needs root"
		return
	fi
	# A copy, so that both are of the same sources whatever happens to these.
	mkdir "$work/src"
	(cd ../.. && cp -r go.mod go.sum policy credentials secrets internal examples "$work/src")
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
			--build-arg GO_IMAGE=localhost/local/go --build-arg TARGETARCH="$(go env GOARCH)" -f "$work/src/examples/deploy/Containerfile" -t "$one" "$work/src" >/dev/null
		sums+=("$(buildah "${store[@]}" inspect --type image --format '{{.FromImageDigest}}' "$one")")
	done
	printf '%s\n' "${sums[@]}"
	[[ ${sums[0]} && ${sums[0]} == "${sums[1]}" ]]
	one=$(buildah "${store[@]}" from --pull-never first)
	root=$(buildah "${store[@]}" mount "$one")
	(cd "$root" && find . -type f -exec ls -ln {} +)
	[[ $(buildah "${store[@]}" inspect --type image --format '{{.OCIv1.Config.User}}' first) == 65532:65532 ]]
	buildah "${store[@]}" run --isolation chroot "$one" /files -h | head -2
	image_runs
}

# confined COMMAND… runs a program of the image as the base's pod would: its user and
# group, a root file system that nobody can write to, and volumes.
confined() {
	env -i "${identity[@]}" AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/token unshare -m bash -euc '
		export PATH=/usr/bin:/bin:/usr/sbin:/sbin
		mount --bind "$0" "$0"
		mount -o remount,bind,ro "$0"
		mount --bind "$1" "$0/var/run"
		mount --bind "$2" "$0/etc/irsa"
		mount -o remount,bind,ro "$0/etc/irsa"
		exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups=2000 "$0" "${@:3}"' \
		"$root" "$work/volumes" "$work/config" "$@"
}

# image_runs starts the base's agent, with its configuration, of the image.
image_runs() {
	start_aws
	local projected=$work/volumes/secrets
	mkdir -p "$root/var/run" "$root/etc/irsa" "$work/config" "$work/volumes/irsa" "$projected/..1"
	chgrp 2000 "$work/volumes/irsa"
	chmod 2777 "$work/volumes/irsa"
	install -g 2000 -m 0640 "$work/pod-token" "$projected/..1/token"
	ln -s ..1 "$projected/..data" # as the kubelet does
	ln -s ..data/token "$projected/token"
	sed "1i http_port = 22774
		s/:9090/127.0.0.1:29091/" base/agent.toml >"$work/config/agent.toml"
	chmod 755 "$work" "$work/volumes" "$work/config"
	confined /agent -c /etc/irsa/agent.toml >"$work/image-agent.log" 2>&1 &
	until_ok confined /agent ready -c /etc/irsa/agent.toml
	confined /doctor -strict -expect-role arn:aws:iam::111122223333:role/pod-role
	ls -ln "$work/volumes/irsa"
	[[ $(stat -c %u:%g:%a "$work/volumes/irsa/token") == 65532:2000:440 ]]
}

((${#steps[@]})) || steps=(rules dashboard cluster image)
for step in "${steps[@]}"; do
	echo "=== $step"
	"$step"
done
echo "done"
