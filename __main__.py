"""A small company keeps the secrets of its InfluxDB orgs here. Try it: `make up`, change a value, `make preview`.

Flux scripts and tasks of an org read them:

    import "influxdata/influxdb/secrets"
    token = secrets.get(key: "SLACK_TOKEN")
"""

import pulumi

import influx_secrets as influx

# Values come from the stack's encrypted config (`pulumi config set --secret slackToken`), or from any other place that
# a program can read: a password manager, another resource, a file. None of them ends up in the state of this stack.
config = pulumi.Config()
orgs: list[str] = config.require_object("orgs")

# What every org of the company needs. One resource per org, one transaction per change.
# A value that changes here shows in `pulumi preview --diff` as `~ SLACK_TOKEN: 1 => 2`, in every org that gets it.
shared = {
    "SLACK_TOKEN": config.require_secret("slackToken"),
    "SMTP_PASSWORD": config.require_secret("smtpPassword"),
    "PAGERDUTY_KEY": config.require_secret("pagerdutyKey"),
}
company = [influx.OrgSecrets(f"{org}-shared", org=org, secrets=shared) for org in orgs]

# What one team needs, in the first org alone. Keys that others put into the org stay as they are.
billing = influx.Secret("billing", org=orgs[0], key="BILLING_API_KEY", value=config.require_secret("billingApiKey"))

# Which secrets there are, and how often each was written, is no secret.
pulumi.export("shared", {org: resource.versions for org, resource in zip(orgs, company, strict=True)})
pulumi.export("billing", billing.version)
