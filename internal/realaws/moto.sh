#!/usr/bin/env bash
# Against a foreign Secrets Manager, Parameter Store and KMS: those of moto
# (https://docs.getmoto.org), which others have written from AWS's documents. The
# library reads through the real SDK over loopback; main.go has the checks, and
# prints a line for each. It needs Go, curl, python3 and moto_server, which comes
# with: pip install 'moto[server]'. Run it from anywhere; it takes half a minute.
#
# Where moto is not like AWS, nothing is checked:
#   - GetParameters does not find a parameter by its ARN.
#   - A parameter that is asked for by a label, or by a version, comes without
#     Selector. By version it can be told nevertheless; by label the library
#     refuses it, for it could be another version.
#   - Identity policies, resource policies and key policies decide nothing unless
#     moto is started with IAM authentication; the fake has those.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

server=$(command -v moto_server || compgen -G "$HOME/.pyenv/versions/*/bin/moto_server" | head -n 1) || {
	echo "moto_server is missing: pip install 'moto[server]'" >&2
	exit 1
}
log=$(mktemp)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -f "$log"' EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
for ((i = 0; i < 60; i++)); do
	curl -sf "http://127.0.0.1:$port/moto-api/data.json" >/dev/null && break
	sleep 0.5
done

cd "$root"
if ! go run -tags moto ./internal/realaws "http://127.0.0.1:$port"; then
	tail -n 20 "$log" >&2
	exit 1
fi
