"""A secret with a first value; whoever uses the org may change it then."""

import pulumi

import influx_secrets as influx

secret = influx.Secret(
    "webhook",
    org="acme",
    key="WEBHOOK_TOKEN",
    value=pulumi.Config().require_secret("firstToken"),
    opts=pulumi.ResourceOptions(ignore_changes=["value"]),
)

# "changed" after a `pulumi refresh` that found another value: reported, never undone.
pulumi.export("drift", secret.drift)
