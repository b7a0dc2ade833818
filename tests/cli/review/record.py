"""Records previews of the real engine for the tests of `review`: `python tests/cli/review/record.py [NAME ...]`.

Each scenario of `scenarios.py` runs on an influxd, and gets a folder beside this file. It holds what the engine printed
(`preview.json`, and `events.jsonl` where the scenario asks for it), without times and paths of the machine, and with
the ids of the scenarios. `expect.py` writes the rest.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parents[1]), str(FOLDER.parents[2])]

from cli.review.scenarios import ORGS, SCENARIOS, Scenario  # noqa: E402 (the path leads to it)
from engine.stack import Stack  # noqa: E402 (after the path is set)
from programs import find  # noqa: E402 (after the path is set)
from servers import EmulatorServer, InfluxdServer, SecretsServer  # noqa: E402 (after the path is set)

_STREAM = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
_BUSY = frozenset(
    {"created", "duration", "durationSeconds", "modified", "sequence", "sourcePosition", "stackTrace", "timestamp"}
)
"""What is different in each run, or tells of the recorder's machine."""
_PATH = re.compile(r'(?<=File ")[^"]*/')
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's mark for what a preview does not know: the one id that stays."""


def record(name: str, scenario: Scenario) -> None:
    """Run a scenario on servers of its own, and write down what the engine printed."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, ExitStack() as running:
        stack = prepared(scenario, _servers(scenario, Path(work), running), Path(work))
        plain = {**stack.environment, **scenario.environment}
        for file, environment in {"preview.json": plain, "events.jsonl": plain | _STREAM}.items():
            if file == "preview.json" or scenario.events:
                stack.environment = environment
                printed = stack.printed(*scenario.command, "--json", *scenario.options)
                lines = [_scrubbed(json.loads(line)) for line in _documents(stack.fixed(printed), file)]
                indent = 1 if file == "preview.json" else None
                told = [json.dumps(line, indent=indent) + "\n" for line in lines if not _is_debug(line)]
                (folder / file).write_text("".join(told), "utf-8")


def _servers(scenario: Scenario, work: Path, running: ExitStack) -> list[SecretsServer]:
    if scenario.servers > 1:
        made = [EmulatorServer(ORGS, token="token") for _ in range(scenario.servers)]
        return [running.enter_context(one) for one in made]
    influxd = find("influxd")
    assert influxd is not None, "no influxd: run `make tools`"
    return [running.enter_context(InfluxdServer(influxd, work))]


class RecordedStack(Stack):
    """A stack whose programs name orgs by the ids of the scenarios, whatever ids the server gave them."""

    def __init__(self, folder: Path, servers: Sequence[SecretsServer]) -> None:
        super().__init__(folder, servers[0].environment, URL2=servers[-1].url)
        self._ids = {fixed: servers[0].org_id(org) for org, fixed in ORGS.items()}
        self._urls = {f"http://server-{number}": server.url for number, server in enumerate(servers, 1)}

    def program(self, body: str, **constants: object) -> Stack:
        for fixed, real in self._ids.items():
            body = body.replace(fixed, real)
        return super().program(body, **constants)

    def fixed(self, printed: str) -> str:
        """Return what was printed with the ids of the scenarios, and urls that are the same in each run."""
        for fixed, real in {**self._ids, **self._urls}.items():
            printed = printed.replace(real, fixed)
        return printed


def prepared(scenario: Scenario, servers: Sequence[SecretsServer], work: Path) -> RecordedStack:
    """Make the orgs of the scenarios and a stack, go through the scenario, and stop before the preview."""
    for server in servers:
        if not isinstance(server, EmulatorServer):
            for org in ORGS:
                server.create_org(org)
    stack = RecordedStack(work / "stack", servers)
    stack.program(scenario.before).up()
    for org, written in scenario.wrote.items():
        for key, value in written.items():
            if value is None:
                servers[0].remove_secret(org, key)
            else:
                servers[0].put_secret(org, key, value)
    if scenario.refreshed:
        stack.refresh()
    stack.program(scenario.after)
    return stack


def _documents(printed: str, file: str) -> list[str]:
    return [printed] if file == "preview.json" else printed.splitlines()


def _is_debug(line: Any) -> bool:  # noqa: ANN401 (JSON)
    return bool(line.get("diagnosticEvent", {}).get("severity") == "debug")


def _scrubbed(found: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(found, dict):
        return {name: _scrubbed(value) for name, value in found.items() if name not in _BUSY}
    if isinstance(found, list):
        return [_scrubbed(value) for value in found]
    if not isinstance(found, str):
        return found
    found = _PATH.sub("", found)
    return found if found == _UNKNOWN else _ID.sub(_same_id, found)


def _same_id(found: re.Match[str]) -> str:
    return found[0] if found[0] == _UNKNOWN else "00000000-0000-0000-0000-000000000000"


if __name__ == "__main__":
    for chosen in sys.argv[1:] or SCENARIOS:
        record(chosen, SCENARIOS[chosen])
