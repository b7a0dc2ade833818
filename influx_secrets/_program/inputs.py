"""How the inputs of a program leave it: what a preview may show, what is secret, and what may not be sent at all."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._model.keys import ENGINE_MARK, escape_key, is_utf8, shown, text_kind
from influx_secrets._model.state import NOT_TEXT
from influx_secrets._program import outputs

Secrets = Mapping[str, pulumi.Input[str]]


def org_inputs(org_id: pulumi.Input[str] | None, org: pulumi.Input[str] | None) -> dict[str, Any]:
    """Return the properties that can name an org, of which one at most is given; `org_id` comes back in any case."""
    if org_id is not None and org is not None:
        raise DeclarationError("org_id and org are both given: give one of them")
    known: dict[str, Any] = {"org_id": None if org_id is None else plain(org_id)}
    return known if org is None else {**known, "org": plain(org)}


def readable(secrets: pulumi.Input[Secrets]) -> Secrets | pulumi.Output[Secrets]:
    """Return a map of secrets that can be read more than once, which a coroutine cannot."""
    if not isinstance(secrets, (pulumi.Output, Awaitable)):
        return _map(secrets)
    return _as_output(secrets)


def plain(value: pulumi.Input[Any]) -> pulumi.Input[Any]:
    """Return an input that a preview may show, whether the caller took it for a secret or not."""
    return value if isinstance(value, (str, bool)) else outputs.unsecret(_as_output(value))


def key(given: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return a key that the SDK can send; what else is wrong with it, `check` says."""
    if isinstance(given, (pulumi.Output, Awaitable)):
        return plain(_as_output(given).apply(_sendable_key))
    return _sendable_key(given)


def hidden(value: pulumi.Input[str]) -> pulumi.Output[Any]:
    """Return an input that is secret; what is no text is named instead of sent, for the SDK drops None in silence."""
    if isinstance(value, str):
        known = pulumi.Output.secret(_sendable(value))
        outputs.untrack(known)  # which cannot fail
        return known
    # One output that is secret after all, not `secret` of one that is not: what `secret` makes in between is tracked,
    # and of the error of an output in the middle Python forgets where in the program it came from.
    return outputs.untracked(_as_output(value).apply(_hidden, run_with_unknowns=True))


def _hidden(known: object) -> pulumi.Output[Any]:
    return pulumi.Output.secret(known if isinstance(known, pulumi.output.Unknown) else _sendable(known))


def hidden_map(secrets: Secrets | pulumi.Output[Secrets]) -> pulumi.Input[Any]:
    """Return a map of secret inputs, marked one by one: of one secret map, one unknown value would hide every key.

    Keys go out escaped: the SDK keeps names that begin with two underscores from a provider
    (seen with 3.216 to 3.230).
    """
    if not isinstance(secrets, pulumi.Output):
        return {_map_key(name): hidden(value) for name, value in secrets.items()}
    entries = secrets.apply(
        lambda known: {_map_key(name): pulumi.Output.secret(_sendable(value)) for name, value in _map(known).items()}
    )
    return outputs.untracked(entries)


def rotations(given: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Input[Any]:
    """Return the texts of `rotate_on`, one by one as the secrets, so that one unknown text hides no other."""
    if isinstance(given, Mapping):
        return {_map_key(name): plain(text) for name, text in given.items()}
    return plain(_as_output(given).apply(lambda known: {_map_key(name): text for name, text in (known or {}).items()}))


def patterns(given: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Input[Any]:
    """Return the patterns of `keep`, one by one."""
    return [plain(pattern) for pattern in given] if isinstance(given, (list, tuple)) else plain(given)


def names(secrets: Secrets | pulumi.Output[Secrets]) -> list[str] | pulumi.Output[list[str]]:
    """Return the keys of a map, which the engine may take entries out of (`ignore_changes`)."""
    if not isinstance(secrets, pulumi.Output):
        return sorted(secrets)
    return outputs.unsecret(secrets.apply(lambda known: sorted(_map(known))))


def setting_text(value: pulumi.Input[Any]) -> pulumi.Input[str]:
    """Return a setting as a text, which is what a stack's config holds too."""
    return plain(_as_output(value).apply(lambda known: str(known).lower() if isinstance(known, bool) else str(known)))


def _as_output(value: pulumi.Input[Any]) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


def _map(secrets: object) -> Mapping[str, Any]:
    if not isinstance(secrets, Mapping):
        raise DeclarationError(
            f"secrets is {text_kind(secrets) or 'a text'}: give a map of key to value, if an empty one"
        )
    return secrets


def _sendable(value: object) -> object:
    kind = text_kind(value)
    return value if kind is None else {NOT_TEXT: kind}


def _sendable_key(given: object) -> str:
    if not isinstance(given, str):
        raise DeclarationError(f"the key is {text_kind(given)}: give a text")
    if not is_utf8(given):
        raise DeclarationError(f'the key "{shown(given)}" is not UTF-8: choose another key')
    return given


def _map_key(given: str) -> str:
    if given == ENGINE_MARK:
        raise DeclarationError(
            f'the key "{given}" is a mark of the Pulumi engine and cannot be used: choose another key'
        )
    return escape_key(_sendable_key(given))
