"""What a server gets. This is the file to change."""

import pulumi
from inventory import Server

import influx_secrets as influx


def declare(server: Server, values: dict[str, str]) -> None:
    """Declare the secrets of one server; called in a stack of the server's name."""
    # One resource for all keys of an org: one transaction for a change, and one entry in the state.
    secrets = influx.OrgSecrets(server.org, org=server.org, secrets=values)
    pulumi.export("versions", secrets.versions)
