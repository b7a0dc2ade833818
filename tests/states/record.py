"""Records states of the version that is installed, for all later versions to read: `python tests/states/record.py`.

Run it once for each version that changes what is stored, and commit what it writes. All values are made up, and the
passphrase is no secret. A folder holds, beside the program that it starts from (`program.txt`):

- `stack.yaml`: the stack's config, with tokens encrypted by the passphrase.
- `settled.json`, `drifted.json`: exported states, before and after a refresh that found what others had changed.
- `servers.json`: what the server held at each of the two moments, by org and key, and its orgs' ids.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parents[1])]

from engine.stack import STACK, Stack  # noqa: E402 (the path leads to it)

from influx_secrets.emulator import Emulator  # noqa: E402 (after the path is set)

PASSPHRASE = "no secret: these states are made up"
TOKEN = "token-of-the-recorded-states"
ORGS = {"acme": "0123456789abcdef", "acme-labs": "00000000000000aa", "acme-eu": "00000000000000bb"}
STRAYS = {"STRAY": "pruned by the first run", "__STRAY": "this too", "TEAM_KEPT": "kept"}
_BUSY = ("sourcePosition", "stackTrace")
"""What the engine notes of the recorder's own files."""


def record(folder: Path) -> None:
    """Run the program of the folder on an emulator, and write down what was stored."""
    with tempfile.TemporaryDirectory() as work, Emulator(ORGS, token=TOKEN) as emulator:
        for key, value in STRAYS.items():
            emulator.put_secret("acme-labs", key, value)
        stack = Stack(Path(work) / "stack", {**emulator.environment, **passphrase(Path(work))})
        stack.set_secret("euToken", TOKEN)
        stack.program((folder / "program.txt").read_text("utf-8")).up()
        servers = {"settled": held(emulator)}
        write(folder / "settled.json", exported(stack))
        emulator.put_secret("acme", "SLACK_TOKEN", "theirs")
        emulator.put_secret("acme", "SMTP", "theirs")
        emulator.remove_secret("acme", "__M")
        stack.refresh()
        servers["drifted"] = held(emulator)
        write(folder / "drifted.json", exported(stack))
        write(folder / "servers.json", servers)
        (folder / "stack.yaml").write_bytes((stack.project / f"Pulumi.{STACK}.yaml").read_bytes())


def passphrase(folder: Path) -> dict[str, str]:
    """Return the environment that makes a stack use the passphrase of the recordings, kept in a file below `folder`."""
    file = folder / "recorded-passphrase"
    file.write_text(PASSPHRASE, "utf-8")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}


def held(emulator: Emulator) -> dict[str, dict[str, str]]:
    """Return the secrets of all orgs."""
    return {org: emulator.secrets(org) for org in ORGS}


def exported(stack: Stack) -> Any:  # noqa: ANN401 (JSON)
    """Return the state as it is stored, its secrets encrypted."""
    state = json.loads(stack.pulumi("stack", "export").output)
    for resource in state["deployment"]["resources"]:
        for name in _BUSY:
            resource.pop(name, None)
    return state


def write(path: Path, content: object) -> None:
    """Write JSON that a diff can show."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    record(FOLDER / importlib.metadata.version("influx_secrets"))
