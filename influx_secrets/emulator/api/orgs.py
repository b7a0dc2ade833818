"""The calls on orgs: look-ups by name or id."""

from __future__ import annotations

from collections.abc import Sequence

from influx_secrets.emulator.api import responses, secrets
from influx_secrets.emulator.api.context import Context, parse_id
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.store import Org

_PAGE, _MAX_PAGE = 20, 100
_BY_NAME = ("buckets", "dashboards", "tasks")
_BY_ID = ("labels", "logs", "members", "owners", "secrets")


def answer(context: Context, rest: Sequence[str]) -> Answer:
    """Answer a call at or below `/api/v2/orgs`; `rest` are the parts of the path after that."""
    match rest:
        case [] | [""]:
            return _many(context)
        case [org_id] | [org_id, ""]:
            return _one(context, org_id)
        case [org_id, "secrets", *below]:
            return _secrets(context, org_id, below)
        case [_, "members" | "owners", *_]:
            return responses.not_emulated(context.call.method, context.path)
    return responses.PAGE_NOT_FOUND


def _secrets(context: Context, text: str, below: Sequence[str]) -> Answer:
    try:
        org_id = parse_id(text)
    except ValueError as problem:
        return responses.error("invalid", f"corrupt ID provided: {problem}")
    if context.store.org(org_id) is None or not context.grant.may("read_org", org_id):
        # The same for both, byte for byte, so that ids cannot be probed.
        return responses.error("not found", "404 page not found")
    context.trace.org_id = org_id
    return secrets.answer(context, org_id, below)


def _one(context: Context, text: str) -> Answer:
    if context.call.method in {"PATCH", "DELETE"}:
        return responses.not_emulated(context.call.method, context.path)
    if context.call.method != "GET":
        return responses.METHOD_NOT_ALLOWED
    try:
        org_id = parse_id(text)
    except ValueError as problem:
        return responses.error("invalid", str(problem))
    if not context.grant.may("read_org", org_id):
        return responses.error("unauthorized", context.grant.refusal("read", f"orgs/{org_id}"))
    org = context.store.org(org_id)
    if org is None:
        return responses.error("not found", responses.ORG_NOT_FOUND)
    context.trace.org_id = org.id
    return responses.ok(_body(org))


def _many(context: Context) -> Answer:
    if context.call.method == "POST" or "userID" in context.arguments:
        return responses.not_emulated(context.call.method, context.path)
    if context.call.method != "GET":
        return responses.METHOD_NOT_ALLOWED
    try:
        offset, limit = max(context.number("offset", 0), 0), context.limit(_PAGE, _MAX_PAGE)
        wanted = _wanted(context)
    except ValueError as problem:
        return responses.error("invalid", str(problem))
    except LookupError as problem:
        return responses.error("not found", str(problem.args[0]))
    orgs = [wanted] if wanted else context.store.orgs()[offset : offset + limit]
    shown = [_body(org) for org in orgs if context.grant.may("read_org", org.id)]
    return responses.ok({"links": {"self": "/api/v2/orgs"}, "orgs": shown})


def _wanted(context: Context) -> Org | None:
    """Return the org that the request names by id or name; None: it wants all. A malformed id is ignored."""
    name = context.argument("org")
    try:
        org_id = parse_id(context.argument("orgID"))
    except ValueError:
        org_id = ""
    if not org_id and not name:
        return None
    org = context.store.org(org_id) if org_id else context.store.org_named(name)
    if org is None:
        raise LookupError(responses.ORG_NOT_FOUND if org_id else responses.org_name_not_found(name))
    return org


def _body(org: Org) -> dict[str, object]:
    links = {name: f"/api/v2/{name}?org={org.name}" for name in _BY_NAME}
    links |= {name: f"/api/v2/orgs/{org.id}/{name}" for name in _BY_ID}
    links["self"] = f"/api/v2/orgs/{org.id}"
    shown = {"links": dict(sorted(links.items())), "id": org.id, "name": org.name, "description": ""}
    return {**shown, "createdAt": org.created, "updatedAt": org.created}
