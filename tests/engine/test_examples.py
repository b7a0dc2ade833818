"""Every example does what its README says, with the real engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from influx_secrets.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.stack import NewStack, Stack

    NewExample = Callable[..., Stack]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def example(emulator: Emulator, new_stack: NewStack) -> NewExample:
    """Make a stack of an example, with these secrets in its config."""

    def make(name: str, **secrets: str) -> Stack:
        stack = new_stack(emulator.environment)
        shutil.copytree(
            EXAMPLES / name, stack.project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        # The project has the example's name now, so this stack is another one.
        stack.pulumi("stack", "init", "dev")
        given = [part for key, value in secrets.items() for part in ("--secret", f"{key}={value}")]
        if given:
            stack.pulumi("config", "set-all", *given)
        return stack

    return make


def test_many_orgs_share_secrets_and_differ_where_they_must(example: NewExample, emulator: Emulator) -> None:
    """A shared value changes in every org that gets it, and each org has what is special there."""
    emulator.create_org("acme-labs")
    given = {"pagerdutyKey": "p", "slackToken": "s", "billingApiKey": "b", "labsSlackToken": "l"}
    stack = example("many_orgs", **given)
    stack.up()
    assert emulator.secrets("acme") == {"PAGERDUTY_KEY": "p", "SLACK_TOKEN": "s", "BILLING_API_KEY": "b"}
    assert emulator.secrets("acme-labs") == {"PAGERDUTY_KEY": "p", "SLACK_TOKEN": "l"}
    stack.set_secret("pagerdutyKey", "new")
    preview = stack.preview(diff=True)
    assert preview.steps == {"acme": "update", "acme-labs": "update"}
    # Once in each resource, once in each of the two stack outputs.
    assert [line for line in preview.changes if "PAGERDUTY_KEY" in line] == ["~ PAGERDUTY_KEY: 1 => 2"] * 4
    stack.set_secret("pagerdutyKey", "p")
    stack.set_secret("slackToken", "new")
    assert stack.preview().steps == {"acme": "update", "acme-labs": "same"}


def test_several_servers_each_get_the_secret(example: NewExample, emulator: Emulator) -> None:
    """One provider per server, each with its own token."""
    with Emulator(("acme",)) as second:
        stack = example("several_servers", slackToken="s", euToken=emulator.token, usToken=second.token)
        stack.pulumi("config", "set", "--path", "servers.eu", emulator.url)
        stack.pulumi("config", "set", "--path", "servers.us", second.url)
        stack.environment.pop("INFLUX_HOST")
        stack.environment.pop("INFLUX_TOKEN")
        stack.up()
        assert emulator.secrets("acme") == second.secrets("acme") == {"SLACK_TOKEN": "s"}
        stack.destroy()
        assert emulator.secrets("acme") == second.secrets("acme") == {}


def test_keep_on_destroy_leaves_the_key_on_the_server(example: NewExample, emulator: Emulator) -> None:
    """The stack is empty, the server is not; the next `up` takes the key back."""
    stack = example("keep_on_destroy", databasePassword="p")
    stack.up()
    stack.destroy()
    assert stack.exported() == []
    assert emulator.secrets("acme") == {"DATABASE_PASSWORD": "p"}
    assert stack.up().steps == {"database": "create"}


def test_create_once_leaves_a_later_value_alone(example: NewExample, emulator: Emulator) -> None:
    """Neither another first value nor one that somebody set is written; the latter is reported."""
    stack = example("create_once", firstToken="first")
    stack.up()
    stack.set_secret("firstToken", "other")
    assert stack.up().steps == {"webhook": "same"}
    emulator.put_secret("acme", "WEBHOOK_TOKEN", "theirs")
    stack.refresh()
    assert stack.up().steps == {"webhook": "same"}
    assert emulator.secrets("acme") == {"WEBHOOK_TOKEN": "theirs"}
    assert stack.stack_outputs() == {"drift": "changed"}


def test_protect_refuses_to_destroy_and_allows_a_new_value(example: NewExample, emulator: Emulator) -> None:
    """What is protected stays, and can still be rotated."""
    stack = example("protect", signingKey="one")
    stack.up()
    assert 'resource "urn:pulumi:dev::protect' in stack.destroy(fails=True).output
    stack.set_secret("signingKey", "two")
    assert stack.up().steps == {"signing": "update"}
    assert emulator.secrets("acme") == {"SIGNING_KEY": "two"}


def test_rotate_writes_only_when_the_text_changes(example: NewExample, emulator: Emulator) -> None:
    """A value made anew on every run changes nothing by itself, and no digest of it is stored."""
    stack = example("rotate")
    stack.set_config("rotation", "2026-11")
    stack.up()
    first = emulator.secrets("acme")["API_KEY"]
    assert stack.up().steps == {"api": "same"}
    assert emulator.secrets("acme")["API_KEY"] == first
    stack.set_config("rotation", "2026-12")
    assert "~ version: 1 => 2" in stack.preview(diff=True).changes
    stack.up()
    assert emulator.secrets("acme")["API_KEY"] != first
    assert stack.stored("api")["outputs"]["digest"]["plaintext"] == '""'


def test_exclusive_removes_strays_and_keeps_patterns(example: NewExample, emulator: Emulator) -> None:
    """The preview names what goes; a pattern and the server's own credentials stay."""
    server_owned = "0123456789abcdef-routing-key"
    for key in ("OLD_TOKEN", "TEAM_BLUE", server_owned):
        emulator.put_secret("acme", key, "theirs")
    stack = example("exclusive", slackToken="s", smtpPassword="p")
    assert "OLD_TOKEN: 1" in stack.preview("--diff").output
    stack.up()
    assert set(emulator.secrets("acme")) == {"SLACK_TOKEN", "SMTP_PASSWORD", "TEAM_BLUE", server_owned}
    emulator.put_secret("acme", "OLD_TOKEN", "again")
    assert "~ OLD_TOKEN: 1 => 2" in stack.preview(diff=True).changes


def test_restart_on_rotation_rewrites_the_marker(example: NewExample, tmp_path: Path) -> None:
    """The file changes with a version, not without one, and no value of the config is in the state."""
    marker = tmp_path / "mailer.versions"
    stack = example("restart_on_rotation", smtpPassword="planted-password", smtpUser="planted-user")
    stack.set_config("marker", str(marker))
    stack.up()
    assert marker.read_text("utf-8") == "SMTP_PASSWORD 1\nSMTP_USER 1\n"
    stack.set_secret("smtpPassword", "another")
    assert stack.up().steps == {"mail": "update", "mailer": "update"}
    assert marker.read_text("utf-8") == "SMTP_PASSWORD 2\nSMTP_USER 1\n"
    assert stack.up().steps == {"mail": "same", "mailer": "same"}
    assert "planted" not in stack.pulumi("stack", "export", "--show-secrets").output
    stack.destroy()
    assert not marker.exists()


def test_own_tests_pass_and_so_does_their_program(example: NewExample, emulator: Emulator) -> None:
    """The example's own tests are green, and what they test can be applied."""
    stack = example("own_tests", slackToken="s")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider"],
        cwd=stack.project,
        env={name: value for name, value in stack.environment.items() if not name.startswith("INFLUX")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout
    stack.up()
    assert emulator.secrets("acme") == {"SLACK_TOKEN": "s", "REGION": "eu"}


def test_every_example_is_tested() -> None:
    """Each folder of the examples stands in a test above, and explains itself."""
    tests = Path(__file__).read_text("utf-8")
    folders = [path.parent for path in EXAMPLES.glob("*/Pulumi.yaml")]
    assert len(folders) >= 9
    for folder in folders:
        assert f'example("{folder.name}"' in tests
        assert (folder / "README.md").exists()
