"""What the processes of one run tell each other: a private folder, with a file for each process.

The engine starts a process for the program and one for each provider. They have nothing in common but the engine.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from influx_secrets._errors import InfluxSecretsError

PROGRAM: Final = "program"
"""Name of the program's file; a provider's is its process id."""

_ENGINE: Final = "pulumi"
_PROC: Final = Path("/proc")
_GENERATIONS: Final = 8
_MARK_BYTES: Final = 12
_MACHINE_BYTES: Final = 4
_KEPT_SECONDS: Final = 86_400
_OPTIONS_WITH_VALUE: Final = frozenset(
    ("-C", "--cwd", "--color", "--memprofilerate", "--otel-traces", "--profiling", "--tracing", "--tracing-header")
) | {"-v", "--verbose", "-m", "--message", "-s", "--stack"}
"""Options that may stand before the command of the CLI, and take the next word (3.274.1)."""
_UP: Final = frozenset(("up", "update"))
"""The names of `pulumi up` (3.274.1)."""
_DESTROY: Final = frozenset(("destroy", "dn", "down"))
"""The names of `pulumi destroy` (3.274.1)."""
_VERBOSE: Final = re.compile("--debug|--verbose|-[a-zA-Z]*[dv]")
_VERBOSE_VARIABLES: Final = frozenset(("PULUMI_OPTION_DEBUG", "PULUMI_OPTION_VERBOSE"))


class Process(NamedTuple):
    """A process of this machine; no other one ever has the same id and start."""

    pid: int
    started: str
    command: tuple[str, ...]

    @property
    def is_destroy(self) -> bool | None:
        """Whether this is `pulumi destroy`, in which nothing is checked, or `pulumi up`; None where that is uncertain.

        A word that names the other one makes a destroy uncertain: a newer CLI may have an option that takes it.
        """
        words = zip(self.command, self.command[1:], strict=False)
        verb = next((word for before, word in words if word[:1] != "-" and before not in _OPTIONS_WITH_VALUE), "")
        if verb in _UP:
            return False
        return True if verb in _DESTROY and _UP.isdisjoint(self.command) else None

    @property
    def is_verbose(self) -> bool:
        """Whether its user asked for debug messages, with `--debug`, or for a log of them, with `-v`.

        The CLI takes each option from the environment too, as `PULUMI_OPTION_DEBUG` (3.274.1).
        """
        return any(map(_VERBOSE.match, self.command)) or not _VERBOSE_VARIABLES.isdisjoint(os.environ)


def find_engine() -> Process | None:
    """Return the Pulumi CLI that this process descends from, or None where there is none, or no way to tell.

    Between them is a shell or the language host (seen with Pulumi 3.259.0).
    """
    pid = os.getppid()
    for _ in range(_GENERATIONS):
        found = _look_at(pid)
        if found is None:
            return None
        pid, process = found
        if process.command and Path(process.command[0]).name == _ENGINE:
            return process
    return None


@contextmanager
def _exchange() -> Iterator[None]:
    """Turn an error of the file system into one of ours: a key that others do not hear of could be removed by them."""
    try:
        yield
    except OSError as error:
        raise InfluxSecretsError(
            f"cannot use the temporary folder of this run in {tempfile.gettempdir()}: {error.strerror or error}. Free "
            "space on its disk, or set TMPDIR to another folder. Then run the command again (IS105)"
        ) from None


class Register:
    """The folder of one run. It holds names of resources, and no key in clear: the processes compare keyed hashes."""

    def __init__(self, folder: Path, name: str, engine: Process) -> None:
        self.engine = engine
        self._folder = folder
        self._own = f"{name}.jsonl"
        self._file = _open(str(folder / self._own), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._salt = _salt(folder)
        self._offsets: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def join(cls, address: str, name: str) -> Register | None:
        """Return the register of the run whose engine has this address; None where there can be none (see Limits).

        A preview and the update after it are one process, with an address each (seen with Pulumi 3.259.0).
        """
        engine = find_engine()
        if engine is None:
            return None
        try:
            base = _base()
            _remove_ended(base)
            folder = base / f"{engine.pid}-{engine.started}-{address.rpartition(':')[2]}-{_machine()}"
            folder.mkdir(mode=0o700, exist_ok=True)
            return cls(folder, name, engine)
        except OSError:
            return None

    def mark(self, text: str) -> str:
        return hashlib.blake2b(text.encode("utf-8", "replace"), key=self._salt, digest_size=_MARK_BYTES).hexdigest()

    @_exchange()
    def append(self, *entries: Mapping[str, Any]) -> None:
        text = memoryview(b"".join(json.dumps(entry, separators=(",", ":")).encode() + b"\n" for entry in entries))
        with self._lock:
            size = self._size()
            try:
                while text:
                    text = text[os.write(self._file, text) :]
            except OSError:
                os.ftruncate(self._file, size)  # half a line would spoil the next
                raise

    @_exchange()
    def news(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what other processes appended since the last call, with the names of their files."""
        found: list[tuple[str, dict[str, Any]]] = []
        with self._lock:
            self._size()
            for name in os.listdir(self._folder):  # noqa: PTH208 (a third of the time, and called for each resource)
                start = self._offsets.get(name, 0)
                path = os.path.join(self._folder, name)  # noqa: PTH118 (as above)
                if not name.endswith(".jsonl") or name == self._own or (size := os.stat(path).st_size) == start:  # noqa: PTH116 (as above)
                    continue
                if size < start:  # its writer took back what it could not finish, and this process has read of it
                    raise OSError(f"{path} was cut")
                with Path(path).open("rb") as file:
                    file.seek(start)
                    text = file.read()
                whole = text[: text.rfind(b"\n") + 1]
                writer = name.removesuffix(".jsonl")
                found += [(writer, json.loads(line)) for line in whole.splitlines()]
                self._offsets[name] = start + len(whole)
        return found

    def _size(self) -> int:
        """Return the size of the own file.

        Raises:
            FileNotFoundError: Somebody removed it: then this process would not see what others declare.
        """
        found = os.fstat(self._file)
        if not found.st_nlink:
            raise FileNotFoundError(f"{self._folder} was removed")
        return found.st_size


def _look_at(pid: int) -> tuple[int, Process] | None:
    """Return the parent of a process, and what identifies the process; None where it does not run."""
    try:
        if (_PROC / "self").exists():
            # After the name, which may hold anything: the 2nd field is the parent, the 20th the start (proc(5)).
            fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            command = (_PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            return int(fields[1]), Process(pid, fields[19], tuple(command))
        # macOS. `lstart` is five words.
        asked = ["ps", "-ww", "-o", "ppid=,lstart=,command=", "-p", str(pid)]
        environ = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 (no shell)
        fields = done.stdout.split()
        return int(fields[0]), Process(pid, "".join(fields[1:6]), tuple(fields[6:]))
    except (OSError, ValueError, IndexError):
        return None


def _base() -> Path:
    """Return the folder of all runs of this user, which nobody else can open."""
    temporary = tempfile.gettempdir()
    if temporary == os.getcwd():  # noqa: PTH109 (there is no folder for temporary files; this is the user's project)
        raise PermissionError(temporary)
    base = Path(temporary) / f"influx_secrets-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(base)
    return base


def _remove_ended(base: Path) -> None:
    """Remove the folders of runs whose engine has ended, unread.

    An engine of another container or machine that has the same temporary folder is not seen here: of those, only
    folders of yesterday go.
    """
    here = _machine()
    for folder in base.iterdir():
        with suppress(FileNotFoundError):  # another process removes it now
            if folder.name.endswith(here):
                pid, started = folder.name.split("-")[:2]
                found = _look_at(int(pid))
                is_over = found is None or found[1].started != started
            else:
                is_over = time.time() - folder.stat().st_mtime > _KEPT_SECONDS
            if is_over:
                shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    """Return what all processes share that can see each other's ids: of one container, and one boot of its machine."""
    try:
        text = (_PROC / "sys/kernel/random/boot_id").read_text("ascii") + str((_PROC / "self/ns/pid").readlink())
    except OSError:  # macOS
        text = platform.node()
    return hashlib.blake2b(text.encode(), digest_size=_MACHINE_BYTES).hexdigest()


def _salt(folder: Path) -> bytes:
    """Return the salt of a run; the process that comes first makes it."""
    path = folder / "salt"
    if not path.exists():
        own = folder / f"salt.{os.getpid()}"
        with open(own, "wb", opener=_open) as file:
            file.write(os.urandom(32))
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_bytes()


def _open(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
