"""Fixtures of the tests that run Pulumi itself: a stack of the test's own, on a real influxd."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

# The toolchain is no part of an installed package. At the end of the path it hides none.
sys.path.append(str(Path(__file__).parents[2]))

from engine.stack import NewStack, Stack
from intercepting_proxy import InterceptingProxy
from programs import needed
from servers import InfluxdServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the engine: everything here."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The Pulumi CLI."""
    return needed("pulumi")


@pytest.fixture(scope="session")
def empty_stack(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new stack, to be copied: `pulumi stack init` derives keys for 0.4 s, for each test."""
    del engine  # It is there.
    return Stack(tmp_path_factory.mktemp("empty") / "stack", {}).folder


@pytest.fixture
def new_stack(empty_stack: Path, tmp_path: Path) -> NewStack:
    """Make a stack from an environment and constants for its programs."""
    made: list[Stack] = []

    def make(environ: Mapping[str, str], **constants: object) -> Stack:
        folder = tmp_path / f"stack-{len(made)}"
        shutil.copytree(empty_stack, folder)
        made.append(Stack(folder, environ, **constants))
        return made[-1]

    return make


@pytest.fixture
def stack(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> Stack:
    """A stack whose programs have the name of a new org on influxd in `ORG`."""
    return new_stack(influxd.environment, ORG=acme)


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` uses as its server, in front of influxd."""
    with InterceptingProxy(influxd.url) as started:
        stack.environment["INFLUX_HOST"] = started.url
        yield started
