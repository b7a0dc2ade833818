"""Fixtures of the life-cycle tests: an engine that has the emulator for a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from intercepting_proxy import InterceptingProxy
from lifecycle.provider_process import Engine

from influx_secrets.emulator import Emulator


@pytest.fixture
def engine(emulator: Emulator) -> Engine:
    """An engine whose provider finds the emulator in its environment."""
    return Engine(emulator.environment)


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[InterceptingProxy]:
    """What stands between a provider and the emulator, and counts, where the provider goes through it."""
    with InterceptingProxy(emulator.url) as started:
        yield started
