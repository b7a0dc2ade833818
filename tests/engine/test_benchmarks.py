"""The benchmarks measure what they say: one small round, on the real engine and a real influxd at a distance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import needed

pytest.importorskip("pyperf", reason="it comes with the extra bench, as `make bench` installs it")

from benchmarks._compare import compare
from benchmarks._measure import cases, measure, verify
from benchmarks._plan import (
    DESTROY,
    EMPTIED,
    FAR,
    FAR_HTTPS,
    FIRST_UP,
    LOOPBACK,
    PROVE,
    REFRESH,
    ROTATE_ONE,
    Condition,
    Lap,
)
from benchmarks._runners import RunError
from benchmarks._store import Store
from benchmarks._world import World, world

KEYS = 3


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    """What the benchmarks would build if it were not there."""
    for name in ("influxd", "toxiproxy"):
        needed(name)


@pytest.fixture
def near(tmp_path: Path) -> Iterator[World]:
    """A server without a distance."""
    with world(tmp_path / "world", {LOOPBACK}) as started:
        yield started


@pytest.mark.influxd
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("condition", [FAR, FAR_HTTPS], ids=lambda condition: condition.name)
def test_round_measures_each_subject_and_each_work(condition: Condition, tmp_path: Path) -> None:
    """The distance is there, memory and processor time were looked at, and nothing is measured twice."""
    subjects = ("org_secrets", "hand_written", "client_loop", "bare_patch")
    lap = Lap(condition, KEYS, subjects, works=(FIRST_UP, ROTATE_ONE, REFRESH, DESTROY))
    file = tmp_path / "results.json"
    measure([lap], Store(file))
    store = Store(file)
    assert store.cases() == sorted(cases(lap))
    for case in store.cases():
        (value,) = store[case]
        trips = KEYS if case.subject == "client_loop" and case.work != ROTATE_ONE else 1
        trips += condition.https  # the handshake
        assert value.seconds >= trips * condition.round_trip_ms / 1000
        if case.subject in {"org_secrets", "hand_written"}:
            assert value.processor
            assert set(value.peaks) >= {"engine"}
    size = file.stat().st_size
    measure([lap], store)
    assert file.stat().st_size == size


@pytest.mark.influxd
def test_revision_is_measured_beside_this_checkout(tmp_path: Path) -> None:
    """Each runs its own code, and the row of a work has their ratio."""
    lap = Lap(LOOPBACK, KEYS, ("prove",), works=(PROVE, EMPTIED), name="small")
    file = tmp_path / "results.json"
    rows = compare([lap], "HEAD", file).splitlines()[2:]
    subjects = {case.subject for case in Store(file).cases()}
    (other,) = subjects - {"prove"}
    assert [row.split(" | ")[0] for row in rows] == [
        f"| small: {work}: prove / {other} (3 keys, loopback, file backend)" for work in (PROVE, EMPTIED)
    ]
    ours, theirs, ratio = (float(cell.removesuffix(" ms").removesuffix(" s")) for cell in rows[0].split(" | ")[1:4])
    assert ours > 0
    assert theirs > 0
    assert ratio > 0


@pytest.mark.influxd
def test_subject_that_writes_nothing_is_found_out(near: World) -> None:
    """Nothing is faster than doing nothing."""
    near.server(LOOPBACK).create_org("idle")
    lap = Lap(LOOPBACK, 1, ("org_secrets",))
    with pytest.raises(RunError, match=r"has 0 keys, not 1"):
        verify(near, "idle", lap, FIRST_UP)
    near.server(LOOPBACK).put_secret("idle", "KEY_000000", "one-value")
    verify(near, "idle", lap, FIRST_UP)
    with pytest.raises(RunError, match="not of the generation 'two'"):
        verify(near, "idle", lap, ROTATE_ONE)
    with pytest.raises(RunError, match="has 1 keys, not 0"):
        verify(near, "idle", lap, DESTROY)
