"""The command `usage`: who reads which key, what is missing, what nobody reads, and what cannot be known."""

from __future__ import annotations

import pytest
from command_line import VALUE, Command
from scripts import IMPORT, create_check, create_endpoint, create_rule, create_task, create_token
from servers import InfluxdServer, SecretsServer

from influx_secrets._client.readers import CHECKS, TASKS
from influx_secrets.cli.usage.command import State, uses
from influx_secrets.cli.usage.readers import Readers
from influx_secrets.emulator import Emulator, Fault, Status

ODD = 'a\x1b[31m [bold]"ü'


def read(key: str) -> str:
    return f'{IMPORT}x = secrets.get(key: "{key}")'


@pytest.fixture
def used(influxd: InfluxdServer, acme: str) -> str:
    """An org with a key of each state; returns the key of its notification endpoint, which has a rule."""
    for key in ("READ", "UNREAD", ODD):
        influxd.put_secret(acme, key, VALUE)
    create_task(influxd, acme, "nightly", f'{read("READ")}\ny = secrets.get(key: "MISSING")')
    create_task(influxd, acme, "[red]paused", read("READ"), status="inactive")
    create_check(influxd, acme, "watch", 'r.x == secrets.get(key: "READ")')
    endpoint_id = create_endpoint(influxd, acme, "slack")
    create_rule(influxd, acme, "alarm", endpoint_id)
    return f"{endpoint_id}-token"


@pytest.mark.influxd
def test_usage_shows_each_key_with_its_readers(real: Command, used: str) -> None:
    """What is missing comes first; a key is shown as text, whatever is in it."""
    done = real("usage")
    assert done.code == 0
    assert done.rows == [
        ["MISSING", "missing", 'task "nightly"'],
        ["UNREAD", "unread", "-"],
        ['a\\u001b[31m [bold]"ü', "unread", "-"],
        ["READ", "read", 'task "nightly", task "[red]paused" (inactive), check "watch"'],
        [used, "server", 'the server, for endpoint "slack", rule "alarm"'],
    ]
    assert done.err == ""


@pytest.mark.influxd
def test_usage_as_json_has_one_shape(real: Command, influxd: InfluxdServer, acme: str, used: str) -> None:
    """What programs may rely on."""
    document = real("usage", "--json").json
    assert set(document) == {"org_id", "org", "tasks", "checks", "rules", "endpoints", "keys", "unknown"}
    assert (document["org_id"], document["org"]) == (influxd.org_id(acme), acme)
    assert [document[f"{kind}s"] for kind in ("task", "check", "rule", "endpoint")] == [2, 1, 1, 1]
    assert document["unknown"] == []
    states = {one["key"]: one["state"] for one in document["keys"]}
    assert states == {"MISSING": "missing", "UNREAD": "unread", ODD: "unread", "READ": "read", used: "server"}
    (reader,) = next(one["readers"] for one in document["keys"] if one["key"] == "MISSING")
    assert {**reader, "id": ""} == {"kind": "task", "id": "", "name": "nightly", "active": True}


@pytest.mark.influxd
@pytest.mark.usefixtures("used")
def test_usage_fails_on_what_it_is_told_to_fail_on(real: Command) -> None:
    """Code 1 for a finding that was asked for, and for no other."""
    assert real("usage", "--fail-on", "missing").code == 1
    assert real("usage", "--fail-on", "unknown", "--fail-on", "unread").code == 1
    failed = real("usage", "--fail-on", "unread, unknown")
    assert (failed.code, failed.err) == (1, "found, and --fail-on names it: 2 unread\n")
    assert real("usage", "--fail-on", "unknown").code == 0
    assert real("usage", "--fail-on", "nothing").code == 2


@pytest.mark.influxd
def test_usage_says_who_reads_what_cannot_be_told(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """A key that only the run of a script can tell may be any."""
    influxd.put_secret(acme, "A", VALUE)
    create_task(influxd, acme, "vague", f"{IMPORT}f = secrets.get")
    done = real("usage", "--fail-on", "unknown")
    assert done.code == 1
    said = done.out.splitlines()[-1]
    assert said == 'task "vague" reads a key that its script does not spell out: it may be any of them'
    assert [one["name"] for one in real("usage", "--json").json["unknown"]] == ["vague"]


@pytest.mark.influxd
def test_usage_looks_at_every_page_of_tasks_and_checks(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """The server lists 500 tasks and 100 checks at a time; the last ones are seen, and none is seen twice.

    A check whose task was deleted is left out, and its page is then not full (influxd 2.9.1).
    """
    # None is active: a hundred that run each minute make the server slow for the tests that follow.
    for number in range(TASKS.per_page + 1):
        create_task(influxd, acme, f"task {number}", read(f"TASK_{number}"), status="inactive")
    for number in range(CHECKS.per_page + 1):
        condition = f'r.x == secrets.get(key: "CHECK_{number}")'
        check_id = create_check(influxd, acme, f"check {number}", condition, status="inactive")
        if number == 0:
            task_id = influxd.call("GET", f"/api/v2/checks/{check_id}")["taskID"]
            influxd.call("DELETE", f"/api/v2/tasks/{task_id}")
    document = real("usage", "--json").json
    assert (document["tasks"], document["checks"]) == (TASKS.per_page + 1, CHECKS.per_page)
    assert {one["key"] for one in document["keys"]} == {
        *(f"TASK_{number}" for number in range(TASKS.per_page + 1)),
        *(f"CHECK_{number}" for number in range(1, CHECKS.per_page + 1)),
    }
    assert all(len(one["readers"]) == 1 for one in document["keys"])


@pytest.mark.influxd
@pytest.mark.usefixtures("used")
def test_usage_says_what_the_token_is_not_shown(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """Influxd 2.9.1 shows an empty list to a token that may not read tasks: nothing is then known to be unread.

    It needs that for rules as well, whose scripts are tasks.
    """
    seen = "secrets", "checks", "notificationRules", "notificationEndpoints"
    done = real("usage", environ={"INFLUX_TOKEN": create_token(influxd, acme, *seen)})
    assert done.code == 0
    assert ["READ", "read", 'check "watch"'] in done.rows
    assert ["UNREAD", "unknown", "-"] in done.rows
    lacks = 'there is none, or the token lacks "read tasks", "read notificationRules"'
    note = f"note: the server shows no task and no rule: {lacks}\n"
    assert done.err == note
    poor = {"INFLUX_TOKEN": create_token(influxd, acme, *seen)}
    assert real("usage", "--json", environ=poor).err == note
    for gate in ("unread", "unknown"):
        assert real("usage", "--fail-on", gate, environ=poor).code == 1
    assert real("usage", "--fail-on", "missing", environ=poor).code == 0


@pytest.mark.influxd
def test_usage_key_in_a_variable_is_possibly_read(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """The script reads something that it does not spell out, and contains the key as a string."""
    for key in ("A", "B"):
        influxd.put_secret(acme, key, VALUE)
    create_task(influxd, acme, "vague", f'{IMPORT}name = "A"\nx = secrets.get(key: name)')
    create_check(influxd, acme, "watch", "true")
    create_rule(influxd, acme, "alarm", create_endpoint(influxd, acme, "slack"))
    assert real("usage").rows[:2] == [["B", "unread", "-"], ["A", "possible", 'possibly task "vague"']]


def test_usage_of_an_org_without_anything_is_no_error(command: Command, server: SecretsServer, org: str) -> None:
    """No keys, no readers, no table."""
    done = command("usage", "--org-id", server.org_id(org), environ={"INFLUX_ORG": ""})
    assert (done.code, done.out) == (0, "")
    assert len(done.err.splitlines()) == 1


def test_usage_of_a_server_without_tasks_is_an_error(emulator: Emulator) -> None:
    """One line shows the answer of the server."""
    emulator.inject(Fault(Status(501, message="no tasks here"), path="*/tasks"))
    done = Command({**emulator.environment, "INFLUX_ORG": "acme"})("usage")
    assert (done.code, done.out) == (2, "")
    assert "no tasks here" in done.err
    assert done.err.count("\n") == 1


def test_uses_credential_of_an_endpoint_that_is_gone_is_missing() -> None:
    """Whatever reads it would fail."""
    (use,) = uses([], Readers((), {"0123456789abcdef-token": ()}, {}, ()))
    assert use.state is State.MISSING
