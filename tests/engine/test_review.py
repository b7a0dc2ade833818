"""A preview of the real engine, piped into `influx-secrets review` as a CI job does it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.review.expect import FOLDER
from cli.review.record import RecordedStack, prepared
from cli.review.scenarios import EVERYTHING, ORGS
from engine.stack import STACK
from servers import InfluxdServer


@pytest.fixture
def everything(engine: Path, influxd: InfluxdServer, tmp_path: Path) -> Iterator[RecordedStack]:
    """The stack of the scenario with all kinds of changes, ready for its preview."""
    del engine  # It is there.
    yield prepared(EVERYTHING, [influxd], tmp_path)
    for org in ORGS:
        influxd.delete_org(org)


@pytest.mark.smoke
def test_review_in_a_pipe_names_every_kind_of_change(everything: RecordedStack) -> None:
    """Two orgs, line by line as a person read and committed them; the exit code is that of the gates; no value."""
    preview = shlex.join(["pulumi", "preview", "--json", "--stack", STACK, *EVERYTHING.options])
    piped = f"{preview} | tee preview.json | influx-secrets review --format markdown --fail-on prune,drift"
    done = subprocess.run(  # noqa: S602 (a pipe, as in a CI job)
        piped,
        shell=True,
        cwd=everything.project,
        env=everything.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "found, and --fail-on names it: 1 prune, 4 drift\n"
    assert done.returncode == 1
    assert everything.fixed(done.stdout) == (FOLDER / "everything/review.md").read_text("utf-8")
    for form, file in (("text", "review.txt"), ("json", "review.json")):
        again = subprocess.run(
            ["influx-secrets", "review", "preview.json", "--format", form],
            cwd=everything.project,
            env=everything.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert everything.fixed(again.stdout) == (FOLDER / "everything" / file).read_text("utf-8")
        assert "planted" not in again.stdout
