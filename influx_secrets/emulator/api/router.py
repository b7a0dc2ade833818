"""Finds who answers a request: the order of the checks is influxd's, and it shows in the answers.

Path that Go refuses; method unknown to the router; `/health` and `/ping`, which need no token; authentication; and
only then the route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from influx_secrets.emulator.api import orgs, query, responses
from influx_secrets.emulator.api.context import METHODS, Context
from influx_secrets.emulator.go import url

if TYPE_CHECKING:
    from influx_secrets.emulator.api.context import Call, Trace
    from influx_secrets.emulator.api.responses import Answer
    from influx_secrets.emulator.store import Grant, Store

_NOT_EMULATED = frozenset(
    {
        *("annotations", "authorizations", "backup", "buckets", "checks", "dashboards", "dbrps", "delete"),
        *("documents", "flags", "labels", "me", "notebooks", "notificationEndpoints", "notificationRules"),
        *("remotes", "replications", "resources", "restore", "scrapers", "setup", "signin", "signout", "sources"),
        *("stacks", "swagger.json", "tasks", "telegraf", "telegrafs", "templates", "users", "variables", "write"),
    }
)
"""What a real server has below `/api/v2` and the emulator has not."""

_OTHER_APIS = frozenset({"/metrics", "/query", "/write"})
"""What a real server has beside `/api/v2`: its own figures, and the API of InfluxDB 1."""


class API:
    """Answers calls on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, call: Call, trace: Trace) -> Answer:
        """Return the answer to one call and note in `trace` what it touched."""
        raw_path, _, query = call.target.partition(b"?")
        paths = url.route_paths(raw_path)
        if paths is None:
            return responses.bad_request()
        return responses.built(self._answer(call, trace, query, *paths))

    def _answer(self, call: Call, trace: Trace, query: bytes, path: str, decoded: str) -> Answer:
        public = _public(call.method, path, decoded)
        if public is not None:
            return public
        grant = self._grant(call.headers.get("authorization", ""))
        if grant is None:
            return responses.unauthenticated()
        arguments = url.arguments(query)
        path = path.removesuffix("/")
        return _routed(Context(call, self._store, grant, trace, path, decoded, arguments))

    def _grant(self, header: str) -> Grant | None:
        scheme, space, token = header.partition(" ")
        if not space or scheme.lower() not in {"token", "bearer"}:
            return None
        return self._store.grant(token)


def _public(method: str, path: str, decoded: str) -> Answer | None:
    """Return the answer to a request that needs no token, if it is one."""
    if method not in METHODS:
        return responses.method_not_allowed()
    if path == "/health" or path.startswith("/health/"):
        return responses.health()
    if decoded == "/ping":
        return responses.ping(method)
    if decoded in _OTHER_APIS or decoded.startswith("/debug/"):
        return responses.not_emulated(method, path)
    if not decoded.startswith(("/api/v2", "/v1", "/private")):
        return responses.no_assets()
    return responses.method_not_allowed() if method == "OPTIONS" else None


def _routed(context: Context) -> Answer:
    start, api, version, resource, *rest = [*context.path.split("/"), "", "", "", ""][
        : max(4, context.path.count("/") + 1)
    ]
    if (start, api, version) == ("", "api", "v2"):
        if resource == "query":
            return query.answer(context)
        if resource == "orgs":
            return orgs.answer(context, rest)
        if not resource or resource in _NOT_EMULATED:  # the first is the list of all resources
            return responses.not_emulated(context.method, context.path)
    return responses.error("not found", "path not found")
