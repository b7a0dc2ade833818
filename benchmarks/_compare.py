"""Compares the package with an older revision of it, in turn."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks._measure import measure
from benchmarks._plan import BY_NAME, OURS, Lap
from benchmarks._ratios import Spread, Taken, peak, ratio, seconds
from benchmarks._report import duration, quotient, table
from benchmarks._runners import RunError
from benchmarks._store import Case, Store

_ROOT = Path(__file__).parents[1]
_COUNTED: tuple[Taken, ...] = ("seconds", "processor", "server")
_HEADER = ("", "this checkout", "the other", "time", "processor time", "influxd's", "program, MiB", "provider, MiB")


def compare(laps: Iterable[Lap], revision: str, results: Path | None) -> str:
    """Measure this checkout and a revision in pairs; return a table of the ratios to the other one of each pair.

    Only the package is of the revision, in a folder before all others on the path: so both have the same Python,
    packages, engine and server, and a ratio says something of our code alone.

    Args:
        laps: What to measure; each subject that runs code of the package gets one of the revision beside it.
        revision: As git names it.
        results: Where the measurements are kept, and looked for; None to keep them for this run only.
    """
    with tempfile.TemporaryDirectory(prefix="revision-") as folder:
        name = _git("rev-parse", "--short", revision)
        tree = _unpack(name, Path(folder))
        older = {subject: BY_NAME[subject].at(name, tree) for subject in OURS}
        subjects = {**BY_NAME, **{subject.name: subject for subject in older.values()}}
        pairs = [replace(lap, subjects=tuple(_with(lap.subjects, name))) for lap in laps]
        store = Store(results or Path(folder) / "results.json")
        measure(pairs, store, subjects)
    return table(_HEADER, [row for lap in pairs for row in _rows(store, lap)])


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _unpack(revision: str, folder: Path) -> Path:
    """Write the package of a revision into a folder, compiled as that of this checkout is."""
    archive, tree = folder / "revision.tar", folder / revision
    _git("archive", "--output", str(archive), revision, "influx_secrets")
    shutil.unpack_archive(archive, tree)
    compileall.compile_dir(tree, quiet=2)
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    ask = [sys.executable, "-c", "import influx_secrets; print(influx_secrets.__file__)"]
    # In a folder without a package: the one that it runs in comes first with `-c`.
    found = subprocess.run(ask, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    if not Path(found).is_relative_to(tree):
        raise RunError(f"Python imports {found.strip()} instead of the package of {revision}")
    return tree


def _with(subjects: Iterable[str], revision: str) -> Iterator[str]:
    for name in subjects:
        yield from (name, f"{name}@{revision}") if name in OURS else (name,)


def _rows(store: Store, lap: Lap) -> Iterator[tuple[str, ...]]:
    """Return a row for each work: ours beside the revision, and each of the two beside what does nothing."""
    ours = [name for name in lap.subjects if name.partition("@")[0] in OURS]
    floors = [name for name in lap.subjects if name not in ours]
    pairs = [*zip(ours[::2], ours[1::2], strict=True), *((one, floor) for one in ours for floor in floors)]
    for work in lap.works:
        for one, other in pairs:
            case, against = (Case(lap.condition.name, lap.keys, work, name) for name in (one, other))
            if store[case] and store[against]:
                title = f"{lap.name}: {work}: {one} / {other} ({lap})"
                ratios = [quotient(ratio(store, case, against, of=counted)) for counted in _COUNTED]
                memory = [quotient(_memory(store, case, against, part)) for part in ("program", "provider")]
                yield (title, duration(seconds(store, case)), duration(seconds(store, against)), *ratios, *memory)


def _memory(store: Store, case: Case, against: Case, part: str) -> Spread | None:
    mine, theirs = (peak(store, one, part) for one in (case, against))
    return Spread.of([mine / theirs] if mine and theirs else [])
