"""The words that the text and the Markdown of a review share, and how text of others is made visible and harmless."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Final

from influx_secrets._model.state import UNKNOWN, Unknown
from influx_secrets.cli.review.changes import Action, Change, Place
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Their, Warn, Words

MAX_SHOWN: Final = 100
"""So much of a key is shown: InfluxDB takes keys of 32,752 bytes."""

MAX_MESSAGE: Final = 600

MAX_NAMED: Final = 10
"""How many keys one warning names; the table below has them all."""

_INVISIBLE: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What Python counts as printable, and nobody sees: fillers, joiners, variation selectors, the blank of Braille."""

_LABELS: Final[Mapping[Action, str]] = {
    Action.COMPARE: "adopt or refuse",
    Action.UNKNOWN: "not known yet",
    Action.REPLACE: "write again",
}
_COUNTED: Final[Mapping[Action, str]] = {
    Action.UNKNOWN: "not known yet",
    Action.DRIFT: "drifted",
    Action.KEEP: "kept",
}


def visible(text: str) -> str:
    r"""Return a name with everything that hides, moves or deceives written out: `\n`, `\u202e`, `\x20` at an end.

    A backslash is doubled, so that no two keys are written the same. A long text is cut, with the number of characters
    that are missing.
    """
    return _cut("".join("\\\\" if one == "\\" else _visible(one) for one in text[:MAX_SHOWN]), len(text) - MAX_SHOWN)


def visible_words(their: Their) -> str:
    """Return text of others as it is shown in a sentence."""
    if not their.is_message:
        return visible(their.text)
    return _cut("".join(map(_visible, their.text[:MAX_MESSAGE])), len(their.text) - MAX_MESSAGE)


def _cut(shown: str, more: int) -> str:
    shown = re.sub("^ | $|(?<= ) ", r"\\x20", shown)
    return f"{shown}… ({more} more characters)" if more > 0 else shown


def _visible(character: str) -> str:
    hidden = not character.isprintable() or unicodedata.combining(character) or _INVISIBLE.match(character)
    if character == " " or not hidden:
        return character
    return character.encode("unicode_escape").decode("ascii")


def label(change: Change) -> str:
    """Return what happens to a key, in a word or two."""
    word = _LABELS.get(change.action, change.action.value)
    return word if change.drift is None else f"{word} ({change.drift})"


def versions(change: Change) -> str:
    """Return the version of a key before and after, `3 → 4`; one number where it is new, goes or stays."""
    known = [_number(one) for one in (change.before, change.after) if one is not None]
    return known[0] if len(set(known)) == 1 else " → ".join(known)


def _number(version: int | Unknown) -> str:
    return "?" if version is UNKNOWN else str(version)


def counted(review: Review) -> str:
    """Return how many keys get what, in one line."""
    found = _counted(review.counts)
    return found or ("no secret changes" if review.complete else "no change is listed")


def counted_of(org: OrgReview) -> str:
    """Return how many rows the table of an org has, and how many keys get what in it."""
    counts = Counter(one.action for one in org.changes)
    rows = "1 key" if len(org.changes) == 1 else f"{len(org.changes)} keys"
    return f"{rows}: {_counted({action: counts[action] for action in Action})}"


def _counted(counts: Mapping[Action, int]) -> str:
    return ", ".join(
        f"{number} {_COUNTED.get(action) or f'to {_LABELS.get(action, action.value)}'}"
        for action, number in counts.items()
        if number
    )


def besides(review: Review) -> list[str]:
    """Return what is there besides secrets, a line each."""
    lines = []
    if review.others:
        listed = ", ".join(f"{number} to {op}" for op, number in review.others.items())
        lines.append(f"Resources of other types: {listed}.")
    if review.unlisted:
        lines.append(f"Unchanged resources, of any type, that the preview does not list: {review.unlisted}.")
    return lines


def kept(org: OrgReview) -> str:
    """Return how many keys of an org stay as they are."""
    return "1 key stays as it is." if org.kept == 1 else f"{org.kept} keys stay as they are."


def title(org: OrgReview) -> Words:
    """Return what stands above the table of an org: name, id, and the provider where there are several."""
    name: Words = (Their(org.name),) if org.name else ()
    if org.place.org_id is None:
        words = (*name, ", its id is not known yet") if name else ("An org that is not known yet",)
    else:
        words = (*name, " (", Their(org.place.org_id), ")") if name else (Their(org.place.org_id),)
    return (*words, ", provider ", Their(org.provider)) if org.shows_provider else words


def titles(review: Review) -> dict[Place | None, Words]:
    """Return what stands above each org: made once, for a fleet has as many warnings as orgs."""
    return {org.place: title(org) for org in review.orgs}


def warning(warn: Warn, titles: Mapping[Place | None, Words]) -> Words:
    """Return a warning as one sentence: which org, what, and the keys, ten at most."""
    org = titles.get(warn.place, ())
    words: Words = (*org, ": ", *warn.words) if org else warn.words
    for number, key in enumerate(warn.keys[:MAX_NAMED]):
        words = (*words, ", " if number else ": ", Their(key))
    more = len(warn.keys) - MAX_NAMED
    return (*words, f" and {more} more") if more > 0 else words
