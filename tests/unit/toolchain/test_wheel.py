"""The Pythons that the wheel is tested on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from toolchain._errors import ToolchainError
from toolchain.wheel import LEGS, absent, find_python

ROOT = Path(__file__).parents[3]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_each_python_of_the_project_is_tested() -> None:
    """All that `pyproject.toml` names: in a run of the wheel, or by a checkout on 3.11."""
    classifiers = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    assert set(classifiers) == {leg.python for leg in LEGS} | {"3.11"}


def test_python_is_found_on_the_path_and_among_the_versions_of_pyenv(tmp_path: Path) -> None:
    """One that does not run, such as the shim of a version that is gone, is passed over."""
    shims, version = tmp_path / "shims", tmp_path / "versions" / f"{RUNNING}.99" / "bin"
    for folder in (shims, version):
        folder.mkdir(parents=True)
    shim = shims / f"python{RUNNING}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    environ = {"PATH": str(shims), "PYENV_ROOT": str(tmp_path)}
    assert find_python(RUNNING, environ) is None
    (version / "python").symlink_to(sys.executable)
    assert find_python(RUNNING, environ) == version / "python"
    assert find_python("3.99", environ) is None


def test_python_that_is_not_there_is_named_or_fails() -> None:
    """One line; an error where nothing may be left out."""
    assert absent(LEGS[0], {}).startswith("not run: the wheel on Python 3.10, ")
    with pytest.raises(ToolchainError, match="REQUIRE_REAL"):
        absent(LEGS[0], {"INFLUX_SECRETS_REQUIRE_REAL": "1"})
