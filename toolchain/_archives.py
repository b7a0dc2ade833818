"""Finished programs: the vendor's archive for this platform, checked against its pinned checksum."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import time
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.request import urlopen

from toolchain._errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toolchain._programs import Program
    from toolchain._progress import Reporter

_SILENCE_SECONDS = 10.0
_TOTAL_SECONDS = 600.0
_PIECE = 1 << 18


def platform_name() -> str:
    """Return the key of this machine in `Program.archives`, such as `linux-x86_64` or `darwin-arm64`."""
    return f"{platform.system().lower()}-{platform.machine().lower()}"


def fetch(program: Program, workspace: Path, reporter: Reporter) -> Path | None:
    """Fetch and unpack the archive for this platform.

    Returns:
        A folder whose `bin` has the executable; `None` if there is no archive for this platform, or if it could not
        be fetched, which is reported in one line.

    Raises:
        ToolchainError: The archive is not the one that was pinned. It is not unpacked.
    """
    archive = program.archives.get(platform_name())
    if archive is None:
        return None
    file = workspace / "archive"
    try:
        with reporter.step(f"fetching {program.title} {program.version}") as tick:
            checksum = _download(archive.url, file, tick)
    except (OSError, HTTPException) as error:
        reporter.say(f"{archive.url} cannot be fetched ({type(error).__name__})")
        return None
    if checksum != archive.sha256:
        raise ToolchainError(
            f"{archive.url} has the SHA-256 {checksum}, not the pinned {archive.sha256}: nothing was installed; "
            "find out why it changed before anything else"
        )
    ready = workspace / "fetched"
    _unpack(file, program.executable, ready / "bin", archive.url)
    return ready


def _download(url: str, file: Path, tick: Callable[[], None]) -> str:
    """Write the content of a URL into a file; return its SHA-256."""
    digest, end = hashlib.sha256(), time.monotonic() + _TOTAL_SECONDS
    # What comes from elsewhere is not what was pinned: the checksum decides, not the scheme.
    with urlopen(url, timeout=_SILENCE_SECONDS) as response, file.open("wb") as out:  # noqa: S310 (a pinned url)
        while piece := response.read(_PIECE):
            if time.monotonic() > end:
                raise TimeoutError(f"not complete after {_TOTAL_SECONDS:.0f} s")
            digest.update(piece)
            out.write(piece)
            tick()
    return digest.hexdigest()


def _unpack(file: Path, executable: str, folder: Path, url: str) -> None:
    """Take the executable alone out of an archive: no other name in it can write anywhere."""
    folder.mkdir(parents=True)
    target = folder / executable
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member) if PurePosixPath(member.name).name == executable else None
            if content is not None:
                with content, target.open("wb") as out:
                    shutil.copyfileobj(content, out)
                target.chmod(0o755)
                return
    raise ToolchainError(f"{url} holds no file {executable}")
