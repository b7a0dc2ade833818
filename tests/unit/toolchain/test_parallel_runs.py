"""How the tests of this project are run: what runs alone, what is left out, and how long the layers take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]

CONFTEST = """
import pytest
from budgets import LayerTimes
from parallel import LeaveOut, RunAlone

def pytest_configure(config):
    for marker in ("alone", "influxd", "engine"):
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(LeaveOut())
    config.pluginmanager.register(RunAlone(config))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LayerTimes({"unit": 0.1}))
"""
PARALLEL = """
import os, time
from pathlib import Path
import pytest

running = Path(__file__).with_name("running")

@pytest.mark.parametrize("number", range(6))
def test_beside_others(number):
    (running / str(number)).touch()
    time.sleep(0.1)
    (running / str(number)).unlink()
    assert "PYTEST_XDIST_WORKER" in os.environ

@pytest.mark.alone
@pytest.mark.parametrize("number", range(2))
def test_alone(number):
    assert not list(running.iterdir())
    assert "PYTEST_XDIST_WORKER" not in os.environ
"""
PROGRAMS = """
import pytest

@pytest.mark.influxd
def test_on_influxd(): ...

@pytest.fixture
def influxd_2_6(): ...

def test_on_an_old_one(influxd_2_6): ...

def test_on_none(): ...
"""


def run(folder: Path, text: str, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with what `tests/conftest.py` registers, on a machine without programs."""
    place = folder / "tests" / "unit"
    (place / "running").mkdir(parents=True)
    (place / "test_it.py").write_text(text, "utf-8")
    (folder / "tests" / "conftest.py").write_text(CONFTEST, "utf-8")
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    base = {"PYTHONPATH": path, "PATH": str(folder), "HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir=.",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-q",
        "tests",
    ]
    return subprocess.run(
        [*command, *options], cwd=folder, env={**base, **environ}, capture_output=True, text=True, check=False
    )


def test_tests_marked_alone_run_after_the_others(tmp_path: Path) -> None:
    """One by one, in no worker, and counted with them."""
    done = run(tmp_path, PARALLEL, "-n", "2")
    assert "8 passed" in done.stdout, done.stdout


def test_tests_without_xdist_run_as_they_come(tmp_path: Path) -> None:
    """Then nothing runs beside anything."""
    done = run(tmp_path, PARALLEL, "-k", "alone")
    assert "2 passed, 6 deselected" in done.stdout, done.stdout


def test_tests_marked_alone_do_not_run_after_a_failure_that_stops(tmp_path: Path) -> None:
    """With `-x` the first failure is the last one."""
    done = run(tmp_path, f"{PARALLEL}\ndef test_fails():\n    assert False\n", "-n", "2", "-x")
    assert done.returncode
    assert "1 failed" in done.stdout
    assert "error" not in done.stdout.lower().replace("assertionerror", "")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_tests_without_their_program_are_left_out_in_one_line(tmp_path: Path, workers: str) -> None:
    """And the run passes."""
    done = run(tmp_path, PROGRAMS, "-n", workers)
    assert done.returncode == 0, done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("not run: ")]
    assert line.startswith("not run: 1 that need influxd, 1 that need influxd-2.6. To run them, ")
    assert "1 passed" in done.stdout


def test_tests_without_their_program_stay_where_all_is_required(tmp_path: Path) -> None:
    """CI leaves nothing out."""
    done = run(tmp_path, PROGRAMS, INFLUX_SECRETS_REQUIRE_REAL="1")
    assert "3 passed" in done.stdout, done.stdout


def test_layer_over_its_budget_fails_where_budgets_are_kept(tmp_path: Path) -> None:
    """The sums are printed in any case."""
    slow = "import time\n\ndef test_slow():\n    time.sleep(0.2)\n"
    done = run(tmp_path / "free", slow)
    assert (done.returncode, "OVER BUDGET" in done.stdout) == (0, True), done.stdout
    assert run(tmp_path / "kept", slow, INFLUX_SECRETS_KEEP_BUDGET="1").returncode == 1
    fast = "def test_fast():\n    pass\n"
    assert run(tmp_path / "fast", fast, INFLUX_SECRETS_KEEP_BUDGET="1").returncode == 0
