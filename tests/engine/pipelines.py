"""Runs the steps of a workflow or a pipeline as they are written, in the shell that GitHub and GitLab would take."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

#: What GitHub runs for `shell: bash`, and GitLab for every script.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")

#: Gets programs from the network; a test has them already.
INSTALLS = "Install"

_SECONDS = 240
_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of shell; `when` is the condition of GitHub, empty for "as long as nothing failed"."""

    name: str
    script: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    when: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What a job did: its exit code as the service would see it, and its output."""

    code: int
    output: str = field(repr=False)


def github(file: Path, given: Mapping[str, str]) -> list[Step]:
    """Return the shell steps of a workflow with one job; `given` are the values of its `${{ expressions }}`."""
    workflow = read(file)
    assert workflow["defaults"]["run"]["shell"] == "bash"
    (job,) = workflow["jobs"].values()
    return [
        Step(
            step["name"],
            _filled(step["run"], given),
            {name: _filled(text, given) for name, text in {**job.get("env", {}), **step.get("env", {})}.items()},
            step.get("if", ""),
        )
        for step in job["steps"]
        if "run" in step and step["name"] != INSTALLS
    ]


def gitlab(file: Path, name: str) -> list[Step]:
    """Return the one piece of shell that a job's script is: all its lines share a shell."""
    return [Step(name, "\n".join(read(file)[name]["script"]))]


def read(file: Path) -> dict[str, Any]:
    """Return a YAML file."""
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content


def run(steps: Sequence[Step], folder: Path, environment: Mapping[str, str]) -> Job:
    """Run steps in a folder; after a failed one only those that ask for it."""
    code, output = 0, ""
    for step in steps:
        if step.when not in {"", "${{ !cancelled() }}", "${{ failure() }}"}:
            raise NotImplementedError(step.when)
        if (code and not step.when) or (not code and "failure()" in step.when):
            continue
        done = subprocess.run(
            [*BASH, "-c", step.script],
            cwd=folder,
            env={**environment, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        code, output = code or done.returncode, output + done.stdout
    return Job(code, output)


def _filled(text: str, given: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: given[found[1]], text)
