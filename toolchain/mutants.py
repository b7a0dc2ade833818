"""Mutation check: changes the core one line at a time, and runs the tests."""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
CORE = (
    "_model/planner.py",
    "_provider/reconciler.py",
    "_provider/removals.py",
    "_provider/census.py",
    "_client/value_proofs.py",
    "_client/retry.py",
)
_COPIED = ("influx_secrets", "tests", "toolchain", "pyproject.toml", "pytest_influx_secrets.py")
_TESTS = ("tests/unit/model", "tests/unit/provider", "tests/unit/client", "tests/lifecycle")
_CHOSEN = "not (alone or influxd or soak)"
_TIMEOUT = 900

_SKIPPED = ("Is_Eq", "IsNot_NotEq", "Eq_Is", "NotEq_IsNot", "VariableReplacer", "VariableInserter")
"""Operators whose mutants mean the same (`x is None` and `x == None`), or that ask for names."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file of the package with one change."""

    file: str
    line: int
    before: str
    after: str
    text: str


def main(arguments: Sequence[str]) -> int:
    """Run the tests on each mutant; return 1 if fewer than nine in ten are noticed."""
    parser = argparse.ArgumentParser(prog="python -m toolchain.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="how many lines to change (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the lines (default: %(default)s)")
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)  # noqa: S311 (a choice of lines)
    lines = [rng.choice(mutants) for file in CORE for mutants in _by_line(file)]
    chosen = rng.sample(lines, min(options.count, len(lines)))
    survived = 0
    with tempfile.TemporaryDirectory(prefix="influx-secrets-mutants-") as name:
        place = _copy(Path(name))
        if _first_failure(place):
            raise SystemExit("error: the tests fail without any change")
        for mutant in chosen:
            failure = _run(mutant, place)
            survived += failure is None
            print(f"{mutant.file}:{mutant.line}: {failure or 'SURVIVED'}", flush=True)
            print(f"  - {mutant.before}\n  + {mutant.after}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} mutants were noticed (seed {options.seed})")
    return survived * 10 > len(chosen)


def _by_line(file: str) -> list[list[Mutant]]:
    """Return the mutants of a file that mean something else, by the line that they change."""
    source = (ROOT / "influx_secrets" / file).read_text("utf-8")
    found: dict[int, list[Mutant]] = {}
    for text in _texts(source):
        if _meaning(text) not in ("", _meaning(source)):
            pairs = zip_longest(source.splitlines(), text.splitlines(), fillvalue="")
            number, (before, after) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            found.setdefault(number, []).append(Mutant(file, number, before.strip(), after.strip(), text))
    return list(found.values())


def _texts(source: str) -> Iterator[str]:
    for name in operator_names():
        if not name.endswith(_SKIPPED):
            for occurrence in count():
                text = mutate_code(source, get_operator(name)(), occurrence)
                if text is None:
                    break
                yield text


def _meaning(text: str) -> str:
    """Return the syntax tree without annotations, which do nothing at run time; nothing for a text that has none."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # cosmic-ray 8.7.0 takes the `**` of a call for an operator
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _copy(folder: Path) -> Path:
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def _run(mutant: Mutant, place: Path) -> str | None:
    file = place / "influx_secrets" / mutant.file
    original = file.read_text("utf-8")
    file.write_text(mutant.text, "utf-8")
    try:
        return _first_failure(place)
    finally:
        file.write_text(original, "utf-8")


def _first_failure(place: Path) -> str | None:
    """Run the tests until one fails; return its name, or `None` if none does."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "-n", "logical", "-m", _CHOSEN)
    # The folder comes before the checkout on the path, also for the processes that tests start.
    env = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *options, *_TESTS]
    try:
        done = subprocess.run(
            command, cwd=place, env=env, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return "timed out"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (failed or [f"exit code {done.returncode}"])[0][:160] if done.returncode else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
