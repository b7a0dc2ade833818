"""The Markdown of a review: any key is one cell that says exactly the key, and any length fits."""

from __future__ import annotations

import io
import json

import pytest
from cli.previews import document, secret, shared, step
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from unit.test_growth import TWICE, calls

from influx_secrets._model.keys import escape_key
from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.render_json import render_json
from influx_secrets.cli.review.render_markdown import GITHUB_LIMIT, MARKER, render_markdown
from influx_secrets.cli.review.render_text import print_review
from influx_secrets.cli.review.report import Review
from influx_secrets.cli.review.report import review as review_of
from influx_secrets.cli.shared.untrusted import MAX_NAME, visible

MARKDOWN = MarkdownIt("commonmark").enable("table")

anything = st.text(st.characters(codec=None), min_size=1, max_size=30)
nasty = st.text(st.sampled_from("`|\\ \n\t<>&@*_[]()#~:$!\"'a\u202e\u0301\u3164é"), min_size=1, max_size=12)
keys = anything | nasty


def review(*versions: str, name: str = "shared", org: str = "acme") -> Review:
    state = shared(name, org=org, versions={escape_key(key): 1 for key in versions})
    return review_of(read_preview(document(step("create", new=state))))


def tokens(markdown: str) -> list[Token]:
    return [inner for token in MARKDOWN.parse(markdown) for inner in (token.children or [token])]


def cells(markdown: str) -> list[list[Token]]:
    """Return the inner tokens of all cells of all tables."""
    parsed = MARKDOWN.parse(markdown)
    return [parsed[number + 1].children or [] for number, token in enumerate(parsed) if token.type == "td_open"]


def written(shown: str) -> str:
    """Return the text that `visible` shows so."""
    quoted = shown.replace('"', '\\"')
    text: str = json.loads(f'"{quoted}"')
    return text


@given(keys)
@example("a\\|b")
@example("\\")
@example("`")
@example("``a`")
@example("|")
@example(" ")
@example("\ud800")
@example("{{ x }} {% y %}")
def test_any_key_is_one_cell_that_says_the_key(key: str) -> None:
    """A code span alone, in the first of four cells; what does not print is written out, and reads back."""
    found = cells(render_markdown(review(key)))
    assert len(found) == 4
    (only,) = found[0]
    assert only.type == "code_inline"
    assert written(only.content) == key


@given(keys, keys)
def test_two_keys_are_never_shown_alike(one: str, other: str) -> None:
    """However they are composed of characters that do not show."""
    assert (visible(one) == visible(other)) is (one == other)


@given(keys)
def test_shown_text_is_printable_and_on_one_line(key: str) -> None:
    """No character of it moves the cursor, colours a terminal, hides, or turns the direction of what follows."""
    shown = visible(key)
    assert shown.isprintable()
    assert shown == " ".join(shown.split(" "))
    assert not shown.startswith(" ")
    assert not shown.endswith(" ")


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_names_of_others_come_to_life_nowhere(name: str, org: str) -> None:
    """Names of resources and orgs, in tables, headings and warnings: no HTML, link, image, emphasis or mention."""
    old = shared(name, org=org, versions={"A": 1})
    found = review_of(read_preview(document(step("delete", old), errors=(f"influx_secrets.Error: {name}",))))
    kinds = {token.type for token in tokens(render_markdown(found))}
    assert not kinds & {"html_inline", "link_open", "image", "em_open"}
    html = [token.content for token in MARKDOWN.parse(render_markdown(found)) if token.type == "html_block"]
    assert html == [f"{MARKER}\n"]


def test_long_key_is_cut_with_a_count() -> None:
    """InfluxDB takes keys of 32,752 bytes; a cell need not."""
    key = "k" * 5000
    (only,) = cells(render_markdown(review(key)))[0]
    assert only.content == f"{'k' * MAX_NAME}… ({5000 - MAX_NAME} more characters)"


def test_long_table_is_folded() -> None:
    """A reviewer sees the warnings and the counts first."""
    many = render_markdown(review(*(f"K{number}" for number in range(31))))
    assert "<details><summary>31 keys: 31 to create</summary>\n\n| Key |" in many
    assert many.count("\n| `K") == 31
    assert "<details>" not in render_markdown(review(*(f"K{number}" for number in range(30))))


def test_many_short_tables_are_folded_too() -> None:
    """A fleet of orgs is as long as one large org; each heading and its counts stay in sight."""

    def orgs(number: int) -> str:
        steps = [step("delete", secret("A", f"s{one}", org_id=f"{one:016x}")) for one in range(number)]
        return render_markdown(review_of(read_preview(document(*steps))), 0)

    assert orgs(101).count("<details><summary>1 key: 1 to remove</summary>") == 101
    assert "<details>" not in orgs(100)


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_twice_as_many_orgs_cost_twice_as_much(form: str) -> None:
    """A fleet has as many orgs as warnings, and neither looks through all of the other."""

    def work(number: int) -> None:
        steps = [step("delete", secret("A", f"s{one}", org_id=f"{one:016x}")) for one in range(number)]
        found = review_of(read_preview(document(*steps)))
        if form == "text":
            print_review(found, io.StringIO())
        else:
            assert (render_json(found) if form == "json" else render_markdown(found, 0)).count(f"{number - 1:016x}")

    work(1)
    assert calls(lambda: work(800)) < TWICE * calls(lambda: work(400))


@pytest.mark.parametrize("limit", [1_000, 5_000, GITHUB_LIMIT, 1_000_000])
def test_large_review_fits_and_counts_what_is_missing(limit: int) -> None:
    """Rows are cut from the end, where the least dangerous stand; the count says how many."""
    old = shared(org="acme", versions={f"GONE{number:05}": 1 for number in range(5)})
    new = shared(org="acme", versions={f"NEW{number:05}": 1 for number in range(3_000)})
    text = render_markdown(review_of(read_preview(document(step("update", old, new)))), limit)
    assert len(text) <= limit
    rows = text.count("\n| `")
    assert text.count("\n| `GONE") == min(rows, 5)
    assert rows == 3_005 or f"… and {3_005 - rows} more rows do not fit here." in text
    assert rows == 3_005 or len(text) > limit - 300
    assert text.startswith(f"{MARKER}\n## InfluxDB secrets: 5 to remove, 3000 to create\n")


@pytest.mark.parametrize("limit", [1_000, 20_000])
def test_many_orgs_fit_and_are_counted(limit: int) -> None:
    """Where not even the headings fit."""
    steps = [step("delete", secret("A", f"s{number}", org_id=f"{number:016x}")) for number in range(1_000)]
    text = render_markdown(review_of(read_preview(document(*steps))), limit)
    assert len(text) <= limit
    assert f"… and {1_000 - text.count('### ')} more orgs do not fit here." in text
    assert "more warnings do not fit here." in text


def test_no_limit_cuts_nothing() -> None:
    """0 is for files."""
    text = render_markdown(review(*(f"K{number}" for number in range(5_000))), 0)
    assert text.count("\n| `K") == 5_000
