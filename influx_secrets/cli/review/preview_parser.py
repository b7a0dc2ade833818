"""Parser of previews: one JSON document, or the engine's events, one a line.

`pulumi preview --json` prints the document. With PULUMI_ENABLE_STREAMING_JSON_PREVIEW it prints the events, which
`--event-log` also writes to a file. Only events contain the unchanged resources, and what a refresh found.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from influx_secrets._model.state_codecs import TYPE_PREFIX
from influx_secrets._notices import PREFIX
from influx_secrets.cli.review.preview import Preview, PreviewError, Step, kind_of, read_side

_Json: TypeAlias = dict[str, Any]

_FOUND_BY_REFRESH: Final = frozenset({"refresh", "delete", "update"})
_CHANGES_NOTHING: Final = frozenset({"same", "refresh", "read", "read-replacement", "discard", "discard-replaced"})
_HALF_A_REPLACEMENT: Final = frozenset({"create-replacement", "delete-replaced"})
_OF_DOCUMENT: Final = frozenset({"steps", "changeSummary", "diagnostics", "duration", "config"})
_OURS: Final = ("influx_secrets.", TYPE_PREFIX)
_TRACEBACK: Final = "Traceback (most recent call last)"


class _Found:
    """What was read so far, by the names that it has in a preview."""

    def __init__(self, skipped_lines: int) -> None:
        self.skipped_lines, self.found_outside, self.unlisted = skipped_lines, 0, 0
        self.steps: list[Step] = []
        self.refreshed: dict[str, Step] = {}
        self.others: Counter[str] = Counter()
        self.notices: list[str] = []
        self.errors: list[str] = []
        self.refresh_told = self.complete = True


def read_preview(document: bytes) -> Preview:
    """Parse what `pulumi preview --json` printed, in either form."""
    if not document.strip():
        raise PreviewError(
            "the input is empty: run `pulumi preview --json` alone to see why it printed nothing (IS712)"
        )
    try:
        found, skipped = _documents(document.decode(json.detect_encoding(document)))
    except (ValueError, RecursionError):
        found, skipped = [], 0
    if not found:
        raise PreviewError("the input is not complete JSON: use the whole output of `pulumi preview --json` (IS713)")
    if any(not isinstance(one, dict) for one in found):
        raise PreviewError("the input is JSON, but not a preview: use the output of `pulumi preview --json` (IS714)")
    try:
        read = _Found(skipped)
        for group in _runs(found):
            (_read_events if _is_event(group[0]) else _read_document)(group, read)
        if all(_is_event(one) or not one or one.keys() & _OF_DOCUMENT for one in found):
            return Preview(**vars(read))
    except (AttributeError, KeyError, TypeError, ValueError):
        # The error may not be shown: its text may contain a value.
        raise PreviewError(
            "cannot review the preview: a step has a form that this version of influx_secrets does not know. Report "
            "the problem to its authors, with the output of `pulumi version` and `influx-secrets --version` (IS715)"
        ) from None
    raise PreviewError("the input is JSON, but not a preview: use the output of `pulumi preview --json` (IS714)")


def _documents(text: str) -> tuple[list[Any], int]:
    """Return all JSON values that begin a line, and how many other lines there are.

    Around the JSON the CLI writes about policy packs that it installs, plugins, and a plan that it saves.
    """
    decoder, found, skipped, position = json.JSONDecoder(), list[Any](), 0, 0
    text = text.replace("\r\n", "\n")
    while position < len(text):
        if text[position] in "{[":
            try:
                value, position = decoder.raw_decode(text, position)
                found.append(value)
                continue
            except ValueError:
                # `[resource plugin aws-7.0.0] installing` is a line of text; an object that is cut off is none.
                if text[position] == "{":
                    raise
        end = text.find("\n", position) + 1 or len(text)
        skipped += bool(text[position:end].strip())
        position = end
    return found, skipped


def _runs(found: Iterable[_Json]) -> list[list[_Json]]:
    """Return the documents one by one, and the events of each run together; the first one of a run has the number 0."""
    runs: list[list[_Json]] = []
    for one in found:
        if runs and _is_event(one) and _is_event(runs[-1][0]) and one.get("sequence") != 0:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _is_event(one: _Json) -> bool:
    return any(name.endswith("Event") for name in one)


def _add_step(found: _Found, op: str, urn: str, old: _Json | None, new: _Json | None) -> None:
    if kind_of(urn) is None:
        if op not in _CHANGES_NOTHING | _HALF_A_REPLACEMENT:
            found.others[op] += 1
        return
    step = Step(op, read_side(old, before=True), read_side(new, before=False))
    if step.old is not None or step.new is not None:
        found.steps.append(step)


def _add_refresh(found: _Found, urn: str, old: _Json | None, new: _Json | None) -> None:
    if kind_of(urn) is not None:
        found.refreshed[urn] = Step("refresh", read_side(old, before=True), read_side(new, before=True))


def _add_diagnostic(found: _Found, event: _Json) -> None:
    message = event["message"]
    if event["severity"] == "error":
        found.complete = False
        found.errors += _our_part(event.get("urn") or "", message)
    else:
        found.notices += [line.removeprefix(PREFIX) for line in message.split("\n") if line.startswith(PREFIX)]


def _read_document(group: Sequence[_Json], found: _Found) -> None:
    (document,) = group
    steps: list[_Json] = document.get("steps") or []
    refreshes = _refresh_phase(steps)
    for step in steps[:refreshes]:
        new = None if step["op"] == "delete" else step.get("newState")
        _add_refresh(found, step["urn"], step.get("oldState"), new)
    for step in steps[refreshes:]:
        _add_step(found, step["op"], step["urn"], step.get("oldState"), step.get("newState"))
    for one in document.get("diagnostics") or []:
        _add_diagnostic(found, one)
    # Without its closing summary a preview did not end: a policy pack that does not start leaves `{}` (3.259.0).
    found.complete &= bool(document.keys() & {"changeSummary", "duration"})
    found.refresh_told = False
    summary = document.get("changeSummary") or {}
    if 0 < refreshes == len(steps):
        found.found_outside += summary.get("update", 0)
    else:
        listed = sum(step["op"] == "same" for step in steps[refreshes:])
        found.unlisted += max(summary.get("same", 0) - listed, 0)


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


def _read_events(group: Sequence[_Json], found: _Found) -> None:
    complete = False
    waiting: set[str] = set()
    for line in group:
        if "diagnosticEvent" in line:
            _add_diagnostic(found, line["diagnosticEvent"])
        elif "resourcePreEvent" in line:
            step = line["resourcePreEvent"]["metadata"]
            if step["op"] == "refresh":
                waiting.add(step["urn"])
            else:
                _add_step(found, step["op"], step["urn"], step.get("old"), step.get("new"))
        elif "resOutputsEvent" in line:
            step = line["resOutputsEvent"]["metadata"]
            if step["urn"] in waiting:
                waiting.remove(step["urn"])
                _add_refresh(found, step["urn"], step.get("old"), None if step["op"] == "delete" else step.get("new"))
        elif "summaryEvent" in line:
            complete = line["summaryEvent"].get("result", "succeeded") in ("", "succeeded")
    found.complete &= complete


def _our_part(urn: str, message: str) -> list[str]:
    """Return an error message of this package, or of the engine about its resources; nothing of any other.

    A traceback shows lines of the program, which may contain a value. So only its last line is taken, and only if the
    error is one of this package, whose messages contain no value.
    """
    plain = message.removeprefix("error: ")
    if kind_of(urn) is not None and _TRACEBACK not in plain:
        ours = [plain]
    else:
        ours = [line for line in plain.splitlines() if line.startswith(_OURS)]
    return [" ".join(line.split()) for line in ours[-1:]]
