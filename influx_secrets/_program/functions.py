"""Functions that ask the server, in the program: dynamic providers have no functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._model.keys import ORG_GIVEN_TWICE
from influx_secrets._model.setting_names import SETTINGS
from influx_secrets._program import sdk
from influx_secrets._program.config import stack_settings
from influx_secrets._program.secret import Secret

if TYPE_CHECKING:
    from influx_secrets._client.client import Org, SecretsClient
    from influx_secrets._client.settings import Settings

T = TypeVar("T")


def get_org(name: str, *, settings: Settings | None = None) -> Org:
    """Look an org up by its name.

    Args:
        name: Name of the org, not empty.
        settings: Settings of the server; by default those of the stack's config, the environment and the `influx` CLI.

    Raises:
        NotFoundError: The org does not exist, or the token may not read it.
        InfluxSecretsError: The settings cannot work, or the server did not send a usable response.
    """
    return _ask(settings, lambda client: client.find_org(name))


def get_org_output(name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None) -> pulumi.Output[Org]:
    """Look an org up on the server of `opts.provider`, by a name that may be an output; see `get_org`."""
    return _later(opts, [name], lambda client, known: client.find_org(known))


def list_secret_keys(
    *, org_id: str | None = None, org: str | None = None, settings: Settings | None = None
) -> tuple[str, ...]:
    """Return the keys of an org's secrets, sorted. Values cannot be read.

    Args:
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the settings' default org.
        org: Name of the org.
        settings: Settings of the server; by default those of the stack's config, the environment and the `influx` CLI.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or neither and there is no default.
        NotFoundError: The org does not exist, or the token may not read it.
        InfluxSecretsError: The settings cannot work, or the server did not send a usable response.
    """
    return _ask(settings, lambda client: client.list_secret_keys(_org_id(client, org_id, org)))


def list_secret_keys_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    org: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> pulumi.Output[tuple[str, ...]]:
    """Return the keys of an org's secrets on the server of `opts.provider`; see `list_secret_keys`."""
    return _later(
        opts,
        [org_id, org],
        lambda client, id_, name: client.list_secret_keys(_org_id(client, id_, name)),
    )


def _ask(settings: Settings | Mapping[str, Any] | None, call: Callable[[SecretsClient], T]) -> T:
    # Not at the top: most programs call no function, and need no client.
    from influx_secrets._client.client import connect  # noqa: PLC0415
    from influx_secrets._client.settings import Settings  # noqa: PLC0415
    from influx_secrets._notices import say_on_stderr  # noqa: PLC0415

    if not isinstance(settings, Settings):
        settings = Settings.resolve(stack_settings() if settings is None else settings)
    with connect(settings, say_on_stderr) as client:
        return call(client)


def _later(opts: pulumi.InvokeOptions | None, args: list[Any], call: Callable[..., T]) -> pulumi.Output[T]:
    async def ask(known: list[Any]) -> T:
        given, known_args = known
        settings = {name: value for name, value in given.items() if value is not None}
        # Off the event loop: the SDK registers the program's resources on it.
        return await asyncio.to_thread(_ask, settings, lambda client: call(client, *known_args))

    return pulumi.Output.all(_settings_of(opts), args).apply(ask)


def _settings_of(opts: pulumi.InvokeOptions | None) -> dict[str, Any]:
    provider = opts.provider if opts is not None else None
    if provider is None and opts is not None and opts.parent is not None:
        provider = opts.parent.get_provider(sdk.type_token(Secret))
    if provider is None:
        return stack_settings()
    return {setting.input: sdk.given(provider, setting.config_key) for setting in SETTINGS}


def _org_id(client: SecretsClient, org_id: str | None, org: str | None) -> str:
    if org_id is not None and org is not None:
        raise DeclarationError(ORG_GIVEN_TWICE)
    if org_id is None and org is None:
        org_id, org = client.settings.org_id, client.settings.org
    if org_id is not None:
        return org_id
    if org is None:
        raise DeclarationError("no org: give org or org_id, or set a default one with INFLUX_ORG")
    return client.find_org(org).id
