"""Review as Markdown for a comment: untrusted text in code spans, tables cut to fit."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from influx_secrets.cli.review.changes import Change
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.wording import counted, counted_of, heading, kept, other_resources, sentences, table
from influx_secrets.cli.shared.untrusted import Message, Untrusted, visible

MARKER: Final = "<!-- influx-secrets review -->"
"""The first line, by which a script finds the comment of an earlier run."""

GITHUB_LIMIT: Final = 65_536
FOLDED_ROWS: Final = 30
"""A longer table is folded."""

FOLDED_ALL: Final = 100
"""All tables are folded where they are longer than this together."""


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
    return bisect_left(range(limit + 1), 1, key=lambda number: not fits(number)) - 1


def _render(review: Review, rows: int, sections: int) -> str:
    blocks = [f"{MARKER}\n## InfluxDB secrets: {counted(review)}"]
    blocks += _findings(review, sections)
    folds_at = FOLDED_ROWS if sum(len(org.changes) for org in review.orgs) <= FOLDED_ALL else 0
    for org in review.orgs[:sections]:
        blocks += _org(org, rows, folds_at)
    blocks += _rest(len(review.orgs) - sections, "more orgs do not fit here")
    blocks += other_resources(review)
    return "\n\n".join(blocks) + "\n"


def _findings(review: Review, most: int) -> Iterator[str]:
    lines = [f"- {_markdown(one)}" for one in sentences(review)[:most]]
    lines += [f"- {line}" for line in _rest(len(review.warnings) - most, "more warnings do not fit here")]
    if lines:
        yield "**Look at this first:**"
        yield "\n".join(lines)


def _markdown(message: Message) -> str:
    return "".join(code(one.visible) if isinstance(one, Untrusted) else one for one in message)


def _org(org: OrgReview, rows: int, folds_at: int) -> Iterator[str]:
    yield f"### {_markdown(heading(org))}"
    shown = org.changes[:rows]
    lines = _table(shown)
    if len(shown) > folds_at:
        yield f"<details><summary>{counted_of(org)}</summary>\n\n{lines}\n\n</details>"
    elif shown:
        yield lines
    yield from _rest(len(org.changes) - rows, "more rows do not fit here")
    if org.kept:
        yield kept(org)


def _table(changes: Sequence[Change]) -> str:
    headings, *rows = table(changes, cell)
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ("---",) * len(headings), *rows))


def _rest(number: int, text: str) -> list[str]:
    return [f"… and {number} {text}."] if number > 0 else []
