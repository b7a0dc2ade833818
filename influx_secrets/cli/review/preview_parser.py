"""Parser of previews: one JSON document, or the engine's events, one a line.

`pulumi preview --json` prints the document. With PULUMI_ENABLE_STREAMING_JSON_PREVIEW it prints the events, which
`--event-log` also writes to a file. Only events contain the unchanged resources, and what a refresh found.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from influx_secrets._model.serialization import TYPE_PREFIX
from influx_secrets._notices import PREFIX
from influx_secrets.cli.review.preview import Preview, PreviewError, Problem, Step, kind_of, read_side

_Json: TypeAlias = dict[str, Any]

_FOUND_BY_REFRESH: Final = frozenset({"refresh", "delete", "update"})
_CHANGES_NOTHING: Final = frozenset({"same", "refresh", "read", "read-replacement", "discard", "discard-replaced"})
_HALF_A_REPLACEMENT: Final = frozenset({"create-replacement", "delete-replaced"})
_OURS: Final = ("influx_secrets.", TYPE_PREFIX)
_TRACEBACK: Final = "Traceback (most recent call last)"


def read_preview(document: bytes) -> Preview:
    """Parse what `pulumi preview --json` printed, in either form.

    Raises:
        PreviewError: The input is something else.
    """
    if not document.strip():
        raise PreviewError("there is nothing to review: did `pulumi preview --json` fail before it printed anything?")
    try:
        lines = _documents(document.decode(json.detect_encoding(document)))
    except (ValueError, RecursionError):
        raise PreviewError("this is no output of `pulumi preview --json`: it is not JSON, or cut off") from None
    if any(not isinstance(line, dict) for line in lines):
        raise PreviewError("this is JSON, but no output of `pulumi preview --json`")
    try:
        if len(lines) == 1 and lines[0].keys() & {"steps", "changeSummary", "diagnostics"}:
            return _document(lines[0])
        if all(any(name.endswith("Event") for name in line) for line in lines):
            return _events(lines)
    except (AttributeError, KeyError, TypeError, ValueError):
        # The error may not be shown: its text may contain a value.
        raise PreviewError("this preview has a step in a form that this version does not know") from None
    raise PreviewError("this is JSON, but neither a preview nor an event log of Pulumi")


def _documents(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]


class _Collected:
    """The parts of a preview that were read so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.refreshed: dict[str, Step] = {}
        self.others: Counter[str] = Counter()
        self.same = 0
        self.notices: list[str] = []
        self.problems: list[Problem] = []

    def step(self, op: str, urn: str, old: _Json | None, new: _Json | None) -> None:
        self.same += op == "same"
        if kind_of(urn) is None:
            if op not in _CHANGES_NOTHING | _HALF_A_REPLACEMENT:
                self.others[op] += 1
            return
        step = Step(op, read_side(old, before=True), read_side(new, before=False))
        if step.old is not None or step.new is not None:
            self.steps.append(step)

    def refresh(self, urn: str, old: _Json | None, new: _Json | None) -> None:
        if kind_of(urn) is not None:
            self.refreshed[urn] = Step("refresh", read_side(old, before=True), read_side(new, before=True))

    def diagnostic(self, severity: str, urn: str, message: str) -> None:
        if severity == "error":
            self.problems.append(Problem(urn, _our_part(urn, message)))
        else:
            self.notices += [line.removeprefix(PREFIX) for line in message.split("\n") if line.startswith(PREFIX)]

    def preview(
        self, *, complete: bool, refresh_told: bool = True, unlisted: int = 0, found_outside: int = 0
    ) -> Preview:
        return Preview(
            steps=tuple(self.steps),
            refreshed=self.refreshed,
            refresh_told=refresh_told,
            found_outside=found_outside,
            others=dict(sorted(self.others.items())),
            unlisted=max(unlisted, 0),
            notices=tuple(self.notices),
            problems=tuple(self.problems),
            complete=complete and not self.problems,
        )


def _document(document: _Json) -> Preview:
    found, summary = _Collected(), document.get("changeSummary") or {}
    steps: list[_Json] = document.get("steps") or []
    refreshes = _refresh_phase(steps)
    for step in steps[:refreshes]:
        new = None if step["op"] == "delete" else step.get("newState")
        found.refresh(step["urn"], step.get("oldState"), new)
    for step in steps[refreshes:]:
        found.step(step["op"], step["urn"], step.get("oldState"), step.get("newState"))
    for one in document.get("diagnostics") or []:
        found.diagnostic(one["severity"], one.get("urn") or "", one["message"])
    refreshes_only = 0 < refreshes == len(steps)
    return found.preview(
        complete=True,
        refresh_told=False,
        unlisted=0 if refreshes_only else summary.get("same", 0) - found.same,
        found_outside=summary.get("update", 0) if refreshes_only else 0,
    )


def _refresh_phase(steps: Iterable[_Json]) -> int:
    """Return how many steps at the start belong to a refresh.

    The document does not mark where the refresh ends: before the first resource that is listed for the second time, or
    before the first operation that no refresh has.
    """
    seen: set[str] = set()
    for number, step in enumerate(steps):
        if (number == 0 and step["op"] != "refresh") or step["op"] not in _FOUND_BY_REFRESH or step["urn"] in seen:
            return number
        seen.add(step["urn"])
    return len(seen)


def _events(lines: Iterable[_Json]) -> Preview:
    found, complete = _Collected(), False
    waiting: set[str] = set()
    for line in lines:
        if "diagnosticEvent" in line:
            event = line["diagnosticEvent"]
            found.diagnostic(event["severity"], event.get("urn") or "", event["message"])
        elif "resourcePreEvent" in line:
            step = line["resourcePreEvent"]["metadata"]
            if step["op"] == "refresh":
                waiting.add(step["urn"])
            else:
                found.step(step["op"], step["urn"], step.get("old"), step.get("new"))
        elif "resOutputsEvent" in line:
            step = line["resOutputsEvent"]["metadata"]
            if step["urn"] in waiting:
                waiting.remove(step["urn"])
                found.refresh(step["urn"], step.get("old"), None if step["op"] == "delete" else step.get("new"))
        elif "summaryEvent" in line:
            complete = line["summaryEvent"].get("result", "succeeded") in ("", "succeeded")
    return found.preview(complete=complete)


def _our_part(urn: str, message: str) -> str | None:
    """Return an error message of this package, or of the engine about its resources; None for any other.

    A traceback shows lines of the program, which may contain a value. So only its last line is taken, and only if the
    error is one of this package, whose messages contain no value.
    """
    plain = message.removeprefix("error: ")
    if kind_of(urn) is not None and _TRACEBACK not in plain:
        return _one_line(plain)
    ours = [line for line in plain.splitlines() if line.startswith(_OURS)]
    return _one_line(ours[-1]) if ours else None


def _one_line(message: str) -> str:
    return " ".join(message.split())
