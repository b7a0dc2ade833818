"""The READMEs of the examples run: each command as it stands, by a reader in the shell that `make shell` opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.console import SESSION_SECONDS, Step, blocks, run, steps
from engine.stack import NewStack

from influx_secrets.emulator import Emulator

EXAMPLES = Path(__file__).parents[2] / "examples"
#: With commands to type. That of `ci` only names files, which tests/engine/test_ci_recipes.py runs.
PAGES = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md") if blocks(path.read_text("utf-8")))
#: Seconds for those that take minutes: fifty servers.
LONG = {"fleet": 1700.0}
#: Gets packages from the network; a test has them already.
INSTALLS = "pip install "
#: The second server of a page, which its reader starts in another terminal.
SECOND, TOKEN_OF_SECOND = "http://localhost:8087", "us-token"


def session(name: str, second: Emulator) -> Iterator[Step]:
    for step in steps(blocks((EXAMPLES / name / "README.md").read_text("utf-8"))):
        if not step.command.startswith(INSTALLS):
            yield Step(step.command.replace(SECOND, second.url), step.line, step.shown)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.soak, pytest.mark.timeout(1800)] if name in LONG else []) for name in PAGES],
)
def test_reader_of_an_example_sees_what_it_says(name: str, new_stack: NewStack) -> None:
    """In a copy of the folder, beside a server with the orgs `acme` and `acme-labs`."""
    with Emulator(("acme", "acme-labs")) as emulator, Emulator(("acme",), token=TOKEN_OF_SECOND) as second:
        # The reader says "yes" to each question of Pulumi, and has activated a virtual environment.
        stack = new_stack({**emulator.environment, "PULUMI_SKIP_CONFIRMATIONS": "true"})
        folder = stack.folder / "example"
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".fleet", "simulation"))
        problems = run(list(session(name, second)), folder, stack.environment, LONG.get(name, SESSION_SECONDS))
    assert not problems, "\n\n".join(problems)


def test_every_block_of_an_example_is_run() -> None:
    """Each is a list of commands, and each program has a README that says how it is run."""
    assert {path.parent.name for path in EXAMPLES.glob("*/Pulumi.yaml")} <= set(PAGES)
    for path in EXAMPLES.rglob("*.md"):
        found = blocks(path.read_text("utf-8"))
        assert {block.language for block in found} <= {"console"}, path
        assert not found or path.parent.name in PAGES
