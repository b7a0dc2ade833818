"""A secret that no run removes: the option has to be taken away first."""

import pulumi

import influx_secrets as influx

influx.Secret(
    "signing",
    org="acme",
    key="SIGNING_KEY",
    value=pulumi.Config().require_secret("signingKey"),
    opts=pulumi.ResourceOptions(protect=True),
)
