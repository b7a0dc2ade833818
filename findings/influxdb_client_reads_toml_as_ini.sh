#!/usr/bin/env bash
# influxdb-client 1.50.0 (Python)
#
# `InfluxDBClient.from_config_file` is documented to take a TOML file. It reads it with Python's parser for INI files and removes
# double quotes at both ends. So a comment after a value becomes part of the value, whether org, token or tag. Single quotes stay,
# an escape is not resolved, and the names of default tags change to small letters. Nothing is reported.
#
# Guessed: the values that a TOML parser gives. Seen: the org `acme" # since May`, the token `'not-a-token'` with its quotes, and
# the tags {'region': 'eu" # Frankfurt', 'rack': 'r\\u0031'}; tomllib gives `acme`, `not-a-token`, {'Region': 'eu', 'rack': 'r1'}.
# Needs Python 3.11. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip --quiet --disable-pip-version-check install influxdb-client==1.50.0

cat >config.toml <<'END'
[influx2]
url = "http://127.0.0.1:1"
org = "acme" # since May
token = 'not-a-token'
[tags]
Region = "eu" # Frankfurt
rack = "r\u0031"
END
cat >probe.py <<'END'
import tomllib

from influxdb_client import InfluxDBClient

with open("config.toml", "rb") as file:
    config = tomllib.load(file)
print("tomllib", config["influx2"]["org"], config["influx2"]["token"], config["tags"])
client = InfluxDBClient.from_config_file("config.toml")
print("client", client.org, client.token, client.default_tags)
END
environment/bin/python probe.py | tee seen
diff seen - <<'END' || { echo "changed: see the lines above"; exit 1; }
tomllib acme not-a-token {'Region': 'eu', 'rack': 'r1'}
client acme" # since May 'not-a-token' {'region': 'eu" # Frankfurt', 'rack': 'r\\u0031'}
END
echo "as known: the client reads another org, token and tags from the file than a TOML parser"
