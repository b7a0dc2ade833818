"""The command line as a process: on a terminal and in a pipe, interrupted, completed by a shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import COMMAND, on_terminal, settings_environ, start
from scripted_server import ScriptedServer, Silence
from scripts import IMPORT, create_task
from servers import InfluxdServer
from typer.main import get_command

from influx_secrets.cli.app import make_app
from influx_secrets.emulator import Emulator

COLOUR = re.compile(r"\x1b\[[\d;]*3[0-7]")


@pytest.fixture
def environ(emulator: Emulator) -> dict[str, str]:
    return {**emulator.environment, "INFLUX_ORG": "acme"}


def test_terminal_gets_colours_unless_it_wants_none(environ: dict[str, str]) -> None:
    """NO_COLOR is respected; a pipe gets plain text, one line for each row."""
    code, shown = on_terminal("doctor", environ=environ)
    assert code == 0
    assert COLOUR.search(shown)
    assert not COLOUR.search(on_terminal("doctor", environ={**environ, "NO_COLOR": "1"})[1])
    with start("doctor", environ=environ) as process:
        out, err = process.communicate(timeout=60)
    assert b"\x1b" not in out
    assert err == b""
    assert {line.partition(b" ")[0] for line in out.splitlines()[1:]} == {b"note", b"ok"}  # no program is here


@pytest.mark.influxd
def test_terminal_shows_how_far_the_work_is(influxd: InfluxdServer, acme: str) -> None:
    """On a terminal only, and gone from it in the end."""
    for number in range(3):
        create_task(influxd, acme, f"task {number}", f'{IMPORT}x = secrets.get(key: "A")')
    environ = {**influxd.environment, "INFLUX_ORG": acme}
    code, shown = on_terminal("usage", environ=environ)
    assert code == 0
    assert "parsing scripts" in shown
    assert "\x1b[2K" in shown  # the line is cleared
    assert "missing" in shown
    with start("usage", environ=environ) as process:
        out, err = process.communicate(timeout=60)
    assert b"parsing" not in out + err


@pytest.mark.parametrize("arguments", [["list"], ["usage"], ["doctor"], ["adopt"]])
def test_interrupted_command_ends_quietly(arguments: list[str]) -> None:
    """Ctrl-C while a server is silent: code 130, and not a word but which server it is."""
    with ScriptedServer(Silence()) as server:
        environ = {"INFLUX_HOST": server.url, "INFLUX_TOKEN": "planted-token", "INFLUX_ORG": "acme"}
        with start(*arguments, environ=environ) as process:
            deadline = time.monotonic() + 60
            while not server.requests and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    named = b"" if arguments == ["doctor"] else f"server: {server.url}, from INFLUX_HOST\n".encode()
    assert (process.returncode, out, err) == (130, b"", named)


def test_key_that_the_encoding_cannot_write_ends_nothing(emulator: Emulator, environ: dict[str, str]) -> None:
    """In a terminal of another encoding it is shown escaped."""
    emulator.put_secret("acme", "größe-ключ", "v")
    with start("list", environ={**environ, "PYTHONIOENCODING": "latin-1"}) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.splitlines()[1].startswith(b"gr\xf6\xdfe-\\u043a\\u043b\\u044e\\u0447 ")


def test_reader_that_goes_away_is_no_crash(emulator: Emulator, environ: dict[str, str]) -> None:
    """As in `influx-secrets list | head -1`."""
    for number in range(5_000):
        emulator.put_secret("acme", f"KEY_{number}", "v")
    with start("list", environ=environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.wait(60)
    assert b"Traceback" not in said


@pytest.mark.skipif(not shutil.which("bash"), reason="completion for bash needs bash")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    """What `--install-completion` writes works in a real bash."""
    home = {"HOME": str(tmp_path), "PATH": f"{Path(COMMAND).parent}:{os.environ['PATH']}"}
    # Run in the bash, whose name the command finds out by itself.
    script = """
        influx-secrets --install-completion >~/said || exit
        source ~/.bashrc
        complete_it() {
            local function=$(complete -p influx-secrets | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            "$function" influx-secrets "${COMP_WORDS[COMP_CWORD]}"
            echo "${COMPREPLY[@]}"
        }
        complete_it influx-secrets us
        complete_it influx-secrets usage --fail
        complete_it influx-secrets usage --fail-on un
    """
    environ = {**settings_environ(), **home}
    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["usage", "--fail-on", "unread", "unknown"], done.stderr


def test_emulator_is_started_with_its_own_options(tmp_path: Path) -> None:
    """The options go through as they are; Ctrl-C is how it is meant to end."""
    ready = tmp_path / "ready.json"
    options = ["--port", "0", "--org", "first", "--org", "second", "--ready-file", str(ready)]
    with start("emulator", *options, environ={}) as process:
        deadline = time.monotonic() + 60
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        started = json.loads(ready.read_text())
        environ = {"INFLUX_HOST": started["url"], "INFLUX_TOKEN": started["token"]}
        with start("list", "--org", "second", "--json", environ=environ) as asking:
            out, _ = asking.communicate(timeout=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert json.loads(out) == {"org_id": started["orgs"]["second"], "org": "second", "keys": []}


def test_emulator_that_cannot_start_is_an_error() -> None:
    """As with every command, code 2; its help is its own."""
    with start("emulator", "--host", "256.0.0.1", environ={}) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith(b"error: ")
    with start("emulator", "--help", environ={}) as process:
        out, _ = process.communicate(timeout=60)
    assert b"--ready-file" in out


def test_help_explains_every_command_and_option() -> None:
    """Each has a text; no private name of Python shows."""
    app = get_command(make_app())
    commands = app.commands  # type: ignore[attr-defined]  # it is a group
    assert {"list", "usage", "doctor", "adopt", "emulator"} <= set(commands)
    for name, command in commands.items():
        assert command.help, name
        for option in command.params:
            assert option.help, f"{name} {option.name}"
