"""The four calls on an org's secrets: list, PATCH, DELETE, POST delete."""

from __future__ import annotations

from collections.abc import Sequence

from influx_secrets.emulator.api import responses
from influx_secrets.emulator.api.context import Context
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.go import JSONError, as_string, as_strings, members


def answer(context: Context, org_id: str, rest: Sequence[str]) -> Answer:  # noqa: PLR0911 (one for each call)
    """Answer a call below `/api/v2/orgs/<org_id>/secrets`; `rest` are the parts of the path after that."""
    try:
        match context.call.method, rest:
            case _, [_, _, *_]:
                return responses.PAGE_NOT_FOUND
            case "GET", [] | [""]:
                return _list(context, org_id)
            case "PATCH", [] | [""]:
                return _patch(context, org_id)
            case "DELETE", [key] if key:
                return _delete(context, org_id, [key])
            case "POST", ["delete"]:
                return _delete(context, org_id, _named_keys(context.call.body))
    except JSONError as problem:
        return responses.error("invalid", f"failed to unmarshal json: {problem}")
    return responses.METHOD_NOT_ALLOWED


def _list(context: Context, org_id: str) -> Answer:
    if not context.grant.may("read_secrets", org_id):
        return responses.error("unauthorized", context.grant.refusal("read", f"orgs/{org_id}/secrets"))
    keys = sorted(context.store.secrets(org_id), key=str.encode)
    links = {"org": f"/api/v2/orgs/{org_id}", "self": f"/api/v2/orgs/{org_id}/secrets"}
    return responses.ok({"links": links, "secrets": keys})


def _patch(context: Context, org_id: str) -> Answer:
    # The server writes an empty value for `{"k": null}`.
    changes = {name: as_string(value) for name, value in members(context.call.body)}
    context.trace.keys.extend(changes)
    if not context.grant.may("write_secrets", org_id):
        return responses.error("unauthorized", context.grant.refusal("write", f"orgs/{org_id}/secrets"))
    if not context.store.patch(org_id, changes):
        code = "request too large" if context.version >= responses.FLUX_HASH else "internal error"
        return responses.error(code, "key too large")
    context.trace.wrote = True
    return responses.NO_CONTENT


def _named_keys(body: bytes) -> list[str]:
    """Return the keys that a POST delete names; the field may be written in any case, and the last one counts."""
    keys: list[str] = []
    for name, value in members(body):
        if name.casefold() == "secrets":
            keys = as_strings(value)
    return keys


def _delete(context: Context, org_id: str, keys: Sequence[str]) -> Answer:
    context.trace.keys.extend(keys)
    if not context.grant.may("write_secrets", org_id):
        return responses.error("unauthorized", context.grant.refusal("write", f"orgs/{org_id}/secrets"))
    context.store.delete(org_id, keys)
    context.trace.wrote = True
    return responses.NO_CONTENT
