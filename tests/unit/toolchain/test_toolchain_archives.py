"""Finished programs of a vendor: installed with the right checksum, and never with another one."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fake_programs import Machine
from scripted_server import ScriptedServer, answer

from toolchain import ToolchainError
from toolchain._archives import platform_name
from toolchain._ensure import provide
from toolchain._programs import PROGRAMS, Archive, Program
from toolchain._progress import Reporter


def packed(**files: str) -> bytes:
    """Return a tar archive, compressed, with these files in a folder."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"toxiproxy-2.12.0/usr/bin/{name.replace('_', '-')}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


@contextmanager
def vendor(content: bytes, status: int = 200) -> Iterator[str]:
    """Offer an archive on loopback; return its URL."""
    with ScriptedServer(answer(status, content)) as server:
        yield f"{server.url}/toxiproxy.tar.gz"


def offered(url: str, content: bytes) -> Program:
    """Return toxiproxy with an archive for this platform."""
    archive = Archive(url, hashlib.sha256(content).hexdigest())
    return replace(PROGRAMS["toxiproxy"], archives={platform_name(): archive})


def provided(program: Program, machine: Machine, *, may_build: bool = True, **environ: str) -> tuple[Path, str]:
    """Provide a program; return its path, and what was printed."""
    output = io.StringIO()
    environment = {**machine.environ, "INFLUX_SECRETS_BUILD_TOOLS": "", **environ}
    path = provide(program, may_build=may_build, environ=environment, reporter=Reporter(output))
    return path, output.getvalue()


def test_archive_with_the_right_checksum_is_installed(machine: Machine) -> None:
    """The executable alone, whatever else the archive holds; no compiler is needed, and nothing is asked again."""
    content = packed(README="text", toxiproxy_server="#!/bin/sh\necho hello\n")
    with vendor(content) as url:
        path, output = provided(offered(url, content), machine, may_build=False)
    assert path.read_text("utf-8") == "#!/bin/sh\necho hello\n"
    assert path.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in path.parent.iterdir()] == ["toxiproxy-server"]
    assert output.startswith("toxiproxy 2.12.0 is ready after")
    assert provided(offered(url, content), machine, may_build=False) == (path, "")


def test_archive_with_another_checksum_stops(machine: Machine) -> None:
    """Not even a build replaces it: an archive that changed is a matter for a person."""
    machine.add_go()
    pinned, content = packed(toxiproxy_server="good"), packed(toxiproxy_server="evil")
    with vendor(content) as url, pytest.raises(ToolchainError, match="nothing was installed") as caught:
        provided(offered(url, pinned), machine)
    assert f"has the SHA-256 {hashlib.sha256(content).hexdigest()}, not the pinned" in str(caught.value)
    assert machine.left_in_tools() == []
    assert machine.go_calls("build") == []


def test_archive_that_cannot_be_fetched_is_built_instead(machine: Machine) -> None:
    """One line says why."""
    machine.add_go()
    content = packed(toxiproxy_server="good")
    with vendor(b"not found", 404) as url:
        path, output = provided(offered(url, content), machine)
    assert output.splitlines()[0] == f"{url} cannot be fetched (HTTPError)"
    assert len(machine.go_calls("build")) == 1
    assert path.exists()


def test_archive_that_cannot_be_fetched_leaves_the_program_out_where_nothing_is_built(machine: Machine) -> None:
    """As in `make test`: the error is one line with the way to have it."""
    machine.add_go()
    with pytest.raises(ToolchainError, match="toxiproxy is not on this machine; to build it: make tools"):
        provided(offered("http://127.0.0.1:9/archive", b""), machine, may_build=False)
    assert machine.go_calls("build") == []


def test_archive_is_left_out_where_sources_are_asked_for(machine: Machine) -> None:
    """`INFLUX_SECRETS_BUILD_TOOLS=1` builds, also where a run would build nothing by itself."""
    machine.add_go()
    content = packed(toxiproxy_server="good")
    with vendor(content) as url:
        provided(offered(url, content), machine, may_build=False, INFLUX_SECRETS_BUILD_TOOLS="1")
    assert len(machine.go_calls("build")) == 1


def test_archive_without_the_executable_is_an_error(machine: Machine) -> None:
    """A pin of the wrong file."""
    content = packed(README="text")
    with vendor(content) as url, pytest.raises(ToolchainError, match="holds no file toxiproxy-server"):
        provided(offered(url, content), machine)
    assert machine.left_in_tools() == []


def test_command_unbuilt_program_missing_is_left_out_silently(machine: Machine) -> None:
    """The tests name what they could not run; a program that somebody asks to have built is built."""
    machine.add_go()
    assert machine.run("--unbuilt", "toxiproxy", INFLUX_SECRETS_BUILD_TOOLS="") == (0, "", "")
    code, output, _ = machine.run("--unbuilt", "toxiproxy")
    assert (code, output.endswith("/bin/toxiproxy-server\n")) == (0, True)
