"""The command `list`: the keys of an org, and who manages each; what a stack says is tested with the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import VALUE, Command
from conformance.other_writers import put_endpoint, put_rule
from servers import SecretsServer

from influx_secrets._client.readers import Alerts
from influx_secrets.cli.shared.inventory import Listed, Manager, listed
from influx_secrets.cli.shared.stacks import Managed, managed
from influx_secrets.emulator import Emulator, Fault, Page

ORG = "0123456789abcdef"
OWNED = "0123456789abcdef-token"
GONE = "nobody that is shown: its notification endpoint was deleted"
HOSTILE = ("\x1b]0;owned\x07", "[red]A[/red]", "a\tb\r\nc", "\u202ecod", ":smile:", "x" * 300, "ключ")


def test_list_shows_the_keys_sorted(command: Command, server: SecretsServer, org: str) -> None:
    """Credentials of the server are told apart; without a Pulumi program, who manages the rest is not known."""
    for key in ("SMTP", "ALERT", OWNED):
        server.put_secret(org, key, VALUE)
    done = command("list")
    assert done.code == 0
    assert done.rows == [
        [OWNED, GONE],
        ["ALERT", "?"],
        ["SMTP", "?"],
    ]
    assert done.err == (
        "note: there is no Pulumi program here, so what a stack manages is not known: give --cwd or --stack\n"
    )


def test_list_names_who_reads_a_key_in_alerts(command: Command, server: SecretsServer, org: str) -> None:
    """Endpoints and rules, also of a key that only the task of a rule goes on reading; as the token sees them."""
    endpoint = str(put_endpoint(server, org, "slack", None, token="t"))
    put_rule(server, org, endpoint, "slack", "disk full")
    put_endpoint(server, org, "slack", endpoint, token="secret: SLACK_TOKEN")
    for key in ("SLACK_TOKEN", "ALERT", OWNED):
        server.put_secret(org, key, VALUE)
    done = command("list", "--json").json["keys"]
    readers = {one["key"]: [(by["kind"], by["active"]) for by in one["readers"]] for one in done}
    own = f"{endpoint}-token"
    assert readers == {own: [("rule", True)], OWNED: [], "ALERT": [], "SLACK_TOKEN": [("endpoint", True)]}
    (name,) = [by["name"] for one in done for by in one["readers"] if by["kind"] == "endpoint"]
    assert dict(command("list").rows) == {
        own: 'the server, for rule "disk full"',
        OWNED: GONE,
        "ALERT": "?",
        "SLACK_TOKEN": f'?, read by endpoint "{name}"',
    }
    blind = command("list", environ={"INFLUX_TOKEN": server.create_token(org)})
    assert dict(blind.rows) == {
        own: "the server, for a notification endpoint",
        OWNED: GONE,
        "ALERT": "?",
        "SLACK_TOKEN": "?",
    }


def test_list_works_where_a_gateway_forbids_to_look_at_alerts(emulator: Emulator) -> None:
    """The keys are shown, and a note says what is missing."""
    emulator.put_secret("acme", "A", VALUE)
    emulator.inject(Fault(Page(403), path="*/notificationEndpoints", times=None))
    done = Command({**emulator.environment, "INFLUX_ORG": "acme"})("list")
    assert (done.code, done.rows) == (0, [["A", "?"]])
    assert "note: who reads the keys in alerts could not be asked: cannot list the endpoints of the org" in done.err


def test_list_hostile_keys_are_shown_and_never_obeyed(command: Command, server: SecretsServer, org: str) -> None:
    """No control character, no markup, no line break, no reversed text reaches a terminal; JSON has them whole."""
    for key in HOSTILE:
        server.put_secret(org, key, VALUE)
    done = command("list")
    shown = [row[0] for row in done.rows]
    assert all(key.isprintable() for key in shown)
    assert {"\\u001b]0;owned\\u0007", "[red]A[/red]", "a\\tb\\r\\nc", "\\u202ecod", ":smile:", "ключ"} <= set(shown)
    assert f"{'x' * 100}… (200 more characters)" in shown
    machine = command("list", "--json")
    assert {one["key"] for one in machine.json["keys"]} == set(HOSTILE)
    assert machine.out.isascii()


def test_list_as_json_has_one_shape(command: Command, server: SecretsServer, org: str) -> None:
    """What programs may rely on."""
    server.put_secret(org, "A", VALUE)
    org_id = server.org_id(org)
    keys = [{"key": "A", "manager": "unknown", "resources": [], "readers": []}]
    assert command("list", "--json").json == {"org_id": org_id, "org": org, "keys": keys}
    by_id = command("list", "--json", "--org-id", org_id)
    assert by_id.json == {"org_id": org_id, "org": None, "keys": keys}


def test_list_of_an_empty_org_says_so(command: Command) -> None:
    """Nothing on stdout, which a script may count."""
    done = command("list")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("note: the org has no secrets\n")


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (["--org", "nobody"], {}, "No org has this name"),
        (["--org", "a", "--org-id", ORG], {}, "--org and --org-id are both given"),
        ([], {"INFLUX_ORG": ""}, "no org is given: use --org or --org-id, or set INFLUX_ORG"),
        ([], {"INFLUX_TOKEN": ""}, "there is no API token"),
    ],
)
def test_list_error_is_one_line(command: Command, arguments: list[str], environ: dict[str, str], says: str) -> None:
    """Code 2, nothing on stdout, no traceback."""
    done = command("list", *arguments, environ=environ)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


def test_list_server_that_is_not_there_is_told_soon(command: Command) -> None:
    """Three attempts, and one line."""
    done = command("list", environ={"INFLUX_HOST": "http://127.0.0.1:9"})
    assert done.code == 2
    assert "(tried 3 times): the connection was refused" in done.err


def test_list_without_pulumi_says_what_is_missing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder of a program, or below it, Pulumi is needed."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("list")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: the command pulumi is not on PATH. Install ")


def test_list_pulumi_that_writes_no_json_is_not_believed(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of that name that is another."""
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("list", "--stack", "dev")
    assert done.err.startswith("error: `pulumi config` wrote no JSON")
    program.write_text("#!/bin/sh\necho 'warning: old' >&2\necho 'error: no stack.' >&2\nexit 1\n")
    more = "To see more, run `pulumi config` yourself (IS708)\n"
    assert command("list", "--stack", "dev").err == f"error: `pulumi config` failed: no stack. {more}"
    program.write_text("#!/bin/sh\nexit 1\n")
    assert command("list", "--stack", "dev").err == f"error: `pulumi config` failed: no reason given. {more}"


@pytest.mark.engine
@pytest.mark.parametrize("verb", ["list", "adopt"])
def test_project_without_a_stack_manages_nothing(
    command: Command, server: SecretsServer, org: str, pulumi: Callable[..., None], verb: str
) -> None:
    """As `pulumi new` leaves it; once there is a stack, one has to be selected or named."""
    server.put_secret(org, "A", VALUE)
    done = command(verb)
    assert done.code == 0, done.err
    assert ('"A"' if verb == "adopt" else "A  ") in done.out
    pulumi("stack", "init", "dev", "--no-select")
    done = command(verb)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: the server is not known: ")
    assert "no stack is selected" in done.err


def resource(kind: str, name: str, outputs: object, **more: object) -> dict[str, object]:
    full = f"pulumi-python:dynamic/influxdb:{kind}"
    return {"urn": f"urn:pulumi:dev::p::{full}::{name}", "type": full, "outputs": outputs, **more}


def test_managed_is_what_live_resources_own() -> None:
    """Escaped keys, one key or many; what is only looked up, on its way out, or encrypted, owns nothing."""
    one = {"org_id": ORG, "key": "A", "version": 1}
    encrypted = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    found = managed(
        [
            resource("Secret", "one", one),
            resource("OrgSecrets", "many", {"org_id": ORG, "versions": {"\\__B": 1, "\\\\C": 2, "D": 1}}),
            resource("Secret", "looked-up", one, external=True),
            resource("Secret", "replaced", one, delete=True),
            resource("OrgSecrets", "secret", {"org_id": ORG, "versions": encrypted}),
            resource("Secret", "counted", one | {"key": "E", "version": encrypted}),
            resource("Secret", "empty", None),
            {"urn": "urn:pulumi:dev::p::random:index:Id::id", "type": "random:index:Id", "outputs": one},
        ]
    )
    assert found == (
        Managed(ORG, "A", "one"),
        Managed(ORG, "D", "many"),
        Managed(ORG, "\\C", "many"),
        Managed(ORG, "__B", "many"),
        Managed(ORG, "E", "counted"),
    )


def test_listed_key_belongs_to_the_stack_of_its_own_org_only() -> None:
    """The same key of another org is another key."""
    others = [
        Managed("f" * 16, "A", "other"),
        Managed(ORG, OWNED, "taken"),
        Managed(ORG, "B", "b"),
        Managed(ORG, "B", "c"),
    ]
    assert listed(["B", "A", OWNED], ORG, others, Alerts()) == (
        Listed(OWNED, Manager.STACK, ("taken",)),
        Listed("A", Manager.NOBODY),
        Listed("B", Manager.STACK, ("b", "c")),
    )
