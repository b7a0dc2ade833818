"""Many emulated servers in one process, a fleet file for them, and a command that runs while they are there.

    python simulate.py --servers 50 --secrets 200 -- python fleet.py up simulation/fleet.yaml

What it writes into the folder `simulation` stays, so that a second command finds the states of the first; so do the
servers' contents. The values are invented: they and the servers' files are in clear text, readable by you alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import yaml

from influx_secrets.emulator import Emulator

TOKEN = "FLEET_TOKEN"  # noqa: S105 (the name of a variable)


def main(arguments: Sequence[str]) -> int:
    """Start the servers, run the command, return its exit code."""
    options = parser().parse_args(arguments)
    os.umask(0o077)
    for name in ("servers", "values"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    names = [f"server-{number:02}" for number in range(1, options.servers + 1)]
    with ExitStack() as running:
        servers = {name: running.enter_context(emulator(options.folder, name)) for name in names}
        for name in names:
            write_values(options.folder, name, options.secrets, options.change)
        write_fleet(options.folder, {name: server.url for name, server in servers.items()})
        for name in names[: options.down]:
            servers[name].stop()
        env = {**os.environ, TOKEN: servers[names[0]].token}
        if "PULUMI_CONFIG_PASSPHRASE_FILE" not in env:
            env.setdefault("PULUMI_CONFIG_PASSPHRASE", "simulation")
        code = subprocess.run(options.command, env=env, check=False).returncode  # noqa: S603 (the user's own command)
        print(f"{sum(len(server.secrets('acme')) for server in servers.values())} secrets on {len(servers)} servers")  # noqa: T201 (a script)
    return code


def parser() -> argparse.ArgumentParser:
    """Return what understands the arguments."""
    made = argparse.ArgumentParser(prog="simulate.py", description=__doc__.partition("\n")[0])
    made.add_argument("--servers", type=int, default=50)
    made.add_argument("--secrets", type=int, default=200, help="how many on each server (default: %(default)s)")
    made.add_argument("--change", default="a", help="another text makes other values (default: %(default)s)")
    made.add_argument("--down", type=int, default=0, help="how many of the servers are not there")
    made.add_argument("--folder", type=Path, default=Path("simulation"))
    made.add_argument("command", nargs="+", help="after --: what to run")
    return made


def emulator(folder: Path, name: str) -> Emulator:
    """Return a server that keeps its content; its port is another one each time, which no state knows."""
    made = Emulator(
        token="simulated-token",  # noqa: S106 (of emulated servers)
        file=folder / "servers" / f"{name}.json",
    )
    made.start()
    return made


def write_values(folder: Path, name: str, secrets: int, change: str) -> None:
    """Write what a server gets."""
    values = {f"SECRET_{number:04}": f"{change}-{name}-{number}" for number in range(1, secrets + 1)}
    (folder / "values" / f"{name}.json").write_text(json.dumps(values), "utf-8")


def write_fleet(folder: Path, urls: dict[str, str]) -> None:
    """Write the fleet file."""
    servers = {name: {"url": url, "org": "acme", "token": TOKEN} for name, url in urls.items()}
    content = {"project": "simulated-fleet", "values": ["cat", "values/{server}.json"], "servers": servers}
    (folder / "fleet.yaml").write_text(yaml.safe_dump(content), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
