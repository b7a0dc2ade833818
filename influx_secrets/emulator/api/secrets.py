"""The four calls on an org's secrets: list, PATCH, DELETE, POST delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from influx_secrets.emulator.api import bodies, responses
from influx_secrets.emulator.go.json import JSONError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influx_secrets.emulator.api.context import Context
    from influx_secrets.emulator.api.responses import Answer


def answer(context: Context, org_id: str, rest: Sequence[str]) -> Answer:
    """Answer a call below `/api/v2/orgs/<org_id>/secrets`; `rest` are the parts of the path after that."""
    call = (context.method, len([part for part in rest if part]))
    if len(rest) > 1 or (rest and not rest[0] and call[1]):
        return responses.page_not_found()
    if call == ("GET", 0):
        return _list(context, org_id)
    if call == ("PATCH", 0):
        return _patch(context, org_id)
    if call == ("DELETE", 1):
        return _delete(context, org_id, rest)
    if call == ("POST", 1) and rest[0] == "delete":
        return _delete_many(context, org_id)
    return responses.method_not_allowed()


def _list(context: Context, org_id: str) -> Answer:
    if not context.grant.reads_secrets(org_id):
        return responses.forbidden("read", f"orgs/{org_id}/secrets")
    keys = sorted(context.store.secrets(org_id), key=str.encode)
    links = {"org": f"/api/v2/orgs/{org_id}", "self": f"/api/v2/orgs/{org_id}/secrets"}
    return responses.ok({"links": links, "secrets": keys})


def _patch(context: Context, org_id: str) -> Answer:
    try:
        changes = bodies.string_map(context.call.body)
    except JSONError as problem:
        return responses.bad_json(str(problem))
    context.trace.keys = tuple(changes)
    if not context.grant.writes_secrets(org_id):
        return responses.forbidden("write", f"orgs/{org_id}/secrets")
    if not context.store.patch(org_id, changes):
        return responses.error("request too large", "key too large")
    context.trace.wrote = True
    return responses.no_content()


def _delete_many(context: Context, org_id: str) -> Answer:
    try:
        keys = bodies.secret_keys(context.call.body)
    except JSONError as problem:
        return responses.bad_json(str(problem))
    return _delete(context, org_id, keys)


def _delete(context: Context, org_id: str, keys: Sequence[str]) -> Answer:
    context.trace.keys = tuple(keys)
    if not context.grant.writes_secrets(org_id):
        return responses.forbidden("write", f"orgs/{org_id}/secrets")
    context.store.delete(org_id, keys)
    context.trace.wrote = True
    return responses.no_content()
