#!/usr/bin/env bash
# influxd 2.9.1 with Flux 0.200
#
# PATCH /api/v2/tasks/ID with a new name alone formats the whole script again. A comment at the end of a line moves to a line of
# its own below, and so in front of the next statement, which it then seems to explain.
#
# Guessed: only `name` in the options changes. Seen: `// rotated in May` stands above the statement after its own.
# Needs curl, Python 3 and influxd 2.9.1. INFLUXD may name one; without it, one is built from its Go module, for which Go, Rust and
# a C compiler are needed and some ten minutes. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; wait; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

if [ -z "${INFLUXD:-}" ]; then
  export GOFLAGS=-mod=mod PKG_CONFIG=$folder/pkg-config RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-stable}
  # Flux forbids warnings, and newer versions of Rust have more of them.
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >rustc-lenient
  chmod +x rustc-lenient
  export RUSTC_WRAPPER=$folder/rustc-lenient
  go mod init finding.invalid/probe 2>/dev/null
  go get github.com/influxdata/influxdb/v2/cmd/influxd@v2.9.1 2>/dev/null
  go get github.com/influxdata/pkg-config@v0.3.0 2>/dev/null
  go build -o pkg-config github.com/influxdata/pkg-config
  PATH=$folder:$PATH go build -ldflags '-X main.version=v2.9.1' -o influxd github.com/influxdata/influxdb/v2/cmd/influxd
  INFLUXD=$folder/influxd
fi
"$INFLUXD" version | grep -q 'v2\.9\.1 ' || { echo "this is about influxd 2.9.1 only"; exit 2; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$INFLUXD" --reporting-disabled --http-bind-address="127.0.0.1:$port" --bolt-path=bolt --sqlite-path=sqlite \
  --engine-path=engine >log 2>&1 &
server=$!
until curl -sfo /dev/null "http://127.0.0.1:$port/api/v2/setup"; do sleep 0.1; kill -0 $server; done

# call METHOD PATH [JSON]: prints the status, then the body
call() {
  curl -s -X "$1" -w '\n%{http_code}' -H "Authorization: Token probe-token" -H "Content-Type: application/json" \
    ${3:+-d "$3"} "http://127.0.0.1:$port/api/v2$2" | python3 -c '
import sys
*body, status = sys.stdin.read().split("\n")
print(status, *body, sep="\n")'
}
# pick EXPRESSION: evaluates it with the JSON of an answer as `it`
pick() { python3 -c 'import json, sys; it = json.loads(sys.stdin.read().split("\n", 1)[1]); print(eval(sys.argv[1]))' "$1"; }
status() { head -n 1; }

org=$(call POST /setup '{"username":"probe","password":"probe-probe","org":"probe","bucket":"b","token":"probe-token"}' |
  pick 'it["org"]["id"]')

script='import "array"

option task = {name: "old", every: 1h}

slack = "SLACK_TOKEN" // rotated in May
mail = "MAIL_PASSWORD"

array.from(rows: [{slack: slack, mail: mail}])
'
body() { python3 -c 'import json, sys; print(json.dumps({"orgID": sys.argv[1], "flux": sys.argv[2]}))' "$org" "$script"; }
task=$(call POST /tasks "$(body)" | pick 'it["id"]')
[ "$(call GET "/tasks/$task" | pick 'it["flux"]')" = "${script%$'\n'}" ] || { echo "changed: the script is formatted when it is created"; exit 1; }
call PATCH "/tasks/$task" '{"name": "new"}' >/dev/null
after=$(call GET "/tasks/$task" | pick 'it["flux"]')
echo "$after"
expected=$(printf '%s\n' 'slack = "SLACK_TOKEN"' '' '// rotated in May' 'mail = "MAIL_PASSWORD"')
case $after in *"$expected"*) ;; *) echo "changed: the comment stays where it was"; exit 1 ;; esac
echo "as known: a new name moved the comment to another statement"
