"""What the benchmarks make of their measurements: the numbers are made up here, nothing is measured."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

pytest.importorskip("pyperf", reason="it comes with the extra bench, as `make bench` installs it")
pytest.importorskip("benchmarks", reason="beside an installed wheel there are no benchmarks")

from benchmarks._plan import DESTROY, FIRST_UP, FULL, QUICK, REFRESH, Choice
from benchmarks._ratios import exponent, longer, peak, ratio, seconds
from benchmarks._report import pages
from benchmarks._runners import hear_interrupts
from benchmarks._store import Case, Store, Value

OURS, FLOOR = (Case("loopback", 10, FIRST_UP, name) for name in ("org_secrets", "floor_bulk"))
DOCS = Path(__file__).parents[3] / "docs"


def value(begun: str, took: float, **peaks: int) -> Value:
    return Value(begun, took, took**2, peaks, {"cpu_count": 2, "pulumi": "3.1"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three rounds, of which the second met a slow minute, and the third was cut short."""
    made = Store(tmp_path / "results.json")
    made.add({OURS: value("2026-11-01T10:00", 1.1, provider=3 << 20), FLOOR: value("2026-11-01T10:00", 1.0)})
    made.add({OURS: value("2026-11-01T10:01", 6.0, provider=5 << 20), FLOOR: value("2026-11-01T10:01", 5.0)})
    made.add({OURS: value("2026-11-01T10:02", 1.3)})
    return made


def test_ratio_is_of_what_ran_in_the_same_round(store: Store) -> None:
    """A slow minute slows both sides; a side that ran alone is compared with nothing."""
    found = ratio(store, OURS, FLOOR)
    assert found is not None
    assert (found.least, found.most, found.count) == (1.1, 1.2, 2)
    assert found.median == pytest.approx(1.15)
    alone = seconds(store, OURS)
    assert alone is not None
    assert (alone.median, alone.count) == (1.3, 3)
    assert peak(store, OURS, "provider") == 4
    assert ratio(store, OURS, Case("far", 10, FIRST_UP, "secret")) is None


def test_processor_time_has_a_ratio_of_its_own(store: Store) -> None:
    """What a busy machine does not change."""
    found = ratio(store, OURS, FLOOR, of="processor")
    assert found is not None
    assert found.most == pytest.approx(1.44)


def test_difference_is_of_what_ran_in_the_same_round(store: Store) -> None:
    """Where one side does what the other has no part of, a ratio would say more about the other."""
    found = longer(store, OURS, FLOOR)
    assert found is not None
    assert found.least == pytest.approx(0.1)
    assert (found.most, found.count) == (1.0, 2)
    assert longer(store, OURS, Case("far", 10, FIRST_UP, "secret")) is None


def test_store_is_what_was_written(store: Store, tmp_path: Path) -> None:
    """A run that goes on later finds what was measured before."""
    again = Store(tmp_path / "results.json")
    assert again.cases() == store.cases() == [FLOOR, OURS]
    assert again[OURS] == store[OURS]
    again.forget([OURS])
    assert again.cases() == [FLOOR]


def test_exponent_tells_linear_from_quadratic() -> None:
    """What the least case costs is no growth; sizes that add nothing to it are no evidence."""
    sizes = (1, 10, 1_000, 10_000, 100_000)
    assert exponent({n: 0.9 + n / 5_000 for n in sizes}) == pytest.approx(1, abs=0.01)
    assert exponent({n: 0.9 + (n / 5_000) ** 2 for n in sizes}) == pytest.approx(2, abs=0.01)
    assert exponent({n: 58 + n / 500 for n in sizes}) == pytest.approx(1, abs=0.01)
    assert exponent(dict.fromkeys(sizes, 0.9)) is None
    assert exponent({}) is None


def test_choice_cuts_laps_down() -> None:
    """Only what was asked for is measured; nothing asked for is all."""
    assert list(Choice().of(FULL)) == list(FULL)
    (lap,) = Choice(
        keys=[100], conditions=["loopback"], subjects=["secret", "org_secrets"], works=[DESTROY], rounds=7
    ).of(FULL)
    assert (lap.keys, lap.subjects, lap.works, lap.rounds) == (100, ("org_secrets", "secret"), (DESTROY,), 7)
    assert list(Choice(keys=[3]).of(QUICK)) == []


def test_page_of_all_measurements_shows_ratios_seconds_and_growth(store: Store) -> None:
    """The least and the greatest stand beside the median."""
    text = pages(store)["benchmarks/results.md"]
    assert "| first up, loopback, file backend | 1.15 (1.10 to 1.20) |" in text
    assert "| first up: OrgSecrets | 1.30 s (1.10 to 6.00) |" in text
    assert "| OrgSecrets: provider, MiB | 4 |" in text
    assert "pulumi 3.1" in text
    assert "$" not in text
    assert "longer than" not in text


def test_pages_begin_with_what_was_promised(store: Store) -> None:
    """The seconds of a refresh with proofs, and those over the floor's; no sentence where a number is missing."""
    ours, floor = (Case("loopback", 10_000, REFRESH, name) for name in ("org_secrets", "floor_bulk"))
    store.add({ours: value("2026-11-01T10:00", 12.4), floor: value("2026-11-01T10:00", 2.5)})
    short, full = pages(store).values()
    promised = "OrgSecrets takes **9.90 s** longer than one resource that does nothing"
    assert f"- 10,000 keys, refresh, loopback, file backend: {promised}" in full.partition("What is compared:")[0]
    (sentence,) = (line for line in short.splitlines() if line.startswith("- "))
    assert "compares 10,000 values with the server takes 12 s; one that asks no server takes 2.5 s." in sentence
    assert "$" not in short


def test_page_has_a_table_of_one_size(store: Store) -> None:
    """Its conditions stand in each row, and what was not measured is empty."""
    store.add({Case("far", 1_000, FIRST_UP, "secret"): value("2026-11-01T10:00", 9.14)})
    text = pages(store)["benchmarks.md"]
    assert "| first up, 50 ms round trip, without checkpoints |  | 9.1 |  |  |  |" in text
    assert text.count("\n| ---") == 1


def test_published_pages_are_those_of_the_published_results() -> None:
    """Nobody wrote a number by hand."""
    for name, text in pages(Store(DOCS / "benchmarks" / "results.json")).items():
        assert (DOCS / name).read_text("utf-8") == text


def test_run_in_the_background_hears_interrupts() -> None:
    """A shell makes it deaf to them, and Pulumi waits five seconds for a program that inherited that: in each `up`."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        hear_interrupts()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
