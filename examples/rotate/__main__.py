"""A value that is another one in every run, and is written only when a text of the config changes."""

import secrets

import pulumi

import influx_secrets as influx

api_key = influx.Secret(
    "api",
    org="acme",
    key="API_KEY",
    value=secrets.token_urlsafe(32),
    rotate_on=pulumi.Config().require("rotation"),
)

pulumi.export("version", api_key.version)
