#!/usr/bin/env bash
# influx CLI 2.7.1-0.20250130214939-76d1c4d9b777 (the version that influxd 2.9.1 requires)
#
# `influx apply --secret KEY=VALUE` takes no value with an equals sign, as it does not stop at the first one: a token in base64 with
# its padding, such as every token of InfluxDB itself, cannot be given in this way. The message blames the format. `influx secret
# update` has no such limit.
#
# Guessed: the first equals sign parts key and value. Seen: `secret "KEY=dG9rZW4=" has invalid format, must be
# SECRET_KEY=SECRET_VALUE`; without the last character the CLI goes on, and looks for the server.
# Needs Go. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
go mod init finding.invalid/probe 2>/dev/null
go get github.com/influxdata/influx-cli/v2/cmd/influx@v2.7.1-0.20250130214939-76d1c4d9b777 2>/dev/null
go build -o influx github.com/influxdata/influx-cli/v2/cmd/influx

cat >template.yml <<'END'
apiVersion: influxdata.com/v2alpha1
kind: Label
metadata:
  name: probe
spec:
  name: probe
END
export INFLUX_CONFIGS_PATH=$folder/none
# Port 1 of loopback has no server: what is understood fails there.
apply() { ./influx apply --host http://127.0.0.1:1 --token not-a-token --org probe --force yes -f template.yml --secret "$1" 2>&1; }

if apply KEY=dG9rZW4= >padded; then echo "unexpected: there is a server"; exit 1; fi
if apply KEY=dG9rZW4 >plain; then echo "unexpected: there is a server"; exit 1; fi
cat padded plain
grep -q 'secret "KEY=dG9rZW4=" has invalid format' padded || { echo "changed: the padded value is taken"; exit 1; }
grep -q 'connection refused' plain || { echo "changed: the plain value is not taken"; exit 1; }
echo "as known: a value that ends with an equals sign is refused, the same value without it is taken"
