"""Where the toolchain looks for programs, in which order, and which copies it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_programs import Machine

from toolchain import ToolchainError, find
from toolchain._programs import PROGRAMS, parse_version


def _put_into_cache(machine: Machine, name: str) -> Path:
    program = PROGRAMS[name]
    path = machine.tools / program.folder_name / "bin" / program.executable
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def test_find_nothing_there_returns_none(machine: Machine) -> None:
    """A machine without a program, and without a cache, has none; nothing is written to find that out."""
    assert [find(name, environ=machine.environ) for name in PROGRAMS] == [None] * len(PROGRAMS)
    assert not machine.tools.exists()


@pytest.mark.parametrize(("name", "variable"), [("influxd", "INFLUXD"), ("pulumi", "INFLUX_SECRETS_PULUMI")])
def test_find_variable_set_wins_over_the_path(machine: Machine, name: str, variable: str) -> None:
    """It names the program to use, whatever else is there."""
    machine.add_versioned(name, "InfluxDB v2.8.0 (git: none)")
    named = machine.add(f"my-own-{name}", "")
    assert find(name, environ={**machine.environ, variable: str(named)}) == named


def test_find_variable_names_no_program_is_an_error(machine: Machine) -> None:
    """A wrong `INFLUXD` is said, and no other copy is taken in its place."""
    machine.add_versioned("influxd", "InfluxDB v2.8.0 (git: none)")
    with pytest.raises(ToolchainError, match=r"INFLUXD names '/nowhere/influxd', which is no program"):
        find("influxd", environ={**machine.environ, "INFLUXD": "/nowhere/influxd"})


def test_find_on_the_path_wins_over_the_cache(machine: Machine) -> None:
    """What the user installed comes before what was built here."""
    _put_into_cache(machine, "influxd")
    installed = machine.add_versioned("influxd", "InfluxDB v2.8.0 (git: none)")
    assert find("influxd", environ=machine.environ) == installed


def test_find_only_in_the_cache_returns_it(machine: Machine) -> None:
    """What was built here before is found."""
    built = _put_into_cache(machine, "pulumi")
    assert find("pulumi", environ=machine.environ) == built


def test_find_cache_without_xdg_variable_is_below_home(machine: Machine) -> None:
    """Without `XDG_CACHE_HOME`, or with a relative one, the cache is `~/.cache`, as the XDG convention says."""
    environ = {**machine.environ, "XDG_CACHE_HOME": "relative", "HOME": str(machine.folder / "home")}
    program = PROGRAMS["toxiproxy"]
    tools = machine.folder / "home" / ".cache" / "influx_secrets" / "tools"
    path = tools / program.folder_name / "bin" / program.executable
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    assert find("toxiproxy", environ=environ) == path


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("influxd", "InfluxDB v1.11.8 (git: 1.x)", "it is version 1.11.8, and 2.7.0 or later (below 3) is needed"),
        ("influxd", "InfluxDB v2.6.1 (git: none)", "it is version 2.6.1, and 2.7.0 or later (below 3) is needed"),
        ("influxd", "hello", "it does not report its version"),
        ("pulumi", "v3.215.9", "it is version 3.215.9, and 3.216.0 or later (below 4) is needed"),
        ("pulumi", "v4.0.0", "it is version 4.0.0, and 3.216.0 or later (below 4) is needed"),
    ],
)
def test_find_unsuitable_version_is_refused_with_the_reason(
    machine: Machine, name: str, answer: str, reason: str
) -> None:
    """A copy on the path that is too old, too new or something else is passed over, and said."""
    path = machine.add_versioned(name, answer)
    machine.add("pulumi-language-python", "")
    told: list[str] = []
    assert find(name, environ=machine.environ, refused=told.append) is None
    assert told == [f"{path} is not used: {reason}"]


def test_find_program_that_fails_is_refused(machine: Machine) -> None:
    """A copy that cannot even tell its version is passed over."""
    machine.add("influxd", "raise SystemExit(3)\n")
    assert find("influxd", environ=machine.environ) is None


def test_find_pulumi_without_language_host_is_refused(machine: Machine) -> None:
    """A Pulumi CLI that cannot run Python programs is passed over."""
    path = machine.add_versioned("pulumi", "v3.259.0")
    told: list[str] = []
    assert find("pulumi", environ=machine.environ, refused=told.append) is None
    assert told == [f"{path} is not used: pulumi-language-python is neither beside it nor on PATH"]


def test_find_pulumi_linked_into_the_path_is_used(machine: Machine) -> None:
    """A link on the path leads to the folder of a whole installation."""
    elsewhere = Machine(machine.folder / "elsewhere")
    elsewhere.add_versioned("pulumi", "v3.259.0")
    elsewhere.add("pulumi-language-python", "")
    link = machine.bin / "pulumi"
    link.symlink_to(elsewhere.bin / "pulumi")
    assert find("pulumi", environ=machine.environ) == link


def test_find_unknown_name_lists_the_known_ones() -> None:
    """A misspelt name is answered with the right ones."""
    with pytest.raises(
        ToolchainError, match=r"'influxdb'.*there are: actionlint, influx, influxd, influxd-2\.10, .*, pulumi, pulumi-3"
    ):
        find("influxdb")


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda program: program.name)
def test_pins_of_a_program_have_checksums(program: object) -> None:
    """Each version that `go.mod` pins is in the `go.sum` beside it, so Go refuses any other content."""
    builds = next(known for known in PROGRAMS.values() if known is program).builds
    for build in builds:
        sums = (build.source / "go.sum").read_text(encoding="utf-8")
        assert f"\n{build.module} v{build.version} h1:" in f"\n{sums}"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("InfluxDB v2.9.1 (git: none) build_date: 2026-01-01", (2, 9, 1)),
        ("go version go1.26 linux/amd64", (1, 26, 0)),
        ("v3.259.0-alpha.1", (3, 259, 0)),
        ("dev", None),
    ],
)
def test_parse_version_finds_the_first_number(text: str, version: tuple[int, int, int] | None) -> None:
    """Programs tell their versions in many ways."""
    assert parse_version(text) == version
