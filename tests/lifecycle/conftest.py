"""Fixtures of the life-cycle tests: an engine that has the emulator for a server."""

from __future__ import annotations

import pytest
from lifecycle.provider_process import Engine

from influx_secrets.emulator import Emulator


@pytest.fixture
def engine(emulator: Emulator) -> Engine:
    """An engine whose provider finds the emulator in its environment."""
    return Engine(emulator.environment)
