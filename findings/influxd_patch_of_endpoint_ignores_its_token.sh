#!/usr/bin/env bash
# influxd 2.9.1
#
# PATCH /api/v2/notificationEndpoints/ID with another `token` or `url` is a 200, and its answer shows the whole endpoint. Nothing
# has changed: this call takes name, description and status, and drops every other member without a word. A script that rotates
# the credential of an endpoint in this way reports success, and alerts go on with the old one.
#
# Guessed: the token changes, or the request is refused. Seen: `200`, then `secret: OLD http://127.0.0.1/old` again.
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

call PATCH "/orgs/$org/secrets" '{"OLD": "1", "NEW": "2"}' >/dev/null
endpoint=$(call POST /notificationEndpoints '{"orgID": "'"$org"'", "type": "slack", "name": "e", "status": "active",
  "url": "http://127.0.0.1/old", "token": "secret: OLD"}' | pick 'it["id"]')
patched=$(call PATCH "/notificationEndpoints/$endpoint" '{"token": "secret: NEW", "url": "http://127.0.0.1/new", "name": "renamed"}')
stored=$(call GET "/notificationEndpoints/$endpoint" | pick 'it["name"] + " " + it["token"] + " " + it["url"]')
status <<<"$patched"
echo "$stored"
[ "$(status <<<"$patched")" = 200 ] || { echo "changed: the request is refused"; exit 1; }
[ "$stored" = "renamed secret: OLD http://127.0.0.1/old" ] || { echo "changed: it is $stored"; exit 1; }
echo "as known: the name was changed, token and url were not"
