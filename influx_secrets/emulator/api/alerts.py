"""Empty lists of tasks, checks, endpoints and rules; credentials of endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from influx_secrets.emulator.api import responses
from influx_secrets.emulator.api.context import parse_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influx_secrets.emulator.api.context import Context
    from influx_secrets.emulator.api.responses import Answer

PAGES: Final = {
    "tasks": (100, 500),
    "checks": (20, 100),
    "notificationEndpoints": (20, 100),
    "notificationRules": (20, 100),
}
"""The default and the largest page of each list."""

_SUFFIXES: Final = {"token": "token", "routing_key": "routing-key", "username": "username", "password": "password"}
_CREDENTIALS: Final = {
    "slack": {"token"},
    "pagerduty": {"routing_key"},
    "http": {"token", "username", "password"},
    "telegram": {"token"},
}
_NEEDED: Final = {"pagerduty": {"routing_key"}, "telegram": {"token"}}


def answer(context: Context, resource: str) -> Answer:
    """Answer a call on a list; for an org that is missing or hidden influxd 2.9.1 shows an empty list, too."""
    is_tasks = resource == "tasks"
    known = {"orgID", "limit", "after" if is_tasks else "offset"}
    if context.method != "GET" or context.decoded != f"/api/v2/{resource}" or set(context.arguments) - known:
        return responses.not_emulated(context.method, context.path)
    if resource == "notificationEndpoints" and not context.argument("orgID"):
        return responses.compact_error("unauthorized", "cannot process a request without a org or user filter")
    try:
        link = f"/api/v2/{resource}?{urlencode(sorted(_page(context, resource).items()))}"
    except ValueError as problem:
        return responses.compact_error("invalid", f"failed to decode request: {problem}" if is_tasks else str(problem))
    links = {"links": {"self": link}}
    return responses.compact({**links, resource: []} if is_tasks else {resource: [], **links})


def _page(context: Context, resource: str) -> dict[str, object]:
    if resource == "tasks":
        # In influxd's order, which shows where several are wrong.
        ids = {name: parse_id(text) for name in ("after", "orgID") if (text := context.argument(name))}
        return {**ids, "limit": context.limit(*PAGES[resource])}
    offset, limit = context.number("offset", 0), context.limit(*PAGES[resource])
    page: dict[str, object] = {"descending": "false", "limit": limit, "offset": offset}
    if text := context.argument("orgID"):
        try:
            page["orgID"] = parse_id(text)
        except ValueError as problem:
            raise ValueError(f"orgID is invalid: {problem}") from None
    return page


def secrets_of(kind: str, endpoint_id: str, credentials: Mapping[str, str | None]) -> dict[str, str]:
    """Return the secrets that a notification endpoint keeps among those of its org.

    Seen on influxd 2.9.1: the keys are the endpoint's id with an ending; what an endpoint does not use gets no key; and
    the keys stay when the endpoint is deleted.

    Args:
        kind: One of slack, pagerduty, http, telegram.
        endpoint_id: Its id.
        credentials: By name; None: not given.

    Raises:
        ValueError: There is no such kind, or the server would refuse these credentials for it.
    """
    if kind not in _CREDENTIALS:
        raise ValueError(f"a notification endpoint is one of {', '.join(_CREDENTIALS)}, not {kind!r}")
    given = {name: value for name, value in credentials.items() if value is not None}
    if set(given) - _CREDENTIALS[kind]:
        raise ValueError(f"an endpoint of {kind} has only {', '.join(sorted(_CREDENTIALS[kind]))}")
    if _NEEDED.get(kind, set()) - set(given) or ("username" in given) != ("password" in given):
        raise ValueError(f"an endpoint of {kind} needs {' and '.join(sorted(_NEEDED.get(kind, _CREDENTIALS[kind])))}")
    return {f"{endpoint_id}-{_SUFFIXES[name]}": value for name, value in given.items()}
