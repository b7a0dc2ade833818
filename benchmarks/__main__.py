"""The command line of the measurements: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks._charts import draw
from benchmarks._compare import compare
from benchmarks._measure import cases, measure
from benchmarks._plan import BY_NAME, COMPARED, CONDITIONS, FULL, IN_ORDER, QUICK, Choice, Lap
from benchmarks._report import pages
from benchmarks._runners import RunError, hear_interrupts, keep_bytecode
from benchmarks._store import Store

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "benchmarks" / "results.json"


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for and not measured yet, then write the page of all that is measured."""
    options = _parser().parse_args(arguments)
    laps = _laps(options)
    if not options.report:
        hear_interrupts()
        keep_bytecode()
    try:
        if options.compare:
            sys.stdout.write(f"{compare(laps, options.compare, options.results)}\n")
            return 0
        store = Store(options.results or RESULTS)
        if options.again:
            store.forget([case for lap in laps for case in cases(lap)])
        if not options.report:
            measure(laps, store)
    except RunError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if not store.cases():
        sys.stderr.write("nothing is measured yet\n")
        return 1
    written = list(draw(store, options.docs / "benchmarks"))
    for name, text in pages(store).items():
        written.append(options.docs / name)
        written[-1].write_text(text, "utf-8")
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0


def _laps(options: argparse.Namespace) -> list[Lap]:
    choice = Choice(options.keys, options.subjects, options.work, options.conditions, options.rounds, options.laps)
    return list(choice.of(COMPARED if options.compare else QUICK if options.quick else FULL))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of a few cases, in five minutes")
    parser.add_argument("--compare", metavar="REV", help="print ratios to a revision of the package, in pairs of runs")
    parser.add_argument(
        "--laps", nargs="+", choices=[lap.name for lap in COMPARED], default=[], help="only these, with --compare"
    )
    parser.add_argument("--keys", nargs="+", type=int, default=[], metavar="N", help="only these numbers of keys")
    parser.add_argument("--subjects", nargs="+", choices=BY_NAME, default=[], help="only these")
    parser.add_argument("--work", nargs="+", choices=IN_ORDER, default=[], help="only these")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=[], help="only these")
    parser.add_argument("--rounds", type=int, help="so many of each case, those measured before included")
    parser.add_argument("--again", action="store_true", help="drop what was measured of these cases before")
    parser.add_argument("--report", action="store_true", help="measure nothing, only write the page")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes (default: docs)")
    parser.add_argument(
        "--results",
        type=Path,
        help="pyperf's file: read, added to after each round, written (default: docs/benchmarks/results.json; with "
        "--compare none)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
