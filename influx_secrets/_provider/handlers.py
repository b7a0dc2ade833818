"""The engine's calls, on property bags.

Not in `dynamic`, so that a program, which only names its providers, does without all that they work with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from influx_secrets._errors import DeclarationError, InfluxSecretsError
from influx_secrets._model.input_types import DECLARATION, not_an_input
from influx_secrets._model.keys import parse_secret_id, secret_id
from influx_secrets._model.planner import plan
from influx_secrets._model.resources import UNKNOWN, ResourceState
from influx_secrets._model.state_codecs import Codec
from influx_secrets._provider import linux, reconciler
from influx_secrets._provider.sdk import PROVIDER_KEY
from influx_secrets._provider.session import ServerSession
from influx_secrets._provider.tracebacks import without_traceback

_MAX_FAILURES: Final = 10
_MANY: Final = 10_000
"""With fewer keys, what there is to return is not worth the time."""
_VALUES: Final = frozenset(("value", "secrets"))
"""The inputs that must never be among the checked ones, which the state holds."""


class Handlers:
    """The calls for one kind of resource; the two kinds share a session."""

    def __init__(self, codec: Codec, session: ServerSession) -> None:
        self._codec = codec
        self._session = session

    @without_traceback
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate, claim, compare with the server, and put digests and versions where the values were."""
        try:
            if DECLARATION not in news:
                # `ignore_changes=["*"]`: the engine (3.259.0) sends the stored inputs, and nothing that is new.
                if not _VALUES.isdisjoint(news):
                    raise not_an_input(DECLARATION)
                reconciler.claim_stored(self._session, self._require(unmarshal(news)))
                return CheckResult(news, [])
            old = self._codec.decode_state(unmarshal(olds))
            declared = self._codec.decode_declaration(unmarshal(news), old)
            found = reconciler.check_declaration(self._session, declared, old)
        except InfluxSecretsError as error:
            return CheckResult({}, _failures([str(error)]))
        if isinstance(found, list):
            return CheckResult({}, _failures(found))
        return CheckResult(marshal(self._codec.encode_inputs(found)), [])

    @without_traceback
    def diff(self, stored: dict[str, Any], wanted: dict[str, Any]) -> DiffResult:
        """Compare what is stored with what is wanted; no request."""
        if {"drift": {}, **stored} == {"drift": {}, **wanted}:
            # Nothing changed, as in most runs: very many keys are not decoded, which takes most of the memory.
            return DiffResult(changes=False, replaces=[], delete_before_replace=False)
        olds, news = unmarshal(stored), unmarshal(wanted)
        replaces = [name for name in self._codec.replaces if olds.get(name) != news.get(name)]
        changes = plan(self._codec.decode_state(olds), self._require(news))
        return DiffResult(changes=bool(changes) or bool(replaces), replaces=replaces, delete_before_replace=False)

    @without_traceback
    def create(self, props: dict[str, Any]) -> CreateResult:
        _make_room(props)
        state = self._require(unmarshal(props))
        reconciler.apply(self._session, None, state)
        return CreateResult(self._codec.id(state), self._outputs(props))

    @without_traceback
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Compare the server with what was written."""
        stored = unmarshal(props)
        if self._codec.is_recreated and self._codec.decode_state(stored) is None:  # `Secret.get`
            org_id, key = parse_secret_id(id_)
            reconciler.look_up(self._session, org_id, key)
            return ReadResult(secret_id(org_id, key), {"org_id": org_id, "key": key})
        state = self._require(stored)
        found = reconciler.refresh(self._session, state)
        if found.org_id != state.org_id:
            id_ = self._codec.id(found)
        elif self._codec.is_recreated and "deleted" in found.drift.values():
            return ReadResult("", {})
        inputs = self._codec.encode_inputs(found)
        return ReadResult(id_, self._outputs(inputs), inputs)

    @without_traceback
    def update(self, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        _make_room(news)
        new = self._require(unmarshal(news))
        reconciler.apply(self._session, self._codec.decode_state(unmarshal(olds)), new)
        return UpdateResult(self._outputs(news))

    @without_traceback
    def delete(self, props: dict[str, Any]) -> None:
        reconciler.delete(self._session, self._require(unmarshal(props)))

    def _outputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return what is stored as outputs: the inputs again, because `read` gets nothing else."""
        return {**self._codec.only_outputs, **inputs}

    def _require(self, props: Mapping[str, Any]) -> ResourceState:
        state = self._codec.decode_state(props)
        if state is None:
            raise DeclarationError(
                "the state of this resource is incomplete: run `pulumi up`, which repairs the state. If that fails "
                "too, run `pulumi state delete URN` (IS140)"
            )
        return state


def _make_room(props: Mapping[str, Any]) -> None:
    """Return what `check` used for very many keys, before as much is taken for writing them."""
    versions = props.get("versions")
    if isinstance(versions, dict) and len(versions) > _MANY:
        linux.return_memory()


def _failures(reasons: Sequence[str]) -> list[CheckFailure]:
    more = len(reasons) - _MAX_FAILURES
    shown = [*reasons[:_MAX_FAILURES], *([f"and {more} more like these"] if more > 0 else ())]
    # Never under the name of a property: the engine would print its value.
    return [CheckFailure("", reason) for reason in shown]


def unmarshal(value: Any) -> Any:  # noqa: ANN401 (a property of the engine is any JSON value, or unknown)
    """Return properties with our own mark in place of the engine's unknowns."""
    if isinstance(value, str):
        return value  # nearly all of very many
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: unmarshal(item) for name, item in value.items() if name != PROVIDER_KEY}
    if isinstance(value, list):
        return [unmarshal(item) for item in value]
    return value


def marshal(value: Any) -> Any:  # noqa: ANN401 (as above)
    if value is UNKNOWN:
        return pulumi.UNKNOWN
    if isinstance(value, list):
        return [marshal(item) for item in value]
    return {name: marshal(item) for name, item in value.items()} if isinstance(value, dict) else value
