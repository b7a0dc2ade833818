"""One server: its stack, driven by Pulumi's Automation API, and what came out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import run_events
from inventory import Fleet, FleetError, Server
from program import declare
from pulumi import automation

ACTIONS = ("preview", "up", "refresh", "drift", "destroy")

_SECONDS_FOR_VALUES = 120


@dataclass(frozen=True)
class Place:
    """Where Pulumi works: a folder for each server, the state in `backend`, and the CLI, found once for all."""

    folder: Path
    backend: str
    command: automation.PulumiCommand = field(repr=False)

    @staticmethod
    def beside(file: Path, env: Mapping[str, str]) -> Place:
        """Return the folder `.fleet` beside a fleet file; the state is there too, unless PULUMI_BACKEND_URL is set."""
        if not (env.get("PULUMI_CONFIG_PASSPHRASE") or env.get("PULUMI_CONFIG_PASSPHRASE_FILE")):
            raise FleetError("set PULUMI_CONFIG_PASSPHRASE: what is secret in the states is encrypted with it")
        folder = file.absolute().parent / ".fleet"
        (folder / "state").mkdir(parents=True, exist_ok=True)
        backend = env.get("PULUMI_BACKEND_URL") or (folder / "state").as_uri()
        return Place(folder, backend, automation.PulumiCommand())


@dataclass(frozen=True)
class Outcome:
    """What a run did to the keys of a server, or would do; `problem` is one line, empty if there was none."""

    server: str
    seconds: float
    keys: run_events.Keys
    problem: str = ""
    notices: tuple[str, ...] = ()


def run(action: str, server: Server, fleet: Fleet, place: Place) -> Outcome:
    """Do it to one server; whatever goes wrong is in the outcome, so that the other servers go on."""
    start = time.monotonic()
    events: list[automation.EngineEvent] = []
    problem = ""
    try:
        stack = _stack(server, fleet, place, declares=action in {"preview", "up", "drift"})
        with (place.folder / server.name / f"{action}.log").open("w", encoding="utf-8") as log:
            _act(stack, action, events.append, lambda line: print(line, file=log))
    except automation.CommandError as error:
        problem = run_events.reason(events) or _last_line(str(error)).rpartition("error: ")[2]
    except (FleetError, OSError) as error:
        problem = str(error)
    keys = run_events.keys(events)
    if action == "drift" and keys and not problem:
        problem = f"not as declared; an update would bring this about: {keys}"
    return Outcome(server.name, time.monotonic() - start, keys, problem, tuple(run_events.notices(events)))


def _stack(server: Server, fleet: Fleet, place: Place, *, declares: bool) -> automation.Stack:
    token = os.environ.get(server.token)
    if not token:
        raise FleetError(f"the environment variable {server.token} holds no token")
    # An update and a preview run the program; the others need no values.
    values = _values(server, fleet) if declares else {}
    folder = place.folder / server.name
    folder.mkdir(exist_ok=True)
    workspace = automation.LocalWorkspace(
        work_dir=str(folder),
        program=partial(declare, server, values),
        # In the environment the token gets into no state.
        env_vars={"INFLUX_HOST": server.url, "INFLUX_TOKEN": token, "PULUMI_BACKEND_URL": place.backend},
        project_settings=automation.ProjectSettings(fleet.project, "python"),
        pulumi_command=place.command,
    )
    return automation.Stack.create_or_select(server.name, workspace)


def _values(server: Server, fleet: Fleet) -> dict[str, str]:
    names = {"{server}": server.name, "{org}": server.org}
    command = [re.sub(r"\{(server|org)\}", lambda found: names[found[0]], part) for part in fleet.values]
    try:
        done = subprocess.run(  # noqa: S603 (the user's own command)
            command, cwd=fleet.folder, capture_output=True, check=True, timeout=_SECONDS_FOR_VALUES
        )
        values = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        said = _last_line(error.stderr.decode("utf-8", "replace"))
        raise FleetError(f"no values: {command[0]} ended with {error.returncode}: {said}") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        # Never the error's own text: it may hold what the command printed.
        raise FleetError(f"no values: {command[0]}: {type(error).__name__}") from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise FleetError(f"no values: {command[0]} must print a JSON object, key to text")
    return values


def _act(
    stack: automation.Stack,
    action: str,
    on_event: Callable[[automation.EngineEvent], object],
    on_output: Callable[[str], object],
) -> None:
    if action == "up":
        stack.up(show_secrets=False, on_event=on_event, on_output=on_output)
    elif action == "refresh":
        stack.refresh(show_secrets=False, on_event=on_event, on_output=on_output)
    elif action == "destroy":
        stack.destroy(show_secrets=False, on_event=on_event, on_output=on_output)
    else:
        stack.preview(refresh=action == "drift", on_event=on_event, on_output=on_output)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
