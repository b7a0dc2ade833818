"""The words that the documents avoid, looked for by `make lint`.

Every message of the package stands in `docs/errors.md` too, so this reads the messages as well.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

WORDS = {
    r"in vain": "after all retries",
    r"at hand": "available",
    r"anew": "again",
    r"besides?": "next to, in addition",
    r"whoever|somebody": "anyone, someone, the caller, another program",
    r"told|tells?": "reports, shows, logs",
    r"give a text|no text": "must be a string",
    r"tak(?:e|es|en) back": "remove",
    r"from the ground up": "bottom-up",
    r"makes? a site of": "builds",
    r"of our own|of others": "our, its own, foreign",
    r"the way out": "how to fix it",
    r"for want of": "because of a lack of",
    r"so many times": "how many times",
    r"under way": "running, in progress",
    r"in earnest": "really",
    r"belongs? to nobody": "no stack manages",
}
"""What is avoided, as a pattern, to what says the same plainly."""

_PATTERNS = {re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE): plain for pattern, plain in WORDS.items()}


def pages() -> list[Path]:
    """Return the documents that people read; generated figures are left out."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted({path for path in found if path.name != "benchmarks.md" and path.parent.name != "benchmarks"})


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, word and replacement for each avoided word of a page; code is not looked at."""
    for token in MarkdownIt().enable("table").parse(text):
        if token.type == "inline":
            line = (token.map or [0])[0] + 1
            for child in token.children or ():
                line += child.type == "softbreak"
                if child.type == "text":
                    for pattern, plain in _PATTERNS.items():
                        yield from ((line, word, plain) for word in pattern.findall(child.content))


def main() -> int:
    """Print each avoided word; return the exit code."""
    found = [
        f'{path.relative_to(ROOT)}:{line}: "{word}": {plain}'
        for path in pages()
        for line, word, plain in findings(path.read_text("utf-8"))
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
