"""A review as Markdown for a comment on GitHub or GitLab: text of others in code spans, tables cut to fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from influx_secrets.cli.review.changes import Change
from influx_secrets.cli.review.preview import Resource
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Their, Words
from influx_secrets.cli.review.wording import (
    besides,
    counted,
    counted_of,
    kept,
    label,
    title,
    titles,
    versions,
    visible,
    visible_words,
    warning,
)

MARKER: Final = "<!-- influx-secrets review -->"
"""The first line, by which a script finds the comment of an earlier run."""

GITHUB_LIMIT: Final = 65_536
FOLDED_ROWS: Final = 30
"""A longer table is folded."""

FOLDED_ALL: Final = 100
"""All tables are folded where they are longer than this together."""

_COLUMNS: Final = ("Key", "Change", "Version", "Resource", "Note")


def render_markdown(review: Review, limit: int = GITHUB_LIMIT) -> str:
    """Return the review as Markdown, of `limit` characters at most; 0 is no limit.

    What does not fit is counted: first rows of the tables are left out, the least dangerous first, then whole orgs and
    warnings.
    """
    most = max([len(review.warnings), *(len(org.changes) for org in review.orgs), len(review.orgs)], default=0)
    whole = _render(review, rows=most, sections=most)
    if not limit or len(whole) <= limit:
        return whole
    rows = _most(most, lambda number: len(_render(review, rows=number, sections=most)) <= limit)
    if rows >= 0:
        return _render(review, rows=rows, sections=most)
    sections = _most(most, lambda number: len(_render(review, rows=0, sections=number)) <= limit)
    return _render(review, rows=0, sections=max(sections, 0))


def code(shown: str) -> str:
    """Return visible text as a code span: no mention, link, emphasis, HTML or emoji comes to life in it."""
    shown = shown or '""'
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    edge = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def cell(text: str) -> str:
    """Return a text as a code span in a cell of a table, where a pipe needs a backslash, in code too."""
    return code(visible(text)).replace("|", r"\|")


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the greatest number up to a limit that fits, -1 if none does."""
    low, high = -1, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _render(review: Review, rows: int, sections: int) -> str:
    blocks = [f"{MARKER}\n## InfluxDB secrets: {counted(review)}"]
    blocks += _bullets(review, sections)
    folds_at = FOLDED_ROWS if sum(len(org.changes) for org in review.orgs) <= FOLDED_ALL else 0
    for org in review.orgs[:sections]:
        blocks += _org(org, rows, folds_at)
    blocks += _rest(len(review.orgs) - sections, "more orgs do not fit here")
    blocks += besides(review)
    return "\n\n".join(blocks) + "\n"


def _bullets(review: Review, most: int) -> Iterator[str]:
    named = titles(review)
    lines = [f"- {_spoken(warning(one, named))}" for one in review.warnings[:most]]
    lines += [f"- {line}" for line in _rest(len(review.warnings) - most, "more warnings do not fit here")]
    if lines:
        yield "**Look at this first:**"
        yield "\n".join(lines)


def _spoken(words: Words) -> str:
    return "".join(code(visible_words(one)) if isinstance(one, Their) else one for one in words)


def _org(org: OrgReview, rows: int, folds_at: int) -> Iterator[str]:
    yield f"### {_spoken(title(org))}"
    shown = org.changes[:rows]
    table = _table(shown)
    if len(shown) > folds_at:
        yield f"<details><summary>{counted_of(org)}</summary>\n\n{table}\n\n</details>"
    elif table:
        yield table
    yield from _rest(len(org.changes) - rows, "more rows do not fit here")
    if org.kept:
        yield kept(org)


def _table(changes: Sequence[Change]) -> str:
    """Return the table; without its last column where nobody has a note."""
    columns = len(_COLUMNS) - (not any(change.notes for change in changes))
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *map(_row, changes)] if changes else []
    return "\n".join(f"| {' | '.join(row[:columns])} |" for row in rows)


def _row(change: Change) -> tuple[str, ...]:
    key = cell(change.key) if isinstance(change.key, str) else "not known yet"
    source = "" if change.source is None else f", from {_resource(change.source)}"
    notes = "; ".join(change.notes)
    return key, label(change), versions(change), f"{_resource(change.resource)}{source}", notes


def _resource(resource: Resource) -> str:
    return f"{resource.kind} {cell(resource.name)}"


def _rest(number: int, words: str) -> list[str]:
    return [f"… and {number} {words}."] if number > 0 else []
