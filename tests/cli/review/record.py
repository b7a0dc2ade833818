"""Records previews of the real engine for the tests of `review`: `python tests/cli/review/record.py [NAME ...]`.

Each scenario of `scenarios.py` gets a folder beside this file. It holds what the engine printed (`preview.json`, and
`events.jsonl` where the scenario asks for it), without times and paths of the machine. `expect.py` writes the rest.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parents[1]), str(FOLDER.parents[2])]

from cli.review.scenarios import ORGS, SCENARIOS, Scenario  # noqa: E402 (the path leads to it)
from e2e.stack import Stack  # noqa: E402

from influx_secrets.emulator import Emulator  # noqa: E402

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
    """Run a scenario on emulators, and write down what the engine printed."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, ExitStack() as running:
        servers = [running.enter_context(Emulator(ORGS, token="token")) for _ in range(scenario.servers)]
        stack = Stack(Path(work) / "stack", servers[0].environment, URL2=servers[-1].url)
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
        plain = {**stack.environment, **scenario.environment}
        for file, environment in {"preview.json": plain, "events.jsonl": plain | _STREAM}.items():
            if file == "preview.json" or scenario.events:
                stack.environment = environment
                printed = stack.printed(*scenario.command, "--json", *scenario.options)
                urls = [server.url for server in servers]
                lines = [_scrubbed(json.loads(line), urls) for line in _documents(printed, file)]
                indent = 1 if file == "preview.json" else None
                told = [json.dumps(line, indent=indent) + "\n" for line in lines if not _is_debug(line)]
                (folder / file).write_text("".join(told), "utf-8")


def _documents(printed: str, file: str) -> list[str]:
    return [printed] if file == "preview.json" else printed.splitlines()


def _is_debug(line: Any) -> bool:  # noqa: ANN401 (JSON)
    return bool(line.get("diagnosticEvent", {}).get("severity") == "debug")


def _scrubbed(found: Any, urls: list[str]) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(found, dict):
        return {name: _scrubbed(value, urls) for name, value in found.items() if name not in _BUSY}
    if isinstance(found, list):
        return [_scrubbed(value, urls) for value in found]
    if not isinstance(found, str):
        return found
    for number, url in enumerate(urls, 1):
        found = found.replace(url, f"http://server-{number}")
    found = _PATH.sub("", found)
    return found if found == _UNKNOWN else _ID.sub(_same_id, found)


def _same_id(found: re.Match[str]) -> str:
    return found[0] if found[0] == _UNKNOWN else "00000000-0000-0000-0000-000000000000"


if __name__ == "__main__":
    for chosen in sys.argv[1:] or SCENARIOS:
        record(chosen, SCENARIOS[chosen])
