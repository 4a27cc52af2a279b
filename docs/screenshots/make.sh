#!/usr/bin/env bash
# Makes the pictures of this folder: the doctor, the quickstart's story and the
# agent's page, all against the fake AWS. It wants Chromium, curl, jq and the
# script(1) of util-linux, and takes half a minute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=$PWD/docs/screenshots
tmp=$(mktemp -d)
started=()
finish() {
	((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true
	wait
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

secret=arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf

# serve WORLD starts the fake and gives this shell the environment of a pod.
serve() {
	local log=$tmp/${1##*/}.log
	"$tmp/fakeaws" -listen 127.0.0.1:0 -world "$1" -token-file "$tmp/token" >"$log" &
	started+=($!)
	export AWS_ENDPOINT_URL
	AWS_ENDPOINT_URL=$(await "$log" 's/.*listening on //p')
}

# await FILE SED waits until a file has a line from which sed prints something.
await() {
	local found
	for _ in {1..200}; do
		found=$(sed -n "$2" "$1" 2>/dev/null | head -n 1)
		[[ -z $found ]] || { echo "$found"; return; }
		sleep 0.05
	done
	echo "nothing like $2 in $1:" >&2
	cat "$1" >&2
	return 1
}

# shoot ADDRESS SIZE PICTURE photographs a page.
shoot() {
	chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --disable-lcd-text \
		--no-first-run --user-data-dir="$tmp/chromium" --force-device-scale-factor=1 --window-size="$2" \
		--screenshot="$tmp/picture.png" "$1" >"$tmp/chromium.log" 2>&1 || { cat "$tmp/chromium.log" >&2; return 1; }
	go run "$out/palette.go" "$tmp/picture.png"
	mv "$tmp/picture.png" "$3"
}

# terminal PICTURE TITLE photographs standard input as a terminal shows it.
terminal() {
	local size
	size=$(go run "$out/terminal.go" "$2" "$tmp/page.html")
	shoot "file://$tmp/page.html" "$size" "$1"
}

# The doctor writes colours to a terminal, which script(1) is; what it tells
# under way goes to standard error.
doctor() {
	jq 'del(.accounts[2].keys[0].policy.Statement[1:])' "$tmp/world.json" >"$tmp/broken.json"
	serve "$tmp/broken.json"
	(
		cd "$tmp" && PATH=$tmp:$PATH COLUMNS=100 AWS_WEB_IDENTITY_TOKEN_FILE=token AWS_EC2_METADATA_DISABLED=true \
			script -qec "doctor -secret $secret 2>/dev/null" /dev/null </dev/null || (($? == 1))
	) | sed -n '1,/^Access denied/p; $p' | sed '/^Access denied/d' |
		terminal "$out/doctor.png" "doctor -secret $secret"
}

# The story's temporary directory would be another in each picture, and its
# fourth part is what the doctor's picture is about.
story() {
	TMPDIR=$tmp "$tmp/quickstart" -break key-policy |
		sed -e "s#$tmp/quickstart-[0-9]*/##" -e '/^4\. /,/^5\. /{/^4\. /s/$/: …\n/;/^[45]\. /!d}' |
		terminal "$out/story.png" 'go run ./examples/quickstart -break key-policy'
}

# The page is what the agent answers to a login, saved, for the login needs a
# hand that types. One of its secrets is not there.
agent() {
	serve "$tmp/world.json"
	cat >"$tmp/agent.toml" <<-END
		http_port = 0
		[irsa]
		preload = ["$secret", "prod/mail"]
		token_file = "$tmp/agent-token"
		health_listen = "off"
	END
	"$tmp/agent" -c "$tmp/agent.toml" >"$tmp/agent.log" 2>/dev/null &
	started+=($!)
	local root
	root=$(await "$tmp/agent.log" 's/.*listening on //p')
	for name in "$secret" prod/mail; do
		curl -s -o /dev/null -H "X-Aws-Parameters-Secrets-Token: $(cat "$tmp/agent-token")" "$root/v1/$name"
	done
	curl -sS --fail -L -c "$tmp/cookies" -b "$tmp/cookies" -o "$tmp/agent.html" \
		--data-urlencode "token@$tmp/agent-token" "$root/irsa/login"
	shoot "file://$tmp/agent.html" "1180,1270" "$out/agent.png"
}

go build -o "$tmp" ./examples/fakeaws ./examples/doctor ./examples/quickstart ./examples/agent
"$tmp/fakeaws" -print-world >"$tmp/world.json"
export AWS_REGION=eu-west-1 AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod-role
export AWS_WEB_IDENTITY_TOKEN_FILE=$tmp/token
doctor
story
agent
ls -l "$out"/*.png
