"""One secret on several servers: a provider for each."""

import pulumi

import influx_secrets as influx

config = pulumi.Config()

# Name to url, such as {"eu": "https://eu.example.com:8086", "us": "https://us.example.com:8086"}.
servers: dict[str, str] = config.require_object("servers")

for name, url in servers.items():
    # Each server has a token of its own, which the provider reads in each run: no state has it.
    server = influx.Provider(name, url=url, token_variable=f"{name.upper()}_INFLUX_TOKEN")
    secret = influx.Secret(
        f"slack-{name}",
        org="acme",
        key="SLACK_TOKEN",
        value=config.require_secret("slackToken"),
        opts=pulumi.ResourceOptions(provider=server),
    )
    pulumi.export(name, secret.version)
