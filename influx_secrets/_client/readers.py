"""Tasks, checks, rules and endpoints of a server, which read secrets: requests and responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

from influx_secrets._client.messages import Request, Response
from influx_secrets._client.payloads import encode_script
from influx_secrets._text import quote


@dataclass(frozen=True, slots=True)
class Reader:
    """A part of an org that may read secrets.

    Attributes:
        kind: "task", "check", "rule" or "endpoint".
        id: 16 hex digits.
        name: What people call it; two may have the same name.
        active: Whether the server runs it at present.
    """

    kind: str
    id: str
    name: str
    active: bool

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        return f"{self.kind} {quote(self.name)}" + ("" if self.active else " (inactive)")


@dataclass(frozen=True, slots=True)
class FluxScript(Reader):
    """A task, check or rule.

    Attributes:
        flux: The script of a task or rule; of a check, the query that it watches, or the whole of a custom check.
    """

    flux: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rule(Reader):
    """A notification rule, without the script that runs: this is a task, which no list shows."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Endpoint(Reader):
    """A notification endpoint, and the keys of its credentials."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The notification endpoints and rules that the server shows a token."""

    endpoints: tuple[Endpoint, ...] = ()
    rules: tuple[FluxScript, ...] = ()

    @property
    def unseen(self) -> tuple[str, ...]:
        """What the server shows none of: none exists, or the token may not see it."""
        kinds = ("endpoint", self.endpoints), ("rule with its task", self.rules)
        return tuple(kind for kind, found in kinds if not found)

    def readers(self, key: str) -> tuple[Reader, ...]:
        """Return the endpoints and rules that may read a key.

        A rule counts if its script contains the key as a string: people can edit the script.
        """
        # influxd 2.9.1 escapes nothing else in the scripts that it writes.
        literal = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
        endpoints = (one for one in self.endpoints if key in one.keys)
        return (*endpoints, *(one for one in self.rules if literal in one.flux))


R = TypeVar("R", bound=Reader)
Query: TypeAlias = tuple[tuple[str, str], ...]

_REFERENCE: Final = "secret: "

NO_TASK: Final = "failed to find task: "
NO_ENDPOINT: Final = "notification endpoint not found"
"""How influxd 2.9.1 begins a 404. A task that the token may not read is one, too."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """How one kind of reader is listed, page by page.

    Attributes:
        resource: Last part of the path, and key of the list in the response.
        per_page: How many a full page holds.
        build: Makes a reader of what all readers have, and of what is special about the kind.
        special: Returns that of an item.
    """

    kind: str
    resource: str
    per_page: int
    build: Callable[[str, str, str, bool, Any], R]
    special: Callable[[Any], str | frozenset[str]]

    def request(self, org_id: str, title: str, page: Query) -> Request:
        """Return the request for a page of an org, whose title is for messages; the query of the first one is empty."""
        return Request(
            method="GET",
            path=f"/api/v2/{self.resource}",
            query=page or (("orgID", org_id), ("limit", str(self.per_page))),
            intent=f"list the {self.kind}s of the org {title}",
            needs=f"to read the {self.kind}s of this org",
        )

    def read(self, response: Response) -> tuple[list[R], Query] | None:
        """Return the readers on a page, and the query of the next page, empty after the last one.

        None for a body of another shape. influxd 2.9.1 leaves out checks and rules whose task was deleted, so a page
        that is not full need not be the last.
        """
        body: Any = response.json()
        try:
            found = [self._reader(item) for item in body[self.resource]]
            link = body["links"].get("next")
            return found, () if link is None else tuple(parse_qsl(urlsplit(link).query))
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def _reader(self, item: Any) -> R:  # noqa: ANN401 (what is no mapping raises, and is reported so)
        id_, name, special = item["id"], item["name"], self.special(item)
        if not (isinstance(id_, str) and isinstance(name, str) and isinstance(special, str | frozenset)):
            raise TypeError
        return self.build(self.kind, id_, name, item["status"] == "active", special)


def _credentials(endpoint: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys that an endpoint's credentials name, such as "secret: SLACK_TOKEN"; any key of the org can be."""
    values = (endpoint.get(name) for name in ("token", "routingKey", "username", "password"))
    named = (value for value in values if isinstance(value, str) and value.startswith(_REFERENCE))
    return frozenset(value.removeprefix(_REFERENCE) for value in named)


TASKS: Final = Listing("task", "tasks", 500, FluxScript, lambda item: item["flux"])
CHECKS: Final = Listing("check", "checks", 100, FluxScript, lambda item: item["query"]["text"])
RULES: Final = Listing("rule", "notificationRules", 100, Rule, lambda item: item["taskID"])
ENDPOINTS: Final = Listing("endpoint", "notificationEndpoints", 100, Endpoint, _credentials)
"""influxd 2.9.1 refuses larger pages than these."""

PERMISSIONS: Final = {one.kind: f"read {one.resource}" for one in (TASKS, CHECKS, RULES, ENDPOINTS)}
"""Each kind, and the permission without which influxd 2.9.1 lists none; the script of a rule is a task, too."""


def task_request(rule: Rule) -> Request:
    """Return the request for the task of a rule.

    The query of the rule itself shows what saving the rule would run, which need not be what runs (influxd 2.9.1).
    """
    intent = f"read the task of the rule {quote(rule.name)}"
    return Request(method="GET", path=f"/api/v2/tasks/{rule.task_id}", intent=intent)


def read_script(rule: Rule, response: Response) -> FluxScript | None:
    """Return a rule with its script, which the response for its task contains."""
    flux = response.fields.get("flux")
    return FluxScript(rule.kind, rule.id, rule.name, rule.active, flux) if isinstance(flux, str) else None


def parse_request(flux: str) -> Request:
    script = encode_script(flux).decode()
    body = json.dumps({"query": script}).encode()
    return Request(method="POST", path="/api/v2/query/ast", intent="parse a Flux script", body=body)


def read_tree(response: Response) -> Mapping[str, Any] | None:
    """Return the syntax tree of a script: a `Package`, as Flux itself writes it in JSON."""
    tree = response.fields.get("ast")
    return tree if isinstance(tree, dict) else None
