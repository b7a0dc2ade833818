"""The sample stack: the Pulumi commands that create, configure, apply and remove it."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolchain._errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import FrameType

PROJECT = "influx-secrets-sample"
SECRET_NAMES = ("slackToken", "smtpPassword", "pagerdutyKey", "billingApiKey")


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of the sample.

    Attributes:
        name: The name of the stack.
        project: The folder with `Pulumi.yaml`.
        environment: What every Pulumi command runs in.
    """

    name: str
    project: Path
    environment: Mapping[str, str]

    def select(self) -> None:
        """Make it the current stack, creating it if need be."""
        self._quietly("stack", "select", "--create", self.name)

    def config(self) -> dict[str, Any]:
        """Return the entries of the stack's config, without their namespace; secret values are not in them."""
        found = json.loads(self._quietly("config", "--json", "--stack", self.name))
        return {name.partition(":")[2]: entry for name, entry in found.items()}

    def set_values(self, config: Mapping[str, Any]) -> bool:
        """Set the secret values that the config lacks to random ones; return whether there were any."""
        missing = [name for name in SECRET_NAMES if name not in config]
        for name in missing:
            # Through standard input: the arguments of a process can be read by everybody on the machine.
            value = secrets.token_urlsafe(24)
            self._quietly("config", "set", "--secret", name, "--stack", self.name, text=value)
        return bool(missing)

    def set_orgs(self, orgs: tuple[str, ...], config: Mapping[str, Any]) -> None:
        """Write into the config which orgs to write to, unless it says so already."""
        if orgs_of(config) == orgs:
            return
        if "orgs" in config:
            self._quietly("config", "rm", "orgs", "--stack", self.name)
        for index, org in enumerate(orgs):
            self._quietly("config", "set", "--path", "--stack", self.name, "--", f"orgs[{index}]", org)

    def up(self) -> None:
        """Preview and apply; the output of Pulumi is shown."""
        self._shown("up", "--yes", "--stack", self.name)

    def preview(self) -> None:
        """Preview; the output of Pulumi is shown."""
        self._shown("preview", "--stack", self.name)

    def remove(self) -> None:
        """Destroy everything in the stack, then the stack and its config."""
        self._shown("destroy", "--yes", "--stack", self.name)
        self._quietly("stack", "rm", "--yes", self.name)

    def _quietly(self, *arguments: str, text: str = "") -> str:
        """Run a command whose output matters only when it fails; `text` is its standard input."""
        pipe = subprocess.PIPE
        command = ["pulumi", "--non-interactive", *arguments]
        with (
            subprocess.Popen(
                command,
                cwd=self.project,
                env=dict(self.environment),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
            ) as process,
            left_alone(process),
        ):
            output, errors = process.communicate(text)
        if process.returncode:
            lines = [line for line in errors.splitlines() if line.strip()] or ["no output"]
            raise ToolchainError(f"pulumi {arguments[0]} {arguments[1]} failed: {lines[-1]}")
        return output

    def _shown(self, *arguments: str) -> None:
        """Run a command whose output is shown."""
        command = ["pulumi", *arguments]
        with (
            subprocess.Popen(
                command, cwd=self.project, env=dict(self.environment), stdin=subprocess.DEVNULL
            ) as process,
            left_alone(process),
        ):
            process.wait()
        if process.returncode:
            raise ToolchainError(f"pulumi {arguments[0]} did not succeed; its messages are above")


def orgs_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the orgs that a config names; none if it does not say."""
    return tuple(str(org) for org in json.loads(config["orgs"]["value"])) if "orgs" in config else ()


@contextmanager
def left_alone(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a child decide what Ctrl-C means: Pulumi finishes its step and unlocks the state, a shell goes on.

    A terminal sends Ctrl-C to the child as well. A request to end that came to this process alone is passed on.

    Raises:
        KeyboardInterrupt: After the end of the child, if a signal came.
    """
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        if number == signal.SIGTERM:
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt
