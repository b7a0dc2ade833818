"""The command `influx-secrets review` as a person and a CI job use it: input, formats, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cli.previews import document, secret, shared, step
from command_line import COMMAND, Command, Done, on_terminal
from scripts import IMPORT, create_endpoint, create_rule, create_task, create_token
from servers import InfluxdServer

from influx_secrets.cli.review.report import GATES
from influx_secrets.cli.review.warnings import Kind

REMOVES = document(step("update", shared(versions={"A": 1, "B": 1}), shared(versions={"B": 2})))


def run(*arguments: str, stdin: bytes = REMOVES, **environ: str) -> Done:
    return Command({})("review", *arguments, environ=environ, stdin=stdin)


def test_review_of_a_pipe_is_plain_text() -> None:
    """In the log of a CI job nothing is coloured, cut or wrapped."""
    done = run()
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "InfluxDB secrets: 1 to remove, 1 to rotate",
        "",
        "! 0123456789abcdef: 1 key is removed: A",
        "",
        "0123456789abcdef",
        "KEY  CHANGE  VERSION  RESOURCE",
        "A    remove  1        OrgSecrets shared",
        "B    rotate  1 → 2    OrgSecrets shared",
    ]


def test_review_of_a_file_and_of_a_dash(tmp_path: Path) -> None:
    """A file by its name; a dash is standard input, as everywhere."""
    (tmp_path / "preview.json").write_bytes(REMOVES)
    assert run(str(tmp_path / "preview.json"), stdin=b"").out == run("-").out == run().out


def test_review_as_json_is_one_document() -> None:
    """With the name and version of its schema."""
    found = json.loads(run("--format", "json").out)
    assert (found["schema"], found["version"]) == ("influx-secrets/review", 1)
    assert found["found"] == {"remove": 1}
    assert found["orgs"][0]["changes"][0]["key"] == "A"


def test_review_as_markdown_is_cut() -> None:
    """To what fits into a comment."""
    many = document(step("create", new=shared(versions={f"K{number}": 1 for number in range(5_000)})))
    assert len(run("--format", "markdown", stdin=many).out) <= 65_536
    assert len(run("--format", "markdown", "--max-length", "2000", stdin=many).out) <= 2_000
    assert len(run("--format", "markdown", "--max-length", "0", stdin=many).out) > 65_536


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNASKED = "this preview cannot compare all keys with the server: refused (IS410)"
TAKEN = 'the update overwrites the key "A" of the org 0123456789abcdef: overwrite=True is set (IS604)'
PREVIEWS = {
    Kind.REMOVE: REMOVES,
    Kind.PRUNE: document(step("create", new=shared(exclusive=True, pruned={"A": 1}))),
    Kind.TAKE_OVER: document(step("create", new=secret("A")), said=(TAKEN,)),
    Kind.DRIFT: document(step("update", secret("A", drift="changed"), secret("A", version=2))),
    Kind.UNKNOWN: document(step("create", new=secret("A")), said=(UNASKED,)),
    Kind.ERROR: document(errors=("boom",)),
}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.value)
def test_review_fails_on_what_it_is_told_to(gate: Kind) -> None:
    """Exit code 1 for that alone; the review is printed all the same, and stderr says why."""
    done = run("--fail-on", gate.value, stdin=PREVIEWS[gate])
    assert done.code == 1
    assert done.out.startswith("InfluxDB secrets: ")
    assert f" {gate.value}" in done.err
    others = ",".join(other.value for other in GATES if other is not gate)
    assert run("--fail-on", others, stdin=PREVIEWS[gate]).code == 0


@pytest.mark.parametrize(
    "state",
    [
        shared(exclusive=True, pruned=UNKNOWN),
        shared(versions={"A": UNKNOWN}),
        secret("A", org_id=UNKNOWN),
        secret(UNKNOWN),
    ],
)
def test_review_fails_on_whatever_is_unknown(state: dict[str, object]) -> None:
    """A set to be pruned, a version, an org, a key."""
    old = shared(versions={"A": 1}) if "versions" in str(state) else None
    preview = document(step("update" if old else "create", old, state))
    assert run("--fail-on", "unknown", stdin=preview).code == 1


def test_review_of_a_failed_pipe_is_an_error() -> None:
    """`pulumi preview --json` that found no stack prints nothing: the job must not go on with an empty review."""
    done = run(stdin=b"")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: the input is empty: run `pulumi preview --json` alone to see why it printed nothing (IS712)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("no-such-file",), "error: cannot read no-such-file: No such file or directory. Give a file"),
        (("--fail-on", "removals"), '"removals" is unknown. Choose from remove, prune, takeover, drift'),
        (("--format", "xml"), "'xml' is not one of"),
        (("--max-length", "10"), "give 0 (no limit), or at least 1000"),
    ],
)
def test_review_with_wrong_arguments_is_an_error(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, and what to do instead."""
    done = run(*arguments, COLUMNS="200")
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_review_on_a_terminal_is_coloured_and_fits() -> None:
    """What a key holds reaches the terminal as text alone."""
    key = "\x1b[2Jclear " + "long " * 30
    preview = document(step("delete", secret(key)))
    code, text = on_terminal("review", stdin=preview)
    assert code == 0
    assert "\x1b[31m" in text
    assert "\x1b[2J" not in text
    assert "\\u001b[2Jclear" in text
    _, plain = on_terminal("review", stdin=preview, environ={"NO_COLOR": "1"})
    assert "\x1b[31m" not in plain
    assert max(len(line) for line in plain.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()) <= 60


def test_review_without_a_pipe_does_not_wait() -> None:
    """A person who forgot the pipe is told, instead of looking at nothing."""
    code, text = on_terminal("review")
    assert code == 2
    assert "no preview is given: run `pulumi preview --json | influx-secrets review`" in text


def test_review_is_printed_where_the_encoding_is_poor() -> None:
    """The arrow and keys of other scripts are written out, not an error."""
    preview = document(step("update", secret("ключ"), secret("ключ", version=2)))
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run([COMMAND, "review"], input=preview, env=environ, stdout=subprocess.PIPE, check=True).stdout
    assert rb"\u043a\u043b" in shown


@pytest.mark.influxd
def test_review_says_who_still_reads_a_key_that_goes(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """With `--usage` alone; a server that cannot be asked is a warning, and no error."""
    create_task(influxd, acme, "nightly", f'{IMPORT}x = secrets.get(key: "A")')
    old, new = (shared(org_id=influxd.org_id(acme), versions=versions) for versions in ({"A": 1, "B": 1}, {"B": 1}))
    Path("preview.json").write_bytes(document(step("update", old, new)))
    assert "1 key is removed that is still read by task nightly: A" in real("review", "preview.json", "--usage").out
    assert "nightly" not in real("review", "preview.json").out
    assert "which need not be that of the provider" not in real("review", "preview.json", "--usage").out
    eu = {"provider": "urn:pulumi:dev::p::pulumi:providers:pulumi-python::eu::1"}
    Path("of-eu.json").write_bytes(document(step("update", {**old, **eu}, {**new, **eu})))
    of_eu = real("review", "of-eu.json", "--usage").out
    assert "still read by" in of_eu
    assert "! who reads keys of the provider eu: only one server was asked, which need not be" in of_eu
    poor = {"INFLUX_TOKEN": create_token(influxd, acme, "secrets", "checks")}
    unseen = real("review", "preview.json", "--usage", environ=poor).out
    assert "cannot tell whether any task or check or rule or endpoint still reads a removed key: " in unseen
    endpoint = create_endpoint(influxd, acme, "on-call", "secret: A")
    create_rule(influxd, acme, "disk full", endpoint)
    said = real("review", "preview.json", "--usage").out
    assert "still read by endpoint on-call, rule disk full, task nightly: A" in said
    nobody = Command({**real.environ, "INFLUX_HOST": "http://localhost:1"})
    asked = nobody("review", "preview.json", "--usage")
    assert asked.code == 0
    assert "whether removed keys are still read could not be asked: " in asked.out
