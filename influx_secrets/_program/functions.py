"""Functions that ask the server, in the program: dynamic providers have no functions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._model.input_types import instance_problem, optional_string_problem, require, string_problem
from influx_secrets._model.keys import ORG_GIVEN_TWICE
from influx_secrets._model.setting_names import INPUTS, NAMESPACE
from influx_secrets._program import sdk
from influx_secrets._program.config import stack_settings
from influx_secrets._program.inputs import Inputs
from influx_secrets._program.provider import Provider
from influx_secrets._program.secret import Secret

if TYPE_CHECKING:
    from influx_secrets._client.client import Org, SecretsClient
    from influx_secrets._client.settings import Settings

T = TypeVar("T")

_GET_ORG: Final = f"{NAMESPACE}:index:getOrg"
_LIST_SECRET_KEYS: Final = f"{NAMESPACE}:index:listSecretKeys"


def get_org(name: str, *, settings: Settings | None = None) -> Org:
    """Look an org up by its name.

    Under `pulumi.runtime.set_mocks` no server is asked: `Mocks.call` gets the token `influx-secrets:index:getOrg` and
    the argument `name`, and returns `{"id": "..."}`.

    Args:
        name: Name of the org, not empty.
        settings: Settings of the server; by default those of the stack's config, the environment and the `influx` CLI.

    Raises:
        NotFoundError: The org does not exist, or the token may not read it.
        InfluxSecretsError: The settings cannot work, or the server did not send a usable response.
    """
    require("name", name, string_problem)
    return _find_org(_settings(settings), name)


def get_org_output(name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None) -> pulumi.Output[Org]:
    """Look an org up on the server of `opts.provider`, by a name that may be an output; see `get_org`."""
    known = Inputs("get_org_output").checked("name", name, string_problem)
    return _later(opts, _find_org, known)


def list_secret_keys(
    *, org_id: str | None = None, org: str | None = None, settings: Settings | None = None
) -> tuple[str, ...]:
    """Return the keys of an org's secrets, sorted. Values cannot be read.

    Under `pulumi.runtime.set_mocks` no server is asked: `Mocks.call` gets the token
    `influx-secrets:index:listSecretKeys` and the arguments `org_id` and `org`, and returns `{"keys": ["..."]}`.

    Args:
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the settings' default org.
        org: Name of the org.
        settings: Settings of the server; by default those of the stack's config, the environment and the `influx` CLI.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or neither and there is no default.
        NotFoundError: The org does not exist, or the token may not read it.
        InfluxSecretsError: The settings cannot work, or the server did not send a usable response.
    """
    require("org_id", org_id, optional_string_problem)
    require("org", org, optional_string_problem)
    return _list_secret_keys(_settings(settings), org_id, org)


def list_secret_keys_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    org: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> pulumi.Output[tuple[str, ...]]:
    """Return the keys of an org's secrets on the server of `opts.provider`; see `list_secret_keys`."""
    inputs = Inputs("list_secret_keys_output")
    known_id = inputs.checked("org_id", org_id, optional_string_problem)
    return _later(opts, _list_secret_keys, known_id, inputs.checked("org", org, optional_string_problem))


def _find_org(settings: Callable[[], Settings], name: str) -> Org:
    from influx_secrets._client.client import Org  # noqa: PLC0415 (most programs need no client)

    mocked = sdk.mock_call(_GET_ORG, {"name": name})
    if mocked is None:
        with _client(settings()) as client:
            return client.find_org(name)
    if not isinstance(mocked.get("id"), str):
        raise _unanswered(_GET_ORG, '{"id": "..."}')
    return Org(mocked["id"], name)


def _list_secret_keys(settings: Callable[[], Settings], org_id: str | None, org: str | None) -> tuple[str, ...]:
    if org_id is not None and org is not None:
        raise DeclarationError(ORG_GIVEN_TWICE)
    org_id = org_id and org_id.lower()
    mocked = sdk.mock_call(_LIST_SECRET_KEYS, {"org_id": org_id, "org": org})
    if mocked is None:
        with _client(settings()) as client:
            return client.list_secret_keys(_org_id(client, org_id, org))
    if not isinstance(mocked.get("keys"), (list, tuple)):
        raise _unanswered(_LIST_SECRET_KEYS, '{"keys": ["..."]}')
    return tuple(sorted(mocked["keys"]))


def _unanswered(token: str, answer: str) -> DeclarationError:
    return DeclarationError(
        "no server is asked, because pulumi.runtime.set_mocks is active. In call() of your Mocks class, return "
        f'{answer} if args.token is "{token}" (IS116)'
    )


def _client(settings: Settings) -> SecretsClient:
    from influx_secrets._client.client import connect  # noqa: PLC0415 (most programs need no client)
    from influx_secrets._notices import say_on_stderr  # noqa: PLC0415 (as above)

    return connect(settings, say_on_stderr, {})


def _org_id(client: SecretsClient, org_id: str | None, org: str | None) -> str:
    if org_id is None and org is None:
        org_id, org = client.settings.org_id, client.settings.org
    if org_id is not None:
        return org_id
    if org is None:
        raise DeclarationError("no org is given: add org=..., or set INFLUX_ORG or influx-secrets:org (IS135)")
    return client.find_org(org).id


def _settings(given: Settings | None) -> Callable[[], Settings]:
    from influx_secrets._client.settings import Settings  # noqa: PLC0415 (most programs need no client)

    if given is None:
        return lambda: Settings.resolve(stack_settings())
    require("settings", given, instance_problem(Settings, "influx_secrets.Settings"))
    return lambda: given


def _later(opts: pulumi.InvokeOptions | None, call: Callable[..., T], *args: Any) -> pulumi.Output[T]:  # noqa: ANN401 (inputs)
    async def ask(known: list[Any]) -> T:
        from influx_secrets._client.settings import Settings  # noqa: PLC0415 (most programs need no client)

        given, known_args = known
        settings = {name: value for name, value in given.items() if value is not None}
        environ = {**os.environ, **{name: os.environ[own] for own, name in variables.items() if own in os.environ}}
        # Off the event loop: the SDK registers the program's resources on it.
        return await asyncio.to_thread(call, lambda: Settings.resolve(settings, environ=environ), *known_args)

    provider = _provider(opts)
    variables = provider._variables if isinstance(provider, Provider) else {}  # noqa: SLF001 (ours; not for programs)
    return pulumi.Output.all(_provider_settings(provider), [*args]).apply(ask)


def _provider(opts: pulumi.InvokeOptions | None) -> pulumi.ProviderResource | None:
    if opts is None:
        return None
    require("opts", opts, instance_problem(pulumi.InvokeOptions, "pulumi.InvokeOptions"))
    if opts.provider is None and opts.parent is not None:
        return opts.parent.get_provider(sdk.type_token(Secret))
    return opts.provider


def _provider_settings(provider: pulumi.ProviderResource | None) -> dict[str, Any]:
    if provider is None:
        return {**stack_settings()}
    return {setting.input: sdk.given(provider, setting.config_key) for setting in INPUTS}
