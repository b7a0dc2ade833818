"""Fixtures of the facts: servers of a check's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from facts.engine_lab import Runs
from facts.outcomes import FactTable
from facts.storage import NewServer
from programs import needed
from servers import InfluxdServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the facts."""
    parser.addoption("--turned", action="store_true", help="also see each check of a fact fail, its expectation turned")
    parser.addoption("--write-facts", action="store_true", help="keep what was seen, and write docs/facts.md")


def pytest_configure(config: pytest.Config) -> None:
    """Print the table in the end."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FactTable(config), "fact-table")


@pytest.fixture
def new_server(influxd_binary: Path, tmp_path: Path) -> Iterator[NewServer]:
    """Servers of a check's own."""
    with ExitStack() as stack:

        def start(*options: str, ca_file: str | None = None) -> InfluxdServer:
            folder = tmp_path / "influxd"
            folder.mkdir()
            return stack.enter_context(InfluxdServer(influxd_binary, folder, options, ca_file))

        yield start


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The engine's runs, which the checks share."""
    needed("pulumi")
    return Runs(tmp_path_factory.mktemp("runs"))
