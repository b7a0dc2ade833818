"""An org that holds the declared secrets, those that match a pattern, and no others."""

import pulumi

import influx_secrets as influx

config = pulumi.Config()

everything = influx.OrgSecrets(
    "everything",
    org="acme",
    secrets={
        "SLACK_TOKEN": config.require_secret("slackToken"),
        "SMTP_PASSWORD": config.require_secret("smtpPassword"),
    },
    exclusive=True,
    keep=["TEAM_*"],  # teams look after these by hand
)

pulumi.export("keys", everything.keys)
