"""The declarations, in a function, so that tests can call it too."""

import pulumi

import influx_secrets as influx


def declare(org: str, slack_token: pulumi.Input[str]) -> influx.OrgSecrets:
    """Declare what an org needs."""
    return influx.OrgSecrets(org, org=org, secrets={"SLACK_TOKEN": slack_token, "REGION": "eu"})
