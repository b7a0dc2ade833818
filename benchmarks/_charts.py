"""Draws the charts of the page, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks._memory import PARTS
from benchmarks._plan import BY_NAME, FIRST_UP, LOOPBACK, ROTATE_ONE, SUBJECTS, UNSAVED, WORKS
from benchmarks._ratios import Spread, exponent, peak, ratio, seconds
from benchmarks._store import Case, Store

_STYLE = {
    "svg.hashsalt": "influx_secrets",  # the same numbers make the same file
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(store: Store, folder: Path) -> Iterator[Path]:
    """Draw every chart into a folder; return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in (("ratios", _ratios), ("seconds", _seconds), ("growth", _growth)):
        with mpl.rc_context(_STYLE):
            path = folder / f"{name}.svg"
            figure(store).savefig(path, metadata={"Date": None, "Creator": None})
            yield path


def _ratios(store: Store) -> Figure:
    """How many times as long as doing nothing, for each work, against the number of keys."""
    figure, axes = _figure(2)
    pairs = (("org_secrets", "floor_bulk"), ("secret", "floor_each"))
    for axis, (ours, nothing) in zip(axes, pairs, strict=True):
        unsaved: set[int] = set()
        for work in WORKS:
            points = _points(store, ratio, work, (ours, nothing), unsaved)
            if points:
                axis.plot(list(points), list(points.values()), marker="o", markersize=3, label=work)
        axis.axhline(1, color="black", linewidth=1)
        title = f"{BY_NAME[ours].title}: time compared with\n{BY_NAME[nothing].title}"
        axis.set(xscale="log", xlabel=_keys(unsaved), title=title, ylim=(0, None))
        axis.legend(frameon=False)
    axes[0].set_ylabel("times as long (1: as fast)")
    return figure


def _seconds(store: Store) -> Figure:
    """How long each subject takes, against the number of keys."""
    figure, axes = _figure(2)
    for axis, work in zip(axes, (FIRST_UP, ROTATE_ONE), strict=True):
        unsaved: set[int] = set()
        for number, subject in enumerate(SUBJECTS):
            points = _points(store, seconds, work, (subject.name,), unsaved)
            if points:
                style = {"color": f"C{number}", "label": subject.title}
                axis.plot(list(points), list(points.values()), marker="o", markersize=3, **style)
        axis.set(xscale="log", yscale="log", xlabel=_keys(unsaved), title=f"{work}, seconds")
    # Between what takes a second and what takes milliseconds there is room.
    axes[1].legend(frameon=False, loc="center")
    return figure


def _points(
    store: Store, measured: Callable[..., Spread | None], work: str, names: Sequence[str], unsaved: set[int]
) -> dict[int, float]:
    """Return the medians by number of keys; without checkpoints, and added to `unsaved`, where there is no other."""
    points = {}
    for keys in _sizes(store):
        for condition in (LOOPBACK, UNSAVED):
            spread = measured(store, *(Case(condition.name, keys, work, name) for name in names))
            if spread is not None:
                points[keys] = spread.median
                unsaved.update({keys} if condition is UNSAVED else ())
                break
    return points


def _keys(unsaved: set[int]) -> str:
    """Return the label of an axis, with the condition of its measurements."""
    without = "".join(f"\n{keys:,} keys: some without checkpoints" for keys in sorted(unsaved))
    return f"keys ({LOOPBACK.title}){without}"


def _growth(store: Store) -> Figure:
    """Time and peak memory of the first up, against the number of keys, with the power that they grow with."""
    figure, axes = _figure(2)
    for name, line in (("org_secrets", "-"), ("floor_bulk", "--")):
        cases = {keys: Case(LOOPBACK.name, keys, FIRST_UP, name) for keys in _sizes(store)}
        took = {keys: spread.median for keys, case in cases.items() if (spread := seconds(store, case)) is not None}
        _grow(axes[0], took, line, BY_NAME[name].title)
        for number, part in enumerate(PARTS):
            found = {keys: mib for keys, case in cases.items() if (mib := peak(store, case, part)) is not None}
            _grow(axes[1], found, line, f"{BY_NAME[name].title}: {part}", color=f"C{number}")
    for axis, title in zip(axes, ("first up, seconds", "first up, peak memory, MiB"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel=_keys(set()), title=title)
        axis.legend(frameon=False)
    return figure


def _grow(axis: Any, points: dict[int, float], line: str, title: str, **style: str) -> None:  # noqa: ANN401 (untyped)
    if points:
        power = exponent(points)
        label = title if power is None or style else f"{title} (grows as keys^{power:.2f})"
        axis.plot(list(points), list(points.values()), line, marker="o", markersize=3, label=label, **style)


def _figure(columns: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5 * columns, 4), layout="constrained")
    return figure, figure.subplots(1, columns)


def _sizes(store: Store) -> list[int]:
    return sorted({case.keys for case in store.cases()})
