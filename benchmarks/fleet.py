"""Many servers: a stack for each (the example `fleet`, some at a time) beside one program for all of them.

    python -m benchmarks.fleet stacks --servers 50 --parallel 2
    python -m benchmarks.fleet program --servers 10

Each prints a JSON object for the first `up`, for one that changes nothing, and for one that changes every value.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

import toolchain

EXAMPLE = Path(__file__).parents[1] / "examples" / "fleet"

PROGRAM = """
import json
import os
from pathlib import Path

import pulumi
import yaml

import influx_secrets as influx

folder = Path(os.environ["SIMULATION"])
for name, server in yaml.safe_load((folder / "fleet.yaml").read_text())["servers"].items():
    provider = influx.Provider(name, url=server["url"])
    values = json.loads((folder / "values" / f"{name}.json").read_text())
    influx.OrgSecrets(name, org="acme", secrets=values, opts=pulumi.ResourceOptions(provider=provider))
"""


class Tree:
    """Samples the memory of a process and all below it, and of the largest of each kind, in MiB (PSS)."""

    def __init__(self, root: psutil.Process) -> None:
        self.peak = 0.0
        self.most = 0
        self.largest: dict[str, float] = {}
        self.simulation = 0.0  # CPU seconds of the servers
        self._root = root
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Tree:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(0.3):
            sizes: list[float] = []
            for process in self._processes():
                try:
                    size = process.memory_full_info().pss / 2**20
                    kind = _kind(process)
                except psutil.Error:  # it has ended meanwhile
                    continue
                sizes.append(size)
                self.largest[kind] = max(self.largest.get(kind, 0), size)
            self.peak, self.most = max(self.peak, sum(sizes)), max(self.most, len(sizes))

    def _processes(self) -> list[psutil.Process]:
        # The simulation itself, the first process, is not what is measured.
        try:
            self.simulation = sum(self._root.cpu_times()[:2])
            return self._root.children(recursive=True)
        except psutil.Error:
            return []


def _kind(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    kinds = {"fleet.py": "fleet.py", "provider": "provider process", "pulumi-language": "language host"}
    found = next((kind for mark, kind in kinds.items() if mark in line.replace("dynamic", "provider")), None)
    return found or process.name()


def measure(command: Sequence[str], folder: Path, servers: int, secrets: int, change: str) -> dict[str, object]:
    """Run a command with the simulated servers; return what it took, without the simulation's own part."""
    simulation = [sys.executable, str(EXAMPLE / "simulate.py"), f"--servers={servers}", f"--secrets={secrets}"]
    environment = {**toolchain.environment(folder), "SIMULATION": str(folder / "simulation")}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = psutil.Popen(
        [*simulation, f"--change={change}", "--", *command],
        cwd=folder,
        env={**environment, "INFLUX_TOKEN": "simulated-token"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with Tree(process) as tree:
        output = process.stdout.read()
        code = process.wait()
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        sys.exit(output[-4000:])
    return {
        "seconds": round(seconds, 1),
        "cpu seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - tree.simulation, 1),
        "peak MiB": round(tree.peak),
        "processes": tree.most,
        "largest MiB": {kind: round(size) for kind, size in sorted(tree.largest.items())},
    }


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["stacks", "program"])
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--secrets", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=2, help="of the stacks")
    parser.add_argument("--changes", nargs="+", default=["a", "a", "b"], help="the values of each run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        command = [sys.executable, str(EXAMPLE / "fleet.py"), "up", "simulation/fleet.yaml"]
        command += ["--parallel", str(options.parallel)]
        if options.way == "program":
            command = _one_program(folder)
        runs = [measure(command, folder, options.servers, options.secrets, change) for change in options.changes]
    names = ["first up", "nothing changed", "all changed"]
    report = {"cores": os.cpu_count(), **vars(options), **dict(zip(names, runs, strict=False))}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def _one_program(folder: Path) -> list[str]:
    project = folder / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: many\nruntime: python\n", "utf-8")
    (project / "__main__.py").write_text(PROGRAM, "utf-8")
    options = ["--cwd", str(project), "--non-interactive", "--stack", "all"]
    environment = toolchain.environment(folder)
    subprocess.run(["pulumi", "stack", "init", "all", *options[:3]], env=environment, check=True, capture_output=True)
    return ["pulumi", "up", "--yes", "--skip-preview", *options]


if __name__ == "__main__":
    main()
