"""How the inputs of a program leave it: public, secret or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._model.keys import ENGINE_MARK, ORG_GIVEN_TWICE, escape_key
from influx_secrets._model.state import INVALID_VALUE
from influx_secrets._program import sdk
from influx_secrets._text import is_utf8, quote, text_kind

T = TypeVar("T")
Secrets = Mapping[str, pulumi.Input[str]]


def org_inputs(org_id: pulumi.Input[str] | None, org: pulumi.Input[str] | None) -> dict[str, Any]:
    """Return the properties that name the org; at most one is given, and `org_id` is an output of the resource too."""
    if org_id is not None and org is not None:
        raise DeclarationError(ORG_GIVEN_TWICE)
    known: dict[str, Any] = {"org_id": None if org_id is None else as_public(org_id)}
    return known if org is None else {**known, "org": as_public(org)}


def replayable(secrets: pulumi.Input[Secrets]) -> Secrets | pulumi.Output[Secrets]:
    """Return a map of secrets that can be awaited more than once, which a coroutine cannot."""
    return _as_output(secrets) if isinstance(secrets, (pulumi.Output, Awaitable)) else _map(secrets)


def as_public(value: pulumi.Input[Any]) -> pulumi.Input[Any]:
    """Return an input that a preview may show, whether the caller marked it secret or not."""
    return value if isinstance(value, (str, bool)) else pulumi.Output.unsecret(sdk.untrack(_as_output(value)))


def secret_key(given: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return a key that the SDK can send; `check` reports what else is wrong with it."""
    if isinstance(given, (pulumi.Output, Awaitable)):
        return as_public(_as_output(given).apply(_sendable_key))
    return _sendable_key(given)


def as_secret(value: pulumi.Input[str]) -> pulumi.Output[Any]:
    """Return a secret input; where the value is not a string, its type is sent: the SDK drops None silently."""
    if isinstance(value, str):
        return sdk.untrack(pulumi.Output.secret(_sendable(value)))  # which cannot fail
    return pulumi.Output.secret(_as_output(value).apply(_sendable))


def as_secret_map(secrets: Secrets | pulumi.Output[Secrets]) -> pulumi.Input[Any]:
    """Return a map of secret inputs, marked one by one: of one secret map, one unknown value would hide every key.

    Keys go out escaped: the SDK keeps names that begin with two underscores from a provider
    (seen with 3.216 to 3.230).
    """
    if not isinstance(secrets, pulumi.Output):
        return {_map_key(name): as_secret(value) for name, value in secrets.items()}
    return secrets.apply(
        lambda known: {_map_key(name): pulumi.Output.secret(_sendable(value)) for name, value in _map(known).items()}
    )


def rotations(given: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Input[Any]:
    """Return the strings of `rotate_on`, one by one as the secrets, so that one unknown string hides no other."""
    if isinstance(given, Mapping):
        return {_map_key(name): as_public(text) for name, text in given.items()}
    return as_public(
        _as_output(given).apply(lambda known: {_map_key(name): text for name, text in (known or {}).items()})
    )


def keep_patterns(given: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Input[Any]:
    """Return the patterns of `keep`, one by one."""
    return [as_public(pattern) for pattern in given] if isinstance(given, (list, tuple)) else as_public(given)


def map_keys(secrets: Secrets | pulumi.Output[Secrets]) -> list[str] | pulumi.Output[list[str]]:
    """Return the keys of a map, which the engine may take entries out of (`ignore_changes`)."""
    if not isinstance(secrets, pulumi.Output):
        return sorted(secrets)
    return pulumi.Output.unsecret(secrets.apply(lambda known: sorted(_map(known))))


def setting_text(value: pulumi.Input[Any]) -> pulumi.Input[str]:
    """Return a setting as a string, which is what a stack's config holds too."""
    return as_public(
        _as_output(value).apply(lambda known: str(known).lower() if isinstance(known, bool) else str(known))
    )


def _as_output(value: pulumi.Input[Any]) -> pulumi.Output[Any]:
    return sdk.traceable(pulumi.Output.from_input(_uncancelled(value) if isinstance(value, Awaitable) else value))


async def _uncancelled(value: Awaitable[T]) -> T:
    try:
        return await value
    except asyncio.CancelledError as error:
        # The SDK would end the program with a traceback of its own lines.
        raise DeclarationError("an input was cancelled: look for a task or a coroutine that was given") from error


def _map(secrets: object) -> Mapping[str, Any]:
    if not isinstance(secrets, Mapping):
        raise DeclarationError(
            f"secrets is {text_kind(secrets) or 'a text'}: give a map of key to value, if an empty one"
        )
    return secrets


def _sendable(value: object) -> object:
    kind = text_kind(value)
    return value if kind is None else {INVALID_VALUE: kind}


def _sendable_key(given: object) -> str:
    if not isinstance(given, str):
        raise DeclarationError(f"the key is {text_kind(given)}: give a text")
    if not is_utf8(given):
        raise DeclarationError(f"the key {quote(given)} is not UTF-8: choose another key")
    return given


def _map_key(given: str) -> str:
    if given == ENGINE_MARK:
        raise DeclarationError(
            f'the key "{given}" is a mark of the Pulumi engine and cannot be used: choose another key'
        )
    return escape_key(_sendable_key(given))
