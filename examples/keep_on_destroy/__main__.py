"""A secret that stays on the server when its resource goes."""

import pulumi

import influx_secrets as influx

config = pulumi.Config()

influx.Secret(
    "database",
    org="acme",
    key="DATABASE_PASSWORD",
    value=config.require_secret("databasePassword"),
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)
