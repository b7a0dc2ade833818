"""The command `make pictures`: a terminal's view of a real run.

A small stack is applied to an emulator and then changed: one value is new, one key comes, one goes. What the commands
print about that change becomes `docs/pictures/*.svg`; a test draws it again and compares.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from influx_secrets.emulator import Emulator
from toolchain._environment import environment
from toolchain._errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

_COLUMNS = 96
_ORGS = {"acme": "0123456789abcdef"}
_PROGRAM = """\
import pulumi

import influx_secrets as influx

config = pulumi.Config()
secrets = {key: config.require_secret(key) for key in config.require("keys").split()}
influx.OrgSecrets("company", org="acme", secrets=secrets)
"""
_BEFORE = {"keys": "PAGERDUTY_KEY SLACK_TOKEN SMTP_PASSWORD", "SLACK_TOKEN": "old"}
_AFTER = {"keys": "PAGERDUTY_KEY SLACK_TOKEN WEBHOOK_KEY", "SLACK_TOKEN": "new"}
_SAME = {"PAGERDUTY_KEY": "a", "SMTP_PASSWORD": "b", "WEBHOOK_KEY": "c"}
_RANDOM = re.compile(r"\[(?:id|provider)=")
"""Lines that differ in every run."""
_PORT = re.compile(r"127\.0\.0\.1:\d+")
"""So does the emulator's port."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A command and what a terminal shows of it, with the codes for its colours."""

    name: str
    command: str
    text: str


def main() -> int:
    """Draw every picture; return the exit code."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="influx-secrets-pictures-") as name:
        try:
            for picture in recorded(Path(name)):
                path = PICTURES / f"{picture.name}.svg"
                path.write_text(drawn(picture), "utf-8")
                print(path.relative_to(PICTURES.parent.parent))
        except ToolchainError as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
    return 0


def recorded(folder: Path) -> Iterator[Picture]:
    """Run the stack in an empty folder; return what each command says about its change."""
    with Emulator(_ORGS) as emulator:
        env = environment(folder) | emulator.environment | {"INFLUX_CONFIGS_PATH": os.devnull}
        (folder / "Pulumi.yaml").write_text("name: company\nruntime: python\n", "utf-8")
        (folder / "__main__.py").write_text(_PROGRAM, "utf-8")
        _run(folder, env, "pulumi", "stack", "init", "prod")
        _configure(folder, env, {**_SAME, **_BEFORE})
        _run(folder, env, "pulumi", "up", "--yes", "--skip-preview")
        _configure(folder, env, _AFTER)
        shown = _run(folder, env, "pulumi", "preview", "--diff", "--color", "always")
        yield Picture("preview", "pulumi preview --diff", shown)
        file = folder / "preview.json"
        file.write_text(_run(folder, env, "pulumi", "preview", "--json"), "utf-8")
        # What is read is a file here, and the command believes that it writes to a terminal.
        env |= {"FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
        shown = _run(folder, env, "influx-secrets", "review", str(file))
        yield Picture("review", "pulumi preview --json | influx-secrets review", shown)


def drawn(picture: Picture) -> str:
    """Return the SVG of a terminal that ran the command."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    text = _PORT.sub("127.0.0.1:8086", picture.text)
    lines = [line for line in text.strip().splitlines() if not _RANDOM.search(line)]
    # Rich cuts the last line's descenders off where the picture is scaled: the empty one loses nothing.
    console.print(Text.from_ansi("\n".join(lines)), end="\n\n")
    svg = console.export_svg(title=f"$ {picture.command}", unique_id=picture.name)
    # Rich would load a font from another host.
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def _configure(folder: Path, env: Mapping[str, str], values: Mapping[str, str]) -> None:
    given = [part for name, value in values.items() for part in ("--plaintext", f"{name}={value}")]
    _run(folder, env, "pulumi", "config", "set-all", *given)


def _run(folder: Path, env: Mapping[str, str], *command: str) -> str:
    done = subprocess.run([*command], cwd=folder, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolchainError(f"{' '.join(command[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
