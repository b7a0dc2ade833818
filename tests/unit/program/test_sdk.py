"""What `_program/sdk.py` uses of the Pulumi SDK without being documented: each is there, and does what is needed."""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pulumi
import pytest
from pulumi import dynamic
from pulumi.runtime.settings import SETTINGS

import influx_secrets as influx
from influx_secrets._program import sdk

pytestmark = pytest.mark.usefixtures("mocks")
VERSION = tuple(int(part) for part in importlib.metadata.version("pulumi").split(".")[:2])


class Thing:
    """What a run may share."""


def connect() -> None:
    """Begin a run; the stub of the SDK, which makes no request until it is called."""
    pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor="127.0.0.1:9"))


def test_run_scope_lives_as_long_as_the_connection_to_the_engine() -> None:
    """Each run has a thing of its own, and no thing is kept when its run has ended."""
    connect()
    first = sdk.run_scoped(Thing)
    assert sdk.run_scoped(Thing) is first
    seen = weakref.ref(first)
    connect()
    assert sdk.run_scoped(Thing) is not first
    del first
    gc.collect()
    assert seen() is None


def test_two_things_of_one_name_are_two() -> None:
    """The scope goes by the class, not by what it is called."""
    other = type("Thing", (), {})
    assert type(sdk.run_scoped(Thing)) is Thing
    assert type(sdk.run_scoped(other)) is other


def test_program_without_an_engine_is_an_error_in_the_words_of_pulumi() -> None:
    """`python __main__.py` declares nothing, so it must not end as if it had."""
    pulumi.runtime.settings.reset_options()
    with pytest.raises(pulumi.RunError, match=r"^program run without the Pulumi engine available; re-run using the"):
        influx.Secret("a", org="acme", key="A", value="v")


def test_threads_of_an_event_loop() -> None:
    """And how many operations the engine runs, where it says so: under mocks it does not."""
    loop = asyncio.new_event_loop()
    assert sdk.executor(loop) == (None, 0)
    pool = ThreadPoolExecutor(5)
    loop.set_default_executor(pool)
    assert sdk.executor(loop) == (pool, 5)
    loop.close()
    assert sdk.parallel() == 1
    pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor="127.0.0.1:9", parallel=8))
    assert sdk.parallel() == 8


def test_quiet_engine_drops_debug_messages() -> None:
    """Only those of what is declared meanwhile, its tasks included."""
    told: list[str] = []

    class Engine:
        def Log(self, request: Any) -> None:  # noqa: ANN401, N802 (the SDK's)
            told.append(request.message)

        def GetRootResource(self, request: str) -> str:  # noqa: N802 (the SDK's)
            return request

    def say(of: str) -> None:
        pulumi.log.debug(f"debug {of}")
        pulumi.log.info(f"info {of}")

    async def later(of: str) -> None:
        await asyncio.sleep(0)
        say(of)

    async def program() -> None:
        pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor="127.0.0.1:9"))
        assert sdk.QuietEngine.current() is None
        SETTINGS.engine = Engine()
        quiet = sdk.QuietEngine.current()
        with suppress(KeyError), sdk.logging_to(quiet):
            say("inside")
            task = asyncio.ensure_future(later("of a task"))
            assert SETTINGS.engine.GetRootResource("asked") == "asked"
            raise KeyError
        with sdk.logging_to(None):
            say("of others")
        await task

    loop = asyncio.new_event_loop()
    loop.run_until_complete(program())
    loop.close()
    assert told == ["info inside", "debug of others", "info of others", "info of a task"]


def test_type_of_a_dynamic_resource() -> None:
    """States hold it."""
    assert sdk.type_token(influx.Secret) == "pulumi-python:dynamic/influxdb:Secret"
    assert sdk.type_token(influx.OrgSecrets) == "pulumi-python:dynamic/influxdb:OrgSecrets"


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_inputs_are_kept_as_outputs_until_they_are_forgotten() -> pulumi.Output[None]:
    """Under the names that the provider has for them, the pickled provider among them."""

    class Kept(dynamic.Resource):
        pass

    kept = Kept(dynamic.ResourceProvider(), "kept", {"a_b": "hidden", "c": "shown"})
    provider = influx.Provider("provider", url="http://127.0.0.1:9")
    assert {"a_b", "c", "__provider"} <= vars(kept).keys()
    sdk.forget_inputs(kept, "a_b")
    assert not {"a_b", "__provider"} & vars(kept).keys()
    given = sdk.given(provider, "influx-secrets:url")
    assert sdk.given(provider, "influx-secrets:timeout") is None

    def check(found: list[Any]) -> None:
        assert found == ["shown", "http://127.0.0.1:9"]

    return pulumi.Output.all(sdk.output(kept, "c"), given).apply(check)


@pytest.mark.parametrize(("name", "since"), [("_untrack", (3, 269)), ("recover", (3, 247)), ("_from_data", (3, 244))])
def test_methods_of_an_output_that_newer_versions_have(name: str, since: tuple[int, int]) -> None:
    """Where one is missing the package does without it, in silence: a version that takes it away must be noticed."""
    assert hasattr(pulumi.Output, name) == (since <= VERSION)


@pytest.mark.skipif(VERSION < (3, 269), reason="this version of the SDK waits for every output")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_untracked_output_is_not_waited_for() -> None:
    """The SDK keeps what it waits for in a set, by the future that an output has in `_data`."""
    output = pulumi.Output.from_input("a")
    awaited = pulumi.runtime.settings.SETTINGS.outputs
    assert output._data in awaited
    assert sdk.untrack(output) is output
    assert output._data not in awaited


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
async def test_known_secret_costs_no_task() -> None:
    """One of very many: `Output.secret` makes two tasks for each."""
    before = asyncio.all_tasks()
    secret = sdk.known_secret("a")
    assert VERSION < (3, 244) or asyncio.all_tasks() == before
    assert await secret.is_secret()
    assert await secret.is_known()
    assert (await secret.future(), await secret.resources()) == ("a", set())


@pytest.mark.skipif(VERSION < (3, 247), reason="this version of the SDK has no way to change an error")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
async def test_error_shows_the_line_to_each_one_who_awaits_it() -> None:
    """Of the error itself, Python gives the traceback to the first."""

    def stumble(_: object) -> None:
        raise ValueError("stumbled")

    failed = sdk.traceable(pulumi.Output.from_input("a").apply(stumble), lambda: "value")
    for _ in range(2):
        with pytest.raises(influx.InfluxSecretsError, match="value cannot be computed because of the error") as caught:
            await failed.future()
        assert "in stumble" in "".join(traceback.format_exception(caught.value))
    sdk.untrack(failed)
