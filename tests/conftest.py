"""Fixtures that every layer uses: the two servers, and an environment that steers no test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import requests
from asking import operator_session
from budgets import BUDGETS, LayerTimes
from parallel import LeaveOut, RunAlone
from programs import needed
from servers import EmulatorServer, InfluxdServer, SecretsServer
from wire import Wire

from influx_secrets.emulator import Emulator

# A busy machine fails nobody; an example that failed can be run again from what is printed.
hypothesis.settings.register_profile("search", deadline=None, print_blob=True, max_examples=5_000)
# The same examples in every run: what a search finds anew is for who searches, and not for whose change it hits.
hypothesis.settings.register_profile("tests", deadline=None, print_blob=True, derandomize=True)
hypothesis.settings.load_profile("tests")


_TESTS = Path(__file__).parent
_KEPT = ("INFLUX_SECRETS_REQUIRE_REAL", "INFLUX_SECRETS_PULUMI")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of these tests."""
    parser.addoption("--record-faults", action="store_true", help="write the outcomes into docs/faults.md")
    parser.addoption("--budget", choices=sorted(BUDGETS), help="print the time of each layer beside its budget")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for each two processors: `make test` took 155 s so, and 199 s with two."""
    processors = os.cpu_count() or 1
    return processors + processors // 2


def pytest_configure(config: pytest.Config) -> None:
    """Decide what runs, and where."""
    config.pluginmanager.register(LeaveOut(), "leave-out")
    config.pluginmanager.register(RunAlone(config), "run-alone")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LayerTimes(BUDGETS.get(config.getoption("budget"), {})), "layer-times")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that are in no layer."""
    for item in items:
        if item.path.parent == _TESTS:
            item.add_marker("documents")


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """Let programs under test be interrupted also where a shell started this run in the background, deaf to Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what would steer the code under test: settings of the developer's own servers and stacks."""
    for name in os.environ:
        if name.startswith(("INFLUX_", "INFLUXDB_", "PULUMI_")) and name not in _KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("INFLUX_CONFIGS_PATH", str(tmp_path / "no-influx-configs"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "localhost,127.0.0.1")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator of the test's own, with the org "acme"."""
    with Emulator(("acme",)) as started:
        yield started


@pytest.fixture
def session(emulator: Emulator) -> Iterator[requests.Session]:
    """A session with the operator's token of that emulator."""
    with operator_session(emulator) as opened:
        yield opened


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[EmulatorServer]:
    """One emulator for all tests that make their own org."""
    with EmulatorServer(()) as started:
        yield started


@pytest.fixture(scope="session")
def influxd_binary() -> Path:
    """The program of a real influxd."""
    return needed("influxd")


@pytest.fixture(scope="session")
def influxd_2_6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """One real influxd 2.6 for all tests, the last that cannot prove what a key holds; with the org "acme"."""
    with InfluxdServer(needed("influxd-2.6"), tmp_path_factory.mktemp("influxd-2.6")) as started:
        started.create_org("acme")
        yield started


@pytest.fixture(scope="session")
def influxd(influxd_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """One real influxd for all tests: each makes its own org."""
    with InfluxdServer(influxd_binary, tmp_path_factory.mktemp("influxd")) as started:
        yield started


@pytest.fixture(params=["emulator", pytest.param("influxd", marks=pytest.mark.influxd)])
def server(request: pytest.FixtureRequest) -> SecretsServer:
    """The emulator and the real influxd, one after the other."""
    name = {"emulator": "emulator_server", "influxd": "influxd"}[request.param]
    found: SecretsServer = request.getfixturevalue(name)
    return found


@pytest.fixture
def org(server: SecretsServer, request: pytest.FixtureRequest) -> str:
    """The name of a new org on `server`."""
    name = f"{request.node.name}-{os.urandom(4).hex()}"
    server.create_org(name)
    return name


@pytest.fixture
def acme(influxd: InfluxdServer) -> str:
    """The name of a new org on influxd."""
    name = f"acme-{os.urandom(4).hex()}"
    influxd.create_org(name)
    return name


@pytest.fixture
def wire(server: SecretsServer, org: str) -> Wire:
    """A new org on the emulator, then on the real server."""
    return Wire(server, org, server.org_id(org))


@pytest.fixture(scope="module")
def pair(emulator_server: EmulatorServer, influxd: InfluxdServer) -> tuple[Wire, Wire]:
    """A new org of the same name on both servers."""
    name = f"pair-{os.urandom(4).hex()}"
    servers: tuple[SecretsServer, SecretsServer] = (emulator_server, influxd)
    first, second = (Wire(server, name, server.create_org(name)) for server in servers)
    return first, second
