"""docs/review.md shows what the command prints: the review of a recorded preview, and options that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

from influx_secrets.cli._changes import Action
from influx_secrets.cli._report import Gate

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs/review.md").read_text("utf-8")
EXAMPLE = ROOT / "tests/cli/review/everything"


def test_review_in_the_document_is_the_recorded_one() -> None:
    """As it looks in a pull request, a level deeper."""
    shown = (EXAMPLE / "review.md").read_text("utf-8").partition("\n")[2]
    assert re.sub(r"^#", "##", shown, flags=re.MULTILINE).strip() in DOCUMENT


def test_document_names_all_that_can_be_found() -> None:
    """Every gate, every action and every member of the JSON."""
    for word in (*(gate.value for gate in Gate), *(action.value for action in Action)):
        assert re.search(rf"(`|\| ){word}(`| )", DOCUMENT), word
    example = json.loads((EXAMPLE / "review.json").read_text("utf-8"))
    change, warning = example["orgs"][0]["changes"][0], example["warnings"][0]
    for member in (*example, *example["orgs"][0], *change, *change["resource"], *warning):
        assert f"`{member}`" in DOCUMENT or f"`{member}[]`" in DOCUMENT, member
