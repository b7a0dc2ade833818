"""The page of the facts, made from their table and from the recorded runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from facts.fact import Fact, Question
from facts.table import QUESTIONS

from toolchain._programs import parse_version

PAGE = Path(__file__).parents[2] / "docs" / "facts.md"
SEEN = Path(__file__).with_name("seen.json")
_TITLES = {"influxd": "InfluxDB", "pulumi": "Pulumi"}
_START = """\
# What InfluxDB and Pulumi do with secrets

Each line was seen on the real programs, without this package. `make facts` looks again: at the programs of this
machine, or at others (`INFLUXD=… PULUMI=… make facts`). The last column names the versions on which a line was seen.
"Otherwise" names the versions on which the program does something else, which the check knows too.
"""


def record(program: str, verdicts: Mapping[str, bool]) -> None:
    """Keep which facts one version showed, and write the page again; a run of some facts leaves the others."""
    seen = _seen()
    names = {*seen.get(program, []), *verdicts} - {name for name, is_known in verdicts.items() if not is_known}
    seen[program] = sorted(names & {fact.name for question in QUESTIONS for fact in question.facts})
    SEEN.write_text(json.dumps(dict(sorted(seen.items())), indent=1) + "\n", "utf-8")
    PAGE.write_text(render(), "utf-8")


def render() -> str:
    """Return the page."""
    seen = _seen()
    parts = [_START]
    for subject, title in _TITLES.items():
        versions = sorted(
            (one.split()[1] for one in seen if one.startswith(subject)), key=lambda text: parse_version(text) or ()
        )
        recorded = {version: seen[f"{subject} {version}"] for version in versions}
        sums = [f"{version}: {len(names)}" for version, names in recorded.items()]
        parts.append(f"## {title}\n\nLines that held, by version: {', '.join(sums)}.\n")
        parts += [_section(question, recorded) for question in QUESTIONS if question.subject == subject]
    return "\n".join(parts)


def _section(question: Question, recorded: Mapping[str, Sequence[str]]) -> str:
    file = f"{question.facts[0].see.__module__.rpartition('.')[2]}.py"
    rows = [
        f"| {fact.behaviour} | {fact.means} | {fact.does} | {_seen_on(fact, recorded)} |" for fact in question.facts
    ]
    note = f"{question.note} " if question.note else ""
    head = "| what happens | what it means for you | what influx_secrets does | seen on |\n|---|---|---|---|"
    return f"### {question.text}\n\n{note}Checks: [{file}](../tests/facts/{file}).\n\n{head}\n" + "\n".join(rows) + "\n"


def _seen_on(fact: Fact, recorded: Mapping[str, Sequence[str]]) -> str:
    shown = [version for version, names in recorded.items() if fact.name in names]
    new = [version for version in shown if fact.expected(version) == fact.known]
    older = [version for version in shown if version not in new]
    return ". Otherwise: ".join(filter(None, (", ".join(new), ", ".join(older))))


def _seen() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads(SEEN.read_text("utf-8"))
    return loaded
