"""Puts tasks, checks, endpoints and rules on a real influxd."""

from __future__ import annotations

from servers import InfluxdServer

IMPORT = 'import "influxdata/influxdb/secrets"\n'

_BUILDER = {
    "buckets": ["metrics"],
    "tags": [{"key": "_field", "values": ["f"], "aggregateFunctionType": "filter"}],
    "functions": [{"name": "mean"}],
    "aggregateWindow": {"period": "1m"},
}


def create_task(server: InfluxdServer, org: str, name: str, flux: str, *, status: str = "active") -> str:
    """Create a task and return its id; `flux` comes without the option that makes it a task."""
    # Imports come first in a script.
    imports = [line for line in flux.splitlines() if line.startswith("import")]
    rest = [line for line in flux.splitlines() if not line.startswith("import")]
    script = "\n".join([*imports, f'option task = {{name: "{name}", every: 1h}}', *rest, "true"])
    body = {"orgID": server.org_id(org), "flux": script, "status": status}
    task_id: str = server.call("POST", "/api/v2/tasks", body)["id"]
    return task_id


def create_check(server: InfluxdServer, org: str, name: str, condition: str, *, status: str = "active") -> str:
    """Create a check that watches the rows for which a condition on `r` is true, and return its id."""
    text = f"""{IMPORT}
from(bucket: "metrics")
    |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
    |> filter(fn: (r) => r._field == "f")
    |> filter(fn: (r) => {condition})
    |> aggregateWindow(every: 1m, fn: mean, createEmpty: false)
    |> yield(name: "mean")"""
    body = {
        "orgID": server.org_id(org),
        "name": name,
        "type": "threshold",
        "status": status,
        "every": "1m",
        "offset": "0s",
        "query": {"text": text, "editMode": "advanced", "builderConfig": _BUILDER},
        "statusMessageTemplate": "",
        "tags": [],
        "thresholds": [{"type": "greater", "level": "CRIT", "value": 1, "allValues": False}],
    }
    check_id: str = server.call("POST", "/api/v2/checks", body)["id"]
    return check_id


def create_endpoint(server: InfluxdServer, org: str, name: str, token: str = "token-of-an-endpoint") -> str:
    """Create a notification endpoint with a credential, and return its id."""
    body = {
        "orgID": server.org_id(org),
        "name": name,
        "type": "slack",
        "status": "active",
        "url": "http://127.0.0.1:1",
        "token": token,
    }
    endpoint_id: str = server.call("POST", "/api/v2/notificationEndpoints", body)["id"]
    return endpoint_id


def create_rule(server: InfluxdServer, org: str, name: str, endpoint_id: str) -> str:
    """Create a notification rule for an endpoint of Slack, and return the id of its task."""
    body = {
        "orgID": server.org_id(org),
        "name": name,
        "type": "slack",
        "status": "active",
        "endpointID": endpoint_id,
        "every": "1h",
        "offset": "0s",
        "statusRules": [{"currentLevel": "CRIT"}],
        "tagRules": [],
        "channel": "",
        "messageTemplate": "m",
    }
    task_id: str = server.call("POST", "/api/v2/notificationRules", body)["taskID"]
    return task_id


def create_token(server: InfluxdServer, org: str, *types: str) -> str:
    """Create a token that may read the org, and what is of these types in it."""
    org_id = server.org_id(org)
    resources = [{"type": "orgs", "id": org_id}, *({"type": one, "orgID": org_id} for one in types)]
    permissions = [{"action": "read", "resource": resource} for resource in resources]
    token: str = server.call("POST", "/api/v2/authorizations", {"orgID": org_id, "permissions": permissions})["token"]
    return token
