"""States that older versions wrote, each encrypted and as a whole: read without a change, repaired, and destroyed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.stack import STACK, NewStack, Stack
from states.record import ORGS, TOKEN, passphrase

from influx_secrets.emulator import Emulator

FOLDERS = sorted(path for path in (Path(__file__).parents[1] / "states").iterdir() if (path / "stack.yaml").exists())


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator with the orgs of the recordings, without their secrets."""
    with Emulator(ORGS, token=TOKEN) as started:
        yield started


def restored(folder: Path, moment: str, new_stack: NewStack, emulator: Emulator) -> Stack:
    """Return a stack as it was at a moment of the recording, on a server as it was then; only that has moved."""
    held = json.loads((folder / "servers.json").read_text("utf-8"))[moment]
    for org, secrets in held.items():
        for key, value in secrets.items():
            emulator.put_secret(org, key, value)
    stack = new_stack({**emulator.environment})
    stack.environment |= passphrase(stack.folder)
    shutil.copyfile(folder / "stack.yaml", stack.project / f"Pulumi.{STACK}.yaml")
    stack.pulumi("stack", "import", "--file", str(folder / f"{moment}.json"))
    return stack.program((folder / "program.txt").read_text("utf-8"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_state_of_an_old_version_is_read_without_a_change(
    folder: Path, new_stack: NewStack, emulator: Emulator
) -> None:
    """No diff and no write, though there is a fresh value for each key that is only written when told."""
    stack = restored(folder, "settled", new_stack, emulator)
    with (stack.project / f"Pulumi.{STACK}.yaml").open("a", encoding="utf-8") as config:
        config.write("  e2e:fresh: another value on every run\n")
    stack.preview("--expect-no-changes")
    assert [request.method for request in emulator.requests if request.method not in ("GET", "POST")] == []
    # The run of the recording named what it removed; only what it declared goes now.
    stack.destroy()
    assert {org: emulator.secrets(org) for org in ORGS} == {
        "acme": {},
        "acme-labs": {"TEAM_KEPT": "kept"},
        "acme-eu": {},
    }
    assert stack.exported() == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_drift_in_the_state_of_an_old_version_is_repaired(
    folder: Path, new_stack: NewStack, emulator: Emulator
) -> None:
    """The preview names exactly what the old version found, and the up leads back to the settled server."""
    stack = restored(folder, "drifted", new_stack, emulator)
    preview = stack.preview(diff=True)
    assert {line for line in preview.changes if not line.endswith("{")} == {
        # The run that changes a state of before adds the server to it.
        f'+ server: "{emulator.url}"',
        '- drift: "changed"',
        "~ version: 1 => 2",
        '- SMTP: "changed"',
        '- \\__M: "deleted"',
        "~ SMTP: 1 => 2",
        "~ \\__M: 1 => 2",
    }
    stack.up()
    settled = json.loads((folder / "servers.json").read_text("utf-8"))["settled"]
    assert {org: emulator.secrets(org) for org in ORGS} == settled
    stack.preview("--refresh", "--expect-no-changes")
