"""Which server a command asks: first that of the stack's config, which the real Pulumi CLI reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command, line

from influx_secrets.emulator import Emulator

pytestmark = pytest.mark.engine

CONFIG = "Pulumi.dev.yaml"
PREVIEW = Path(__file__).parent / "review" / "everything" / "preview.json"


def test_command_asks_the_server_of_the_selected_stack(
    emulator: Emulator, pulumi: Callable[..., None], tmp_path: Path
) -> None:
    """Of its project file, of its own; options come first; without any stack the environment's."""
    environ = {**emulator.environment, "INFLUX_ORG": "nobody"}
    elsewhere = {**environ, "INFLUX_HOST": "http://127.0.0.1:9"}
    of_stack = f"server: {emulator.url}, from influx-secrets:url in the stack's config\n"
    emulator.put_secret("acme", "A", "planted-value")
    command = Command(elsewhere, {"planted-value"})
    assert command("list", "--org", "acme", environ=environ).server == f"server: {emulator.url}, from INFLUX_HOST\n"
    pulumi("stack", "init", "dev", "--no-select")
    assert command("usage").err.startswith("error: the server is not known: ")
    examined = command("doctor")
    assert line(examined, "stack").startswith("wrong stack the server is not known: ")
    assert line(examined, "settings") == 'unknown settings not checked before "stack" is ok'
    misspelt = 'there is no stack "prd": correct --stack, see `pulumi stack ls` (IS718)'
    for verb in ("list", "usage", "adopt"):
        assert command(verb, "--stack", "prd").err == f"error: {misspelt}\n"
    assert line(command("doctor", "--stack", "prd"), "stack") == f"wrong stack {misspelt}"

    pulumi("stack", "select", "dev")
    (tmp_path / "Pulumi.yaml").write_text(
        f"name: fresh\nruntime: python\nconfig:\n  influx-secrets:url: {{value: '{emulator.url}'}}\n"
    )
    pulumi("config", "set", "influx-secrets:org", "acme")
    for verb in ("list", "adopt"):
        done = command(verb)
        assert (done.code, done.server) == (0, of_stack), done.err
        assert "A" in done.out
    assert command("usage").server == of_stack
    assert line(command("doctor"), "url") == f"ok url {of_stack[len('server: ') : -1]}"
    assert line(command("doctor"), "org") == 'ok org "acme", from influx-secrets:org in the stack\'s config'
    assert line(command("doctor", "--org-id", "f" * 16), "org") == f"ok org {'f' * 16}, from --org-id"
    above = tmp_path.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(above)
        assert command("list", "--stack", "dev", "--cwd", str(tmp_path)).server == of_stack

    (tmp_path / CONFIG).write_text(
        "config:\n  influx-secrets:url: http://influx.example\n  influx-secrets:allowInsecure: true\n"
        "  influx-secrets:orgId: ''\n"
    )
    assert command("list", "--org-id", "f" * 16).server.startswith("server: http://influx.example, from")
    (tmp_path / CONFIG).write_text(
        "config:\n  influx-secrets:url: https://127.0.0.1:9\n  influx-secrets:skipVerify: 'true'\n"
    )
    found = line(command("doctor"), "certificates")
    assert "any is accepted, from influx-secrets:skipVerify in the stack's config" in found


def test_config_that_cannot_be_read_is_no_reason_to_ask_another_server(
    emulator: Emulator, pulumi: Callable[..., None], tmp_path: Path
) -> None:
    """A secret url, a file that is broken, a Pulumi that does not log in: an error, and nothing is sent."""
    command = Command({**emulator.environment, "INFLUX_ORG": "acme"}, {"planted-url"})
    pulumi("stack", "init", "dev")
    pulumi("config", "set", "--secret", "influx-secrets:url", "https://planted-url.example")
    for verb in (["list"], ["adopt"], ["usage"]):
        done = command(*verb)
        assert (done.code, done.out, done.server) == (2, "", "")
        assert done.err.startswith(
            "error: cannot read influx-secrets:url: the value is encrypted in the stack's config, and this command"
        )
    assert "cannot read influx-secrets:url: " in line(command("doctor"), "settings")
    reviewed = command("review", "--usage", str(PREVIEW))
    assert "could not be asked: cannot read influx-secrets:url: the" in " ".join(reviewed.out.split())
    (tmp_path / CONFIG).write_text("config: [")
    assert command("list").err.startswith("error: `pulumi config` failed: ")
    away = command("list", environ={"PULUMI_BACKEND_URL": "file:///nowhere/at/all"})
    assert (away.code, away.server) == (2, "")
    assert emulator.requests == ()
