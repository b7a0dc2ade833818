"""Where the toolchain runs in its tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_programs import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any program."""
    return Machine(tmp_path)
