"""A fact: one behaviour of InfluxDB or Pulumi, and the check that sees it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from toolchain._programs import parse_version

Seen = object
"""What a check saw: strings, numbers, lists and maps of them."""
Check = TypeVar("Check", bound=Callable[..., Seen])


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the page.

    Attributes:
        name: The name of the check.
        behaviour: What the program does; the docstring of the check.
        means: What it means for a user.
        does: What this package does about it.
        known: What the check sees.
        before: What it sees on versions before the one that is named.
        needs: The oldest version on which it can be tried.
        real: Why the emulator does not do it, as its list of divergences names it; empty: it does.
        see: The check, which returns what it saw.
    """

    name: str
    behaviour: str
    means: str
    does: str
    known: Seen
    before: Mapping[str, Seen]
    needs: str
    real: str
    see: Callable[..., Seen] = field(repr=False)

    def expected(self, version: str) -> Seen:
        """Return what the check should see on a version."""
        older = [bound for bound in self.before if is_older(version, bound)]
        return self.before[older[0]] if older else self.known

    def can_be_tried(self, version: str) -> bool:
        """Return whether this version has what the check asks for."""
        return not (self.needs and is_older(version, self.needs))


@dataclass(frozen=True, slots=True)
class Question:
    """A heading of the page, and the facts that answer it.

    Attributes:
        text: The question.
        subject: `influxd` or `pulumi`.
        note: What a reader should know before the table.
        file: The file with the checks.
    """

    text: str
    subject: str
    note: str = ""
    facts: list[Fact] = field(default_factory=list)
    file: str = field(init=False, default="")

    def fact(
        self,
        known: Seen,
        means: str,
        does: str,
        *,
        before: Mapping[str, Seen] | None = None,
        needs: str = "",
        real: str = "",
    ) -> Callable[[Check], Check]:
        """Make a check a fact; its docstring is the line of the page."""

        def add(check: Check) -> Check:
            behaviour = " ".join((inspect.getdoc(check) or "").split())
            self.facts.append(Fact(check.__name__, behaviour, means, does, known, before or {}, needs, real, check))
            return check

        return add


def is_older(version: str, bound: str) -> bool:
    """Return whether a version comes before another; one without a number is newer than all."""
    return (parse_version(version) or (99, 0, 0)) < (parse_version(bound) or (0, 0, 0))


def turned(value: Seen) -> Iterator[Seen]:
    """Yield an expected value turned round, one way for each part of it."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from ({**value, name: other} for other in turned(part))
    elif isinstance(value, (list, tuple)) and value:
        for place, part in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in turned(part))
    elif isinstance(value, bool) or value is None:
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield f"not {value}"
