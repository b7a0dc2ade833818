"""Statistics: ratios within a round, medians, and growth."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks._store import Case, Store


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some numbers, the least and the greatest of them, and how many they are."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread | None:
        """Summarize numbers; None where there are none."""
        if not numbers:
            return None
        return cls(statistics.median(numbers), min(numbers), max(numbers), len(numbers))


def seconds(store: Store, case: Case) -> Spread | None:
    """Return how long a case took."""
    return Spread.of([value.seconds for value in store[case]])


Taken = Literal["seconds", "processor", "server"]
"""What is counted: by the clock, of the command's processes, of influxd."""


def ratio(store: Store, ours: Case, theirs: Case, *, of: Taken = "seconds") -> Spread | None:
    """Return how many times as long one case took as another, of the rounds in which both were measured."""
    pairs = [_taken(store, case, of) for case in (ours, theirs)]
    return Spread.of([took / pairs[1][begun] for begun, took in pairs[0].items() if pairs[1].get(begun)])


def longer(store: Store, ours: Case, theirs: Case) -> Spread | None:
    """Return how many seconds longer one case took than another, of the rounds in which both were measured."""
    mine, others = (_taken(store, case, "seconds") for case in (ours, theirs))
    return Spread.of([took - others[begun] for begun, took in mine.items() if begun in others])


def _taken(store: Store, case: Case, of: str) -> dict[str, float]:
    return {value.round: took for value in store[case] if (took := getattr(value, of)) is not None}


def peak(store: Store, case: Case, part: str) -> float | None:
    """Return the median of the peak memory of one part of a run, in MiB."""
    found = Spread.of([value.peaks[part] / 2**20 for value in store[case] if part in value.peaks])
    return None if found is None else found.median


def exponent(grown: Mapping[int, float]) -> float | None:
    """Return e of "grows with the number of keys to the power e": 1 is linear, 2 is quadratic.

    Fitted to what the keys add to the least case, by least squares in logarithms; None where that is less than two
    points. Sizes that add neither half of it, nor a twentieth of what the greatest adds, say more about the machine
    than about the growth, and are left out.
    """
    if not grown:
        return None
    least = grown[min(grown)]
    added = {keys: amount - least for keys, amount in grown.items()}
    telling = min(least / 2, max(added.values()) / 20)
    points = {math.log(keys): math.log(more) for keys, more in added.items() if more > max(telling, 0)}
    if len(points) < 2:  # noqa: PLR2004 (a line needs two points)
        return None
    return statistics.linear_regression(list(points), list(points.values())).slope
