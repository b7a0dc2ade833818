"""The time that each layer of the tests takes, and the time that it may take."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

TOLERANCE = 1.5
"""A layer fails when it takes this many times its budget: a machine may be slow, a suite must not grow unseen."""

BUDGETS: Mapping[str, Mapping[str, float]] = {
    "fast": {
        "unit": 100,
        "cli": 60,
        "lifecycle": 90,
        "conformance": 60,
        "facts": 20,
        "engine": 150,
    },
    "all": {
        "unit": 140,
        "cli": 125,
        "lifecycle": 230,
        "conformance": 210,
        "facts": 120,
        "engine": 1800,
        "documents": 100,
    },
}
"""Seconds of tests, by the run and the layer, summed over three workers on two cores; `all` with coverage."""


class LayerTimes:
    """Adds up the time of each layer, prints the sums, and fails a run that is far over its budget.

    Only `INFLUX_SECRETS_KEEP_BUDGET=1` makes it fail, as CI has it: a busy machine fails nobody.
    """

    def __init__(self, budgets: Mapping[str, float]) -> None:
        self._budgets = budgets
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, call and teardown of a test."""
        parts = Path(report.nodeid.partition("::")[0]).parts
        layer = parts[1] if len(parts) > 2 else "documents"
        self._seconds[layer] += report.duration

    def over(self) -> list[str]:
        """Return the layers that are over their budget by half."""
        return [layer for layer, seconds in self._seconds.items() if seconds > TOLERANCE * self._budget(layer)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run that was good but for its time."""
        if os.environ.get("INFLUX_SECRETS_KEEP_BUDGET") and self.over() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the sums."""
        if not self._budgets:
            return
        terminalreporter.section("seconds of tests by layer, and the budget")
        for layer, seconds in self._seconds.items():
            mark = "  OVER BUDGET" if layer in self.over() else ""
            terminalreporter.write_line(f"{layer:<12} {seconds:5.0f} of {self._budget(layer):4.0f}{mark}")

    def _budget(self, layer: str) -> float:
        return self._budgets.get(layer, float("inf"))
