"""The Flux scripts that a server runs by itself, its tasks and checks: how they are asked for, read and parsed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from influx_secrets._client.messages import Answer, Request
from influx_secrets._client.payloads import encode_text

#: influxd 2.9.1 refuses more in one page.
TASKS_PER_PAGE: Final = 500
CHECKS_PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Script:
    """A task or check of an org.

    Attributes:
        kind: "task" or "check".
        id: 16 hex digits.
        name: What people call it; two may have one name.
        active: Whether the server runs it at present.
        flux: The script of a task; of a check, the query that it watches, or all of it where it is a custom check.
    """

    kind: str
    id: str
    name: str
    active: bool
    flux: str = field(repr=False)


def tasks_request(org_id: str, found: Sequence[Script]) -> Request:
    """Ask for the next page of an org's tasks, after those that were found on the pages before."""
    after = (("after", found[-1].id),) if found else ()
    return _list_request("tasks", org_id, (("orgID", org_id), ("limit", str(TASKS_PER_PAGE)), *after))


def checks_request(org_id: str, found: Sequence[Script]) -> Request:
    """Ask for the next page of an org's checks, after those that were found on the pages before."""
    offset = ("offset", str(len(found)))
    return _list_request("checks", org_id, (("orgID", org_id), ("limit", str(CHECKS_PER_PAGE)), offset))


def _list_request(kind: str, org_id: str, query: tuple[tuple[str, str], ...]) -> Request:
    intent = f"list the {kind} of org {org_id}"
    needs = f"to read the {kind} of org {org_id}"
    return Request(method="GET", path=f"/api/v2/{kind}", query=query, intent=intent, needs=needs)


def parse_request(flux: str) -> Request:
    """Ask for the syntax tree of a script.

    Raises:
        DeclarationError: The script is not valid text.
    """
    encode_text(flux, "the Flux script")
    return Request(
        method="POST",
        path="/api/v2/query/ast",
        intent="parse a Flux script",
        body=json.dumps({"query": flux}).encode(),
        content_type="application/json",
    )


def read_tasks(answer: Answer) -> list[Script] | None:
    """The tasks on a page."""
    return _read(answer, "tasks", lambda item: item["flux"])


def read_checks(answer: Answer) -> list[Script] | None:
    """The checks on a page."""
    return _read(answer, "checks", lambda item: item["query"]["text"])


def read_tree(answer: Answer) -> Mapping[str, Any] | None:
    """The syntax tree of a script: a `Package`, as Flux itself writes it in JSON."""
    body = answer.json()
    tree = body.get("ast") if isinstance(body, dict) else None
    return tree if isinstance(tree, dict) else None


def _read(answer: Answer, kind: str, flux: Any) -> list[Script] | None:  # noqa: ANN401 (of JSON, for JSON)
    try:
        items = answer.json()[kind]  # type: ignore[index]  # what is no mapping raises, and is told so
        scripts = [Script(kind.removesuffix("s"), i["id"], i["name"], i["status"] == "active", flux(i)) for i in items]
    except (KeyError, TypeError):
        return None
    texts = (text for script in scripts for text in (script.id, script.name, script.flux))
    return scripts if all(isinstance(text, str) for text in texts) else None
