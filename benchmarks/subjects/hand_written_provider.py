"""The provider that most people would write: a call of `requests` for each step, and the value in the state."""

from typing import Any

import requests
from pulumi import Input, dynamic
from values import TOKEN, URL


class HandWrittenProvider(dynamic.ResourceProvider):
    """As tutorials do it, but in a module of its own: in `__main__` the SDK dies of it at 320 resources."""

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare the values, which the state holds."""
        replaces = [name for name in ("org_id", "key") if _olds[name] != _news[name]]
        return dynamic.DiffResult(changes=bool(replaces) or _olds["value"] != _news["value"], replaces=replaces)

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Write the key."""
        _call("PATCH", f"{props['org_id']}/secrets", {props["key"]: props["value"]})
        return dynamic.CreateResult(f"{props['org_id']}/{props['key']}", props)

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Look whether the key is there; its value cannot be read."""
        keys = _call("GET", f"{props['org_id']}/secrets").json()["secrets"]
        return dynamic.ReadResult(id_, props) if props["key"] in keys else dynamic.ReadResult("", {})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Write the key."""
        _call("PATCH", f"{_news['org_id']}/secrets", {_news["key"]: _news["value"]})
        return dynamic.UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the key."""
        _call("POST", f"{_props['org_id']}/secrets/delete", {"secrets": [_props["key"]]})


class HandWrittenSecret(dynamic.Resource, module="bench", name="HandWrittenSecret"):
    """One key."""

    def __init__(self, name: str, *, org_id: Input[str], key: Input[str], value: Input[str]) -> None:
        super().__init__(HandWrittenProvider(), name, {"org_id": org_id, "key": key, "value": value})


def _call(method: str, path: str, body: object = None) -> requests.Response:
    headers = {"Authorization": f"Token {TOKEN}"}
    response = requests.request(method, f"{URL}/api/v2/orgs/{path}", json=body, headers=headers, timeout=30)
    response.raise_for_status()
    return response
