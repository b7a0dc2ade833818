"""What the engine calls of a provider, once it is configured: property bags to records and back around `_lifecycle`.

Apart from `_providers`, so that a program, which only names its providers, does without all that they work with.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, ParamSpec, TypeVar

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from influx_secrets._errors import DeclarationError, InfluxSecretsError
from influx_secrets._model.keys import parse_secret_id
from influx_secrets._model.planner import plan
from influx_secrets._model.serialization import Codec
from influx_secrets._model.state import UNKNOWN, ResourceState
from influx_secrets._provider import reconciler as _lifecycle
from influx_secrets._provider.session import Ledger

_MAX_FAILURES: Final = 10
_PROVIDER_KEY: Final = "__provider"

P = ParamSpec("P")
R = TypeVar("R")


def one_line(method: Callable[P, R]) -> Callable[P, R]:
    """Show the user our errors without a traceback; any other exception is a bug of ours, and shows its whole one.

    The SDK prints what `traceback.format_exc` returns; this is the one way to shorten it. The process is ours alone.
    """

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except InfluxSecretsError as error:
            sys.tracebacklimit = 0
            raise error.with_traceback(None) from None
        except Exception:
            sys.tracebacklimit = 1000
            raise

    return call


class Calls:
    """The calls for one kind of resource; the two kinds share a ledger.

    Args:
        form: How the resource stands in property bags.
        ledger: Of the process and server.
    """

    def __init__(self, form: Codec, ledger: Ledger) -> None:
        self._format = form
        self._ledger = ledger

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate, claim, compare with the server, and put digests and versions where the values were."""
        try:
            old = self._format.decode_state(_plain(olds))
            settled = _lifecycle.settle(self._ledger, self._format.decode_declaration(_plain(news), old), old)
        except InfluxSecretsError as error:
            return CheckResult({}, [_failure(str(error))])
        if settled.failures or settled.record is None:
            return CheckResult({}, _failures(settled.failures))
        return CheckResult(_marked(self._format.encode_inputs(settled.record)), [])

    @one_line
    def diff(self, stored: dict[str, Any], wanted: dict[str, Any]) -> DiffResult:
        """Compare what is stored with what is wanted; no request."""
        olds, news = _plain(stored), _plain(wanted)
        replaces = [name for name in self._format.replaces if olds.get(name) != news.get(name)]
        changes = plan(self._format.decode_state(olds), self._require(news))
        return DiffResult(changes=bool(changes) or bool(replaces), replaces=replaces, delete_before_replace=False)

    @one_line
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write every key."""
        record = self._require(_plain(props))
        _lifecycle.apply(self._ledger, None, record)
        return CreateResult(self._format.id(record), self._format.encode_outputs(record))

    @one_line
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Compare the server with what was written."""
        record = self._format.decode_state(_plain(props))
        if record is None:
            return self._look_up(id_)
        found = _lifecycle.observe(self._ledger, record)
        if self._format.is_gone(found):
            return ReadResult("", {})
        return ReadResult(id_, self._format.encode_outputs(found), self._format.encode_inputs(found))

    @one_line
    def update(self, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Write the keys that changed, remove those that left."""
        new = self._require(_plain(news))
        _lifecycle.apply(self._ledger, self._format.decode_state(_plain(olds)), new)
        return UpdateResult(self._format.encode_outputs(new))

    @one_line
    def delete(self, props: dict[str, Any]) -> None:
        """Remove what the state names, but what another resource of this run declares."""
        _lifecycle.remove(self._ledger, self._require(_plain(props)))

    def _require(self, props: Mapping[str, Any]) -> ResourceState:
        record = self._format.decode_state(props)
        if record is None:
            raise DeclarationError("the stored properties of the resource are incomplete: run `pulumi refresh`")
        return record

    def _look_up(self, id_: str) -> ReadResult:
        org_id, key = parse_secret_id(id_)
        _lifecycle.look_up(self._ledger, org_id, key)
        return ReadResult(id_, {"org_id": org_id, "key": key})


def _failure(reason: str) -> CheckFailure:
    # Never under the name of a property: the engine would print its value.
    return CheckFailure("", reason)


def _failures(reasons: Sequence[str]) -> list[CheckFailure]:
    shown = [_failure(reason) for reason in reasons[:_MAX_FAILURES]]
    more = len(reasons) - len(shown)
    return [*shown, _failure(f"and {more} more like these")] if more > 0 else shown


def _plain(value: Any) -> Any:  # noqa: ANN401 (a property of the engine is any JSON value, or unknown)
    """Return properties with our own mark in place of the engine's unknowns."""
    if isinstance(value, str):
        return value  # nearly all of very many
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name != _PROVIDER_KEY}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _marked(value: Any) -> Any:  # noqa: ANN401 (as above)
    """Undo `_plain`."""
    if value is UNKNOWN:
        return pulumi.UNKNOWN
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return {name: _marked(item) for name, item in value.items()} if isinstance(value, dict) else value
