"""Untrusted text, made visible and harmless."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_NAME: Final = 100
"""How many characters of a name are shown: InfluxDB accepts keys of 32,752 bytes."""

MAX_MESSAGE: Final = 600

_INVISIBLE: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What Python counts as printable, and nobody sees: fillers, joiners, variation selectors, the blank of Braille."""


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Untrusted text in a message. Each format escapes it in its own way.

    Attributes:
        is_message: Whether it is a whole sentence; else it is a name, which must not be taken for another one.
    """

    text: str
    is_message: bool = False

    @property
    def visible(self) -> str:
        """The text as all formats show it."""
        return visible_message(self.text) if self.is_message else visible(self.text)


Message: TypeAlias = tuple[str | Untrusted, ...]


def visible(name: str) -> str:
    r"""Return a name with everything that hides, moves or deceives as a JSON escape: `\n`, `\u202e`.

    A backslash is doubled, so that no two names are shown the same. A long name is cut, with the number of characters
    that are missing.
    """
    return _cut("".join("\\\\" if one == "\\" else _visible(one) for one in name[:MAX_NAME]), len(name) - MAX_NAME)


def visible_message(text: str) -> str:
    """Return a sentence of others on one line; its backslashes stay, because they may be escapes already."""
    return _cut("".join(map(_visible, text[:MAX_MESSAGE])), len(text) - MAX_MESSAGE)


def _cut(shown: str, more: int) -> str:
    shown = re.sub("^ | $|(?<= ) ", r"\\u0020", shown)
    return f"{shown}… ({more} more characters)" if more > 0 else shown


def _visible(character: str) -> str:
    hidden = not character.isprintable() or unicodedata.combining(character) or _INVISIBLE.match(character)
    return json.dumps(character)[1:-1] if hidden else character
