#!/usr/bin/env bash
# Pulumi CLI 3.274.1
#
# `pulumi config set --path` takes a text that Go can read as a number for a number, and stores that number: `+491711234567` loses its
# plus sign, and an id of 20 digits is rounded. Texts nearby stay whole: the same without --path, the same with --secret, one
# with a zero in front, and one of 30 digits. Nothing is reported.
#
# Guessed: the text is stored, or only what YAML takes for a plain integer becomes one.
# Seen: 491711234567, 1.2345678901234567e+19 for 12345678901234567890, and "123456789012345678901234567890" in quotes
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
"$PULUMI" config set --path numbers.phone -- +491711234567
"$PULUMI" config set --path numbers.id -- 12345678901234567890
"$PULUMI" config set --path numbers.long -- 123456789012345678901234567890
"$PULUMI" config set --path numbers.zero -- 0491711234567
"$PULUMI" config set --path --secret hidden.phone -- +491711234567
"$PULUMI" config set phone -- +491711234567
sed -n '/^config:/,$p' Pulumi.dev.yaml

lines=$(sed -n 's/^ *\(phone\|id\|long\|zero\|probe:phone\): /\1 /p' Pulumi.dev.yaml | sort)
expected='id 1.2345678901234567e+19
long "123456789012345678901234567890"
phone 491711234567
probe:phone "+491711234567"
zero "0491711234567"'
[ "$lines" = "$expected" ] || { echo "changed: the file has $lines"; exit 1; }
hidden=$("$PULUMI" config get hidden)
[ "$hidden" = '{"phone":"+491711234567"}' ] || { echo "changed: the secret is $hidden"; exit 1; }
echo "as known: a phone number lost its plus sign, and an id was rounded; secrets and longer texts stay whole"
