"""Finds the programs that tests run: without one a test is skipped, or fails where none may be."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from pathlib import Path

import pytest


def find(name: str) -> Path | None:
    """Return the program that the toolchain finds, or beside a bare wheel the one of INFLUXD or PATH; else None."""
    if importlib.util.find_spec("toolchain") is not None:
        found: Path | None = importlib.import_module("toolchain").find(name)
        return found
    named = os.environ.get("INFLUXD") if name == "influxd" else None
    there = named or shutil.which(name)
    return Path(there) if there else None


def needed(name: str) -> Path:
    """Return a program, or end the test that needs it."""
    found = find(name)
    if found is not None:
        return found
    reason = f"no {name}: put it on PATH, or run `make tools`"
    if os.environ.get("INFLUX_SECRETS_REQUIRE_REAL") == "1":
        pytest.fail(f"{reason} (INFLUX_SECRETS_REQUIRE_REAL=1)")
    pytest.skip(reason)
