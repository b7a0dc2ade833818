"""Notification endpoints and rules, the tasks of rules, and empty lists of other tasks and of checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from influx_secrets.emulator.api import responses
from influx_secrets.emulator.api.context import Context, parse_id
from influx_secrets.emulator.api.responses import Answer

PAGES: Final = {
    "tasks": (100, 500),
    "checks": (20, 100),
    "notificationEndpoints": (20, 100),
    "notificationRules": (20, 100),
}
"""The default and the largest page of each list."""

TASKS: Final = "tasks"
ENDPOINTS: Final = "notificationEndpoints"
RULES: Final = "notificationRules"

_MISSING: Final = {
    TASKS: "failed to find task: task not found",
    ENDPOINTS: 'notification endpoint not found for key "{}"',
}
"""What is served by its id, and the answer for an id that nothing has."""

_SUFFIXES: Final = {"token": "token", "routingKey": "routing-key", "username": "username", "password": "password"}
_CREDENTIALS: Final = {
    "slack": ("token",),
    "pagerduty": ("routingKey",),
    "http": ("token", "username", "password"),
    "telegram": ("token",),
}
_NEEDED: Final = {"pagerduty": {"routingKey"}, "telegram": {"token"}}
_REFERENCE: Final = "secret: "


def answer(context: Context, resource: str, below: list[str]) -> Answer:
    """Answer a call on a list, or on one of its items."""
    path = "/".join(["/api/v2", resource, *below])
    known = set() if below else {"orgID", "limit", "after" if resource == TASKS else "offset"}
    if context.call.method == "GET" and context.decoded == path and not set(context.arguments) - known:
        if not below:
            return _list(context, resource)
        if len(below) == 1 and resource in _MISSING:
            return _item(context, resource, below[0])
    return responses.not_emulated(context.call.method, context.path)


def _list(context: Context, resource: str) -> Answer:
    """Return a page; for an org that is missing or hidden influxd 2.9.1 shows an empty list, too."""
    is_tasks = resource == TASKS
    try:
        page = _page(context, resource)
    except ValueError as problem:
        return responses.compact_error("invalid", f"failed to decode request: {problem}" if is_tasks else str(problem))
    if resource == ENDPOINTS and "orgID" not in page:
        return responses.compact_error("unauthorized", "cannot process a request without a org or user filter")
    if is_tasks:
        # A task of a rule is in no list.
        return responses.compact({"links": {"self": _link(resource, page)}, resource: []})
    first, limit = page["offset"], page["limit"]
    of_org = [item for item in context.store.items(resource) if item["orgID"] == page.get("orgID", item["orgID"])]
    some = [item for item in of_org[first : first + limit] if context.grant.may("read_alerts", item["orgID"])]
    offsets = {"prev": first - limit if first else None, "self": first, "next": first + limit}
    if len(some) < limit:
        del offsets["next"]
    links = {name: _link(resource, {**page, "offset": max(at, 0)}) for name, at in offsets.items() if at is not None}
    return responses.compact({resource: some, "links": links})


def _item(context: Context, resource: str, text: str) -> Answer:
    try:
        id_ = parse_id(text)
    except ValueError as problem:
        reason = f"failed to decode request: {problem}" if resource == TASKS else str(problem)
        return responses.compact_error("invalid", reason)
    item = next((item for item in context.store.items(resource) if item["id"] == id_), None)
    if item is None:
        return responses.compact_error("not found", _MISSING[resource].format(id_))
    if context.grant.may("read_alerts", item["orgID"]):
        return responses.compact(item)
    if resource == TASKS:
        return responses.compact_error("not found", "failed to find task: unauthorized")
    refusal = context.grant.refusal("read", f"orgs/{item['orgID']}/{resource}/{id_}")
    return responses.compact_error("unauthorized", refusal)


def _link(resource: str, page: Mapping[str, object]) -> str:
    return f"/api/v2/{resource}?{urlencode(sorted(page.items()))}"


def _page(context: Context, resource: str) -> dict[str, Any]:
    if resource == TASKS:
        # In influxd's order, which shows where several are wrong.
        ids = {name: parse_id(text) for name in ("after", "orgID") if (text := context.argument(name))}
        return {**ids, "limit": context.limit(*PAGES[resource])}
    offset, limit = context.number("offset", 0), context.limit(*PAGES[resource])
    page: dict[str, Any] = {"descending": "false", "limit": limit, "offset": offset}
    if text := context.argument("orgID"):
        try:
            page["orgID"] = parse_id(text)
        except ValueError as problem:
            raise ValueError(f"orgID is invalid: {problem}") from None
    return page


def endpoint(
    kind: str, item: Mapping[str, str], credentials: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a notification endpoint as the API shows it, and the secrets that it keeps among those of its org.

    Seen on influxd 2.9.1: the keys are the endpoint's id with an ending; what an endpoint does not use gets no key; a
    credential `secret: KEY` is kept under that key by somebody else; and the keys stay when the endpoint is deleted.
    """
    if kind not in _CREDENTIALS:
        raise ValueError(f"a notification endpoint is one of {', '.join(_CREDENTIALS)}, not {kind!r}")
    known, given = set(_CREDENTIALS[kind]), set(credentials)
    if given - known:
        raise ValueError(f"an endpoint of {kind} has only {', '.join(sorted(known))}")
    if _NEEDED.get(kind, set()) - given or ("username" in given) != ("password" in given):
        raise ValueError(f"an endpoint of {kind} needs {' and '.join(sorted(_NEEDED.get(kind, known)))}")
    own = {name: f"{item['id']}-{_SUFFIXES[name]}" for name in credentials}
    kept = {own[name]: value for name, value in credentials.items() if not value.startswith(_REFERENCE)}
    shown = {name: f"{_REFERENCE}{own[name]}" if own[name] in kept else value for name, value in credentials.items()}
    return {**item, "status": "active", **dict.fromkeys(_CREDENTIALS[kind], ""), **shown, "type": kind}, kept


def rule(endpoint: Mapping[str, Any], item: Mapping[str, str], task_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a rule as the API shows it, and the task that runs for it; of its script only what reads secrets."""
    keys = [str(endpoint[name]).removeprefix(_REFERENCE) for name in _SUFFIXES if endpoint.get(name)]
    calls = [f'secrets["get"](key: {json.dumps(key, ensure_ascii=False)})' for key in keys]
    flux = "\n".join(['import "influxdata/influxdb/secrets"\n', *calls, ""])
    shown = {**item, "endpointID": endpoint["id"], "taskID": task_id, "type": endpoint["type"], "status": "active"}
    return shown, {**item, "id": task_id, "status": "active", "flux": flux}
