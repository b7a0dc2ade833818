#!/usr/bin/env bash
# Pulumi CLI 3.274.1
#
# A date without quotes in Pulumi.STACK.yaml, such as `since: 2026-05-01`, reaches the program in the form in which Go prints a time:
# `2026-05-01 00:00:00 +0000 UTC`. `pulumi config set` of any other key then writes this form into the file, and the date as it was
# written is lost. `2026-05` and the same date in quotes stay as they are. In Pulumi.yaml the CLI refuses the same date.
#
# Guessed: the string 2026-05-01, as config has no dates; `config set` stores this date as a string, in quotes.
# Seen: `2026-05-01 00:00:00 +0000 UTC` from `config get`, inside a map too; after `config set other x` this form is in the file.
# Pulumi.yaml: `jsonschema: invalid jsonType: time.Time`
# Needs Go; builds the CLI from its Go module in some six minutes, unless PULUMI names one. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
if [ -z "${PULUMI:-}" ]; then
  export GOFLAGS=-mod=mod
  go mod init finding.invalid/probe 2>/dev/null
  go get github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@v3.274.1 2>/dev/null
  go build -ldflags '-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.274.1' -o pulumi \
    github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  PULUMI=$folder/pulumi
fi
export PULUMI_SKIP_UPDATE_CHECK=1 PULUMI_HOME=$folder/home PULUMI_BACKEND_URL=file://$folder/state PULUMI_CONFIG_PASSPHRASE=probe
[ "$("$PULUMI" version)" = v3.274.1 ] || { echo "this is about Pulumi 3.274.1 only"; exit 2; }

mkdir state
printf 'name: probe\nruntime: python\n' >Pulumi.yaml
"$PULUMI" stack init dev >/dev/null
cat >>Pulumi.dev.yaml <<'END'
config:
  probe:rotated:
    mail: 2026-05-01
    slack: "2026-05-01"
  probe:since: 2026-05-01
  probe:month: 2026-05
END

got=$(for key in since month rotated; do "$PULUMI" config get "$key"; done)
"$PULUMI" config set other x
file=$(sed '1,/^config:/d' Pulumi.dev.yaml)
printf 'config:\n  probe:until: 2026-05-01\n' >>Pulumi.yaml
refused=$("$PULUMI" config get month 2>&1) && { echo "changed: Pulumi.yaml may contain a date"; exit 1; }
printf '%s\n' "$got" "$file" "$refused"

[ "$got" = '2026-05-01 00:00:00 +0000 UTC
2026-05
{"mail":"2026-05-01 00:00:00 +0000 UTC","slack":"2026-05-01"}' ] || { echo "changed: config get prints $got"; exit 1; }
[ "$file" = '  probe:rotated:
    mail: 2026-05-01 00:00:00 +0000 UTC
    slack: "2026-05-01"
  probe:since: 2026-05-01 00:00:00 +0000 UTC
  probe:month: 2026-05
  probe:other: x' ] || { echo "changed: the file is $file"; exit 1; }
case $refused in *'invalid jsonType: time.Time'*) ;; *) echo "changed: the message is $refused"; exit 1 ;; esac
echo "as known: a date without quotes is read as a time of Go, and written so by a change of another key"
