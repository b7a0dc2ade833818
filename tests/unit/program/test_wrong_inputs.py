"""Inputs that are wrong, fail or never come: which error ends the program, and what is registered before."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from program_mocks import Mocks
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func, wait_for_rpcs
from pulumi.runtime.sync_await import _sync_await

import influx_secrets as influx
from influx_secrets._program import sdk
from influx_secrets._run_register import PROGRAM, Process, Register

VALUE = "hunter2-never-shown"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Let asyncio not report the errors that nobody awaits after the first, as the language host does."""
    logger = logging.getLogger("asyncio")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    gc.collect()
    logger.setLevel(level)


def error_of(declare: Callable[[], object], mocks: Mocks | None = None, project: str = "acme") -> str:
    """Run a program as the language host does; return what it prints of the error that ends the program."""

    def program() -> None:
        declare()
        influx.Secret("right", org="acme", key="C", value=VALUE)
        influx.Secret("late", org="acme", key="D", value=never())

    async def host() -> None:
        pulumi.runtime.set_mocks(mocks or Mocks(), project, preview=True)
        try:
            await wait_for_rpcs()  # the stack's own registration comes before the program
            await asyncio.wait_for(run_pulumi_func(program), 30)
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            SETTINGS.outputs.clear()
            SETTINGS.rpc_manager.clear()
            pulumi.runtime.settings.reset_options()

    with pytest.raises(Exception) as caught:  # noqa: PT011 (the test looks at its text)
        _sync_await(host())  # on the loop of the SDK's own tests
    return "".join(traceback.format_exception(caught.value))


class UncopiedError(Exception):
    """An error of which there is one."""

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("there is one of me")


async def never() -> str:
    await asyncio.Event().wait()
    return VALUE


@pytest.mark.skipif(not hasattr(pulumi.Output, "recover"), reason="this version of the SDK cannot change an error")
@pytest.mark.parametrize("kind", [RuntimeError, UncopiedError])
def test_error_in_an_input_shows_the_users_line(kind: type[Exception]) -> None:
    """Each input of each resource, alone, in a map or in a list, failed at once or later."""

    def stumble(_: object) -> Any:  # noqa: ANN401 (any input)
        raise kind("stumbled")

    async def stumble_late(_: object) -> Any:  # noqa: ANN401 (any input)
        await asyncio.sleep(0.2)
        stumble(_)

    def wrong(how: Callable[[Any], Any] = stumble) -> pulumi.Output[Any]:
        return pulumi.Output.from_input("a").apply(how)

    text = {"A": VALUE}
    programs: list[Callable[[], object]] = [
        lambda: influx.Secret("wrong", org="acme", key="A", value=wrong()),
        lambda: influx.Secret("wrong", org="acme", key="A", value=pulumi.Output.secret("a").apply(stumble)),
        lambda: influx.Secret("wrong", org="acme", key="A", value=wrong(stumble_late)),
        lambda: influx.Secret("wrong", org="acme", key=wrong(), value=VALUE),
        lambda: influx.Secret("wrong", org=wrong(), key="A", value=VALUE),
        lambda: influx.Secret("wrong", org="acme", key="A", value=VALUE, rotate_on=wrong()),
        lambda: influx.OrgSecrets("wrong", org="acme", secrets={"A": wrong(), "B": VALUE}),
        lambda: influx.OrgSecrets("wrong", org="acme", secrets=wrong()),
        lambda: influx.OrgSecrets("wrong", org=wrong(), secrets=text),
        lambda: influx.OrgSecrets("wrong", org=wrong(stumble_late), secrets=text),
        lambda: influx.OrgSecrets("wrong", org="acme", secrets=text, keep=[wrong()]),
        lambda: influx.OrgSecrets("wrong", org="acme", secrets=text, rotate_on={"A": wrong()}),
        lambda: influx.Provider("wrong", timeout=wrong()),
    ]
    for number, program in enumerate(programs):
        shown = error_of(program)
        assert "in stumble\n" in shown, number
        assert f"{kind.__name__}: stumbled" in shown, number
        assert re.search(r'InfluxSecretsError: \w+ "wrong": .* cannot be computed because of the error', shown), number
        assert VALUE not in shown, number


def test_error_in_an_input_of_a_resource_that_was_never_registered_is_an_error() -> None:
    """A program that goes on without a resource has not seen what else was wrong."""

    def stumble(_: object) -> str:
        raise ValueError("stumbled")

    def program() -> None:
        name: Any = 5
        with pytest.raises(TypeError):
            influx.Secret(name, org=pulumi.Output.from_input("a").apply(stumble), key="A", value=VALUE)

    assert "ValueError: stumbled" in error_of(program)


def test_cancelled_input_ends_the_program() -> None:
    """The SDK (3.272.0) ends the registration without an error, and would wait for it for ever."""

    async def cancelled() -> Any:  # noqa: ANN401 (any input)
        raise asyncio.CancelledError

    programs: dict[str, Callable[[], object]] = {
        'Secret "a": value': lambda: influx.Secret("a", org="acme", key="A", value=cancelled()),
        'Secret "a": key': lambda: influx.Secret("a", org="acme", key=cancelled(), value=VALUE),
        'Secret "a": org': lambda: influx.Secret("a", org=cancelled(), key="A", value=VALUE),
        'OrgSecrets "a": secrets': lambda: influx.OrgSecrets("a", org="acme", secrets=cancelled()),
        'Provider "a": url': lambda: influx.Provider("a", url=cancelled()),
    }
    for title, program in programs.items():
        assert f"{title} is a task or coroutine that was cancelled" in error_of(program)


def test_error_in_an_input_ends_the_program_before_more_is_registered() -> None:
    """Also where its resource waits for another one, and is not registered yet."""

    def stumble(_: object) -> str:
        raise ValueError("stumbled")

    async def soon() -> str:
        await asyncio.sleep(3)
        return VALUE

    def program() -> None:
        first = influx.Secret("first", org="acme", key="FIRST", value=soon())
        key = pulumi.Output.from_input("a").apply(stumble)
        influx.Secret("wrong", org="acme", key=key, value=VALUE, opts=pulumi.ResourceOptions(depends_on=[first]))

    mocks = Mocks()
    assert "ValueError: stumbled" in error_of(program, mocks)
    assert "first" not in mocks.registered


def test_wrong_declaration_is_refused_where_the_program_makes_it() -> None:
    """One sentence that says what to do, and no value; the traceback ends at the user's line."""

    def secret(key: Any = "A", org_id: str | None = None, **options: Any) -> None:  # noqa: ANN401 (wrong ones)
        opts = pulumi.ResourceOptions(**options)
        influx.Secret("wrong", org="acme", org_id=org_id, key=key, value=VALUE, opts=opts)

    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: secret(org_id="0" * 16), "org_id and org are both given"),
        (lambda: secret(id="x"), 'Secret.get("NAME", "<org id>/<key>")'),
        (lambda: secret(import_="x"), "opts.import_ is not"),
        (lambda: secret(version="1.0.0"), "opts.version is not supported"),
        (lambda: secret(urn="urn:pulumi:x"), "opts.urn is not supported"),
        (lambda: secret(ignore_changes=["declaration.name"]), '"declaration.name" is not an input'),
        (lambda: secret(ignore_changes=['["declaration"].name']), 'declaration\\"].name" is not an input'),
        (lambda: secret(ignore_changes=["value", "org_id"]), 'opts.ignore_changes: "org_id" is not an input'),
        (lambda: secret(key="\udc80"), "cannot be sent as UTF-8"),
    ]
    mapped = pulumi.ResourceOptions()
    mapped.env_var_mappings = {"A": "B"}  # an argument from SDK 3.272 on
    wrong.append((lambda: influx.Secret("m", key="A", value=VALUE, opts=mapped), "works only on a Provider"))
    for declare, reason in wrong:
        shown = error_of(declare)
        assert [line for line in shown.splitlines() if "DeclarationError: " in line and reason in line]
        assert VALUE not in shown


def test_misspelt_setting_of_the_stack_is_refused_but_not_a_setting_of_a_project_of_our_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever set it believes that it holds; the config of a project named `influx-secrets` has the same namespace."""
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"influx-secrets:verifyvalues": "always"}))

    def program() -> None:
        influx.Secret("a", org="acme", key="A", value=VALUE)
        raise ValueError("the declaration was taken")

    right, wrong = "influx-secrets:verifyValues", "influx-secrets:verifyvalues"
    assert (
        f"{wrong}\" in the stack's config is not a setting. Run `pulumi config set {right} VALUE`, then `pulumi config "
        f"rm {wrong}` (IS215)"
    ) in error_of(program)
    assert "the declaration was taken" in error_of(program, project="influx-secrets")
    for name in ("influx_secrets:url", "influxSecrets:url", "influx-secret:url"):
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps({name: "http://localhost:8086"}))
        assert f"{name}\" in the stack's config has no effect" in error_of(program)
        assert "Run `pulumi config set influx-secrets:url VALUE`, then `pulumi config rm " in error_of(program)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"influx_secrets:token": "t"}))
    assert "Run `pulumi config set --secret influx-secrets:token`, then " in error_of(program)
    monkeypatch.setattr("pulumi.runtime.is_config_secret", {"influx_secrets:url", "influx_secrets:more"}.__contains__)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"influx_secrets:url": "http://localhost:8086"}))
    assert "Run `pulumi config set influx-secrets:url VALUE`, then " in error_of(program)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"influx_secrets:more": "hidden"}))
    assert "Run `pulumi config set --secret influx-secrets:more`, then " in error_of(program)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"influx_secrets:url": "x", "influxdb:url": "x"}))
    assert "the declaration was taken" in error_of(program, project="influx_secrets")


def test_declaration_that_the_providers_cannot_hear_of_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key that moves to it could be removed before it is checked."""
    register = Register(tmp_path, PROGRAM, Process(1, "0", ("pulumi", "up")))
    (tmp_path / f"{PROGRAM}.jsonl").unlink()
    monkeypatch.setattr(Register, "join", lambda *_: register)
    monkeypatch.setattr(sdk, "engine_address", lambda: "127.0.0.1:1")
    assert "set TMPDIR" in error_of(lambda: influx.Secret("a", org="acme", key="A", value=VALUE))


def test_secret_trigger_is_refused_because_the_state_has_it() -> None:
    """CLI 3.274.1 stores it, 3.259.0 never replaces; in a list and made later too. A plain one is passed on."""

    def triggered(trigger: Any) -> None:  # noqa: ANN401 (any input)
        opts = pulumi.ResourceOptions(replacement_trigger=trigger)
        influx.OrgSecrets("a", org="acme", secrets={"A": VALUE}, opts=opts)
        influx.Secret("b", org="acme", key="B", value=VALUE, opts=opts)
        raise ValueError("both were taken") if trigger == "1" else AssertionError

    hidden: pulumi.Output[Any] = pulumi.Output.secret("hidden")
    later: pulumi.Output[Any] = pulumi.Output.from_input("a")
    for trigger in (hidden, ["plain", hidden], later.apply(lambda _: hidden)):
        shown = error_of(lambda trigger=trigger: triggered(trigger))  # type: ignore[misc]
        assert "opts.replacement_trigger is secret, but the state stores it in clear text. Use rotate_on" in shown
        assert "hidden" not in shown.partition("InputError")[2]
    assert "both were taken" in error_of(lambda: triggered("1"))


def test_secret_url_is_refused_where_the_state_would_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a provider, known at once, later or not yet, and of the stack's config; one that is made plain is taken."""
    hidden: list[pulumi.Output[Any]] = [
        pulumi.Output.secret("https://hidden.example"),
        pulumi.Output.secret("hidden").apply(lambda host: f"https://{host}.example"),
        pulumi.Output.secret(pulumi.UNKNOWN),
    ]
    for url in hidden:
        shown = error_of(lambda url=url: influx.Provider("eu", url=url))  # type: ignore[misc]
        assert 'InputError: Provider "eu": url is secret, but the state stores it in clear text. If the url' in shown
        assert "hidden" not in shown.partition("InputError")[2]

    async def later() -> str:
        await asyncio.sleep(0.2)
        raise ValueError("stumbled")

    def program() -> None:
        influx.Provider("eu", url=pulumi.Output.unsecret(hidden[0]))
        influx.Provider("us", url=later())

    mocks = Mocks()
    assert "ValueError: stumbled" in error_of(program, mocks)
    assert mocks.registered["eu"]["influx-secrets:url"] == "https://hidden.example"
    monkeypatch.setattr("pulumi.runtime.is_config_secret", "influx-secrets:url".__eq__)
    assert "influx-secrets:url is secret in the stack's config" in error_of(lambda: None)
