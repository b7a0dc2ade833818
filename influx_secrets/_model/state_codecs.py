"""Codecs between property bags and the model. States hold these names and shapes, so they never change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from influx_secrets._model.input_types import (
    DECLARATION,
    Problem,
    optional_string_problem,
    patterns_problem,
    rotation_texts_problem,
    secrets_problem,
    string_problem,
    switch_problem,
)
from influx_secrets._model.keys import escape_key, secret_id, unescape_key
from influx_secrets._model.resources import UNKNOWN, Declaration, InvalidValue, ResourceState, Unknown

T = TypeVar("T", bool, int)
Props = Mapping[str, Any]


def _is_unknown(value: object) -> bool:
    return value is UNKNOWN


_COMMON_PROBLEMS: Final[Mapping[str, Problem]] = {
    "org_id": optional_string_problem,
    "org": optional_string_problem,
    "overwrite": switch_problem,
}


class SecretCodec:
    """`Secret`: one key, flat.

    Attributes:
        replaces: The properties that identify the resource: another value there means another resource.
        is_recreated: Whether the engine creates the resource again where a key is gone; else it writes the key again.
        only_outputs: What is stored as outputs besides the inputs, where they lack it.
    """

    replaces = ("org_id", "key")
    is_recreated = True
    only_outputs: ClassVar[Props] = {}
    _problems: ClassVar[Mapping[str, Problem]] = {
        **_COMMON_PROBLEMS,
        "key": string_problem,
        "rotate_on": optional_string_problem,
    }

    def decode_declaration(self, news: Props, old: ResourceState | None) -> Declaration:
        del old  # A Secret without a value is still this one key.
        news, common = _common(news, self._problems)
        key = news.get("key", "")
        if key is UNKNOWN:
            return Declaration(keys_known=False, **common)
        return Declaration(
            keys=frozenset([key]),
            named=frozenset([key]),
            values={key: _value(news["value"])} if "value" in news else {},
            rotate_on={key: news["rotate_on"]} if news.get("rotate_on") is not None else {},
            **common,
        )

    def decode_state(self, props: Props) -> ResourceState | None:
        """Read stored inputs or outputs; None where there are none, or those of a secret that was only looked up."""
        if "version" not in props or "key" not in props:
            return None
        key = props["key"]
        if key is UNKNOWN:
            return ResourceState(**_shared(props), keys_known=False)
        return ResourceState(
            **_shared(props),
            digests={key: props.get("digest", "")},
            versions={key: _known(int, props["version"])},
            rotate_on={key: props["rotate_on"]} if "rotate_on" in props else {},
            drift={key: props["drift"]} if props.get("drift") else {},
        )

    def encode_inputs(self, state: ResourceState) -> dict[str, Any]:
        inputs: dict[str, Any] = {"org_id": state.org_id, "overwrite": state.overwrite, **_place(state)}
        if not state.keys_known:
            return inputs | {"key": UNKNOWN, "digest": UNKNOWN, "version": UNKNOWN}
        ((key, version),) = state.versions.items()
        inputs |= {"key": key, "version": version, "digest": state.digests[key]}
        if key in state.rotate_on:
            inputs["rotate_on"] = state.rotate_on[key]
        if key in state.drift:
            inputs["drift"] = state.drift[key]
        return inputs

    def id(self, state: ResourceState) -> str:
        (key,) = state.keys
        return secret_id(str(state.org_id), key)


class OrgSecretsCodec:
    """`OrgSecrets`: the digests as one text, because 10,000 map entries cost the engine more than all the rest."""

    replaces = ("org_id",)
    is_recreated = False
    only_outputs: ClassVar[Props] = {"drift": {}}
    _problems: ClassVar[Mapping[str, Problem]] = {
        **_COMMON_PROBLEMS,
        "secrets": lambda value: None if value is None else secrets_problem(value),
        "exclusive": switch_problem,
        "keep": partial(patterns_problem, is_open=_is_unknown),
        "rotate_on": partial(rotation_texts_problem, is_open=_is_unknown),
    }

    def decode_declaration(self, news: Props, old: ResourceState | None) -> Declaration:
        news, common = _common(news, self._problems)
        given = news.get("secrets")
        secrets = _values(news[DECLARATION].get("values")) | _unescaped(given)
        names = news[DECLARATION].get("keys", UNKNOWN)
        managed = old.keys if old is not None else frozenset()
        common |= {
            "rotate_on": _rotations(news.get("rotate_on"), secrets),
            "exclusive": _known(bool, news.get("exclusive", False)),
            "keep": _patterns(news.get("keep")),
        }
        if given is UNKNOWN:
            return Declaration(keys_known=False, **common)
        named = frozenset(secrets if names is UNKNOWN else names)
        if given is None:
            # `ignore_changes=["secrets"]`: created once, then left alone as a whole.
            return Declaration(keys=managed, named=named | managed, **common)
        if not (named.issuperset(secrets) or news[DECLARATION].get("ignoring")):
            named = frozenset(secrets)  # a transform renamed entries of the map
        return Declaration(
            # A name without a value is one that `ignore_changes` took out of the map: left alone, never removed.
            keys=frozenset(secrets) | (named & managed),
            named=named | frozenset(secrets),
            values={key: _value(value) for key, value in secrets.items()},
            **common,
        )

    def decode_state(self, props: Props) -> ResourceState | None:
        """Read stored inputs or outputs."""
        if "versions" not in props:
            return None
        versions = {key: _known(int, version) for key, version in _unescaped(props["versions"]).items()}
        text = props.get("digests")
        digests: dict[str, Any] = dict.fromkeys(versions, UNKNOWN) if text is UNKNOWN else json.loads(text or "{}")
        return ResourceState(
            **_shared(props),
            digests=digests,
            versions=versions,
            keys_known=props["versions"] is not UNKNOWN,
            rotate_on=_unescaped(props.get("rotate_on")),
            exclusive=_known(bool, props.get("exclusive", False)),
            keep=_patterns(props.get("keep")),
            pruned={key: int(count) for key, count in _unescaped(props.get("pruned")).items()},
            pruned_known=props.get("pruned") is not UNKNOWN,
            drift=_unescaped(props.get("drift")),
        )

    def encode_inputs(self, state: ResourceState) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            "org_id": state.org_id,
            "digests": _digests_text(state.digests) if state.keys_known else UNKNOWN,
            "versions": _escaped(state.versions) if state.keys_known else UNKNOWN,
            "pruned": _escaped(state.pruned) if state.pruned_known else UNKNOWN,
            "exclusive": state.exclusive,
            "keep": list(state.keep),
            "overwrite": state.overwrite,
            **_place(state),
        }
        if state.rotate_on:
            inputs["rotate_on"] = _escaped(state.rotate_on)
        if state.drift:
            inputs["drift"] = _escaped(state.drift)
        return inputs

    def id(self, state: ResourceState) -> str:
        return str(state.org_id)


TYPE_PREFIX: Final = "pulumi-python:dynamic/influxdb:"
"""How the type tokens of both resources begin; the rest is the name of the class."""

Codec: TypeAlias = SecretCodec | OrgSecretsCodec

CODECS: Final[Mapping[str, Codec]] = {
    f"{TYPE_PREFIX}Secret": SecretCodec(),
    f"{TYPE_PREFIX}OrgSecrets": OrgSecretsCodec(),
}
"""Type token to the codec of its property bags."""


def _common(news: Props, problems: Mapping[str, Problem]) -> tuple[Props, dict[str, Any]]:
    """Return the inputs without those of another type, and what both kinds declare in the same way."""
    known = {name: news[name] for name in problems if news.get(name, UNKNOWN) is not UNKNOWN}
    invalid = {name: wrong for name, value in known.items() if (wrong := problems[name](value)) is not None}
    news = {name: value for name, value in news.items() if name not in invalid}
    told, org_id = news[DECLARATION], news.get("org_id")
    common = {
        "invalid": tuple(f"{name} {wrong}" for name, wrong in invalid.items()),
        "resource": told["resource"],
        "preview": bool(told.get("preview")),
        "resources": tuple(int(count) for count in told.get("resources", ())),
        "provider": None if (number := told.get("provider")) is None else int(number),
        # influxd takes capitals too, and returns small letters.
        "org_id": org_id.lower() if isinstance(org_id, str) else org_id,
        "org": news.get("org"),
        "overwrite": bool(news.get("overwrite", False)),
    }
    return news, common


def _shared(props: Props) -> dict[str, Any]:
    """Return the part of a state that both kinds store in the same way."""
    place = {name: props.get(name) for name in ("org", "server")}
    return {**place, "org_id": props["org_id"], "overwrite": bool(props.get("overwrite", False))}


def _place(state: ResourceState) -> dict[str, Any]:
    """Return where the keys are, as far as it is known: `org` and `server`."""
    place = {"org": state.org, "server": state.server}
    return {name: value for name, value in place.items() if value is not None}


def _value(value: Any) -> str | Unknown | InvalidValue:  # noqa: ANN401 (whatever a program passed)
    if isinstance(value, (str, Unknown)):
        return value
    return InvalidValue(str(string_problem(value)))


def _values(text: Any) -> dict[str, str]:  # noqa: ANN401 (a property)
    known: dict[str, str] = {} if text in (None, UNKNOWN) else json.loads(text)
    return known


def _rotations(given: Any, secrets: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 (a property)
    # An unknown map may name each key.
    return dict.fromkeys(secrets, UNKNOWN) if given is UNKNOWN else _unescaped(given)


def _known(kind: type[T], value: Any) -> T | Unknown:  # noqa: ANN401 (a property)
    return UNKNOWN if value is UNKNOWN else kind(value)


def _patterns(given: Any) -> tuple[str | Unknown, ...]:  # noqa: ANN401 (a property)
    return (UNKNOWN,) if given is UNKNOWN else tuple(given or ())


def _escaped(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {escape_key(key): value for key, value in entries.items()}


def _unescaped(entries: Mapping[str, Any] | Unknown | None) -> dict[str, Any]:
    return {} if entries is UNKNOWN else {unescape_key(name): value for name, value in (entries or {}).items()}


def _digests_text(digests: Mapping[str, str | Unknown]) -> str | Unknown:
    if UNKNOWN in digests.values():
        return UNKNOWN
    return json.dumps(digests, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
