#!/usr/bin/env bash
# influx CLI 2.7.1-0.20250130214939-76d1c4d9b777 (the version that influxd 2.9.1 requires)
#
# INFLUX_ACTIVE_CONFIG=NAME looks like a choice for one command. The CLI writes that choice into its file before it sends
# anything, even when the command then fails: NAME stays active for every later command and for every other reader of the file.
# The file is written anew, so comments and members that the CLI does not know are lost, and three commented examples are added.
#
# Seen:
#   before: a is active, the file has a comment and a member `note`
#   after one failed `INFLUX_ACTIVE_CONFIG=b influx org list`: b is active, a is `previous`, comment and `note` are gone
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
# maintained by the platform team
[a]
  url = "http://127.0.0.1:1"
  token = "not-a-token"
  org = "acme"
  active = true
  note = "primary"
[b]
  url = "http://127.0.0.1:2"
  token = "not-a-token"
  org = "acme"
END
export INFLUX_CONFIGS_PATH=$folder/profiles

# Port 2 of loopback has no server: the command fails, and has changed the file by then.
if INFLUX_ACTIVE_CONFIG=b ./influx org list >output 2>&1; then echo "unexpected: the command succeeded"; exit 1; fi
cat output profiles

active=$(awk '/^\[/ {name = $1} /^ *active = true/ {print name}' profiles)
previous=$(awk '/^\[/ {name = $1} /^ *previous = true/ {print name}' profiles)
[ "$active" = "[b]" ] && [ "$previous" = "[a]" ] || { echo "changed: active is $active, previous is $previous"; exit 1; }
! grep -q 'platform team\|note' profiles || { echo "changed: the comment or the unknown member is kept"; exit 1; }
grep -q '^# \[us-west\]' profiles || { echo "changed: no examples are added"; exit 1; }
echo "as known: one failed command made b the active profile for good, and rewrote the file"
