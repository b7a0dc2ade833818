"""Notices of the provider: written to stderr, and parsed from what the engine recorded of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from influx_secrets._text import quote

PREFIX: Final = "influx-secrets: "
"""How every notice begins."""

_PER_LINE: Final = 10
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
"""A key as `quote` writes it: a JSON string."""

UNREACHABLE: Final = "this preview cannot compare all keys with the server: "
UNVERIFIABLE: Final = "values cannot be compared, so changed values are not noticed: "
LOSSES_UNKNOWN: Final = "this preview cannot show whether keys are removed by "
DESTINATION: Final = "new secrets are written to "
"""How notices begin, before the cause, a resource or an address."""

UNREADABLE: Final = "secrets cannot be checked: "
"""How the notice of a refresh begins that is not allowed to list the keys."""


class Existing(Enum):
    """What the provider does to keys that exist already, and why: the line, for `each_ten`.

    A preview shows what happens to the other keys by their counters. These of removed and pruned keys, and what a
    refresh finds, are shown by `--diff` alone: so they are announced. A review does not read these back, because the
    steps tell it, or it says how to see them.
    """

    ADOPTS = (
        "the update adopts {keys}: InfluxDB already has the declared value{s}. A destroy will remove the key{s} (IS603)"
    )
    TAKES_OVER = "the update overwrites {keys}: overwrite=True is set. To keep old values, remove overwrite (IS604)"
    CANNOT_COMPARE = (
        "this preview cannot compare {keys}: the program knows the declared value{s} only in the update. The update "
        "fails if values differ, or cannot be compared. To overwrite, set overwrite=True for one run (IS611)"
    )
    REMOVES = "the update removes {keys}: the program no longer declares the key{s} (IS607)"
    MAY_REMOVE = (
        "the update may remove {keys}: this resource no longer declares the key{s} in this org. A key that another "
        "resource of the program declares there stays (IS608)"
    )
    PRUNES = "exclusive=True removes {keys}: nothing declares the key{s}. To keep a key, list the key in keep (IS609)"
    CHANGED = (
        "InfluxDB has another value than the state for {keys}: something changed the key{s}. `pulumi up` writes the "
        "declared value{s} again, unless ignore_changes is set. If a change was right, ask for the new value where the "
        "change was made, and declare that value (IS628)"
    )
    REMOVED = "InfluxDB lacks {keys}: something removed the key{s}. `pulumi up` writes declared keys again (IS629)"


_CODE: Final = r"\((IS\d{3})\)$"
_BY_CODE: Final = {re.findall(_CODE, one.value)[0]: one for one in Existing}
_KEYS: Final = re.compile(
    rf'[^"]*the keys? (?P<keys>{_STRING}(?:, {_STRING})*) of the org (?:{_STRING} \()?(?P<org_id>[0-9a-f]{{16}})'
)
_REASONS: Final = ("IS2", "IS3", "IS4")
"""How the codes begin of the reasons for which a server could not be asked: settings, refusals, no answer."""

_NO_REASONS: Final = frozenset({"IS437"})
_UNCHECKED: Final = frozenset({"IS511", "IS512", "IS513"})
_SHOWN: Final = frozenset({"IS610", "IS625"})


@dataclass(frozen=True, slots=True)
class ExistingKeys:
    does: Existing
    org_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedNotices:
    """Notices by their subject.

    Attributes:
        existing: About keys that exist already.
        unreachable: Why keys could not be compared with a server.
        unchecked: What could not be checked, and why.
    """

    existing: tuple[ExistingKeys, ...]
    unreachable: tuple[str, ...]
    unchecked: tuple[str, ...]
    other: tuple[str, ...]


def unreadable_secrets(org: str) -> str:
    """Return why the secrets of an org cannot be seen: the server refuses them to the token."""
    return f"the token lacks the permission to read secrets of the org {org}. Use a token with this permission (IS512)"


def say_on_stderr(line: str) -> None:
    """Show a line to the user: the engine shows what a provider or a program writes there, in previews too."""
    sys.stderr.write(f"{PREFIX}{line}\n")
    sys.stderr.flush()


def existing_keys(does: Existing, org: str, keys: Iterable[str]) -> Iterator[str]:
    """Format what happens to keys that exist already."""
    return each_ten(does.value, org, keys)


def spared_keys(org: str, keys: Iterable[str], readers: Sequence[str]) -> Iterator[str]:
    """Format the keys that `exclusive` does not remove, all of which have these readers."""
    more = f" and {len(readers) - _PER_LINE} more" if len(readers) > _PER_LINE else ""
    line = (
        "exclusive=True keeps {keys}, because alerts name the key{s}: {readers}. To end this notice, declare the "
        "key{s}, or list the key{s} in keep (IS605)"
    )
    return each_ten(line, org, keys, readers=", ".join(readers[:_PER_LINE]) + more)


def readers_unseen(org: str, keys: Iterable[str], unseen: Iterable[str]) -> Iterator[str]:
    """Format the keys that `exclusive` removes although there may be readers that cannot be seen."""
    line = (
        "exclusive=True removes {keys}, and perhaps alerts use the key{s}: the server shows this token no {unseen}. "
        "Run `influx-secrets usage` with a token that may read endpoints, rules and tasks. To keep a key, list the key "
        "in keep (IS606)"
    )
    return each_ten(line, org, keys, unseen=" and no ".join(unseen))


def each_ten(line: str, org: str, keys: Iterable[str], **others: str) -> Iterator[str]:
    """Format a line about keys: ten at a time, uncut, none left out; `{s}` is what makes a noun plural."""
    names = [quote(key, limit=None) for key in sorted(keys)]
    for first in range(0, len(names), _PER_LINE):
        some = names[first : first + _PER_LINE]
        s = "" if len(some) == 1 else "s"
        yield line.format(keys=f"the key{s} {', '.join(some)} of the org {org}", s=s, **others)


def parse_notices(lines: Iterable[str]) -> ParsedNotices:
    """Parse lines of the provider, in any order; a repeated line counts once. What the steps show is left out.

    A line is known by its code, since the program may use another version of this package, with other words.
    """
    coded = [(line, next(iter(re.findall(_CODE, line)), "")) for line in sorted(set(lines))]
    keys = {line: match for line, code in coded if code in _BY_CODE and (match := _KEYS.match(line))}
    rest = [(line, code) for line, code in coded if line not in keys and code not in _SHOWN]
    unreachable = [line for line, code in rest if code.startswith(_REASONS) and code not in _NO_REASONS]
    unchecked = [line for line, code in rest if code in _UNCHECKED]
    return ParsedNotices(
        existing=tuple(_existing(_BY_CODE[code], keys[line]) for line, code in coded if line in keys),
        unreachable=tuple(line.removeprefix(UNREACHABLE) for line in unreachable),
        unchecked=tuple(unchecked),
        other=tuple(line for line, _ in rest if line not in {*unreachable, *unchecked}),
    )


def _existing(does: Existing, match: re.Match[str]) -> ExistingKeys:
    keys = tuple(json.loads(key) for key in re.findall(_STRING, match["keys"]))
    return ExistingKeys(does, match["org_id"], keys)
