"""A program that no engine runs."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pytest
from program_mocks import Mocks


@pytest.fixture
def mocks() -> Iterator[None]:
    """The mocks of one test."""
    pulumi.runtime.set_mocks(Mocks())
    yield
    pulumi.runtime.settings.reset_options()
