"""Parallel runs: tests that run alone, and tests that cannot run here."""

from __future__ import annotations

import os
from collections.abc import Generator
from itertools import zip_longest

import pytest
from programs import find

_NEEDS = {
    "pulumi": ({"engine"}, set[str]()),
    "influxd": ({"influxd"}, {"influxd", "influxd_binary"}),
    "influxd-2.6": (set[str](), {"influxd_2_6"}),
}
"""Each program: the markers, and the fixtures, of tests that cannot do without."""


class RunAlone:
    """Runs the tests marked `alone` one by one, after xdist has run the others in parallel.

    The controller of xdist collects nothing itself. Here it does, when its workers are done: with a group of their own,
    as xdist has it, such tests would still run beside those of another worker.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_worker = hasattr(config, "workerinput")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave those that run alone to the controller, and the others to the workers."""
        if self._is_worker or self._is_controller():
            items[:] = [item for item in items if (item.get_closest_marker("alone") is None) == self._is_worker]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, bool, bool]:
        """Run them."""
        done = yield
        if self._is_controller() and not _is_over(session):
            in_parallel = session.testscollected
            items = session.perform_collect()
            session.testscollected += in_parallel
            for item, following in zip_longest(items, items[1:]):
                if not _is_over(session):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return done

    def _is_controller(self) -> bool:
        return self._config.pluginmanager.has_plugin("dsession")


def _is_over(session: pytest.Session) -> bool:
    return bool(session.shouldfail or session.shouldstop)


class LeaveOut:
    """Deselects the tests whose program is not on this machine, and names them in one line.

    Under `INFLUX_SECRETS_REQUIRE_REAL=1` they stay, and fail.
    """

    def __init__(self) -> None:
        required = os.environ.get("INFLUX_SECRETS_REQUIRE_REAL") == "1"
        self._missing = [] if required else [name for name in _NEEDS if find(name) is None]
        self._left_out: dict[str, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect them, after those that the command line deselects."""
        found = {item: name for item in items if (name := self._missing_for(item)) is not None}
        if found:
            items[:] = [item for item in items if item not in found]
            config.hook.pytest_deselected(items=[*found])
        for name in found.values():
            self._left_out[name] = self._left_out.get(name, 0) + 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        if self._left_out:
            counts = ", ".join(f"{self._left_out[name]} that need {name}" for name in _NEEDS if name in self._left_out)
            terminalreporter.write_line(
                f"not run: {counts}. To run them, put the program on PATH, or build it: make tools", yellow=True
            )

    def _missing_for(self, item: pytest.Item) -> str | None:
        fixtures = set(getattr(item, "fixturenames", ()))
        for name in self._missing:
            markers, needed = _NEEDS[name]
            if fixtures & needed or any(item.get_closest_marker(marker) for marker in markers):
                return name
        return None
