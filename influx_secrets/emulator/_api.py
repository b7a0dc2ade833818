"""The calls of the API: finds the route, checks the token, answers. Knows the store and the texts, no sockets.

The order of the checks is the server's, and shows: authentication, path, org, method, body, permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from . import _answers, _gojson, _paths, _query
from ._answers import Answer
from ._store import Grant, Org, Store

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"})
"""Those that influxd's router knows; any other is a 405 wherever it goes."""

_OTHER_ROUTES = frozenset(
    "annotations authorizations backup buckets checks dashboards dbrps delete documents flags labels me notebooks "
    "notificationEndpoints notificationRules remotes replications resources restore scrapers setup signin signout "
    "sources stacks swagger.json tasks telegraf telegrafs templates users variables write".split()
)
"""What a real server has under `/api/v2` and the emulator has not."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came: `target` is path and query, undecoded; header names are in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Trace:
    """What a request turned out to be about, for the record: the org's id and the keys."""

    org_id: str = ""
    keys: tuple[str, ...] = ()


class API:
    """Answers calls on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, call: Call, trace: Trace) -> Answer:
        """Return the answer to one call and note in `trace` what it touched."""
        raw_path, _, query = call.target.partition(b"?")
        paths = _paths.route_path(raw_path)
        if paths is None:
            return _answers.bad_request()
        routed, decoded = paths
        if call.method not in _METHODS:
            return _answers.method_not_allowed()
        if routed == "/health" or routed.startswith("/health/"):
            return _answers.health()
        if decoded == "/ping":
            return _answers.ping(call.method)
        if not decoded.startswith("/api/v2"):
            return _answers.no_assets()
        if call.method == "OPTIONS":
            return _answers.method_not_allowed()
        grant = self._grant(call.headers.get("authorization", ""))
        if grant is None:
            return _answers.unauthenticated()
        return self._routed(call, routed, query, grant, trace)

    def _grant(self, header: str) -> Grant | None:
        scheme, space, token = header.partition(" ")
        if not space or scheme.lower() not in {"token", "bearer"}:
            return None
        return self._store.grant(token)

    def _routed(self, call: Call, path: str, query: bytes, grant: Grant, trace: Trace) -> Answer:
        path = path[:-1] if path.endswith("/") else path
        _, _, _, resource, *rest = [*path.split("/"), ""][: max(4, path.count("/") + 1)]
        arguments = parse_qs(query.decode("utf-8", "replace"), keep_blank_values=True)
        if path == "/api/v2/query":
            return _query.answer(self._store, call.method, call.headers, call.body, arguments, grant, trace)
        if not path.startswith("/api/v2/") or resource not in {"orgs", *_OTHER_ROUTES}:
            return _answers.error("not found", _answers.PATH_NOT_FOUND)
        if resource == "orgs":
            return self._orgs(call, rest, arguments, grant, trace)
        return _not_emulated(call, path)

    def _orgs(
        self, call: Call, rest: list[str], arguments: Mapping[str, list[str]], grant: Grant, trace: Trace
    ) -> Answer:
        if not rest:
            return self._many_orgs(call, arguments, grant)
        if len(rest) == 1:
            return self._one_org(call, rest[0], grant, trace)
        if rest[1] in {"labels", "members", "owners"}:
            return _not_emulated(call, "/".join(["/api/v2/orgs", *rest]))
        if rest[1] != "secrets":
            return _answers.page_not_found()
        org_id = _parsed_id(rest[0])
        if isinstance(org_id, str):
            return _answers.error("invalid", f"{_answers.CORRUPT_ID}: {org_id}")
        org = self._store.org(org_id.hex())
        if org is None or not grant.reads_org(org.id):
            return _answers.error("not found", _answers.NOT_READABLE)
        trace.org_id = org.id
        return self._secrets(call, org.id, rest[2:], grant, trace)

    def _many_orgs(self, call: Call, arguments: Mapping[str, list[str]], grant: Grant) -> Answer:
        if call.method == "POST":
            return _not_emulated(call, "/api/v2/orgs")
        if call.method != "GET":
            return _answers.method_not_allowed()
        page = _page(arguments)
        if isinstance(page, Answer):
            return page
        name, wanted = arguments.get("org", [""])[0], _parsed_id(arguments.get("orgID", [""])[0])
        if isinstance(wanted, bytes):
            found = self._store.org(wanted.hex())
            orgs = [found] if found else []
            missing = _answers.ORG_NOT_FOUND
        elif name:
            found = self._store.org_named(name)
            orgs = [found] if found else []
            missing = _answers.org_name_not_found(name)
        else:
            orgs, missing = self._store.orgs()[page], ""
        if missing and not orgs:
            return _answers.error("not found", missing)
        shown = [_org_body(org) for org in orgs if grant.reads_org(org.id)]
        return _answers.ok({"links": {"self": "/api/v2/orgs"}, "orgs": shown})

    def _one_org(self, call: Call, text: str, grant: Grant, trace: Trace) -> Answer:
        if call.method in {"PATCH", "DELETE"}:
            return _not_emulated(call, f"/api/v2/orgs/{text}")
        if call.method != "GET":
            return _answers.method_not_allowed()
        org_id = _parsed_id(text)
        if isinstance(org_id, str):
            return _answers.error("invalid", org_id)
        if not grant.reads_org(org_id.hex()):
            return _answers.error("unauthorized", _answers.forbidden("read", f"orgs/{org_id.hex()}"))
        org = self._store.org(org_id.hex())
        if org is None:
            return _answers.error("not found", _answers.ORG_NOT_FOUND)
        trace.org_id = org.id
        return _answers.ok(_org_body(org))

    def _secrets(self, call: Call, org_id: str, rest: list[str], grant: Grant, trace: Trace) -> Answer:
        if rest in ([], [""]):
            if call.method == "GET":
                return self._list(org_id, grant)
            return (
                self._patch(call, org_id, grant, trace)
                if call.method == "PATCH"
                else _answers.method_not_allowed()
            )
        if len(rest) > 1:
            return _answers.page_not_found()
        if call.method == "DELETE":
            trace.keys = (rest[0],)
            return self._delete(org_id, [rest[0]], grant)
        if call.method == "POST" and rest == ["delete"]:
            return self._delete_many(call, org_id, grant, trace)
        return _answers.method_not_allowed()

    def _list(self, org_id: str, grant: Grant) -> Answer:
        if not grant.reads_secrets(org_id):
            return _answers.error("unauthorized", _answers.forbidden("read", f"orgs/{org_id}/secrets"))
        keys = sorted(self._store.secrets(org_id), key=str.encode)
        links = {"org": f"/api/v2/orgs/{org_id}", "self": f"/api/v2/orgs/{org_id}/secrets"}
        return _answers.ok({"links": links, "secrets": keys})

    def _patch(self, call: Call, org_id: str, grant: Grant, trace: Trace) -> Answer:
        try:
            changes = _string_map(_gojson.decode(call.body))
        except ValueError as problem:
            return _answers.bad_json(str(problem))
        trace.keys = tuple(changes)
        if not grant.writes_secrets(org_id):
            return _answers.error("unauthorized", _answers.forbidden("write", f"orgs/{org_id}/secrets"))
        if not self._store.patch(org_id, changes):
            return _answers.error("request too large", _answers.KEY_TOO_LARGE)
        return _answers.no_content()

    def _delete_many(self, call: Call, org_id: str, grant: Grant, trace: Trace) -> Answer:
        try:
            keys = _secrets_field(_gojson.decode(call.body))
        except ValueError as problem:
            return _answers.bad_json(str(problem))
        trace.keys = tuple(keys)
        return self._delete(org_id, keys, grant)

    def _delete(self, org_id: str, keys: list[str], grant: Grant) -> Answer:
        if not grant.writes_secrets(org_id):
            return _answers.error("unauthorized", _answers.forbidden("write", f"orgs/{org_id}/secrets"))
        self._store.delete(org_id, keys)
        return _answers.no_content()


def _not_emulated(call: Call, path: str) -> Answer:
    return _answers.error(
        "not implemented", f"the influx_secrets emulator does not serve {call.method} {path}"
    )


def _parsed_id(text: str) -> bytes | str:
    """Return the eight bytes of an id, or what the server says of it."""
    if len(text.encode("utf-8", "surrogateescape")) != 16:
        return _answers.ID_LENGTH
    try:
        parsed = bytes.fromhex(text)
    except ValueError:
        return _answers.ID_INVALID
    return parsed if len(parsed) == 8 and any(parsed) else _answers.ID_INVALID


def _page(arguments: Mapping[str, list[str]]) -> slice | Answer:
    numbers = {"offset": 0, "limit": 20}
    for name, message in (("offset", _answers.OFFSET_INVALID), ("limit", _answers.LIMIT_INVALID)):
        text = arguments.get(name, [""])[0]
        try:
            numbers[name] = int(text) if text else numbers[name]
        except ValueError:
            return _answers.error("invalid", message)
    if not 1 <= numbers["limit"] <= 100:
        return _answers.error("invalid", _answers.LIMIT_RANGE)
    return slice(numbers["offset"], numbers["offset"] + numbers["limit"])


def _org_body(org: Org) -> dict[str, Any]:
    links = {
        name: f"/api/v2/{name}?org={org.name}"
        if name in {"buckets", "dashboards", "tasks"}
        else f"/api/v2/orgs/{org.id}/{name}"
        for name in (
            "buckets",
            "dashboards",
            "labels",
            "logs",
            "members",
            "owners",
            "secrets",
            "self",
            "tasks",
        )
    }
    links["self"] = f"/api/v2/orgs/{org.id}"
    body = {"links": links, "id": org.id, "name": org.name, "description": ""}
    return {**body, "createdAt": org.created, "updatedAt": org.created}


def _mismatch(value: Any, target: str) -> ValueError:
    return ValueError(f"json: cannot unmarshal {_gojson.kind(value)} into Go {target}")


def _string_map(value: Any) -> dict[str, str]:
    """Return a JSON object of strings; `null` counts as the empty object, and as the empty string."""
    if value is None:
        return {}
    if not isinstance(value, tuple):
        raise _mismatch(value, "value of type map[string]string")
    for _, item in value:
        if item is not None and not isinstance(item, str):
            raise _mismatch(item, "value of type string")
    return {name: item or "" for name, item in value}


def _secrets_field(value: Any) -> list[str]:
    """Return the keys of a POST delete; other fields are ignored, and so is the case of the field's name."""
    if value is None:
        return []
    if not isinstance(value, tuple):
        raise _mismatch(value, "value of type secret.secretsDeleteBody")
    keys: list[str] = []
    for name, items in value:
        if name.replace("ſ", "s").lower() == "secrets":
            keys = _string_list(items, keys)
    return keys


def _string_list(items: Any, before: list[str]) -> list[str]:
    """Return a JSON array of strings; where `null` stands, Go keeps what a repeated field had there."""
    field_name = "struct field secretsDeleteBody.secrets of type"
    if items is None:
        return []
    if not isinstance(items, list):
        raise _mismatch(items, f"{field_name} []string")
    for item in items:
        if item is not None and not isinstance(item, str):
            raise _mismatch(item, f"{field_name} string")
    kept = before + [""] * len(items)
    return [kept[index] if item is None else item for index, item in enumerate(items)]
