"""The documents run: each command of README, tutorial and how-to pages, and each program, with the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from engine.console import Block, blocks, run, steps
from engine.stack import NewStack
from programs import needed
from servers import InfluxdServer

from influx_secrets import SecretsClient, Settings, UnauthorizedError
from influx_secrets.emulator import Emulator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "README.md", *DOCS.rglob("*.md")))
IN_A_CHECKOUT = ("docs/tutorial.md",)
README_IN_A_CHECKOUT = "\n## Try it without InfluxDB\n"
"""The rest of the README is followed in a checkout, what stands above it beside a server of the reader's own."""
#: Pages whose blocks other tests run.
ELSEWHERE = {
    "docs/commands.md": "tests/engine/test_commands_page.py",
    "docs/interrupted.md": "tests/engine/test_interrupted.py",
    "docs/review.md": "tests/test_review_document.py",
    "docs/testing.md": "tests/test_testing_page.py",
}
STORES = {
    "vault kv get -mount=secret -field=slack influx": "${NEW_TOKEN:-xoxb-1}",
    "op read op://infra/smtp/password": "a-smtp",
    "aws secretsmanager get-secret-value --secret-id influx/pagerduty --query SecretString --output text": "a-pager",
    "gcloud secrets versions access latest --secret=status-page": "a-status",
    "az keyvault secret show --vault-name acme --name billing --query value --output tsv": "a-billing",
}
"""Each command line of another store that a page uses, to the value that a stand-in of it prints."""
STAGING, PROD = "https://influx-staging.example.com:8086", "https://influx-prod.example.com:8086"
"""Two servers of the reader's in a how-to page."""


def stand_in_for_stores(folder: Path) -> None:
    """Write a program for each store, which knows the command line of a page and no other."""
    answers = "".join(f"'{command}') echo \"{value}\" ;;\n" for command, value in STORES.items())
    for name in {command.partition(" ")[0] for command in STORES}:
        (folder / name).write_text(f'#!/bin/sh\ncase "{name} $*" in\n{answers}*) exit 64 ;;\nesac\n')
        (folder / name).chmod(0o755)


def of(page: str) -> list[Block]:
    return blocks((ROOT / page).read_text("utf-8"))


def sessions() -> list[str]:
    """Return the pages that a reader follows command by command in a project of their own."""
    others = ("README.md", *IN_A_CHECKOUT, *ELSEWHERE)
    return [page for page in PAGES if page not in others and any(block.language == "console" for block in of(page))]


def programs() -> list[Block]:
    """Return the programs that stand in no session."""
    found = [block for page in PAGES if page not in ELSEWHERE for block in of(page)]
    return [block for block in found if block.language == "python" and not block.title]


@pytest.fixture
def checkout(engine: Path, tmp_path: Path) -> Path:
    """A copy of what `make` needs, with the virtual environment that runs now."""
    del engine  # It is there.
    folder = tmp_path / "checkout"
    (folder / ".venv").mkdir(parents=True)
    for name in ("Makefile", "Pulumi.yaml", "__main__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "toolchain", folder / "toolchain", ignore=shutil.ignore_patterns("__pycache__"))
    for part in Path(sys.prefix).iterdir():
        if part.name in {"bin", "lib", "lib64", "pyvenv.cfg"}:
            (folder / ".venv" / part.name).symlink_to(part)
    for extras in ("emulator", "cli,emulator"):
        (folder / ".venv" / f".with-{extras}").touch()  # Newer than pyproject.toml: nothing is to be installed.
    return folder


@pytest.mark.parametrize("page", ["README.md", *IN_A_CHECKOUT])
def test_page_for_a_new_user_does_what_it_says(page: str, checkout: Path, tmp_path: Path) -> None:
    """Who has nothing but a checkout, and types each command as it stands, sees what the page shows."""
    text = (ROOT / page).read_text("utf-8").rpartition(README_IN_A_CHECKOUT)[2]
    session = list(steps(blocks(text)))
    assert len(session) > 1
    problems = run(session, checkout, _anybody(tmp_path / "home"))
    assert not problems, "\n\n".join(problems)


def test_readme_example_does_what_it_says(new_stack: NewStack, emulator: Emulator) -> None:
    """A reader with a server sees what the README shows."""
    stack = new_stack({"PULUMI_SKIP_CONFIRMATIONS": "true"})
    text = (ROOT / "README.md").read_text("utf-8").partition(README_IN_A_CHECKOUT)[0]
    text = text.replace("http://localhost:8086", emulator.url).replace("my-token", emulator.token)
    session = list(steps(blocks(text)))
    assert len(session) > 5
    (empty := stack.folder / "empty").mkdir()
    problems = run(session, empty, stack.environment)
    assert not problems, "\n\n".join(problems)
    assert sorted(emulator.secrets("acme")) == ["SLACK_TOKEN", "SMTP_PASSWORD"]


def _anybody(home: Path) -> Mapping[str, str]:
    """The environment of a user who has a shell and a home, and nothing of Pulumi or InfluxDB yet."""
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INFLUX", "PULUMI", "MAKE"))}
    # Home is another one: the Pulumi CLI is found where the toolchain keeps it for all checkouts.
    kept.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return {**kept, "HOME": str(home), "SHELL": "/bin/bash", "NO_PROXY": "localhost,127.0.0.1"}


@pytest.mark.parametrize("page", sessions())
def test_how_to_does_what_it_says(page: str, new_stack: NewStack, emulator: Emulator, tmp_path: Path) -> None:
    """Who follows the page in an empty folder, beside a server, sees what the page shows."""
    (tools := tmp_path / "tools").mkdir()
    stand_in_for_stores(tools)
    stack = new_stack(emulator.environment)
    stack.environment["PATH"] = f"{tools}{os.pathsep}{stack.environment['PATH']}"
    (empty := stack.folder / "empty").mkdir()
    with Emulator(("acme",), token=emulator.token) as prod:
        text = (ROOT / page).read_text("utf-8").replace(STAGING, emulator.url).replace(PROD, prod.url)
        problems = run(list(steps(blocks(text))), empty, stack.environment)
    assert not problems, "\n\n".join(problems)


def test_programs_can_be_applied(new_stack: NewStack, emulator: Emulator) -> None:
    """All that stand in no session are one program together."""
    emulator.create_org("acme-labs")
    eu = emulator.create_org("eu", "0123456789abcdef")
    stack = new_stack({**emulator.environment, "STAGING_INFLUX_TOKEN": emulator.token})
    text = "\n".join(block.text for block in programs())
    (stack.project / "__main__.py").write_text(text.replace("https://eu.example.com:8086", emulator.url), "utf-8")
    asked = sorted(set(re.findall(r'config\.require(?:_secret)?\("(\w+)"\)', text)))
    special = {"euToken": emulator.token, "stagingUrl": emulator.url}
    given = [part for name in asked for part in ("--secret", f"{name}={special.get(name, f'a-{name}')}")]
    stack.pulumi("config", "set-all", *given)
    stack.up()
    assert emulator.secrets("acme") == {
        "DEPLOY_TOKEN": "a-deployToken",
        "PAGERDUTY_KEY": "a-pagerduty",
        "SLACK_TOKEN": "a-slackToken",
        "SMTP_PASSWORD": "a-smtp",
        "STATUS_PAGE_KEY": "a-statusPage",
    }
    assert emulator.secrets("acme-labs") == {"STATUS_PAGE_KEY": "a-labsStatusPage"}
    assert emulator.secrets("eu") == {"SLACK_TOKEN": "a-slackToken"}
    assert stack.stored("slack-eu")["id"] == f"{eu}/SLACK_TOKEN"


@pytest.mark.influxd
def test_command_makes_a_token_that_suffices(influxd: InfluxdServer, acme: str) -> None:
    """With the token every call of the API works, and of another org it sees the name alone."""
    path = f"{needed('influx').parent}{os.pathsep}{os.environ['PATH']}"
    other = influxd.create_org(f"{acme}-other")
    (script,) = [block.text for block in of("docs/howto/permissions.md") if block.language == "sh"]
    done = subprocess.run(
        ["sh", "-eu", "-c", f"{script.replace('--org acme', f'--org {acme}').strip()} --json"],
        env={**os.environ, **influxd.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    with SecretsClient(Settings(url=influxd.url, token=json.loads(done.stdout)["token"])) as client:
        with pytest.raises(UnauthorizedError):
            client.list_secret_keys(other)
        org = client.find_org(acme)
        client.upsert_secrets(org.id, {"A": "1", "B/": "2", "C": "3"})
        client.delete_secret(org.id, "A")
        client.delete_secrets(org.id, ["B/"])
        assert client.list_secret_keys(org.id) == ("C",)
        assert len(client.query(org.id, 'import "array" array.from(rows: [{a: "1"}])')) == 1


def test_every_block_is_run() -> None:
    """A block is a command, a file for one, or a program; what another test runs is named."""
    followed = {*sessions(), *IN_A_CHECKOUT, "README.md"}
    run_here = {
        (page, block.line)
        for page in PAGES
        for block in of(page)
        if (page in followed and (block.title or block.language == "console"))
        or (block.language == "python" and not block.title)
        or (page == "docs/howto/permissions.md" and block.language == "sh")
        or block.text.startswith("pip install ")  # tests/engine/test_installing.py
    }
    every = {(page, block.line) for page in PAGES if page not in ELSEWHERE for block in of(page)}
    assert sorted(every - run_here) == []
    assert all((ROOT / test).exists() for test in ELSEWHERE.values())
