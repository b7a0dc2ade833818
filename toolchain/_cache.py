"""The cache folder of finished programs; each is there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from toolchain._programs import Program


def tools_folder(environ: Mapping[str, str]) -> Path:
    """Return this project's folder in the user's cache, by the XDG convention (a relative path is ignored)."""
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        base = Path(environ.get("HOME") or Path.home()) / ".cache"
    return base / "influx_secrets" / "tools"


def installed_folder(program: Program, environ: Mapping[str, str]) -> Path:
    """Return the folder of the pinned version of a program, whether it exists or not."""
    return tools_folder(environ) / program.folder_name


def cached(program: Program, environ: Mapping[str, str]) -> Path | None:
    """Return the executable in the cache, or `None`.

    One look at the file is enough: a folder gets its name when it is complete, not before.
    """
    path = installed_folder(program, environ) / "bin" / program.executable
    return path if os.access(path, os.X_OK) else None


@contextmanager
def exclusive(program: Program, environ: Mapping[str, str], waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of one program, so that two runs never build the same thing at once.

    Args:
        program: The program that is about to be built.
        environ: Determines where the cache is.
        waiting: Called once if another run has the lock.
    """
    folder = tools_folder(environ)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{program.folder_name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        # The system drops the lock with the file, even when this process is killed.
        yield


@contextmanager
def workspace(program: Program, environ: Mapping[str, str]) -> Iterator[Path]:
    """Provide a temporary folder next to the final one; call with the lock held.

    It is removed at the end, whatever happens; what a killed run left behind is removed first.
    """
    folder = tools_folder(environ)
    prefix = f".{program.folder_name}.part-"
    for stale in folder.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)


def publish(ready: Path, program: Program, environ: Mapping[str, str]) -> Path:
    """Give a complete folder its final name, in one step, and return the executable in it."""
    final = installed_folder(program, environ)
    if final.exists():
        # It was emptied by hand: `cached` would have found a whole one.
        shutil.rmtree(final)
    ready.rename(final)
    return final / "bin" / program.executable


def size_of(folder: Path) -> int:
    """Return the size of a folder's files, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
