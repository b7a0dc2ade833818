"""What `review` shows of previews that the real engine printed: exactly what a person read and committed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli.review.expect import recordings, rendered
from cli.review.scenarios import SCENARIOS

from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.render_json import render_json
from influx_secrets.cli.review.render_markdown import render_markdown
from influx_secrets.cli.review.report import review

PLANTED = "planted-9f2c"
TRACEBACKS = {"failed-program", "failed-declaration"}
"""Here the program failed, and Python shows a line of it, with the value that stands there."""


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def test_every_scenario_is_recorded() -> None:
    """None is forgotten, and none is left over."""
    assert {path.parent.name for path in recordings()} == set(SCENARIOS)


@pytest.mark.parametrize("recording", recordings(), ids=named)
def test_recorded_preview_is_shown_as_expected(recording: Path) -> None:
    """In every format; `expect.py` writes the files anew."""
    for file, text in rendered(recording).items():
        assert "planted" not in text
        assert text == (recording.parent / file).read_text("utf-8")


@pytest.mark.parametrize("recording", recordings(), ids=named)
def test_recording_holds_no_value(recording: Path) -> None:
    """The engine shows none, and names no folder of the machine that recorded."""
    text = recording.read_text("utf-8")
    if recording.parent.name not in TRACEBACKS:
        assert "planted" not in text
    assert not re.search(r"/(home|root|tmp|usr)/", text)


def poisoned(value: Any, name: str = "") -> Any:  # noqa: ANN401 (JSON)
    """Return JSON with a value planted wherever a review has no business."""
    if isinstance(value, dict):
        added = {"value": PLANTED, "secrets": {"KEY": PLANTED}} if "org_id" in value else {}
        return {key: poisoned(one, key) for key, one in value.items()} | added
    if isinstance(value, list):
        return [poisoned(one) for one in value]
    return PLANTED if value == "[secret]" or name in ("digest", "digests", "ciphertext", "__provider") else value


def poisoned_bytes(recording: Path) -> bytes:
    if recording.name == "preview.json":
        document = poisoned(json.loads(recording.read_bytes()))
        told = {"severity": "info#err", "message": f"printed by the program: {PLANTED}"}
        failed = {"severity": "error", "message": f"error: aws:s3:Bucket has a problem: {PLANTED}", "urn": "urn:other"}
        traceback = f"error: Traceback (most recent call last):\n  influx.Secret({PLANTED!r})\nValueError: {PLANTED}"
        document["diagnostics"] = [*document.get("diagnostics", []), told, failed, {**failed, "message": traceback}]
        document["config"] = {"project:slackToken": PLANTED}
        return json.dumps(document).encode()
    lines = recording.read_text("utf-8").splitlines()
    return "\n".join(json.dumps(poisoned(json.loads(line))) for line in lines).encode()


@pytest.mark.parametrize("recording", recordings(), ids=named)
def test_value_in_the_document_is_not_shown(recording: Path) -> None:
    """Were values and digests in the JSON, in clear, no format would show one."""
    document = poisoned_bytes(recording)
    assert PLANTED.encode() in document
    found = review(read_preview(document))
    shown = [render_markdown(found, 0), render_json(found), repr(found), repr(read_preview(document))]
    assert not [text for text in shown if PLANTED in text]


@pytest.mark.parametrize("recording", [path for path in recordings() if path.name == "events.jsonl"], ids=named)
def test_events_tell_what_the_document_tells(recording: Path) -> None:
    """Both forms of one preview name the same changes; the events alone count what stays, and what a refresh found."""
    if recording.parent.name in ("refresh", "failed-check", "failed-program"):
        return  # Here the document is silent, or the two runs came differently far.
    plain, events = (
        review(read_preview((recording.parent / name).read_bytes())) for name in ("preview.json", "events.jsonl")
    )
    assert {one for org in plain.orgs for one in org.changes} == {one for org in events.orgs for one in org.changes}


@pytest.mark.parametrize("recording", [path for path in recordings() if path.name == "preview.json"], ids=named)
def test_order_of_the_engine_does_not_show(recording: Path) -> None:
    """It works on several resources at once, and prints them as they come; a comment must not change with that."""
    document = json.loads(recording.read_bytes())
    if document["steps"][0]["op"] == "refresh":
        return  # The order tells the refresh from what follows.
    turned = {name: part[::-1] if isinstance(part, list) else part for name, part in document.items()}
    both = [render_markdown(review(read_preview(json.dumps(one).encode())), 0) for one in (document, turned)]
    assert both[0] == both[1]
