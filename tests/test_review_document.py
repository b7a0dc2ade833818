"""docs/review.md shows what the command prints: the review of a recorded preview, and options that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from influx_secrets.cli.review.changes import Action
from influx_secrets.cli.review.report import GATES
from influx_secrets.cli.review.warnings import Kind

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs/review.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "docs/review.schema.json").read_text("utf-8"))
EXAMPLE = ROOT / "tests/cli/review/everything"


def test_review_in_the_document_is_the_recorded_one() -> None:
    """As it looks in a pull request, a level deeper."""
    shown = (EXAMPLE / "review.md").read_text("utf-8").partition("\n")[2]
    assert re.sub(r"^#", "##", shown, flags=re.MULTILINE).strip() in DOCUMENT


def test_document_names_all_that_can_be_found() -> None:
    """Every gate, every action and every member of the JSON."""
    for word in (*(gate.value for gate in GATES), *(action.value for action in Action)):
        assert re.search(rf"(`|\| ){word}(`| )", DOCUMENT), word
    example = json.loads((EXAMPLE / "review.json").read_text("utf-8"))
    change, warning = example["orgs"][0]["changes"][0], example["warnings"][0]
    for member in (*example, *example["orgs"][0], *change, *change["resource"], *warning):
        assert f"`{member}`" in DOCUMENT or f"`{member}[]`" in DOCUMENT, member


def closed(schema: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a schema that takes no member besides those that it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = {"additionalProperties": False} if isinstance(schema.get("required"), list) else {}
    return {name: closed(one) for name, one in schema.items()} | named


@pytest.mark.parametrize("path", sorted(EXAMPLE.parent.glob("*/review.json")), ids=lambda path: path.parent.name)
def test_schema_describes_every_recorded_review(path: Path) -> None:
    """It leaves no member out, though it lets later versions add some."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(path.read_text("utf-8")), closed(SCHEMA))


def test_schema_names_all_that_can_be_found() -> None:
    """Every action, gate and kind of warning; what is another is refused."""
    members = SCHEMA["properties"]
    assert set(members["counts"]["properties"]) == {action.value for action in Action}
    assert set(SCHEMA["$defs"]["change"]["properties"]["action"]["enum"]) == {action.value for action in Action}
    assert set(members["found"]["propertyNames"]["enum"]) == {gate.value for gate in GATES}
    assert set(members["warnings"]["items"]["properties"]["kind"]["enum"]) == {kind.value for kind in Kind}
    wrong: list[dict[str, Any]] = [{"counts": {}}, {"found": {"remove": 0}}, {"version": 2}, {"orgs": [{}]}]
    for change in wrong:
        document = json.loads((EXAMPLE / "review.json").read_text("utf-8")) | change
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, SCHEMA)


def test_ci_in_the_document_is_that_of_the_files() -> None:
    """Whose steps other tests run, beside the engine."""
    shown = [token.content for token in MarkdownIt().parse(DOCUMENT) if token.info == "yaml"]
    files = [ROOT / "examples/ci" / name for name in ("github/preview.yml", "gitlab/gitlab-ci.yml")]
    for text, file in zip(shown, files, strict=True):
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        wanted = [line.strip() for line in text.splitlines()]
        assert wanted in [lines[first : first + len(wanted)] for first in range(len(lines))]
