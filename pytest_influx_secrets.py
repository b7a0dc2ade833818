"""Fixtures for pytest that give a test an InfluxDB: the emulator of influx_secrets.

```python
def test_stack(influxdb, influxdb_stack):
    influxdb_stack(program).up()  # INFLUX_HOST and INFLUX_TOKEN name the emulator
    assert influxdb.secrets("acme") == {"SLACK_TOKEN": "..."}
```

A module of its own beside the package: pytest imports it in every run of an environment, and the package, which imports
Pulumi, only for a test that asks for a fixture.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pulumi import automation

    from influx_secrets.emulator import Emulator

    NewInfluxDB = Callable[..., Emulator]
    NewStack = Callable[..., automation.Stack]

__all__ = ["influxdb", "influxdb_orgs", "influxdb_server", "influxdb_stack", "new_influxdb"]

_PREFIXES = ("INFLUX_", "INFLUXDB_V2_")


@pytest.fixture(scope="session")
def influxdb_server() -> Iterator[Emulator]:
    """One emulator for the whole session, as the tests before left it; most tests want `influxdb`."""
    from influx_secrets.emulator import Emulator  # noqa: PLC0415  # only where a test asks for it

    with Emulator(()) as emulator:
        yield emulator


@pytest.fixture
def influxdb_orgs() -> tuple[str, ...] | dict[str, str]:
    """The orgs that `influxdb` begins with: "acme". To have others, define a fixture of this name."""
    return ("acme",)


@pytest.fixture
def influxdb(
    influxdb_server: Emulator,
    influxdb_orgs: tuple[str, ...] | dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Emulator]:
    """An emulator with new orgs and nothing else, which the test's environment variables name.

    Other settings for InfluxDB (variables, profiles of the `influx` CLI) are away during the test, so that it cannot
    meet a real server by mistake; and a proxy of the environment is not asked for the emulator.
    """
    influxdb_server.start()  # if a test has stopped it
    influxdb_server.reset(influxdb_orgs)
    for name in list(os.environ):
        if name.startswith(_PREFIXES):
            monkeypatch.delenv(name)
    for name, value in influxdb_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("INFLUX_CONFIGS_PATH", str(tmp_path / "no-influx-configs"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))))
    yield influxdb_server
    # What the test left to happen must not happen to somebody else's requests.
    influxdb_server.clear_faults()


@pytest.fixture
def new_influxdb() -> Iterator[NewInfluxDB]:
    """Start further emulators, with the arguments of `Emulator`; they stop with the test. No variable names them."""
    from influx_secrets.emulator import Emulator  # noqa: PLC0415  # only where a test asks for it

    with ExitStack() as started:

        def new(*args: object, **kwargs: object) -> Emulator:
            make: Callable[..., Emulator] = Emulator
            return started.enter_context(make(*args, **kwargs))

        yield new


@pytest.fixture
def influxdb_stack(influxdb: Emulator, tmp_path_factory: pytest.TempPathFactory) -> NewStack:
    """Make a stack of a program, which is a function that declares resources; `influxdb` is its server.

    The stack is one of Pulumi's Automation API (`up`, `preview`, `refresh`, `destroy`, `set_config`), named "test", of
    the project "test" or the one named by `project`. It needs the Pulumi CLI on PATH, and no account: its state is in
    a folder of the test.
    """
    from pulumi import automation  # noqa: PLC0415  # only where a test asks for it

    if shutil.which("pulumi") is None:
        pytest.fail("influxdb_stack needs the Pulumi CLI: install it, or put it on PATH", pytrace=False)

    def new(program: Callable[[], object], *, project: str = "test") -> automation.Stack:
        folder = tmp_path_factory.mktemp("influxdb-stack")
        variables = {
            **influxdb.environment,
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            # The engine starts the provider with the `python3` of PATH, which is another one where no venv is active.
            "PULUMI_PYTHON_CMD": sys.executable,
        }
        options = automation.LocalWorkspaceOptions(work_dir=str(folder), env_vars=variables)
        return automation.create_stack("test", project_name=project, program=lambda: _run(program), opts=options)

    return new


def _run(program: Callable[[], object]) -> None:
    # What a function returns is nothing that Pulumi waits for, so a lambda may declare a resource.
    program()
