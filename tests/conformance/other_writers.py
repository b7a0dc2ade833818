"""What else writes secrets on a real server: notification endpoints and templates; and the same on the emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from servers import EmulatorServer, SecretsServer
from wire import Reply, send

ENDPOINTS: dict[str, dict[str, str]] = {
    "slack": {"url": "http://127.0.0.1/"},
    "pagerduty": {"clientURL": "http://127.0.0.1/"},
    "http": {"url": "http://127.0.0.1/", "method": "POST", "authMethod": "none"},
    "telegram": {"channel": "c"},
}
"""What an endpoint of each kind must have, in addition to its credentials."""

WIRE_NAMES = {"routing_key": "routingKey"}


def post(server: SecretsServer, path: str, body: object) -> Reply:
    return send(server, "POST", path, json.dumps(body), headers={"Content-Type": "application/json"})


def put_endpoint(
    server: SecretsServer, org: str, kind: str, endpoint_id: str | None = None, **credentials: str
) -> str | None:
    """Make an endpoint, or replace the one with this id, and return its id; None: the server refuses it."""
    if isinstance(server, EmulatorServer):
        try:
            return server.put_notification_endpoint(org, kind, endpoint_id=endpoint_id, **credentials)
        except ValueError:
            return None
    fields: dict[str, Any] = {**ENDPOINTS[kind], **{WIRE_NAMES.get(name, name): v for name, v in credentials.items()}}
    if kind == "http" and "username" in credentials:
        fields["authMethod"] = "basic"
    elif kind == "http" and "token" in credentials:
        fields["authMethod"] = "bearer"
    body = {"type": kind, "name": os.urandom(8).hex(), "status": "active", "orgID": server.org_id(org)}
    path = "/api/v2/notificationEndpoints"
    if endpoint_id is not None:
        replaced = json.dumps({**body, **fields, "id": endpoint_id})
        reply = send(server, "PUT", f"{path}/{endpoint_id}", replaced, headers={"Content-Type": "application/json"})
        return endpoint_id if reply.status == 200 else None
    reply = post(server, path, {**body, **fields})
    return str(json.loads(reply.body)["id"]) if reply.status == 201 else None


def put_rule(server: SecretsServer, org: str, endpoint_id: str, kind: str, name: str = "rule") -> str:
    """Make a rule for an endpoint of a kind, and return its id."""
    if isinstance(server, EmulatorServer):
        return server.put_notification_rule(endpoint_id, name)
    body = {"type": kind, "name": name, "orgID": server.org_id(org), "endpointID": endpoint_id, "status": "active"}
    when = {"every": "1h", "offset": "0s", "statusRules": [{"currentLevel": "CRIT"}], "tagRules": []}
    reply = post(server, "/api/v2/notificationRules", {**body, **when, "messageTemplate": "m", "channel": ""})
    assert reply.status == 201, reply.body
    return str(json.loads(reply.body)["id"])


def apply_template(server: SecretsServer, org: str, secrets: Mapping[str, str]) -> bool:
    """Do what `influx apply --secret` does; return whether the server says that it did."""
    if isinstance(server, EmulatorServer):
        try:
            server.apply_template(org, secrets)
        except ValueError:
            return False
        return True
    reply = post(server, "/api/v2/templates/apply", {"orgID": server.org_id(org), "dryRun": False, "secrets": secrets})
    return reply.status == 201
