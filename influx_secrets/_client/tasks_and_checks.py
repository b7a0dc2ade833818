"""Tasks and checks of a server, which run Flux scripts: requests and responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from influx_secrets._client.messages import Request, Response
from influx_secrets._client.payloads import encode_script


@dataclass(frozen=True, slots=True)
class FluxScript:
    """A task or check of an org.

    Attributes:
        kind: "task" or "check".
        id: 16 hex digits.
        name: What people call it; two may have the same name.
        active: Whether the server runs it at present.
        flux: The script of a task; of a check, the query that it watches, or the whole script of a custom check.
    """

    kind: str
    id: str
    name: str
    active: bool
    flux: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind of script is listed, page by page.

    Attributes:
        kind: Last part of the path, and key of the list in the response.
        per_page: How many a full page holds.
        flux: Returns the script of an item.
        position: Returns the query that asks for what follows the items found so far.
    """

    kind: str
    per_page: int
    flux: Callable[[Any], Any]
    position: Callable[[Sequence[FluxScript]], tuple[tuple[str, str], ...]]

    def request(self, org_id: str, found: Sequence[FluxScript]) -> Request:
        """Return the request for the next page; `found` holds the items of the pages before."""
        return Request(
            method="GET",
            path=f"/api/v2/{self.kind}",
            query=(("orgID", org_id), ("limit", str(self.per_page)), *self.position(found)),
            intent=f"list the {self.kind} of org {org_id}",
            needs=f"to read the {self.kind} of org {org_id}",
        )

    def read(self, response: Response) -> list[FluxScript] | None:
        """Return the items on a page; None for a body of another shape."""
        kind = self.kind.removesuffix("s")
        try:
            items = response.json()[self.kind]  # type: ignore[index]  # what is no mapping raises, and is reported so
            scripts = [FluxScript(kind, i["id"], i["name"], i["status"] == "active", self.flux(i)) for i in items]
        except (KeyError, TypeError):
            return None
        texts = (text for script in scripts for text in (script.id, script.name, script.flux))
        return scripts if all(isinstance(text, str) for text in texts) else None


TASKS: Final = Listing(
    "tasks", 500, lambda item: item["flux"], lambda found: (("after", found[-1].id),) if found else ()
)
CHECKS: Final = Listing("checks", 100, lambda item: item["query"]["text"], lambda found: (("offset", str(len(found))),))
"""influxd 2.9.1 refuses larger pages than these."""


def parse_request(flux: str) -> Request:
    """Return the request for the syntax tree of a script.

    Raises:
        DeclarationError: The script is not valid text.
    """
    script = encode_script(flux).decode()
    body = json.dumps({"query": script}).encode()
    return Request(method="POST", path="/api/v2/query/ast", intent="parse a Flux script", body=body)


def read_tree(response: Response) -> Mapping[str, Any] | None:
    """Return the syntax tree of a script: a `Package`, as Flux itself writes it in JSON."""
    body = response.json()
    tree = body.get("ast") if isinstance(body, dict) else None
    return tree if isinstance(tree, dict) else None
