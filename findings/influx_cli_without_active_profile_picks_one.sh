#!/usr/bin/env bash
# influx CLI 2.7.1-0.20250130214939-76d1c4d9b777
#
# Where no profile of the file is active, the CLI takes neither an error nor its built-in default: it takes any one of them,
# and another one at the next call. The same command with the same file goes to one server now and to the other one later.
#
# Seen: of 60 calls of `influx ping` some went to port 1 and some to port 2 of loopback (about half each)
# Needs Go. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
go mod init finding.invalid/probe 2>/dev/null
go get github.com/influxdata/influx-cli/v2/cmd/influx@v2.7.1-0.20250130214939-76d1c4d9b777 2>/dev/null
go build -o influx github.com/influxdata/influx-cli/v2/cmd/influx

cat >profiles <<'END'
[staging]
  url = "http://127.0.0.1:1"
  token = "not-a-token"
[production]
  url = "http://127.0.0.1:2"
  token = "not-a-token"
END
export INFLUX_CONFIGS_PATH=$folder/profiles

for _ in $(seq 60); do ./influx ping 2>&1 || true; done >output
one=$(grep -c '127\.0\.0\.1:1' output || true)
two=$(grep -c '127\.0\.0\.1:2' output || true)
echo "port 1: $one calls, port 2: $two calls"
[ "$one" -gt 0 ] && [ "$two" -gt 0 ] || { echo "changed: every call went to the same server"; exit 1; }
echo "as known: without an active profile each call picks one"
