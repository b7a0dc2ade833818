#!/usr/bin/env bash
# influxd 2.9.1
#
# POST /api/v2/templates/export of a task puts name and schedule into the template and cuts `option task = {…}` out of the script,
# but as text: only with these blanks, and up to the first closing brace. A script with `option task={…}` keeps its options, and
# one whose name has a brace keeps half of them. Both are valid: the server creates the tasks, and exports the right names. Both
# exports are a 200, and applied to the same server they are a 500.
#
# Guessed: what a server exports, it applies. Seen: 201 for `option task = {name: "plain", every: 1h}`; 500 `multiple task options
# defined` for the same without blanks around the equals sign; for `name: "sync {eu}"` the exported script begins with
# `", every: 1h}`, and the answer is a 500 as well.
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

# try OPTIONS: creates a task, exports it, applies the export; prints both statuses, name and script of the export, and the error
try() {
  local body task exported applied
  body=$(python3 -c 'import json, sys; print(json.dumps({"orgID": sys.argv[1], "flux": sys.argv[2] + "\n\nx = 1\n"}))' "$org" "$1")
  task=$(call POST /tasks "$body" | pick 'it["id"]')
  exported=$(call POST /templates/export '{"resources": [{"kind": "Task", "id": "'"$task"'"}]}')
  applied=$(call POST /templates/apply "$(pick 'json.dumps({"orgID": "'"$org"'", "template": {"contents": it}})' <<<"$exported")")
  echo "$(status <<<"$exported") $(status <<<"$applied") $(pick 'it[0]["spec"]["name"] + ": " + repr(it[0]["spec"]["query"])' <<<"$exported")"
  grep -o 'invalid options: [a-z ]*[a-z]' <<<"$applied" || true
}
{
  try 'option task = {name: "plain", every: 1h}'
  try 'option task={name: "tight", every: 1h}'
  try 'option task = {name: "sync {eu}", every: 1h}'
} | tee seen
diff seen - <<'END' || { echo "changed: see the lines above"; exit 1; }
200 201 plain: 'x = 1'
200 500 tight: 'option task={name: "tight", every: 1h}\n\nx = 1'
invalid options: multiple task options defined
200 500 sync {eu}: '", every: 1h}\n\nx = 1'
invalid options: loc
END
echo "as known: the server does not apply its own export of two of three tasks"
