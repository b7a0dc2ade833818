"""Keys that a Pulumi stack manages, from the Pulumi CLI."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import typer

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.keys import ENGINE_MARK
from influx_secrets._model.resources import UNKNOWN
from influx_secrets._model.state_codecs import CODECS
from influx_secrets._text import quote
from influx_secrets.cli.shared.untrusted import visible_message

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="The Pulumi stack whose config names the server, and which manages keys. Default: the selected one.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--cwd", metavar="DIR", help="The folder of the Pulumi program. Default: this one."),
]

T = TypeVar("T")
Config: TypeAlias = dict[str, dict[str, Any]]
"""The config of a stack as Pulumi prints it, without what is secret."""

_READ: Final = ("org_id", "key", "version", "versions")
_ERROR: Final = "error: "
PULUMI: Final = "https://www.pulumi.com/docs/install/"
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
LOGIN: Final = re.compile(r"://[^/\s]*@")
"""User and password in a url, such as that of a backend in PostgreSQL."""


class StackError(InfluxSecretsError):
    """The Pulumi CLI did not return the state of the stack; the text is one line."""


@dataclass(frozen=True, slots=True)
class Managed:
    """A key that a stack manages; `resource` is the logical name of the resource that manages it."""

    org_id: str
    key: str
    resource: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The part of a stack that commands need.

    Attributes:
        resources: The logical names of all its resources.
        config: The names in its config, without their namespaces.
    """

    managed: tuple[Managed, ...] = ()
    resources: frozenset[str] = frozenset()
    config: frozenset[str] = frozenset()


def read_config(stack: str | None, folder: Path | None) -> Config | None:
    """Return the stack's config, environments included; None where no stack is named, and none is selected here.

    Raises:
        StackError: There is a stack, and Pulumi does not return its config.
    """
    if stack is None and folder is None and project_file(Path.cwd()) is None:
        return None
    try:
        return ask_pulumi(dict, "config --json --open", stack, folder)
    except StackError:
        stacks = [] if stack is not None else ask_pulumi(list, "stack ls --json", None, folder)
        if stack is not None or any(one.get("current") for one in stacks):
            raise
        if stacks:
            raise StackError(
                "the server is not known: the config of a stack names the server, and no stack is selected. "
                "Run `pulumi stack select NAME`, or give --stack NAME (IS701)"
            ) from None
        return None


def stack_here(stack: str | None, folder: Path | None, config: Config | None) -> Stack | None:
    """Return the stack of a config; None where none is named and there is no Pulumi program in the folder.

    A project without any stack manages nothing.

    Raises:
        StackError: There is a program, or a name, and Pulumi does not return its state.
    """
    if stack is None and folder is None and project_file(Path.cwd()) is None:
        return None
    try:
        exported = ask_pulumi(dict, "stack export", stack, folder)
    except StackError:
        if stack is None and not ask_pulumi(list, "stack ls --json", None, folder):
            return Stack()
        raise
    resources = (exported.get("deployment") or {}).get("resources") or ()
    names = frozenset(name.rpartition(":")[2] for name in config or ())
    return Stack(managed(resources), frozenset(map(_name, resources)), names)


def managed(resources: Iterable[Mapping[str, Any]]) -> tuple[Managed, ...]:
    """Return what the resources of a state manage: not what is only looked up, or pending deletion."""
    return tuple(one for item in resources if not (item.get("external") or item.get("delete")) for one in _keys(item))


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _keys(resource: Mapping[str, Any]) -> Iterator[Managed]:
    codec = CODECS.get(str(resource.get("type")))
    outputs = resource.get("outputs") or {}
    state = codec.decode_state({name: _readable(outputs[name]) for name in _READ if name in outputs}) if codec else None
    if state is not None:
        yield from (Managed(str(state.org_id), key, _name(resource)) for key in sorted(state.keys))


def _readable(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a property, unknown where it is encrypted, as `additional_secret_outputs` makes it."""
    return UNKNOWN if isinstance(value, dict) and ENGINE_MARK in value else value


def project_file(folder: Path) -> Path | None:
    """Return the project file that the Pulumi CLI would find: in the folder, or in one above it."""
    places = (place / name for place in (folder, *folder.parents) for name in _PROJECT_FILES)
    return next((path for path in places if path.exists()), None)


def run_pulumi(call: str, stack: str | None = None, folder: Path | None = None) -> str:
    """Return what a call of the Pulumi CLI writes, such as `stack ls --json`."""
    # Without --show-secrets: secrets stay encrypted, and no passphrase is needed.
    command = ["pulumi", *call.split(), "--non-interactive", "--color=never"]
    command += [f"--stack={stack}"] if stack is not None else []
    command += [f"--cwd={folder}"] if folder is not None else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 (no shell)
    except FileNotFoundError:
        raise StackError(
            f"the command pulumi is not on PATH. Install the Pulumi CLI ({PULUMI}), or add its folder to PATH (IS706)"
        ) from None
    name = call.partition(" -")[0]
    if done.returncode:
        reason = _reason(done.stderr)
        if stack is not None and reason.startswith("no stack named"):
            raise StackError(f"there is no stack {quote(stack)}: correct --stack, see `pulumi stack ls` (IS718)")
        raise StackError(f"`pulumi {name}` failed: {reason}. To see more, run `pulumi {name}` yourself (IS708)")
    return done.stdout


def ask_pulumi(kind: type[T], call: str, stack: str | None = None, folder: Path | None = None) -> T:
    """Return the JSON that a call of the Pulumi CLI writes."""
    try:
        printed = json.loads(run_pulumi(call, stack, folder))
    except ValueError:
        printed = None
    if not isinstance(printed, kind):
        raise StackError(
            f"`pulumi {call.partition(' -')[0]}` wrote no JSON. Run `pulumi version`: influx-secrets needs the Pulumi "
            "CLI 3.216 or later (IS709)"
        )
    return printed


def _reason(stderr: str) -> str:
    """Return the first line that is an error, else the first one at all; a url in it without its password."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(_ERROR)]
    said = next(iter(errors or lines), "no reason given").removeprefix(_ERROR).rstrip(".: ")
    return visible_message(LOGIN.sub("://", said))
