"""The environment of Pulumi runs: local state, no account, this Python."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain._errors import ToolchainError
from toolchain._find import find

if TYPE_CHECKING:
    from collections.abc import Mapping

_DROPPED = (
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_PYTHON_CMD",
    "PULUMI_RUNTIME_VIRTUALENV",
    "PULUMI_STACK",
    "PYTHONHOME",
)
"""Variables of a user's other work, each of which would send a local run elsewhere or run another Python."""


def environment(folder: Path, *, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a Pulumi run with a local file backend.

    The folders `state` and `home` and the file `passphrase` (made once, random, readable by its owner alone)
    are created in `folder`. The program's Python is the one that runs now: its `bin` comes first on `PATH`,
    because the language host built here uses the first Python on it and ignores `virtualenv`.

    Args:
        folder: Where state, settings and passphrase are kept.
        environ: The environment to start from; `None` is that of this process.

    Raises:
        ToolchainError: There is no Pulumi CLI yet.
    """
    environ = os.environ if environ is None else environ
    pulumi = find("pulumi", environ=environ)
    if pulumi is None:
        raise ToolchainError("there is no Pulumi CLI yet; run: make tools")
    folder = folder.absolute()
    for name in ("state", "home"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in environ.items() if name not in _DROPPED}
    path = [str(Path(sys.executable).parent), str(pulumi.parent), environ.get("PATH", os.defpath)]
    return env | {
        "PATH": os.pathsep.join(path),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase(folder)),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }


def _passphrase(folder: Path) -> Path:
    file = folder / "passphrase"
    if not file.exists():
        # Made under another name first, so that a run cut short leaves no empty passphrase behind.
        part = folder / f".passphrase-{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(32), encoding="ascii")
        part.rename(file)
    return file
