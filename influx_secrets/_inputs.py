"""How the inputs of a program leave it: what a preview may show, what is secret, and what may not be sent at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._formats import NOT_TEXT
from influx_secrets._rules import ENGINE_MARK, text_kind


def org_inputs(org_id: pulumi.Input[str] | None, org: pulumi.Input[str] | None) -> dict[str, Any]:
    if org_id is not None and org is not None:
        raise DeclarationError("org_id and org are both given: give one of them")
    return {name: None if given is None else plain(given) for name, given in (("org_id", org_id), ("org", org))}


def plain(value: pulumi.Input[Any]) -> pulumi.Input[Any]:
    """Return an input that a preview may show."""
    return value if isinstance(value, (str, bool)) else pulumi.Output.unsecret(pulumi.Output.from_input(value))


def hidden(value: pulumi.Input[str]) -> pulumi.Output[Any]:
    """Return an input that is secret; what is no text is named instead of sent, for the SDK drops None in silence."""
    if isinstance(value, str):
        return pulumi.Output.secret(_sendable(value))
    return pulumi.Output.secret(_as_output(value).apply(_sendable))


def hidden_map(secrets: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Input[Any]:
    # One by one: were the whole map one secret, a single unknown value would hide every key from the preview.
    if isinstance(secrets, Mapping):
        return {_legal(key): hidden(value) for key, value in secrets.items()}
    return _as_output(secrets).apply(
        lambda known: {_legal(key): pulumi.Output.secret(_sendable(value)) for key, value in known.items()}
    )


def names(secrets: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Input[list[str]]:
    if isinstance(secrets, Mapping):
        return sorted(secrets)
    return pulumi.Output.unsecret(_as_output(secrets).apply(sorted))


def setting_text(value: pulumi.Input[Any]) -> pulumi.Input[str]:
    # A provider's inputs are texts, as a stack's config is.
    return pulumi.Output.unsecret(pulumi.Output.from_input(value).apply(_setting_text))


def _setting_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_output(value: pulumi.Input[Any]) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


def _legal(key: str) -> str:
    if key == ENGINE_MARK:
        raise DeclarationError(f'the key "{key}" is a mark of the Pulumi engine and cannot be used: choose another key')
    return key


def _sendable(value: object) -> object:
    kind = text_kind(value)
    return value if kind is None else {NOT_TEXT: kind}
