"""How the toolchain builds programs: whole or not at all, once, and with messages that say what to do."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fake_programs import ROOT, Machine
from until import until

from toolchain import ToolchainError, ensure
from toolchain._progress import Reporter, duration

_PULUMI_FILES = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"]


def _reporter() -> tuple[Reporter, io.StringIO]:
    output = io.StringIO()
    return Reporter(output), output


def _is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        # A zombie is dead; it waits for a parent that may be the test machine's init.
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1] if Path("/proc").exists() else True
    return False


def _pids(machine: Machine) -> list[int]:
    """Return the processes of a Go that hangs: itself and its child."""
    file = machine.bin / "pids"
    until(lambda: file.exists() and file.read_text() != "")
    return [int(pid) for pid in file.read_text().split()]


@pytest.mark.parametrize("name", ["pulumi", "pulumi-3.259"])
def test_ensure_pulumi_installs_all_its_parts_together(machine: Machine, name: str) -> None:
    """The CLI, the language host and its two launchers end in one folder, all executable."""
    machine.add_go()
    path = ensure(name, environ=machine.environ, reporter=_reporter()[0])
    assert sorted(file.name for file in path.parent.iterdir()) == _PULUMI_FILES
    assert all(os.access(file, os.X_OK) and os.access(file, os.W_OK) for file in path.parent.iterdir())


def test_ensure_again_runs_nothing(machine: Machine) -> None:
    """A second run finds what the first one built, without a single process."""
    machine.add_go()
    first = ensure("pulumi", environ=machine.environ, reporter=_reporter()[0])
    calls = (machine.bin / "calls").read_text()
    reporter, output = _reporter()
    assert ensure("pulumi", environ=machine.environ, reporter=reporter) == first
    assert (machine.bin / "calls").read_text() == calls
    assert output.getvalue() == ""


def test_ensure_builds_pinned_sources_outside_the_checkout(machine: Machine) -> None:
    """Go may not amend the pins, learns the version to report, and works in a copy of the module."""
    machine.add_go()
    ensure("pulumi", environ=machine.environ, reporter=_reporter()[0])
    calls = [json.loads(call) for call in machine.go_calls("build")]
    assert all("-mod=readonly" in call["arguments"] for call in calls)
    assert all(ROOT not in Path(call["cwd"]).parents for call in calls)
    assert any("version.Version=v" in argument for argument in calls[-1]["arguments"])


def test_ensure_influxd_uses_its_own_pkg_config(machine: Machine) -> None:
    """The helper that compiles Flux's Rust half comes first on the path, and any recent Rust will do."""
    machine.add_go()
    machine.add_rust()
    path = ensure("influxd", environ=machine.environ, reporter=_reporter()[0])
    last = json.loads(machine.go_calls("build")[-1])
    helpers = Path(last["PKG_CONFIG"]).parent
    assert last["PATH"].startswith(f"{helpers}{os.pathsep}")
    assert last["RUSTUP_TOOLCHAIN"] == "stable"
    assert Path(last["RUSTC_WRAPPER"]).parent == helpers
    assert [file.name for file in path.parent.iterdir()] == ["influxd"]


def test_ensure_rust_toolchain_chosen_is_kept(machine: Machine) -> None:
    """A `RUSTUP_TOOLCHAIN` of the user is obeyed."""
    machine.add_go()
    machine.add_rust()
    ensure("influxd", environ={**machine.environ, "RUSTUP_TOOLCHAIN": "1.90"}, reporter=_reporter()[0])
    assert json.loads(machine.go_calls("build")[-1])["RUSTUP_TOOLCHAIN"] == "1.90"


def test_ensure_says_what_it_does_and_what_it_costs(machine: Machine) -> None:
    """Before a build: how long and how much disk, and where; after it: how long it took and what is kept."""
    machine.add_go()
    reporter, output = _reporter()
    path = ensure("toxiproxy", environ=machine.environ, reporter=reporter)
    first, last = output.getvalue().splitlines()
    assert "about 1 min the first time, 12 MB in" in first
    assert "GB in the caches of Go" in first
    assert "is ready after" in last
    assert last.endswith(f"MB in {path.parent}")


def test_ensure_without_go_says_what_to_install(machine: Machine) -> None:
    """The error is one line with what is missing, where to get it, and the other way out."""
    with pytest.raises(ToolchainError) as caught:
        ensure("pulumi", environ=machine.environ, reporter=_reporter()[0])
    assert "building it needs Go 1.26.6 or later (https://go.dev/dl)" in str(caught.value)
    assert "install Pulumi CLI itself and put it on PATH" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert machine.left_in_tools() == []


def test_ensure_with_old_go_says_what_to_install(machine: Machine) -> None:
    """A Go that is too old is as good as none."""
    machine.add_go("old")
    with pytest.raises(ToolchainError, match=r"needs Go 1\.26\.6 or later \(https://go\.dev/dl\);"):
        ensure("pulumi", environ=machine.environ, reporter=_reporter()[0])


def test_ensure_influxd_without_rust_says_all_that_is_missing(machine: Machine) -> None:
    """Everything that is missing is said at once, not one thing a run."""
    with pytest.raises(ToolchainError, match=r"Go 1\.25\.10 .* and Rust \(https://rustup\.rs\) and a C compiler"):
        ensure("influxd", environ=machine.environ, reporter=_reporter()[0])


def test_ensure_build_fails_leaves_nothing_and_shows_the_output(machine: Machine) -> None:
    """The last lines of the build are shown, the error is one line, and no folder stays behind."""
    machine.add_go("fail")
    reporter, output = _reporter()
    with pytest.raises(ToolchainError, match=r"building toxiproxy-server .*: go failed with exit code 1"):
        ensure("toxiproxy", environ=machine.environ, reporter=reporter)
    assert "    undefined: everything\n" in output.getvalue()
    assert machine.left_in_tools() == []


def test_ensure_after_a_failed_build_builds_again(machine: Machine) -> None:
    """A failure is not remembered: the next run starts afresh."""
    machine.add_go("fail")
    with pytest.raises(ToolchainError):
        ensure("toxiproxy", environ=machine.environ, reporter=_reporter()[0])
    machine.add_go()
    assert ensure("toxiproxy", environ=machine.environ, reporter=_reporter()[0]).exists()


def test_ensure_module_without_a_script_fails(machine: Machine) -> None:
    """A language host without its launcher is not installed: it would fail much later, and darkly."""
    machine.add_go()
    (machine.bin / "module" / "python" / "cmd" / "pulumi-language-python-exec").unlink()
    with pytest.raises(ToolchainError, match="has no file python/cmd/pulumi-language-python-exec"):
        ensure("pulumi", environ=machine.environ, reporter=_reporter()[0])
    assert machine.left_in_tools() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_interrupted_ends_the_build_and_leaves_nothing(machine: Machine, number: signal.Signals) -> None:
    """Ctrl-C, or a request to end, stops Go and its children; the temporary folder is gone; the next run works."""
    machine.add_go("hang")
    with machine.start("toxiproxy") as process:
        pids = _pids(machine)
        process.send_signal(number)
        errors = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "stopped; nothing half done was kept, and the next run starts afresh"
    assert machine.left_in_tools() == []
    go, child = pids
    assert not _is_alive(go)
    until(lambda: not _is_alive(child))  # it has its signal, and may need a moment to die of it
    machine.add_go()
    assert machine.run("toxiproxy")[0] == 0


def test_command_killed_leaves_nothing_after_the_next_run(machine: Machine) -> None:
    """What a killed run could not clean up is no program, and the next run removes it."""
    machine.add_go("hang")
    with machine.start("toxiproxy") as process:
        pids = _pids(machine)
        process.kill()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    machine.add_go()
    code, output, _ = machine.run("toxiproxy")
    assert code == 0
    assert machine.left_in_tools() == [Path(output.strip()).parent.parent.name]


def test_command_two_runs_at_once_build_once(machine: Machine) -> None:
    """The second run waits for the first, says so, and takes its result."""
    machine.add_go("wait")
    with machine.start("toxiproxy") as first:
        until(lambda: machine.go_calls("build") != [])
        with machine.start("toxiproxy") as second:
            assert second.stderr is not None
            said = second.stderr.readline()
            (machine.bin / "go-on").touch()
            results = [first.communicate(timeout=30), second.communicate(timeout=30)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert results[0][0] == results[1][0]
    assert len(machine.go_calls("build")) == 1
    assert "another run is preparing toxiproxy; waiting for it" in said


def test_command_optional_program_missing_goes_on(machine: Machine) -> None:
    """On a user's machine a program that only some tests need may be missing: exit code 0, and one line."""
    code, output, errors = machine.run("--optional", "influxd")
    assert (code, output) == (0, "")
    assert errors.startswith("going on without influxd: influxd is not on this machine")
    assert len(errors.splitlines()) == 1


def test_command_optional_program_missing_fails_where_all_is_required(machine: Machine) -> None:
    """Under `INFLUX_SECRETS_REQUIRE_REAL` nothing is optional."""
    code, _, errors = machine.run("--optional", "influxd", INFLUX_SECRETS_REQUIRE_REAL="1")
    assert code == 1
    assert errors.startswith("error: influxd is not on this machine")


def test_installer_out_of_reach_is_remembered_for_a_day(machine: Machine) -> None:
    """A machine without a way out notices in seconds, builds, and does not try again before a day has passed."""
    machine.add_go()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        way = {"INFLUX_SECRETS_BUILD_TOOLS": "", "https_proxy": f"http://127.0.0.1:{unused.getsockname()[1]}"}
        first = machine.run("pulumi", **way)
        folder = machine.tools / Path(first[1].strip()).parent.parent.name
        folder.rename(machine.folder / "put-away")
        second = machine.run("pulumi", **way)
        (machine.tools / folder.name).rename(machine.folder / "put-away-too")
        long_ago = time.time() - 25 * 3600
        os.utime(machine.tools / ".official-installer-failed", (long_ago, long_ago))
        third = machine.run("pulumi", **way)
    assert [first[0], second[0], third[0]] == [0, 0, 0]
    assert "the official installer of Pulumi CLI did not work: https://get.pulumi.com/install.sh is out of" in first[2]
    assert "the official installer failed within the last day, so it is left out" in second[2]
    assert "the official installer of Pulumi CLI did not work" in third[2]


def test_reporter_long_step_in_a_log_says_every_minute_that_it_goes_on() -> None:
    """Where no spinner can be shown, a line a minute tells that nothing hangs."""
    seconds = iter([0.0, 59.0, 60.0, 61.0, 121.0])
    output = io.StringIO()
    reporter = Reporter(output, clock=lambda: next(seconds))
    with reporter.step("building x") as tick:
        for _ in range(4):
            tick()
    assert output.getvalue().splitlines() == [
        "  building x: still running after 1 min 0 s",
        "  building x: still running after 2 min 1 s",
    ]


def test_reporter_step_on_a_terminal_shows_the_time_and_removes_it() -> None:
    """A terminal shows title and time while the step lasts, on a line that is empty afterwards."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    output = Terminal()
    seconds = iter([0.0, 2.0])
    with Reporter(output, clock=lambda: next(seconds)).step("building x") as tick:
        tick()
    assert output.getvalue() == "\r\x1b[Kbuilding x: 2.0 s\r\x1b[K"


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (9.9, "9.9 s"), (59.4, "59 s"), (200.0, "3 min 20 s")])
def test_duration_reads_as_people_say_it(seconds: float, text: str) -> None:
    """Tenths for short times, minutes for long ones."""
    assert duration(seconds) == text
