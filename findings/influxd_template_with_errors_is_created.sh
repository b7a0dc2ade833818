#!/usr/bin/env bash
# influxd 2.9.1
#
# A template is applied that has one good bucket and one label whose name is too short. The answer is `201 Created`. Nothing was
# created, neither the label nor the bucket, and no secret was set: the only trace is a member `errors` in the body. A client
# that goes by the status takes a template that did nothing for one that was applied.
#
# Guessed: 422. Seen: `201`, `errors: ['must be a string of at least 2 chars in length']`, and no bucket of that name.
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

body='{"orgID": "'"$org"'", "secrets": {"S": "1"}, "template": {"contents": [
  {"apiVersion": "influxdata.com/v2alpha1", "kind": "Bucket", "metadata": {"name": "good"}, "spec": {"name": "good-bucket"}},
  {"apiVersion": "influxdata.com/v2alpha1", "kind": "Label", "metadata": {"name": "short"}, "spec": {"name": "x"}}]}}'
applied=$(call POST /templates/apply "$body")
reasons=$(pick '[one["reason"] for one in it["errors"]]' <<<"$applied")
buckets=$(call GET "/buckets?orgID=$org" | pick 'sorted(one["name"] for one in it["buckets"] if one["name"][0] != "_")')
secrets=$(call GET "/orgs/$org/secrets" | pick 'it["secrets"]')
echo "$(status <<<"$applied") errors: $reasons buckets: $buckets secrets: $secrets"
[ "$(status <<<"$applied")" = 201 ] || { echo "changed: the status says that it failed"; exit 1; }
[ "$reasons" = "['must be a string of at least 2 chars in length']" ] || { echo "changed: the errors are $reasons"; exit 1; }
[ "$buckets $secrets" = "['b'] []" ] || { echo "changed: something was created"; exit 1; }
echo "as known: 201 Created, and nothing was"
