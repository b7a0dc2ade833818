"""The same secrets in every org, with differences for some."""

import pulumi

import influx_secrets as influx

config = pulumi.Config()

SHARED = {
    "PAGERDUTY_KEY": config.require_secret("pagerdutyKey"),
    "SLACK_TOKEN": config.require_secret("slackToken"),
}

# One entry per org: what all of them need, and what is special there. The later entry of a map wins.
ORGS = {
    "acme": SHARED | {"BILLING_API_KEY": config.require_secret("billingApiKey")},
    "acme-labs": SHARED | {"SLACK_TOKEN": config.require_secret("labsSlackToken")},
}

for org, secrets in ORGS.items():
    resource = influx.OrgSecrets(org, org=org, secrets=secrets)
    pulumi.export(org, resource.versions)
