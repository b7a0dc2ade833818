"""Finds the handler of a request, after influxd's checks in influxd's order.

Path that Go refuses; method unknown to the router; `/health`, `/ready`, `/ping`, which need no token; authentication;
and only then the route.
"""

from __future__ import annotations

from datetime import datetime, timezone

from influx_secrets.emulator import go
from influx_secrets.emulator.api import alerts, orgs, query, responses
from influx_secrets.emulator.api.context import METHODS, Call, Context, Trace
from influx_secrets.emulator.api.responses import Answer, Version
from influx_secrets.emulator.store import Store

_NOT_EMULATED = frozenset(
    {
        *("", "annotations", "authorizations", "backup", "buckets", "dashboards", "dbrps", "delete", "documents"),
        *("flags", "labels", "me", "notebooks", "remotes", "replications", "resources", "restore", "scrapers"),
        *("setup", "signin", "signout", "sources", "stacks", "swagger.json", "telegraf", "telegrafs", "templates"),
        *("users", "variables", "write"),
    }
)
"""What a real server serves at and below `/api/v2`, and the emulator does not, or not all of it."""

_OTHER_APIS = frozenset({"/metrics", "/query", "/write"})
"""What a real server serves in addition to `/api/v2`: its metrics, and the API of InfluxDB 1."""

_USER = {"id": "0000000000000001", "name": "operator", "status": "active"}
"""The only user; all tokens belong to it."""


class API:
    """Answers calls on a store, as this version of influxd."""

    def __init__(self, store: Store, version: Version) -> None:
        self._store = store
        self._version = version
        self._started = datetime.now(timezone.utc)

    def answer(self, call: Call, trace: Trace) -> Answer:
        """Return the answer to one call and note in `trace` what it touched."""
        raw_path, _, query_string = call.target.partition(b"?")
        paths = go.route_paths(raw_path)
        if paths is None:
            return responses.BAD_REQUEST
        path, decoded = paths
        public = self._public(call.method, path, decoded)
        if public is not None:
            return responses.built(public)
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        grant = self._store.grant(token) if scheme.lower() in {"token", "bearer"} else None
        if grant is None:
            return responses.built(responses.UNAUTHENTICATED)
        arguments = go.arguments(query_string)
        path = path.removesuffix("/")
        context = Context(call, self._store, grant, trace, path, decoded, arguments, self._version)
        return responses.built(_routed(context))

    def _public(self, method: str, path: str, decoded: str) -> Answer | None:
        """Return the answer to a request that needs no token, if it is one."""
        if self._version >= responses.CHECKED_HEALTH:
            top = decoded.removesuffix("/")
        else:
            top = "/".join(path.split("/", 2)[:2])
        is_api = decoded.startswith(("/api/v2", "/v1", "/private"))
        if method not in METHODS or (is_api and method == "OPTIONS"):
            return responses.METHOD_NOT_ALLOWED
        if top == "/health":
            return responses.health(self._version)
        if top == "/ready":
            return responses.ready(self._started, self._version)
        if decoded == "/ping":
            return responses.ping(method)
        if decoded in _OTHER_APIS or decoded.startswith("/debug/"):
            return responses.not_emulated(method, path)
        return None if is_api else responses.NO_ASSETS


def _routed(context: Context) -> Answer:
    match context.path.split("/"):
        case ["", "api", "v2", "query", *_]:
            return query.answer(context)
        case ["", "api", "v2", "orgs", *rest]:
            return orgs.answer(context, rest)
        case ["", "api", "v2", "me"]:
            return _me(context)
        case ["", "api", "v2", resource, *rest] if resource in alerts.PAGES:
            return alerts.answer(context, resource, rest)
        case ["", "api", "v2", *rest] if not rest or rest[0] in _NOT_EMULATED:
            return responses.not_emulated(context.call.method, context.path)
    return responses.error("not found", "path not found")


def _me(context: Context) -> Answer:
    if context.call.method != "GET":
        return responses.METHOD_NOT_ALLOWED
    path = f"users/{_USER['id']}"
    if context.grant.org_id is not None:
        return responses.error("unauthorized", context.grant.refusal("read", path))
    return responses.ok({"links": {"self": f"/api/v2/{path}"}, **_USER})
