"""The server was rebuilt, moved, restored or mistaken: nothing is lost, and nothing of others is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.stack import NewStack, Run, Stack
from intercepting_proxy import Instead, InterceptingProxy
from servers import InfluxdServer

BOTH = """
    influx.Secret("one", {org}, key="ONE", value="v1")
    influx.OrgSecrets("many", {org}, secrets={{"A": "a", "B": "b"}})
"""
BY_NAME = BOTH.format(org="org=ORG")
BY_ID = BOTH.format(org="org_id=influx.get_org(ORG).id")
OURS = {"ONE": "v1", "A": "a", "B": "b"}


@pytest.fixture(scope="module")
def second(influxd_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """Another influxd, for all tests of this file."""
    with InfluxdServer(influxd_binary, tmp_path_factory.mktemp("second")) as started:
        yield started


@pytest.fixture
def lost(influxd_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """An influxd that a test may lose, with the org "acme"."""
    with InfluxdServer(influxd_binary, tmp_path_factory.mktemp("lost")) as started:
        started.create_org("acme")
        yield started


def text(run: Run) -> str:
    return " ".join(run.output.split())


def last_steps(run: Run) -> dict[str, str]:
    """Return what an `up --refresh` did to each resource after the refresh."""
    return {name: operations[-1] for name, operations in run.operations.items()}


def outputs(stack: Stack) -> dict[str, object]:
    return {one["urn"]: one.get("outputs") for one in stack.exported()}


def point_to(stack: Stack, server: InfluxdServer, token: str | None = None) -> None:
    stack.environment |= {"INFLUX_HOST": server.url, "INFLUX_TOKEN": token or server.token}


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
def test_another_server_with_an_org_of_the_same_name_is_told_and_written(
    stack: Stack, influxd: InfluxdServer, second: InfluxdServer, acme: str, *, small: bool
) -> None:
    """The preview names both servers, up writes all keys there, and what is on the old server stays; and so back."""
    second.create_org(acme)
    second.put_secret(acme, "THEIRS", "t")
    stack.program(BY_NAME).up()
    point_to(stack, second, second.create_token(acme) if small else None)
    preview = stack.preview()
    assert preview.steps == {"one": "create-replacement", "many": "create-replacement"}
    assert influxd.url in text(preview)
    assert second.url in text(preview)
    run = stack.up()
    assert second.values(acme) == OURS | {"THEIRS": "t"}
    assert influxd.values(acme) == OURS
    assert f"on {influxd.url}: the url is {second.url} now" in text(run)
    assert set(stack.up().steps.values()) == {"same"}
    assert stack.stored("one")["outputs"]["server"] == second.url
    if not small:
        stack.destroy()
        assert second.values(acme) == {"THEIRS": "t"}
        return
    point_to(stack, influxd, influxd.create_token(acme))
    back = stack.up()
    assert "adopts the key" in text(back)
    assert f"on {second.url}: the url is {influxd.url} now" in text(back)
    assert set(last_steps(stack.up("--refresh")).values()) == {"same"}
    stack.destroy()
    assert influxd.values(acme) == {}
    assert second.values(acme) == OURS | {"THEIRS": "t"}


FAILING = [("refresh",), ("up", "--refresh"), ("destroy",), ("destroy", "--refresh"), ("destroy", "--run-program")]
"""Commands that call no `check` before they read or delete."""


@pytest.mark.parametrize("missing_org", ["error", "gone"])
def test_mistaken_url_forgets_and_removes_nothing(
    stack: Stack, influxd: InfluxdServer, second: InfluxdServer, acme: str, missing_org: str
) -> None:
    """Refresh and destroy fail and name both servers, with an org of that name there and without."""
    stack.set_config("influx-secrets:missingOrg", missing_org)
    stack.program(BY_NAME).up()
    before = outputs(stack)
    if missing_org == "error":
        second.create_org(acme)
        second.put_secret(acme, "A", "theirs")
    point_to(stack, second, second.create_token(acme) if missing_org == "error" else None)
    for command in FAILING:
        run = stack.deploy(*command)
        assert run.code != 0, command
        assert influxd.url in run.output, command
        assert second.url in run.output, command
    stack.environment["INFLUX_HOST"] = f"{influxd.url}/prefix"
    for command in FAILING:
        assert f"the url is {influxd.url}/prefix now" in text(stack.deploy(*command)), command
    if missing_org == "error":
        point_to(stack, second, second.create_token(acme))
        refused = stack.preview(fails=True)
        assert "already exists with another value" in refused.output
        assert second.values(acme) == {"A": "theirs"}
    assert influxd.values(acme) == OURS
    point_to(stack, influxd)
    assert set(stack.up().steps.values()) == {"same"}
    assert outputs(stack) == before


def test_exclusive_prunes_nothing_in_the_run_that_changes_the_server(
    stack: Stack, influxd: InfluxdServer, second: InfluxdServer, acme: str
) -> None:
    """A mistaken url must not empty an org of others: it is said, and only the next run prunes; the smallest token."""
    second.create_org(acme)
    second.put_secret(acme, "THEIRS", "t")
    stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme)
    stack.program('influx.OrgSecrets("o", org=ORG, secrets={"A": "a"}, exclusive=True)').up()
    before = outputs(stack)
    point_to(stack, second, second.create_token(acme))
    for command in FAILING:
        assert stack.deploy(*command).code != 0, command
    assert outputs(stack) == before
    assert second.values(acme) == {"THEIRS": "t"}
    assert "removes no undeclared keys, although" in text(stack.preview())
    assert "removes no undeclared keys, although" in text(stack.up())
    assert second.values(acme) == {"A": "a", "THEIRS": "t"}
    assert "THEIRS" in stack.preview(diff=True).output
    stack.up()
    assert second.values(acme) == {"A": "a"}
    assert influxd.values(acme) == {"A": "a"}


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
def test_server_rebuilt_at_the_same_address_is_written_by_one_up(
    new_stack: NewStack, lost: InfluxdServer, *, small: bool
) -> None:
    """By name `up --refresh` writes all keys back, by id a plain up does; the old org's keys hinder nobody."""
    stacks = [
        new_stack(lost.environment, ORG=org).program(program) for org, program in (("acme", BY_NAME), ("beta", BY_ID))
    ]
    lost.create_org("beta")
    for stack in stacks:
        stack.up()
    lost.rebuild()
    for org, stack, options in zip(("acme", "beta"), stacks, (["--refresh"], []), strict=True):
        lost.create_org(org)
        point_to(stack, lost, lost.create_token(org) if small else None)
        stack.up(*options)
        assert lost.values(org) == OURS
        assert set(stack.up().steps.values()) == {"same"}
        stack.destroy()
        assert lost.values(org) == {}


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
def test_org_made_anew_and_deleted_for_good(stack: Stack, influxd: InfluxdServer, acme: str, *, small: bool) -> None:
    """By name and by id; keys of the new org are not overwritten unasked; without an org refresh and destroy end."""
    stack.program(BY_NAME).up()
    influxd.delete_org(acme)
    influxd.create_org(acme)
    influxd.put_secret(acme, "A", "theirs")
    influxd.put_secret(acme, "B", "b")
    refused = stack.deploy("up", "--refresh")
    assert refused.code != 0
    assert "already exists with another value" in refused.output
    # Where the engine wrote the other resource before it heard of the refusal.
    assert {key: value for key, value in influxd.values(acme).items() if key != "ONE"} == {"A": "theirs", "B": "b"}
    influxd.remove_secret(acme, "A")
    stack.up()
    assert influxd.values(acme) == OURS
    stack.program(BY_ID).up()
    influxd.delete_org(acme)
    influxd.create_org(acme)
    point_to(stack, influxd, influxd.create_token(acme) if small else None)
    stack.up()
    assert influxd.values(acme) == OURS
    assert set(stack.up().steps.values()) == {"same"}
    influxd.delete_org(acme)
    refreshed = stack.refresh()
    assert "does not exist any more" in text(refreshed)
    stack.destroy("--refresh")
    assert [one for one in stack.exported() if "dynamic/influxdb" in one["type"]] == []


def test_plain_destroy_ends_where_the_org_is_gone(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A confirmed absence needs no setting; with a token that saw this org alone."""
    stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme)
    stack.program(BY_NAME).up()
    influxd.delete_org(acme)
    assert "does not exist any more" in text(stack.destroy())


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
def test_404_of_a_gateway_is_no_absence(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, *, small: bool
) -> None:
    """In JSON of its own, at the stored address, with `missingOrg: gone`."""
    stack.set_config("influx-secrets:missingOrg", "gone")
    if small:
        stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme)
    stack.program(BY_NAME).up()
    before = outputs(stack)
    no_route = Instead(404, "not found", "organization not found")  # without the header of influxd
    proxy.before = lambda *_: no_route
    for command in ("refresh", "destroy"):
        assert stack.deploy(command).code != 0
    assert outputs(stack) == before
    assert influxd.values(acme) == OURS


@pytest.mark.usefixtures("acme")
def test_hidden_org_is_no_absent_one(stack: Stack, influxd: InfluxdServer) -> None:
    """A token that may not read the org removes nothing from the state, and the error says why."""
    other = f"other-{os.urandom(4).hex()}"
    influxd.create_org(other)
    stack.program(BY_NAME).up()
    stack.environment["INFLUX_TOKEN"] = influxd.create_token(other)
    for run in (stack.refresh(fails=True), stack.destroy(fails=True)):
        assert "the token has no permission to read this org" in text(run)
    stack.environment["INFLUX_TOKEN"] = influxd.token
    assert set(stack.up().steps.values()) == {"same"}


def test_older_backup_at_the_same_address(new_stack: NewStack, lost: InfluxdServer, tmp_path: Path) -> None:
    """`up --refresh` writes what is missing or older; a key that was removed since is there again, and nobody's."""
    environment = {"INFLUX_HOST": lost.url, "INFLUX_TOKEN": lost.create_token("acme")}
    stack = new_stack(environment, ORG="acme")
    stack.program(BY_NAME.replace("v1", "v0").replace('"B": "b"', '"B": "b", "OLD": "o"')).up()
    lost.back_up(tmp_path / "backup")
    stack.program(BY_NAME.replace('"B": "b"', '"B": "b", "C": "c"')).up()
    lost.restore(tmp_path / "backup")
    assert set(stack.up().steps.values()) == {"same"}
    assert last_steps(stack.up("--refresh")) == {"one": "update", "many": "update"}
    assert lost.values("acme") == OURS | {"C": "c", "OLD": "o"}
    assert set(last_steps(stack.up("--refresh")).values()) == {"same"}
    stack.destroy()
    assert lost.values("acme") == {"OLD": "o"}


def test_copy_of_a_backup_at_another_address(new_stack: NewStack, lost: InfluxdServer, tmp_path: Path) -> None:
    """Missing keys are written, equal ones kept, other values refused until overwrite is set."""
    stack = new_stack(lost.environment, ORG="acme").program(BY_NAME)
    stack.up()
    copy = lost.restored(tmp_path / "copy")
    copy.start()
    try:
        copy.put_secret("acme", "A", "of the backup")
        copy.remove_secret("acme", "ONE")
        point_to(stack, copy)
        refused = stack.preview(fails=True)
        assert lost.url in refused.output
        assert copy.url in refused.output
        stack.program(BY_NAME.replace("secrets=", "overwrite=True, secrets="))
        run = stack.up()
        assert run.steps == {"one": "update", "many": "update"}
        assert copy.values("acme") == OURS
        assert lost.values("acme") == OURS
        assert stack.stored("one")["outputs"]["server"] == copy.url
        lost.stop()
        assert set(stack.program(BY_NAME).up().steps.values()) <= {"same", "update"}
        assert set(stack.up().steps.values()) == {"same"}
        stack.refresh()
    finally:
        copy.stop()


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
def test_resource_that_changes_its_provider_moves_to_the_other_server(
    stack: Stack, influxd: InfluxdServer, second: InfluxdServer, acme: str, *, small: bool
) -> None:
    """It is written there and removed here, as each provider process reaches its own server."""
    program = """
        made = {name: influx.Provider(name, url=url, token=token) for name, (url, token) in SERVERS.items()}
        opts = ResourceOptions(provider=made[AT])
        influx.Secret("one", org=ORG, key="ONE", value="v1", opts=opts)
        influx.OrgSecrets("many", org=ORG, secrets={"A": "a"}, opts=opts)
    """
    second.create_org(acme)
    servers = {"eu": influxd, "us": second}
    tokens = {name: (one.url, one.create_token(acme) if small else one.token) for name, one in servers.items()}
    stack.program(program, AT="eu", SERVERS=tokens).up()
    assert influxd.values(acme) == {"ONE": "v1", "A": "a"}
    stack.program(program, AT="us", SERVERS=tokens).up()
    assert second.values(acme) == {"ONE": "v1", "A": "a"}
    assert influxd.values(acme) == {}
