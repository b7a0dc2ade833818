"""The folder that the processes of a run share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from influx_secrets import _run_register
from influx_secrets._errors import InfluxSecretsError
from influx_secrets._run_register import PROGRAM, Process, Register, find_engine

ADDRESS = "127.0.0.1:4242"
JOIN = f"""
from influx_secrets._run_register import Register, find_engine
print(find_engine())
register = Register.join({ADDRESS!r}, "1")
register.append({{"key": register.mark("SLACK_TOKEN")}})
print(register.mark("SLACK_TOKEN"))
input()
"""
PULUMI = "import subprocess, sys; sys.exit(subprocess.run([sys.argv[2], '-c', sys.argv[3]]).returncode)"


@contextmanager
def child_of_pulumi(folder: Path) -> Iterator[list[str]]:
    """Run a process that joins the register below one that is called `pulumi`; yield what it printed."""
    with subprocess.Popen(
        ["some/pulumi", "-c", PULUMI, "up", sys.executable, JOIN],
        executable=sys.executable,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        assert engine.stdin is not None
        assert engine.stdout is not None
        yield [engine.stdout.readline().strip() for _ in range(2)]
        engine.stdin.write("\n")
        engine.stdin.close()
    assert engine.returncode == 0


def files(folder: Path) -> dict[str, Path]:
    """Return the files of the one run in a folder, by name."""
    (base,) = folder.iterdir()
    (run,) = base.iterdir()
    return {path.name: path for path in run.iterdir()}


@pytest.mark.parametrize("proc", [Path("/proc"), Path("/nonexistent")], ids=["proc", "ps"])
def test_engine_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proc: Path) -> None:
    """A shell or the language host is between; with `/proc` and with `ps`, as on macOS."""
    with child_of_pulumi(tmp_path) as (found, _):
        assert "command=('some/pulumi', '-c'" in found
        assert find_engine() is None
        pid = int(found.partition("pid=")[2].partition(",")[0])
        monkeypatch.setattr(_run_register, "_PROC", proc)
        process = _run_register._look_at(pid)
        assert process is not None
        assert process[0] == os.getpid()
        assert process[1].command[0] == "some/pulumi"
        monkeypatch.setattr(os, "getppid", lambda: pid)
        assert find_engine() == process[1]


@pytest.mark.parametrize(
    ("command", "variables", "expected"),
    [
        ("up --yes --diff --stack dev", {}, False),
        ("--color=never preview --save-plan d.json -y", {}, False),
        ("up --debug", {}, True),
        ("up -yd", {}, True),
        ("-v=9 up", {}, True),
        ("up --verbose 9 --logtostderr", {}, True),
        ("up", {"PULUMI_OPTION_DEBUG": "1"}, True),
        ("up", {"PULUMI_OPTION_VERBOSE": "3"}, True),
    ],
)
def test_engine_that_may_show_debug_messages(
    monkeypatch: pytest.MonkeyPatch, command: str, variables: dict[str, str], *, expected: bool
) -> None:
    """Where in doubt, it may."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Process(1, "0", ("pulumi", *command.split())).is_verbose == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("destroy --yes --run-program", True),
        ("--non-interactive -C up-to-date down", True),
        ("dn", True),
        ("up --yes --target urn", False),
        ("update", False),
        ("--stack destroy up", False),
        ("-s dev destroy", True),
        ("--non-interactive -C destroy up --stack down", False),
        ("preview", None),
        ("refresh", None),
        ("", None),
        pytest.param("-C up destroy", None, id="a folder named up"),
        pytest.param("--newer destroy up", None, id="an option of a newer CLI"),
    ],
)
def test_engine_that_is_certainly_a_destroy_or_an_update(command: str, *, expected: bool | None) -> None:
    """Where in doubt, what the run checks decides."""
    assert Process(1, "0", ("pulumi", *command.split())).is_destroy is expected


def test_processes_of_a_run_share_marks_and_no_key_in_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the user's alone, and the program reads what a provider process wrote."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with child_of_pulumi(tmp_path) as (found, mark):
        pid = int(found.partition("pid=")[2].partition(",")[0])
        monkeypatch.setattr(os, "getppid", lambda: pid)
        register = Register.join(ADDRESS, PROGRAM)
        assert register is not None
        assert register.mark("SLACK_TOKEN") == mark
        assert register.news() == [("1", {"key": mark})]
        assert register.news() == []
        register.append({})
        assert register.news() == []
        found_files = files(tmp_path)
        assert found_files.keys() == {"salt", "1.jsonl", f"{PROGRAM}.jsonl"}
        for path in found_files.values():
            assert b"SLACK_TOKEN" not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0
            assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("proc", [Path("/proc"), Path("/nonexistent")], ids=["linux", "macos"])
def test_folder_of_a_run_that_ended_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proc: Path
) -> None:
    """A later engine can get the same process id, or the same port."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_run_register, "_PROC", proc)
    engines = [Process(os.getpid(), "0", ("pulumi", "up")), Process(os.getpid(), "1", ("pulumi", "up"))]
    monkeypatch.setattr(_run_register, "find_engine", engines.pop)
    assert Register.join(ADDRESS, PROGRAM) is not None
    assert Register.join(ADDRESS, "1") is not None
    assert files(tmp_path).keys() == {"salt", "1.jsonl"}


def test_folder_of_another_container_stays_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its engine is not seen here, and may be alive."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    this = _run_register._look_at(os.getpid())
    assert this is not None
    monkeypatch.setattr(_run_register, "find_engine", lambda: this[1])
    assert Register.join(ADDRESS, PROGRAM) is not None
    (base,) = tmp_path.iterdir()
    (base / f"1-2-3-{'0' * 8}").mkdir()
    assert Register.join(ADDRESS, "1") is not None
    assert len(list(base.iterdir())) == 2
    for folder in base.iterdir():
        os.utime(folder, (0, 0))
    assert Register.join(ADDRESS, "2") is not None
    assert [folder.name[:6] for folder in base.iterdir() if folder.name.startswith("1-2-3-")] == []


def test_folder_that_others_can_open_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else made it before, to see or to change what is written there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_run_register, "find_engine", lambda: Process(os.getpid(), "0", ("pulumi", "up")))
    (tmp_path / f"influx_secrets-{os.getuid()}").mkdir(mode=0o755)
    assert Register.join(ADDRESS, PROGRAM) is None


def test_entry_that_is_not_written_to_its_end_is_read_later(tmp_path: Path) -> None:
    """A reader can come while another process writes."""
    engine = Process(1, "0", ("pulumi", "up"))
    reader, path = Register(tmp_path, "1", engine), tmp_path / "2.jsonl"
    path.write_text('{"a":1}\n{"b"', "utf-8")
    assert reader.news() == [("2", {"a": 1})]
    with path.open("a", encoding="utf-8") as file:
        file.write(":2}\n")
    assert reader.news() == [("2", {"b": 2})]


def test_file_that_somebody_removed_is_an_error(tmp_path: Path) -> None:
    """The process would write where nobody reads, and miss what others declare."""
    register = Register(tmp_path, "1", Process(1, "0", ("pulumi", "up")))
    (tmp_path / "1.jsonl").unlink()
    for call in (register.append, register.news):
        with pytest.raises(InfluxSecretsError, match="was removed"):
            call()


def test_disk_that_is_full_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line would be lost with it."""
    register = Register(tmp_path, "1", Process(1, "0", ("pulumi", "up")))
    register.append({"a": 1})
    write = os.write

    def full(file: int, text: bytes) -> int:
        if len(text) < 5:
            raise OSError(28, "No space left on device")
        return write(file, text[:5])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InfluxSecretsError, match=f"of this run in {tempfile.gettempdir()}: No space left"):
        register.append({"b": 2})
    assert (tmp_path / "1.jsonl").read_bytes() == b'{"a":1}\n'


def test_line_that_was_read_and_taken_back_is_an_error(tmp_path: Path) -> None:
    """Its writer failed; what it writes next would be read from the middle."""
    engine = Process(1, "0", ("pulumi", "up"))
    writer, reader = Register(tmp_path, "1", engine), Register(tmp_path, "2", engine)
    writer.append({"a": 1})
    assert reader.news() == [("1", {"a": 1})]
    os.truncate(tmp_path / "1.jsonl", 0)
    with pytest.raises(InfluxSecretsError, match=r"1.jsonl was cut"):
        reader.news()


def test_project_folder_is_no_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python falls back to it where there is no other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_run_register, "find_engine", lambda: Process(os.getpid(), "0", ("pulumi", "up")))
    assert Register.join(ADDRESS, PROGRAM) is None
    assert list(tmp_path.iterdir()) == []
