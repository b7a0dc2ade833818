#!/usr/bin/env bash
# influx CLI 2.7.1-0.20250130214939-76d1c4d9b777, which reads TOML with github.com/BurntSushi/toml 1.2.1; Python's tomllib
#
# TOML is case-sensitive, and `URL` and `url` are two keys. The influx CLI takes a profile whose members are written `URL` and
# `Token` as if they were `url` and `token`: its library matches names of Go fields in any case. A reader of the same file
# that follows TOML, such as Python's tomllib, finds neither member.
#
# Seen: `influx ping` asks the server of `URL`; tomllib gives the keys ['URL', 'Token', 'active']
# Needs Go and Python 3.11. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
go mod init finding.invalid/probe 2>/dev/null
go get github.com/influxdata/influx-cli/v2/cmd/influx@v2.7.1-0.20250130214939-76d1c4d9b777 2>/dev/null
go build -o influx github.com/influxdata/influx-cli/v2/cmd/influx

cat >profiles <<'END'
[team]
  URL = "http://127.0.0.1:2/from-capitals"
  Token = "not-a-token"
  active = true
END
export INFLUX_CONFIGS_PATH=$folder/profiles

if ./influx ping >output 2>&1; then echo "unexpected: there is a server"; exit 1; fi
cat output
grep -q '127\.0\.0\.1:2' output || { echo "changed: the CLI does not read URL as url"; exit 1; }
keys=$(python3 -c 'import sys, tomllib; print(list(tomllib.load(open(sys.argv[1], "rb"))["team"]))' profiles)
echo "tomllib: $keys"
[ "$keys" = "['URL', 'Token', 'active']" ] || { echo "changed: tomllib reads $keys"; exit 1; }
echo "as known: the CLI reads members in any case, a TOML reader does not"
