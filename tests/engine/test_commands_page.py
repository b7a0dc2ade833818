"""The page of the command line: each output on it is what the command writes, beside influxd and the engine."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import VALUE, Command
from emulator_command import Started
from engine.stack import STACK, NewStack
from markdown_it import MarkdownIt
from scripts import IMPORT, create_check, create_endpoint, create_rule, create_task
from servers import InfluxdServer

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
#: A key that no program can declare.
MARK_OF_THE_ENGINE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True, slots=True)
class Block:
    """A command of the page, and what the page says that it writes."""

    command: str
    output: str


def blocks() -> list[Block]:
    tokens = [token for token in MarkdownIt().parse(PAGE.read_text("utf-8")) if token.info == "console"]
    parts = [token.content.removeprefix("$ ").partition("\n") for token in tokens]
    return [Block(command, output) for command, _, output in parts]


def documents() -> dict[str, Any]:
    """Return command to the JSON that the page shows for it."""
    found, heading, previous = {}, "", ""
    for token in MarkdownIt().parse(PAGE.read_text("utf-8")):
        if token.type == "inline" and previous == "h2":
            heading = token.content
        if token.info == "json":
            found[heading] = json.loads(token.content)
        previous = token.tag
    return found


def members(document: object, place: str = "") -> set[tuple[str, str]]:
    """Return where in a document there is what type of JSON; the items of a list have one place together."""
    found = {(place, type(document).__name__)}
    if isinstance(document, dict):
        return found.union(*(members(inner, f"{place}.{name}") for name, inner in document.items()))
    if isinstance(document, list):
        return found.union(*(members(inner, f"{place}[]") for inner in document))
    return found


def comparable(text: str) -> str:
    """Return an output without what is another in each run or on each machine: ids, the port, paths, versions."""
    text = re.sub(r"http://(127\.0\.0\.1|localhost):\d+", "http://localhost:8086", text)
    text = re.sub(r"\S+/bin/python3?,|file://\S+", "<path>", text)
    text = re.sub(r"(\b[03]|v2)\.\d+\.\d+\b", "<version>", text)
    return re.sub(r"\b[0-9a-f]{16}\b", "<id>", text).strip()


@pytest.fixture
def command(new_stack: NewStack, influxd: InfluxdServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command line in the folder of the page's stack, beside a server with the page's org."""
    influxd.create_org("acme")
    stack = new_stack(influxd.environment, ORG="acme")
    stack.program(f"""influx.Secret("slack", org=ORG, key="SLACK_TOKEN", value={VALUE!r})""").up()
    for key in ("BILLING_API_KEY", "PAGERDUTY_KEY"):
        influxd.put_secret("acme", key, VALUE)
    create_task(influxd, "acme", "nightly report", f'{IMPORT}x = secrets.get(key: "SLACK_TOKEN")')
    create_task(influxd, "acme", "mail", f'{IMPORT}x = secrets.get(key: "SMTP_PASSWORD")', status="inactive")
    create_check(influxd, "acme", "disk full", 'r.host == secrets.get(key: "PAGERDUTY_KEY")')
    create_rule(influxd, "acme", "disk alarm", create_endpoint(influxd, "acme", "slack"))
    create_endpoint(influxd, "acme", "on-call", "secret: PAGERDUTY_KEY")
    monkeypatch.chdir(stack.project)
    stack.pulumi("stack", "select", "--stack", STACK)  # for commands as they are typed
    kept = {name: value for name, value in stack.environment.items() if "PASSPHRASE" not in name}
    yield Command({**kept, **influxd.environment})
    influxd.delete_org("acme")


def test_page_shows_what_the_commands_write(command: Command, influxd: InfluxdServer) -> None:
    """Every console block, down to the column, and every JSON document."""
    told = blocks()
    assert len(told) == 5
    for block in told:
        words, _, remark = block.command.partition("  # ")
        weak = {"INFLUX_TOKEN": influxd.create_token("acme", write_secrets=False)} if remark else {}
        program, *arguments = words.split()
        assert program == "influx-secrets"
        done = command(*arguments, environ=weak)
        assert done.code in {0, 1}
        assert comparable(done.server + done.out + done.err) == comparable(block.output), block.command

    # Of the JSON each member, no more and no fewer, and each of its type, whatever the texts are.
    create_task(influxd, "acme", "sync", f"{IMPORT}f = secrets.get")
    influxd.put_secret("acme", MARK_OF_THE_ENGINE, VALUE)
    shown = documents()
    assert set(shown) == {"list", "usage", "adopt", "doctor"}
    weak = {"INFLUX_TOKEN": influxd.create_token("acme", write_secrets=False)}
    for name, document in shown.items():
        written = command(name, "--org", "acme", "--json", environ=weak if name == "doctor" else {}).json
        assert members(written) == members(document), name


def test_page_starts_an_emulator(tmp_path: Path) -> None:
    """As it stands there, but for the port."""
    shown = [token.content for token in MarkdownIt().parse(PAGE.read_text("utf-8")) if token.info == "sh"]
    (line,) = [text for text in shown if "emulator" in text]
    program, *arguments = shlex.split(line)
    started = Started(tmp_path, *arguments, "--port", "0", command=[str(Path(sys.executable).parent / program)])
    assert set(started.ready["orgs"]) == {"acme"}
    assert started.get("/api/v2/orgs").status_code == 200
    assert started.end()[0] == 0
