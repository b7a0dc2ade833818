"""Shell command that creates the smallest token."""

from __future__ import annotations

import json
import shlex


def token_command(url: str, org_id: str | None) -> str:
    """Return the command; without an org id it contains `ORG_ID`, to be replaced.

    The token that may create others is typed and goes through a pipe: other users of a machine can see the arguments of
    its processes, and a shell keeps its lines.
    """
    org_id = org_id or "ORG_ID"
    secrets = {"type": "secrets", "orgID": org_id}
    permissions = [
        {"action": "read", "resource": {"type": "orgs", "id": org_id}},
        {"action": "read", "resource": secrets},
        {"action": "write", "resource": secrets},
    ]
    body = json.dumps({"orgID": org_id, "description": "influx_secrets", "permissions": permissions})
    return (
        "read -rs OPERATOR_TOKEN  # paste it, then Enter\n"
        "printf 'Authorization: Token %s\\n' \"$OPERATOR_TOKEN\" |\n"
        f"  curl -sS -H @- {shlex.quote(f'{url}/api/v2/authorizations')} -d {shlex.quote(body)}"
    )
