"""Small previews, made by hand, for what no engine prints on demand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

ORG = "0123456789abcdef"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:pulumi-python::influx-secrets"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::p::pulumi-python:dynamic/influxdb:{kind}::{name}"


def shared(name: str = "shared", provider: str = PROVIDER, state: Any = None, **props: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """Return the state of an OrgSecrets, as the engine prints it."""
    inputs = {"org_id": ORG, "digests": "[secret]", "versions": {}, "pruned": {}, "exclusive": False, "keep": []}
    return {
        "urn": urn("OrgSecrets", name),
        "type": "pulumi-python:dynamic/influxdb:OrgSecrets",
        "provider": f"{provider}::1",
        "inputs": inputs | props,
        **(state or {}),
    }


def secret(key: str, name: str = "one", provider: str = PROVIDER, state: Any = None, **props: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """Return the state of a Secret, as the engine prints it."""
    inputs = {"org_id": ORG, "key": key, "version": 1, "digest": "[secret]", "overwrite": False}
    return {
        "urn": urn("Secret", name),
        "type": "pulumi-python:dynamic/influxdb:Secret",
        "provider": f"{provider}::1",
        "inputs": inputs | props,
        **(state or {}),
    }


def step(op: str, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> dict[str, Any]:
    states = {"oldState": old, "newState": new}
    return {"op": op, "urn": (new or old or {})["urn"]} | {name: one for name, one in states.items() if one is not None}


def document(*steps: dict[str, Any], said: Sequence[str] = (), errors: tuple[str, ...] = (), **more: Any) -> bytes:  # noqa: ANN401 (JSON)
    """Return a preview as `pulumi preview --json` prints it."""
    told = [{"severity": "info#err", "message": f"influx-secrets: {line}\n\n"} for line in said]
    told += [{"severity": "error", "message": f"error: {line}\n"} for line in errors]
    return json.dumps({"steps": steps, "diagnostics": told, "changeSummary": {}} | more).encode()
