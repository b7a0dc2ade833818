"""`OrgSecrets` against a dynamic resource of the same payload that does nothing: whole `pulumi up` runs, in pairs."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import toolchain
from tests.servers import InfluxdServer

OURS = """
import pulumi
import influx_secrets as influx

keys, change = {keys}, "{change}"
values = {{f"KEY_{{n:06}}": f"{{change}}-value-of-key-{{n:06}}" for n in range(keys)}}
influx.OrgSecrets("all", org_id="{org_id}", secrets=values)
"""

# A provider in `__main__` would be pickled by value; in a module of its own it is as light as one can be.
FLOOR = """
import pulumi
from floor_provider import Floor

keys, change = {keys}, "{change}"
values = {{f"KEY_{{n:06}}": pulumi.Output.secret(f"{{change}}-value-of-key-{{n:06}}") for n in range(keys)}}
Floor("all", values)
"""

FLOOR_PROVIDER = """
from pulumi import dynamic


class FloorProvider(dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def check(self, olds, news):
        return dynamic.CheckResult(news, [])

    def diff(self, id_, olds, news):
        return dynamic.DiffResult(changes=olds != news)

    def create(self, props):
        return dynamic.CreateResult("floor", props)

    def update(self, id_, olds, news):
        return dynamic.UpdateResult(news)


class Floor(dynamic.Resource, module="bench", name="Floor"):
    def __init__(self, name, secrets):
        super().__init__(FloorProvider(), name, {"secrets": secrets})
"""


class Side:
    """One of the two sides: a stack with its own state."""

    def __init__(self, folder: Path, program: str, server: InfluxdServer, **names: object) -> None:
        self._folder, self._program, self._names = folder, program, names
        self._project = folder / "project"
        self._project.mkdir(parents=True)
        self._environment = {**toolchain.environment(folder), **server.environment}
        (self._project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (self._project / "floor_provider.py").write_text(FLOOR_PROVIDER)
        self._pulumi("stack", "init", "dev")

    def up(self, change: str) -> float:
        """Apply the values named by `change`; return the seconds that it took."""
        (self._project / "__main__.py").write_text(self._program.format(change=change, **self._names))
        start = time.perf_counter()
        self._pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        return time.perf_counter() - start

    def _pulumi(self, *arguments: str) -> None:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self._project,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    times: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "influxd").mkdir()
        with InfluxdServer(toolchain.ensure("influxd"), folder / "influxd") as server:
            for pair in range(options.pairs):
                org_id = server.create_org(f"pair-{pair}")
                names = {"keys": options.keys, "org_id": org_id}
                sides = {
                    "ours": Side(folder / f"ours-{pair}", OURS, server, **names),
                    "floor": Side(folder / f"floor-{pair}", FLOOR, server, **names),
                }
                order = list(sides) if pair % 2 else list(reversed(sides))
                for work, change in (("first up", "a"), ("nothing changed", "a"), ("all rotated", "b")):
                    for side in order:
                        seconds = times.setdefault(work, {}).setdefault(side, [])
                        seconds.append(sides[side].up(change))
    sys.stdout.write(json.dumps(_report(options.keys, times), indent=2) + "\n")


def _report(keys: int, times: dict[str, dict[str, list[float]]]) -> dict[str, object]:
    works = {}
    for work, sides in times.items():
        ratios = [ours / floor for ours, floor in zip(sides["ours"], sides["floor"], strict=True)]
        works[work] = {
            "ours, s": round(statistics.median(sides["ours"]), 2),
            "floor, s": round(statistics.median(sides["floor"]), 2),
            "ratio": round(statistics.median(ratios), 3),
            "ratio, least and most": [round(min(ratios), 3), round(max(ratios), 3)],
        }
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return {"keys": keys, "cores": os.cpu_count(), "largest process, MiB": peak, **works}


if __name__ == "__main__":
    main()
