"""The calls on orgs: finding them by name or id, and the way to their secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from influx_secrets.emulator.api import responses, secrets
from influx_secrets.emulator.api.context import InvalidIDError, parse_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influx_secrets.emulator.api.context import Context
    from influx_secrets.emulator.api.responses import Answer
    from influx_secrets.emulator.store import Org

_BELOW_ORG = frozenset({"members", "owners"})
"""What else a real server has below an org."""

_PAGE_MAX = 100
_INT_MAX = (1 << 63) - 1
_BOOLEANS = frozenset({"", "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"})
"""What Go takes for one, or nothing at all."""
_BY_NAME = ("buckets", "dashboards", "tasks")
_BY_ID = ("labels", "logs", "members", "owners", "secrets")


def answer(context: Context, rest: Sequence[str]) -> Answer:
    """Answer a call at or below `/api/v2/orgs`; `rest` are the parts of the path after that."""
    if not any(rest) and len(rest) <= 1:
        return _many(context)
    if len(rest) == 1 or list(rest[1:]) == [""]:
        return _one(context, rest[0])
    if rest[1] == "secrets":
        return _below(context, rest)
    return responses.not_emulated(context.method, context.path) if rest[1] in _BELOW_ORG else responses.page_not_found()


def _below(context: Context, rest: Sequence[str]) -> Answer:
    try:
        org_id = parse_id(rest[0])
    except InvalidIDError as problem:
        return responses.error("invalid", f"corrupt ID provided: {problem}")
    if context.store.org(org_id) is None or not context.grant.reads_org(org_id):
        # The same for both, byte for byte, so that ids cannot be probed.
        return responses.error("not found", "404 page not found")
    context.trace.org_id = org_id
    return secrets.answer(context, org_id, rest[2:])


def _one(context: Context, text: str) -> Answer:
    if context.method in {"PATCH", "DELETE"}:
        return responses.not_emulated(context.method, context.path)
    if context.method != "GET":
        return responses.method_not_allowed()
    try:
        org_id = parse_id(text)
    except InvalidIDError as problem:
        return responses.error("invalid", str(problem))
    if not context.grant.reads_org(org_id):
        return responses.forbidden("read", f"orgs/{org_id}")
    org = context.store.org(org_id)
    if org is None:
        return responses.error("not found", responses.ORG_NOT_FOUND)
    context.trace.org_id = org.id
    return responses.ok(_body(org))


def _many(context: Context) -> Answer:
    if context.method == "POST":
        return responses.not_emulated(context.method, context.path)
    if context.method != "GET":
        return responses.method_not_allowed()
    try:
        page = _page(context)
        orgs = _wanted(context)
    except ValueError as problem:
        return responses.error("invalid", str(problem))
    except LookupError as problem:
        return responses.error("not found", str(problem.args[0]))
    if orgs is None:
        orgs = context.store.orgs()[page]
    shown = [_body(org) for org in orgs if context.grant.reads_org(org.id)]
    return responses.ok({"links": {"self": "/api/v2/orgs"}, "orgs": shown})


def _wanted(context: Context) -> list[Org] | None:
    """Return the one org that is asked for by id or name, or None where all are. A malformed id is ignored."""
    name = context.argument("org")
    org_id = _id(context, "orgID")
    if not org_id and not name:
        # The orgs of one user: here are no users.
        return [] if _id(context, "userID") else None
    org = context.store.org(org_id) if org_id else context.store.org_named(name)
    if org is None:
        raise LookupError(responses.ORG_NOT_FOUND if org_id else responses.org_name_not_found(name))
    return [org]


def _id(context: Context, name: str) -> str:
    try:
        return parse_id(context.argument(name))
    except InvalidIDError:
        return ""


def _page(context: Context) -> slice:
    """Return which orgs are asked for. `after`, `sortBy` and `descending` are checked, and then used for nothing."""
    offset = _number(context, "offset", 0)
    after = context.argument("after")
    if after:
        try:
            parse_id(after)
        except InvalidIDError as problem:
            raise ValueError(f"decoding after: {problem}") from None
    limit = _number(context, "limit", 20)
    if not 1 <= limit <= _PAGE_MAX:
        raise ValueError(f"limit must be between 1 and {_PAGE_MAX}")
    if context.argument("descending") not in _BOOLEANS:
        raise ValueError("descending is invalid")
    return slice(max(offset, 0), max(offset, 0) + limit)


def _number(context: Context, name: str, default: int) -> int:
    text = context.argument(name)
    if not text:
        return default
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,4000}", text) else _INT_MAX + 1
    if not -_INT_MAX <= number <= _INT_MAX:
        raise ValueError(f"{name} is invalid")
    return number


def _body(org: Org) -> dict[str, object]:
    links = {name: f"/api/v2/{name}?org={org.name}" for name in _BY_NAME}
    links |= {name: f"/api/v2/orgs/{org.id}/{name}" for name in _BY_ID}
    links["self"] = f"/api/v2/orgs/{org.id}"
    shown = {"links": dict(sorted(links.items())), "id": org.id, "name": org.name, "description": ""}
    return {**shown, "createdAt": org.created, "updatedAt": org.created}
