"""Every mistake has its error in the preview: one line that names the resource and the key, and says what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from engine.stack import SECRET_TYPE

if TYPE_CHECKING:
    from pathlib import Path

    from engine.stack import Stack
    from servers import InfluxdServer

VALUE = "hunter2-never-shown"
PROBLEM = f"{SECRET_TYPE} resource 'wrong' has a problem: "


@pytest.fixture(scope="module")
def shared(engine: Path, influxd: InfluxdServer, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """One stack for all previews, which change nothing."""
    del engine
    influxd.create_org("errors")
    influxd.put_secret("errors", "TAKEN", "theirs")
    from engine.stack import Stack  # noqa: PLC0415 (the toolchain is on the path by now)

    return Stack(tmp_path_factory.mktemp("errors"), influxd.environment, ORG="errors", VALUE=VALUE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('org="nowhere", key="A", value=VALUE', "there is no org of that name, or the token may not read it"),
        ('org_id="acme", key="A", value=VALUE', 'org_id "acme" is not 16 hexadecimal digits; a name goes into org'),
        ('key="A", value=VALUE', "no org: give org or org_id, or set a default one"),
        ('org=ORG, key="", value=VALUE', "a key is empty"),
        ('org=ORG, key="k" * 32753, value=VALUE', "is longer than 32,752 bytes, which InfluxDB refuses"),
        ('org=ORG, key="0123456789abcdef-token", value=VALUE', "belongs to a notification endpoint"),
        ('org=ORG, key="A", value=""', 'the value of the key "A" is empty: Flux cannot read it'),
        ('org=ORG, key="TAKEN", value=VALUE', 'the key "TAKEN" of the org'),
        ('org=ORG, key="TAKEN", value=pulumi.Output.secret(VALUE)', "or set overwrite=True once"),
    ],
)
def test_wrong_declaration_is_one_line_in_the_preview(shared: Stack, arguments: str, said: str) -> None:
    """The engine names the resource, we name the key and the way out; the value is not shown."""
    preview = shared.program(f'influx.Secret("wrong", {arguments})').preview(fails=True)
    (error,) = preview.errors
    assert error.startswith(PROBLEM)
    assert said in error
    assert VALUE not in preview.output
    assert len(error) < 500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('org=ORG, org_id="0" * 16, key="A", value=VALUE', "org_id and org are both given: give one of them"),
        ('org=ORG, key="A", value=VALUE, opts=ResourceOptions(id="x")', "Secret.get(name, id)"),
        ('org=ORG, key="A", value=VALUE, opts=ResourceOptions(import_="x")', "opts.import_ is not needed"),
        ('org=ORG, key="A", value=VALUE, opts=ResourceOptions(version="1.0.0")', "opts.version starts another"),
        ('org=ORG, key="\\udc80", value=VALUE', "key is not UTF-8"),
        ('org=ORG, key="A", value=None', "value must be a string, not None"),
        ("org=ORG, key=5, value=VALUE", "key must be a string, not int"),
        ('org=ORG, key="A", value=VALUE, overwrite="false"', "overwrite must be True or False, not the string 'false'"),
        ('org=ORG, key="A", value=f"{pulumi.Output.secret(VALUE)}"', "use pulumi.Output.concat"),
        ('org=ORG, key="A", value=VALUE, opts={"parent": None}', "opts must be pulumi.ResourceOptions(...), not dict"),
    ],
)
def test_contradiction_is_an_error_of_the_program(shared: Stack, arguments: str, said: str) -> None:
    """The constructor raises where it is called, so the traceback ends at the user's line with one sentence of ours."""
    preview = shared.program(f'influx.Secret("wrong", {arguments})').preview(fails=True)
    lines = [line.strip() for line in preview.output.splitlines()]
    (last,) = {line for line in lines if "influx_secrets.DeclarationError" in line}
    assert said in last
    assert VALUE not in last


def test_key_declared_twice_names_both_resources(shared: Stack) -> None:
    """One key of an org has one owner in a program."""
    preview = shared.program("""
        influx.Secret("first", org=ORG, key="A", value=VALUE)
        influx.Secret("second", org=ORG, key="A", value=VALUE)
    """).preview(fails=True)
    (error,) = preview.errors
    assert 'the key "A" of the org' in error
    assert "is declared twice" in error
    assert re.search(r"resource '(first|second)' has a problem: .* Secret \"(first|second)\" declares it too", error)
    assert VALUE not in preview.output


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"INFLUX_HOST": "not a url"}, "INFLUX_HOST: must be a url such as http://localhost:8086"),
        ({"INFLUX_HOST": "http://influx.example.com"}, "INFLUX_HOST: plain http to another machine"),
        (
            {"INFLUXDB_V2_SSL_CA_CERT": "/no/such/file.pem"},
            "the CA file /no/such/file.pem cannot be read: No such file",
        ),
    ],
)
def test_wrong_setting_is_one_line_in_the_preview(
    shared: Stack, environ: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names the variable that is wrong."""
    for name, value in environ.items():
        monkeypatch.setitem(shared.environment, name, value)
    preview = shared.program('influx.Secret("a", org=ORG, key="A", value=VALUE)').preview(fails=True)
    (error,) = set(preview.errors)
    assert said in error
    assert "influx_secrets/_" not in preview.output
    assert VALUE not in preview.output


@pytest.mark.parametrize("kind", ["RuntimeError", "Uncopied"])
@pytest.mark.parametrize(
    "declared",
    [
        'influx.Secret("wrong", org=ORG, key="A", value=pulumi.Output.from_input("a").apply(stumble))',
        'influx.Secret("wrong", org=ORG, key="A", value=pulumi.Output.secret("a").apply(stumble))',
        'influx.OrgSecrets("wrong", org=ORG, secrets={"A": pulumi.Output.from_input("a").apply(stumble), "B": VALUE})',
        'influx.OrgSecrets("wrong", org=ORG, secrets=pulumi.Output.from_input({}).apply(stumble))',
        'influx.Secret("wrong", org=ORG, key=pulumi.Output.from_input("a").apply(stumble), value=VALUE)',
        'influx.Secret("wrong", org=pulumi.Output.from_input("a").apply(stumble), key="A", value=VALUE)',
        'influx.Secret("wrong", org=ORG, key="A", value=VALUE, rotate_on=pulumi.Output.from_input("a").apply(stumble))',
        'influx.Provider("wrong", timeout=pulumi.Output.from_input(3).apply(stumble))',
        'influx.OrgSecrets("wrong", org=pulumi.Output.from_input("a").apply(stumble), secrets={"A": VALUE})',
        'influx.OrgSecrets("wrong", org=ORG, secrets={"A": VALUE}, keep=[wrong()])',
        'influx.OrgSecrets("wrong", org=ORG, secrets={"A": VALUE}, rotate_on={"A": wrong()})',
        'influx.Secret("wrong", org=ORG, key="A", value=pulumi.Output.from_input("a").apply(stumble_late))',
        'influx.OrgSecrets("wrong", org=pulumi.Output.from_input("a").apply(stumble_late), secrets={"A": VALUE})',
    ],
)
def test_error_in_an_input_says_where_in_the_program_it_is(shared: Stack, declared: str, kind: str) -> None:
    """The SDK shows the user's own line of it, whatever becomes of other resources, and does not wait for these."""
    program = f"""
import asyncio

class Uncopied(Exception):
    def __reduce__(self):
        raise TypeError("there is one of me")

def stumble(_):
    raise {kind}("stumbled")

def wrong():
    return pulumi.Output.from_input("a").apply(stumble)

async def stumble_late(_):
    await asyncio.sleep(0.2)
    stumble(_)

async def late():
    await asyncio.Event().wait()

{declared}
influx.Secret("right", org=ORG, key="C", value=VALUE)
influx.Secret("late", org=ORG, key="D", value=late())
"""
    preview = shared.program(program).preview(fails=True)
    assert re.search(r'__main__\.py", line \d+, in stumble\n', preview.output)
    assert f"{kind}: stumbled" in preview.output
    assert VALUE not in preview.output


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('influx.Secret("a", org=ORG, key="A", value=OUT(None))', 'Secret "a": value must be a string, not None'),
        ('influx.Secret("a", org=ORG, key=OUT(["x"]), value=VALUE)', 'Secret "a": key must be a string, not list'),
        (
            'influx.OrgSecrets("a", org=ORG, secrets={"A": VALUE}, exclusive=OUT("false"))',
            "OrgSecrets \"a\": exclusive must be True or False, not the string 'false': use config.get_bool",
        ),
        (
            'influx.Provider("a", skip_verify=OUT("no"))',
            'Provider "a": skip_verify must be True or False, not the string',
        ),
    ],
)
def test_output_of_a_wrong_type_is_one_line(shared: Stack, declared: str, said: str) -> None:
    """It names the resource, for the line of the program is not known any more."""
    preview = shared.program(f"OUT = pulumi.Output.from_input\n{declared}").preview(fails=True)
    assert re.search(rf"error: {re.escape(said)}", preview.output)
    assert "Traceback" not in preview.output


@pytest.mark.parametrize(
    "declared",
    [
        'influx.Secret("a", org=ORG, key="A", value=cancelled())',
        'influx.Secret("a", org=ORG, key=cancelled(), value=VALUE)',
        'influx.Secret("a", org=cancelled(), key="A", value=VALUE)',
        'influx.OrgSecrets("a", org=ORG, secrets=cancelled())',
        'influx.Provider("a", url=cancelled())',
    ],
)
def test_input_that_was_cancelled_ends_the_program(shared: Stack, declared: str) -> None:
    """The SDK ends the registration without a word, and would wait for it for ever."""
    program = f"""
import asyncio

async def cancelled():
    raise asyncio.CancelledError

{declared}
"""
    preview = shared.program(program).preview(fails=True)
    assert "error: an input was cancelled" in preview.output
    assert "Traceback" not in preview.output


def test_error_in_an_input_ends_the_run_before_more_is_written(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Also where the resource waits for another one, and is not registered yet."""
    program = """
import asyncio

def stumble(_):
    raise ValueError("stumbled")

async def soon():
    await asyncio.sleep(3)
    return VALUE

first = influx.Secret("first", org=ORG, key="FIRST", value=soon())
wrong = pulumi.Output.from_input("a").apply(stumble)
influx.Secret("wrong", org=ORG, key=wrong, value=VALUE, opts=ResourceOptions(depends_on=[first]))
"""
    failed = stack.program(program, VALUE=VALUE).up(fails=True)
    assert "ValueError: stumbled" in failed.output
    assert influxd.keys(acme) == []


def test_error_in_an_input_of_a_resource_that_never_was_is_an_error(shared: Stack) -> None:
    """A program that goes on without a resource has not seen what else was wrong."""
    program = """
def stumble(_):
    raise ValueError("stumbled")

try:
    influx.Secret(5, org=pulumi.Output.from_input("a").apply(stumble), key="A", value=VALUE)
except TypeError:
    pass
"""
    assert "ValueError: stumbled" in shared.program(program).preview(fails=True).output
