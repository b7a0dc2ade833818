"""Writes the pages: the templates `page.md` and `results.md` with the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from benchmarks._memory import PARTS
from benchmarks._plan import (
    BY_NAME,
    CONDITIONS,
    FAR,
    FIRST_UP,
    LOOPBACK,
    NOTHING,
    REFRESH,
    SUBJECTS,
    UNSAVED,
    WORKS,
)
from benchmarks._ratios import Spread, exponent, longer, peak, ratio, seconds
from benchmarks._store import Case, Store

_TEMPLATES = Path(__file__).parent
_MACHINE = {"cpu_model_name": "processor", "cpu_count": "cores", "platform": "system", "python_version": "Python"}
_TENTH, _MANY = 0.1, 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two subjects, and which of the two quotients is worth reading."""

    ours: str
    theirs: str
    faster: bool = False
    """Whether to report how many times faster ours is, rather than how many times as long it takes."""

    @property
    def title(self) -> str:
        """The heading in a table."""
        ours, theirs = BY_NAME[self.ours].title, BY_NAME[self.theirs].title
        verb = f"fast {ours} is" if self.faster else f"long {ours} takes"
        return f"How many times as {verb} as {theirs}"

    def sentence(self, measured: str) -> str:
        """Return what a measured quotient means."""
        ours, theirs = BY_NAME[self.ours].title, BY_NAME[self.theirs].title
        verb, how = ("is", "fast") if self.faster else ("takes", "long")
        return f"{ours} {verb} **{measured}** times as {how} as {theirs}"

    def spread(
        self, store: Store, condition: str, keys: int, work: str, *, of: Literal["seconds", "processor"] = "seconds"
    ) -> Spread | None:
        """Return the quotient for one work."""
        ours, theirs = (Case(condition, keys, work, name) for name in (self.ours, self.theirs))
        return ratio(store, theirs, ours, of=of) if self.faster else ratio(store, ours, theirs, of=of)


FLOORS = (
    Comparison("org_secrets", "floor_bulk"),
    Comparison("secret", "floor_each"),
    Comparison("org_secrets", "floor_light"),
)
OTHERS = (
    Comparison("org_secrets", "hand_written", faster=True),
    Comparison("org_secrets", "secret", faster=True),
    Comparison("org_secrets", "client_loop", faster=True),
    Comparison("secret", "hand_written"),
    Comparison("floor_bulk", "hand_written", faster=True),
)


HEADLINES = (
    (FLOORS[0], "loopback", 10_000, FIRST_UP),
    (FLOORS[0], "loopback", 10_000, NOTHING),
    (FLOORS[1], "loopback", 1_000, FIRST_UP),
    (FLOORS[1], "unsaved", 1_000, FIRST_UP),
    (FLOORS[1], "unsaved", 1_000, NOTHING),
    (OTHERS[0], "loopback", 1_000, FIRST_UP),
    (OTHERS[0], "far", 1_000, FIRST_UP),
    (OTHERS[-1], "far", 1_000, FIRST_UP),
    (OTHERS[0], "far_https", 1_000, FIRST_UP),
    (OTHERS[-1], "far_https", 1_000, FIRST_UP),
    (OTHERS[0], "far", 10_000, FIRST_UP),
)
"""What the page of all measurements begins with."""

Measurement = tuple[str, int, str, str]
"""Condition, number of keys, work and subject."""

SENTENCES: Sequence[tuple[str, Sequence[Measurement]]] = (
    (
        "A first `up` of 1,000 keys takes {}, with a hand-written provider {}.",
        (("loopback", 1_000, FIRST_UP, "org_secrets"), ("loopback", 1_000, FIRST_UP, "hand_written")),
    ),
    (
        "If InfluxDB is 50 ms away, over https, it takes {}, with a hand-written provider {} (without checkpoints).",
        (("far_https", 1_000, FIRST_UP, "org_secrets"), ("far_https", 1_000, FIRST_UP, "hand_written")),
    ),
    (
        "An `up` that changes nothing takes {} with 1,000 keys, and {} with 10,000.",
        (("loopback", 1_000, NOTHING, "org_secrets"), ("loopback", 10_000, NOTHING, "org_secrets")),
    ),
    (
        "A refresh that compares 10,000 values with the server takes {}; one that asks no server takes {}.",
        (("loopback", 10_000, REFRESH, "org_secrets"), ("loopback", 10_000, REFRESH, "floor_bulk")),
    ),
    (
        "A first `up` of 1,000 `Secret`s, not one `OrgSecrets`, takes {}, and {} if InfluxDB is 50 ms away.",
        (("unsaved", 1_000, FIRST_UP, "secret"), ("far", 1_000, FIRST_UP, "secret")),
    ),
)
"""What the page begins with; a sentence stands there once all its numbers are measured."""

_SHOWN = ("org_secrets", "secret", "hand_written", "floor_bulk", "floor_each")
_SHOWN_KEYS = 1_000


def pages(store: Store) -> Mapping[str, str]:
    """Return each page in Markdown, by its path in the documents."""
    return {
        "benchmarks.md": _filled("page.md", _short(store)),
        "benchmarks/results.md": _filled("results.md", _all(store)),
    }


def _filled(template: str, fields: Mapping[str, str]) -> str:
    return Template((_TEMPLATES / template).read_text("utf-8")).substitute(fields)


def _short(store: Store) -> dict[str, str]:
    return {"machine": _machine(store), "sentences": "\n".join(_sentences(store)), "table": _shown(store)}


def _sentences(store: Store) -> Iterator[str]:
    for text, measurements in SENTENCES:
        found = [seconds(store, Case(*measurement)) for measurement in measurements]
        medians = [
            f"{spread.median:,.{0 if spread.median >= _MANY else 1}f} s" for spread in found if spread is not None
        ]
        if len(medians) == len(found):
            yield f"- {text.format(*medians)}"


def _shown(store: Store) -> str:
    """Return the seconds of each command, near and far, where all subjects were measured under the same conditions."""
    rows = []
    for condition in (UNSAVED, FAR):
        for work in WORKS:
            found = [seconds(store, Case(condition.name, _SHOWN_KEYS, work, name)) for name in _SHOWN]
            if any(found):
                rows.append(
                    [f"{work}, {condition.title}", *("" if one is None else f"{one.median:.1f}" for one in found)]
                )
    return table([f"seconds, {_SHOWN_KEYS:,} keys", *(BY_NAME[name].title for name in _SHOWN)], rows) if rows else ""


def _all(store: Store) -> dict[str, str]:
    return {
        "machine": _machine(store),
        "short": "\n".join([*_headlines(store), *_refresh(store)]),
        "floors": "\n\n".join(filter(None, (_ratios(store, one) for one in FLOORS))),
        "processors": "\n\n".join(filter(None, (_ratios(store, one, of="processor") for one in FLOORS))),
        "others": "\n\n".join(_ratios(store, one) for one in OTHERS),
        "seconds": "\n\n".join(_seconds(store, condition) for condition in CONDITIONS if _sizes(store, condition)),
        "growth": _growth(store),
    }


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _machine(store: Store) -> str:
    """Say when and on what the rounds were, and with which versions, where those differ with each of them."""
    days = sorted({value.round[:10] for value in store.values()})
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    found: dict[str, set[str]] = {}
    for value in store.values():
        for name, text in value.facts.items():
            found.setdefault(name, set()).add(str(text))
    known = {name: " and ".join(sorted(texts)) for name, texts in sorted(found.items())}
    facts = [f"{title}: {known[name]}" for name, title in _MACHINE.items() if name in known]
    versions = [f"{name} {text}" for name, text in known.items() if name not in {*_MACHINE, "date", "perf_version"}]
    rounds = {value.round for value in store.values()}
    return f"Measured {when}, in {len(rounds)} rounds. {'; '.join(facts)}. Versions: {', '.join(versions)}."


def _headlines(store: Store) -> Iterator[str]:
    for comparison, condition, keys, work in HEADLINES:
        spread = comparison.spread(store, condition, keys, work)
        if spread is not None:
            yield f"- {_measured(condition, keys, work)}: {comparison.sentence(quotient(spread))}"


def _refresh(store: Store) -> Iterator[str]:
    """Say what the proofs of all values take: a quotient would say more about the floor than about them."""
    condition, keys = LOOPBACK.name, 10_000
    ours, theirs = (Case(condition, keys, REFRESH, name) for name in (FLOORS[0].ours, FLOORS[0].theirs))
    spread = longer(store, ours, theirs)
    if spread is not None:
        more = f"takes **{duration(spread)}** longer than {BY_NAME[theirs.subject].title}"
        yield f"- {_measured(condition, keys, REFRESH)}: {BY_NAME[ours.subject].title} {more}"


def _measured(condition: str, keys: int, work: str) -> str:
    return f"{keys:,} keys, {work}, {CONDITIONS[condition].title}"


def _ratios(store: Store, comparison: Comparison, of: Literal["seconds", "processor"] = "seconds") -> str:
    rows = []
    sizes = sorted({case.keys for case in store.cases()})
    for condition in CONDITIONS.values():
        for work in WORKS:
            found = [comparison.spread(store, condition.name, keys, work, of=of) for keys in sizes]
            if any(found):
                rows.append([f"{work}, {condition.title}", *map(quotient, found)])
    if not rows:
        return ""
    return f"**{comparison.title}**\n\n" + table(["", *(f"{keys:,}" for keys in sizes)], rows)


def _seconds(store: Store, name: str) -> str:
    sizes = _sizes(store, name)
    rows = []
    for work in WORKS:
        for subject in SUBJECTS:
            found = [seconds(store, Case(name, keys, work, subject.name)) for keys in sizes]
            if any(found):
                rows.append([f"{work}: {subject.title}", *map(duration, found)])
    return f"**{CONDITIONS[name].title}**\n\n" + table(["", *(f"{keys:,}" for keys in sizes)], rows)


def _growth(store: Store) -> str:
    sizes = _sizes(store, LOOPBACK.name)
    rows = []
    for name in ("org_secrets", "floor_bulk"):
        cases = {keys: Case(LOOPBACK.name, keys, FIRST_UP, name) for keys in sizes}
        for part in PARTS:
            found = {keys: mib for keys, case in cases.items() if (mib := peak(store, case, part)) is not None}
            cells = [f"{found[keys]:,.0f}" if keys in found else "" for keys in sizes]
            rows.append([f"{BY_NAME[name].title}: {part}, MiB", *cells, _power(exponent(found))])
        took = {keys: spread.median for keys, case in cases.items() if (spread := seconds(store, case)) is not None}
        cells = [f"{took[keys]:.1f}" if keys in took else "" for keys in sizes]
        rows.append([f"{BY_NAME[name].title}: time, s", *cells, _power(exponent(took))])
    return table(["", *(f"{keys:,}" for keys in sizes), "exponent"], rows)


def _sizes(store: Store, condition: str) -> list[int]:
    return sorted({case.keys for case in store.cases() if case.condition == condition})


def quotient(spread: Spread | None) -> str:
    """Return a ratio as tables show it: the median, the least and the greatest."""
    if spread is None:
        return ""
    digits = 0 if spread.median >= _MANY else 2 if spread.median >= _TENTH else 3
    return _range(spread, digits, 1)


def duration(spread: Spread | None) -> str:
    """Return a time as tables show it."""
    if spread is None:
        return ""
    return _range(spread, 1, 1000, " ms") if spread.median < _TENTH else _range(spread, 2, 1, " s")


def _range(spread: Spread, digits: int, factor: float, unit: str = "") -> str:
    median, least, most = (f"{number * factor:,.{digits}f}" for number in (spread.median, spread.least, spread.most))
    return f"{median}{unit}" if spread.count == 1 else f"{median}{unit} ({least} to {most})"


def _power(found: float | None) -> str:
    return "" if found is None else f"{found:.2f}"
