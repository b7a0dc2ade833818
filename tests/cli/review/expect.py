"""Writes what `review` is to show of each recorded preview, for a person to read before it is committed.

`python tests/cli/review/expect.py` writes `review.txt`, `review.md` and `review.json` beside each `preview.json`, and
`events.txt` beside the events; the tests compare.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.render_json import render_json
from influx_secrets.cli.review.render_markdown import render_markdown
from influx_secrets.cli.review.render_text import print_review
from influx_secrets.cli.review.report import review

FOLDER = Path(__file__).parent
RECORDED = ("preview.json", "events.jsonl")


def recordings() -> list[Path]:
    """Return every recorded preview, in either form."""
    return sorted(path for path in FOLDER.glob("*/*") if path.name in RECORDED)


def rendered(recording: Path) -> Mapping[str, str]:
    """Return file name to what is shown of one recording: every format of the document, text alone of the events."""
    found = review(read_preview(recording.read_bytes()))
    text = io.StringIO()
    print_review(found, text)
    if recording.name == "events.jsonl":
        return {"events.txt": text.getvalue()}
    return {
        "review.txt": text.getvalue(),
        "review.md": render_markdown(found),
        "review.json": render_json(found) + "\n",
    }


if __name__ == "__main__":
    for one in recordings():
        for file, content in rendered(one).items():
            (one.parent / file).write_text(content, "utf-8")
