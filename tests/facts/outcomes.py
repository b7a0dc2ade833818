"""What the checks saw, in a table; and the same on the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass

import pytest
from facts.fact import Fact, Seen, turned
from facts.page import record
from facts.table import facts_about
from programs import find

AS_KNOWN, CHANGED, NOT_TRIED = "as known", "changed", "could not be tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check: on which version, and what was seen if that is not what is known."""

    program: str
    name: str
    verdict: str
    seen: str = ""


def check(fact: Fact, version: str, seen: Seen, node: pytest.Item) -> None:
    """Compare what was seen with what is known; with `--turned`, see that every other expectation fails."""
    expected = fact.expected(version)
    program = f"{'pulumi' if 'runs' in node.fixturenames else 'influxd'} {version}"  # type: ignore[attr-defined]
    is_known = seen == expected
    outcome = Outcome(program, fact.name, AS_KNOWN if is_known else CHANGED, "" if is_known else repr(seen)[:400])
    node.user_properties.append(("fact", astuple(outcome)))
    if node.config.getoption("turned", default=False):
        others = list(turned(expected))
        assert others
        assert all(seen != other for other in others)
    assert seen == expected


class FactTable:
    """Prints the table after a run of the facts alone, and writes the page if that is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outcomes: list[Outcome] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what a check noted; a check that noted nothing could not be tried."""
        noted = [value for name, value in report.user_properties if name == "fact"]
        if report.when == "call" and noted:
            self._outcomes.append(Outcome(*noted[-1]))  # type: ignore[misc]
        elif "test_fact[" in report.nodeid and (report.skipped or report.failed):
            name = report.nodeid.partition("[")[2].rstrip("]")
            self._outcomes.append(Outcome("", name, NOT_TRIED, str(report.longrepr).splitlines()[-1][:400]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for each fact, and the sums."""
        if self._config.getoption("markexpr") != "fact":
            return
        for program in ("influxd", "pulumi"):
            if find(program) is None:
                self._outcomes += [Outcome("", one.name, NOT_TRIED, f"no {program}") for one in facts_about(program)]
        terminalreporter.section("facts")
        for one in self._outcomes:
            terminalreporter.write_line(f"{one.verdict:<18} {one.name}{f': {one.seen}' if one.seen else ''}")
        programs = sorted({one.program for one in self._outcomes if one.program})
        sums = Counter(one.verdict for one in self._outcomes)
        counted = ", ".join(f"{sums[verdict]} {verdict}" for verdict in (AS_KNOWN, CHANGED, NOT_TRIED))
        terminalreporter.write_line(f"{', '.join(programs)}: {counted}")
        if self._config.getoption("write_facts", default=False):
            for program in programs:
                verdicts = {one.name: one.verdict == AS_KNOWN for one in self._outcomes if one.program == program}
                record(program, verdicts)
