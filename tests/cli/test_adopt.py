"""The command `adopt`: a program that is valid for any key; that it adopts is tested with the engine."""

from __future__ import annotations

import ast
import re

import pytest
from command_line import VALUE, Command
from conformance.other_writers import put_endpoint, put_rule
from hypothesis import example, given
from hypothesis import strategies as st
from servers import SecretsServer

from influx_secrets.cli.adopt.program_text import config_names, literal, program

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
@example('"""\\\n\r\0{}${x}\'\u202eü😀')
def test_literal_means_the_text_and_shows_all_of_it(text: str) -> None:
    """Python reads back the same text; a reviewer sees each character of it, on one line."""
    written = literal(text)
    assert ast.literal_eval(written) == text
    assert written.isprintable()


@given(st.lists(TEXTS, unique=True), st.sets(st.sampled_from(["secret", "a", "a2", "key1"])))
@example(["a", "A", "a2", "a_2", "-", "--"], {"a3"})
def test_config_names_are_plain_and_unique(keys: list[str], taken: set[str]) -> None:
    """Each name can stand in a command as it is, and means one key."""
    names = config_names(keys, taken)
    assert list(names) == keys
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]{0,80}", name) for name in names.values())
    assert len({*names.values(), *taken}) == len(keys) + len(taken)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("SLACK_TOKEN", "slackToken"),
        ("slackToken", "slackToken"),
        ("smtp-password", "smtpPassword"),
        ("team/a.b", "teamAB"),
        ("HTTPProxy", "httpproxy"),
        ("2FA", "key2fa"),
        ("ключ", "secret"),
    ],
)
def test_config_name_reads_like_the_key(key: str, name: str) -> None:
    """People recognise it."""
    assert config_names([key]) == {key: name}


def secrets_of(text: str) -> dict[str, str]:
    """Return key to config name, as Python reads the program."""
    (call,) = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and len(node.keywords) == 2]
    secrets = call.keywords[1].value
    assert isinstance(secrets, ast.Dict)
    found = {}
    for key, value in zip(secrets.keys, secrets.values, strict=True):
        assert isinstance(key, ast.Constant)
        assert isinstance(value, ast.Call)
        found[ast.literal_eval(key)] = ast.literal_eval(value.args[0])
    return found


@given(TEXTS, st.dictionaries(TEXTS, st.just("name"), min_size=1))
def test_program_is_python_for_any_org_and_keys(org: str, names: dict[str, str]) -> None:
    """What a server holds cannot become code."""
    assert secrets_of(program({"org": org}, names)) == names


def test_program_takes_no_name_that_is_taken() -> None:
    """A second run beside the first program gets a resource of its own."""
    assert '    "acme2",\n' in program({"org": "acme"}, {"A": "a"}, ["acme"])


def test_adopt_writes_the_program_and_how_to_set_its_values(command: Command, server: SecretsServer, org: str) -> None:
    """The program alone is on stdout; the commands stand beside it, and none holds a value."""
    for key in ("SMTP_PASSWORD", "smtp-password", 'odd "key"', "0123456789abcdef-token"):
        server.put_secret(org, key, VALUE)
    done = command("adopt")
    assert done.code == 0
    names = {"SMTP_PASSWORD": "smtpPassword", "smtp-password": "smtpPassword2", 'odd "key"': "oddKey"}
    assert secrets_of(done.out) == names
    assert f"    org={literal(org)},\n" in done.out
    commands = [line.strip() for line in done.err.splitlines() if line.startswith("  pulumi ")]
    assert sorted(commands) == sorted(f"pulumi config set --secret {name}" for name in names.values())
    assert "There is no Pulumi program here, so a stack may manage these keys already" in done.err


def test_adopt_as_json_has_one_shape(command: Command, server: SecretsServer, org: str) -> None:
    """What programs may rely on."""
    server.put_secret(org, "A", VALUE)
    server.put_secret(org, "4dabf18193072939515e22adb298388d", VALUE)
    server.put_secret(org, "L" * 16_384, VALUE)
    org_id = server.org_id(org)
    document = command("adopt", "--json", "--org-id", org_id).json
    assert secrets_of(document["program"]) == {"A": "a"}
    left = {one["key"]: one["reason"] for one in document.pop("left")}
    assert left.keys() == {"4dabf18193072939515e22adb298388d", "L" * 16_384}
    assert "is a name that Pulumi reserves for itself" in left["4dabf18193072939515e22adb298388d"]
    assert "declare the key with a Secret" in left["L" * 16_384]
    assert {**document, "program": ""} == {
        "org_id": org_id,
        "org": None,
        "keys": [{"key": "A", "config": "a", "readers": []}],
        "program": "",
        "commands": ["pulumi config set --secret a"],
    }
    assert f'    org_id="{org_id}",\n' in document["program"]


def test_adopt_names_who_reads_a_key_in_alerts(command: Command, server: SecretsServer, org: str) -> None:
    """A key that an endpoint names is anybody's, and can be adopted."""
    server.put_secret(org, "SLACK_TOKEN", VALUE)
    endpoint = str(put_endpoint(server, org, "slack", None, token="secret: SLACK_TOKEN"))
    put_rule(server, org, endpoint, "slack", "disk full")
    done = command("adopt")
    assert secrets_of(done.out) == {"SLACK_TOKEN": "slackToken"}
    (line,) = [line for line in done.err.splitlines() if line.startswith('note: "SLACK_TOKEN" is read by endpoint "')]
    assert line.endswith(', rule "disk full"')
    ((first, second),) = [one["readers"] for one in command("adopt", "--json").json["keys"]]
    assert (first["kind"], first["id"], second["kind"]) == ("endpoint", endpoint, "rule")


def test_adopt_with_nothing_to_adopt_writes_no_program(command: Command, server: SecretsServer, org: str) -> None:
    """A key that no program can declare is named, with the reason."""
    server.put_secret(org, "4dabf18193072939515e22adb298388d", VALUE)
    done = command("adopt")
    assert (done.code, done.out) == (0, "")
    first, second = done.err.splitlines()
    assert first.startswith('note: "4dabf18193072939515e22adb298388d" is left out: ')
    assert second == "note: there is nothing to adopt"
