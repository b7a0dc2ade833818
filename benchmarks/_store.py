"""The results: a JSON file in the format of pyperf.

pyperf has the file format, the facts about machine and interpreter, and the statistics (`python -m pyperf stats
FILE`). It runs nothing here, and neither does hyperfine: both end with one command before they begin with the next,
and a ratio is only worth something when its two sides met the same minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyperf

from benchmarks._memory import PARTS

MACHINE: Final = ("cpu_count", "cpu_model_name", "platform", "python_version", "date")
"""What pyperf finds out about a machine, and may be published."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """What is measured."""

    condition: str
    keys: int
    work: str
    subject: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.work}, {self.keys} keys, {self.condition}"


@dataclass(frozen=True, slots=True)
class Value:
    """One measurement.

    Attributes:
        round: When its round began; measurements of one round ran in turn, and may be compared with each other.
        seconds: How long it took.
        processor: How much of the processors it took, in seconds; None where nobody counted.
        peaks: Part of a Pulumi run to its peak memory in bytes.
        facts: Machine and versions.
        server: How much of the processors influxd took, in seconds; None where nobody counted.
    """

    round: str
    seconds: float
    processor: float | None
    peaks: Mapping[str, int]
    facts: Mapping[str, Any]
    server: float | None = None


class Store:
    """All measurements of a file, by case."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[Case, list[Value]] = {}
        if path.exists():
            for benchmark in pyperf.BenchmarkSuite.load(str(path)):
                for run in benchmark.get_runs():
                    self._take(run)

    def __getitem__(self, case: Case) -> list[Value]:
        return self._values.get(case, [])

    def cases(self) -> list[Case]:
        """Return what was measured, sorted."""
        return sorted(self._values)

    def values(self) -> Iterable[Value]:
        """Return every measurement."""
        return [value for values in self._values.values() for value in values]

    def add(self, measured: Mapping[Case, Value]) -> None:
        """Add a round, and write the file: a run that is cut short loses no more than the round under way."""
        for case, value in measured.items():
            self._values.setdefault(case, []).append(value)
        self._save()

    def forget(self, cases: Iterable[Case]) -> None:
        """Drop the measurements of some cases."""
        for case in cases:
            self._values.pop(case, None)

    def _take(self, run: pyperf.Run) -> None:
        known = run.get_metadata()
        case = Case(known["condition"], known["keys"], known["work"], known["subject"])
        peaks = {part: known[part] for part in PARTS if part in known}
        own = {"name", "unit", "condition", "keys", "work", "subject", "round", "processor", "server", *PARTS}
        facts = {name: value for name, value in known.items() if name not in own}
        value = Value(known["round"], run.values[0], known.get("processor"), peaks, facts, known.get("server"))
        self._values.setdefault(case, []).append(value)

    def _save(self) -> None:
        benchmarks = [
            pyperf.Benchmark([_run(case, value) for value in values]) for case, values in sorted(self._values.items())
        ]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        pyperf.BenchmarkSuite(benchmarks).dump(str(self._path), compact=False, replace=True)


def facts(versions: Mapping[str, str]) -> dict[str, Any]:
    """Return what is to be known of this machine, beside the versions of what is measured."""
    known = pyperf.Run([1.0]).get_metadata()
    return {name: known[name] for name in MACHINE if name in known} | dict(versions)


def _run(case: Case, value: Value) -> pyperf.Run:
    metadata = {
        **value.facts,
        **value.peaks,
        "name": str(case),
        "unit": "second",
        "condition": case.condition,
        "keys": case.keys,
        "work": case.work,
        "subject": case.subject,
        "round": value.round,
    }
    counted = {"processor": value.processor, "server": value.server}
    metadata |= {name: seconds for name, seconds in counted.items() if seconds is not None}
    return pyperf.Run([value.seconds], metadata=metadata, collect_metadata=False)
