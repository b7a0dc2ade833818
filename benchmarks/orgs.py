"""Many orgs of one server in one stack, an `OrgSecrets` for each; the server is emulated.

    python -m benchmarks.orgs --orgs 50 200 --secrets 50

Prints a JSON object for each number of orgs: the first `up`, one that changes nothing, one that changes every value.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen, run

import toolchain
from benchmarks._memory import Watch
from benchmarks._runners import hear_interrupts
from influx_secrets.emulator import Emulator

PROGRAM = """
import os

import influx_secrets as influx

orgs, secrets, value = int(os.environ["ORGS"]), int(os.environ["SECRETS"]), os.environ["VALUE"]
for number in range(orgs):
    name = f"org-{number}"
    influx.OrgSecrets(name, org=name, secrets={f"KEY_{key}": f"{value}-{name}-{key}" for key in range(secrets)})
"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orgs", nargs="+", type=int, default=[50, 200])
    parser.add_argument("--secrets", type=int, default=50, help="in each org")
    options = parser.parse_args()
    hear_interrupts()
    for orgs in options.orgs:
        with Emulator([f"org-{number}" for number in range(orgs)]) as emulator, tempfile.TemporaryDirectory() as folder:
            runs = _measure(Path(folder), {**emulator.environment, "ORGS": str(orgs), "SECRETS": str(options.secrets)})
            if not all(len(emulator.secrets(org)) == options.secrets for org in emulator.orgs):
                sys.exit("not every secret arrived")
        sys.stdout.write(
            json.dumps({"cores": os.cpu_count(), "orgs": orgs, "secrets in each": options.secrets, **runs}, indent=2)
            + "\n"
        )


def _measure(folder: Path, given: Mapping[str, str]) -> dict[str, dict[str, float]]:
    project = folder / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: orgs\nruntime: python\n", "utf-8")
    (project / "__main__.py").write_text(PROGRAM, "utf-8")
    environment = {**toolchain.environment(folder), **given}
    run(["pulumi", "stack", "init", "all"], cwd=project, env=environment, check=True, capture_output=True)
    works = (("first up", "a"), ("nothing changed", "a"), ("all changed", "b"))
    return {work: _up(project, {**environment, "VALUE": value}) for work, value in works}


def _up(project: Path, environment: Mapping[str, str]) -> dict[str, float]:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "all"]
    start = time.perf_counter()
    process = Popen(command, cwd=project, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, text=True)
    with process, Watch(process.pid) as watch:
        output = process.communicate()[0]
    if process.returncode:
        sys.exit(output[-4000:])
    peaks = {f"{part}, MiB": round(peak / 2**20) for part, peak in watch.peaks.items()}
    return {"seconds": round(time.perf_counter() - start, 1), **peaks}


if __name__ == "__main__":
    main()
