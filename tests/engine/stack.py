"""A Pulumi stack in a folder of its own, where the real CLI, engine and provider process run a small program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.running_command import RunningCommand
from intercepting_proxy import InterceptingProxy

import toolchain

PROJECT = "e2e"
STACK = "dev"
SECRET_TYPE = "pulumi-python:dynamic/influxdb:Secret"

_COMMAND_SECONDS = 240
_TAIL = 4000
_OWN_TYPES = ("pulumi-python:dynamic/influxdb:", "pulumi-python:dynamic:", "pulumi-python:dynamic/")
_HEADER = """\
import pulumi
from pulumi import ResourceOptions

import influx_secrets as influx

config = pulumi.Config()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one command did.

    Attributes:
        code: The exit status.
        output: What it wrote to stdout and stderr, as a terminal would have it.
        events: What the engine told of the run, in its own words; empty for a command that runs no deployment.
    """

    code: int
    output: str = field(repr=False)
    events: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def steps(self) -> dict[str, str]:
        """Logical name to operation (`create`, `update`, `same`, `replace`, `delete`) of each dynamic resource."""
        return {name: operations[0] for name, operations in self.operations.items()}

    @property
    def operations(self) -> dict[str, list[str]]:
        """Logical name to all operations of each dynamic resource, the parts of a replacement among them."""
        found: dict[str, list[str]] = {}
        for event in self.events:
            step = event.get("resourcePreEvent", {}).get("metadata", {})
            if step.get("type", "").startswith(_OWN_TYPES):
                found.setdefault(step["urn"].rpartition("::")[2], []).append(step["op"])
        return found

    @property
    def results(self) -> dict[str, str]:
        """Logical name to what came out for each dynamic resource, which a refresh knows at the end only."""
        told = [event.get("resOutputsEvent", {}).get("metadata", {}) for event in self.events]
        return {
            step["urn"].rpartition("::")[2]: step["op"] for step in told if step.get("type", "").startswith(_OWN_TYPES)
        }

    @property
    def diagnostics(self) -> list[str]:
        """What was said to the user during the run, errors and what the provider wrote to stderr, a text each."""
        return [one["message"] for one in self._diagnostic_events if one["severity"] != "debug"]

    def debug_messages(self, text: str) -> list[str]:
        """Return the debug messages with a text; the event log has them whether they are shown or not."""
        return [
            one["message"] for one in self._diagnostic_events if one["severity"] == "debug" and text in one["message"]
        ]

    @property
    def _diagnostic_events(self) -> list[Any]:
        return [event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event]

    @property
    def changes(self) -> list[str]:
        """The lines of a `--diff` about a property that comes, goes or changes, such as `~ version: 1 => 2`."""
        lines = [re.sub(r"\s+:", ":", line.strip()) for line in self.output.splitlines()]
        return [line for line in lines if re.match(r"[+~-] [^:]+: ", line) and "pulumi-python:" not in line]

    @property
    def errors(self) -> list[str]:
        """The lines of this package about what is wrong: neither the engine's summary nor its advice."""
        return [line for text in self.diagnostics for line in text.splitlines() if _is_about_us(line)]


_MARKS = (
    "influx_secrets.",
    "influx-secrets: ",
    "pulumi-python:dynamic/influxdb:",
    "Exception calling application: ",  # the oldest SDK, which does not name the class of an error
)


def _is_about_us(line: str) -> bool:
    return any(mark in line for mark in _MARKS) and "new secrets are written to" not in line


class Stack:
    """One stack, `dev` of the project `e2e`, with state, settings and passphrase of its own below `folder`.

    Every command's output is kept in `outputs`. Nothing of the environment's own Pulumi or InfluxDB settings is used.

    Attributes:
        folder: Holds the program in `project`, and the rest beside it.
        environment: What the commands run in; a test may change it between two commands.
        outputs: What all commands so far wrote, and the engine's event logs.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], **constants: object) -> None:
        """Make the stack, or go on with the one in a copied folder; its programs can use the `constants`."""
        # Coverage is measured in the layers below: here, three processes of each command would start with it.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COVERAGE", "INFLUX", "PULUMI_")) or name == "INFLUX_SECRETS_PULUMI"
        }
        self.folder = folder
        self.project = folder / "project"
        for place in (self.project, folder / "tmp"):
            place.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **toolchain.environment(folder, environ=inherited),
            "INFLUX_CONFIGS_PATH": str(folder / "no-influx-configs"),
            "NO_PROXY": "localhost,127.0.0.1",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
            "TMPDIR": str(folder / "tmp"),
            **environ,
        }
        self.outputs: list[str] = []
        self._constants = constants
        self._runs = 0
        if not self.state_file.exists():
            (self.project / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n", "utf-8")
            self.pulumi("stack", "init", STACK)

    def program(self, body: str, **constants: object) -> Stack:
        """Write the program; `pulumi`, `influx`, `config`, `ResourceOptions` and the constants are there already."""
        given = "".join(f"{name} = {value!r}\n" for name, value in {**self._constants, **constants}.items())
        text = f"{_HEADER}{given}\n{textwrap.dedent(body)}"
        (self.project / "__main__.py").write_text(text, "utf-8")
        return self

    def preview(self, *options: str, fails: bool | None = False, diff: bool = False) -> Run:
        """Run `pulumi preview`; with `diff` its output names each property that changes."""
        return self._deployment("preview", *(["--diff"] if diff else []), *options, fails=fails)

    def up(self, *options: str, fails: bool | None = False, preview: bool = False) -> Run:
        """Run `pulumi up`, without its own preview unless a test wants it."""
        return self._deployment("up", "--yes", *([] if preview else ["--skip-preview"]), *options, fails=fails)

    def refresh(self, *options: str, fails: bool | None = False) -> Run:
        """Run `pulumi refresh`."""
        return self._deployment("refresh", "--yes", "--skip-preview", *options, fails=fails)

    def destroy(self, *options: str, fails: bool | None = False) -> Run:
        """Run `pulumi destroy`."""
        return self._deployment("destroy", "--yes", "--skip-preview", *options, fails=fails)

    def start(self, *arguments: str) -> RunningCommand:
        """Start a deployment and go on while it runs; the test takes its output to `outputs`, if it matters."""
        self._runs += 1
        file = self.folder / f"output-{self._runs}.txt"
        command = _command(*arguments, "--yes", "--skip-preview")
        return RunningCommand(command, folder=self.project, environment=self.environment, file=file)

    @property
    def state_file(self) -> Path:
        """Where the backend keeps the checkpoints."""
        return self.folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"

    @property
    def is_locked(self) -> bool:
        """Whether a command that uses the stack runs, or was killed while it did."""
        return any((self.folder / "state" / ".pulumi" / "locks").rglob("*.json"))

    @property
    def has_truncated_attributes(self) -> bool:
        """Whether `pulumi` was killed while it wrote the attributes beside the checkpoint, which it does in place."""
        return self.attributes_file.exists() and not self.attributes_file.stat().st_size

    def repair_backend(self) -> None:
        """Remove these attributes: the backend can do without."""
        self.attributes_file.unlink()

    @property
    def attributes_file(self) -> Path:
        """What the backend keeps beside the checkpoint."""
        return self.state_file.with_name(f"{self.state_file.name}.attrs")

    def checkpoint(self) -> dict[str, Any]:
        """Return the state as it is in the file, its secrets encrypted."""
        latest: dict[str, Any] = json.loads(self.state_file.read_text("utf-8"))["checkpoint"].get("latest") or {}
        return latest

    def pending(self) -> list[str]:
        """Return what the last checkpoint says to have been interrupted, each as operation and logical name."""
        operations = self.checkpoint().get("pending_operations") or []
        return [f"{one['type']} {one['resource']['urn'].rpartition('::')[2]}" for one in operations]

    def set_secret(self, name: str, value: str) -> None:
        """Put a value into the encrypted config, through standard input, as a person would."""
        self.pulumi("config", "set", "--secret", name, text=value)

    def set_config(self, name: str, value: str) -> None:
        """Put a value into the config in clear text."""
        self.pulumi("config", "set", "--plaintext", name, value)

    def exported(self) -> list[dict[str, Any]]:
        """Return the resources of the state, with all secrets shown."""
        run = self.pulumi("stack", "export", "--show-secrets")
        resources: list[dict[str, Any]] = json.loads(run.output)["deployment"].get("resources", [])
        return resources

    def stored(self, name: str) -> dict[str, Any]:
        """Return one resource of the state, by its logical name."""
        (found,) = [one for one in self.exported() if one["urn"].endswith(f"::{name}")]
        return found

    def stack_outputs(self) -> Any:  # noqa: ANN401 (JSON of any shape)
        """Return the stack's outputs, secret ones too."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").output)

    def deploy(self, *arguments: str) -> Run:
        """Run a deployment that may succeed or fail, such as `deploy("up", "--refresh")`."""
        return self._deployment(*arguments, "--yes", "--skip-preview", fails=None)

    def pulumi(self, *arguments: str, text: str = "", fails: bool | None = False) -> Run:
        """Run any command of the CLI in the project; `text` is its standard input, `fails` None leaves both open."""
        # Only a deployment has something to say on both, in an order that matters.
        deploys = "--yes" in arguments or arguments[0] == "preview"
        done = self._ran(*arguments, text=text, stderr=subprocess.STDOUT if deploys else subprocess.PIPE)
        if fails not in (None, bool(done.returncode)):
            shown = f"{done.stdout}{done.stderr or ''}"[-_TAIL:]
            raise AssertionError(f"pulumi {' '.join(arguments[:2])} ended with {done.returncode}:\n{shown}")
        return Run(done.returncode, done.stdout)

    def printed(self, *arguments: str) -> str:
        """Return what a command writes to stdout alone, whether it fails or not."""
        return self._ran(*arguments).stdout

    def _ran(self, *arguments: str, text: str = "", stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            _command(*arguments),
            cwd=self.project,
            env=self.environment,
            input=text,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        self.outputs += [done.stdout, done.stderr or ""]
        return done

    def _deployment(self, *arguments: str, fails: bool | None) -> Run:
        self._runs += 1
        log = self.folder / f"events-{self._runs}.json"
        run = self.pulumi(*arguments, f"--event-log={log}", fails=fails)
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return Run(run.code, run.output, tuple(json.loads(line) for line in lines))


class NewStack(Protocol):
    """Makes a stack for a test, from an environment and constants for its programs."""

    def __call__(self, environ: Mapping[str, str], **constants: object) -> Stack: ...


def _command(*arguments: str) -> list[str]:
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    names_stack = "--stack" in arguments or arguments[:2] in {("stack", "init"), ("state", "move")}
    return command if names_stack else [*command, "--stack", STACK]


def urn(kind: str, name: str) -> str:
    """Return the URN of a resource at the top of a stack."""
    return f"urn:pulumi:{STACK}::{PROJECT}::{kind}::{name}"


def calls(proxy: InterceptingProxy) -> list[str]:
    """Return the requests since the last look, each as method, last part of the path, and status."""
    passed = [f"{one.method} {one.path.partition('?')[0].rpartition('/')[2]} {one.status}" for one in proxy.exchanges]
    proxy.exchanges.clear()
    return passed
