"""Answers calls with faults, hooks and a request log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from influx_secrets.emulator.api.context import Call, Trace
from influx_secrets.emulator.api.responses import Answer, Version, of_version
from influx_secrets.emulator.api.router import API
from influx_secrets.emulator.faults import Fault, FaultScript, delivery
from influx_secrets.emulator.store import Store

Hook = Callable[[str, str], "Answer | None"]
"""Called with method and path before each answer, in a worker thread; may block, and may answer in place of the API."""

_NONE = Answer(0)


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the emulator got. Keys and paths only: it never holds a value or a token.

    Attributes:
        method: HTTP method.
        path: Path and query as they were sent, undecoded.
        status: Status of the answer; 0 where a fault let there be none.
        org: Name of the org that it was about; empty where there is none.
        keys: Secret keys that it named, in its order (PATCH, both deletes, `secrets.get` in a query).
        seconds: When it was answered, on the clock of `time.monotonic`.
        wrote: Whether it changed secrets, or would have with other ones: a PATCH or delete that the API granted.
        fault: Name of the fault that hit it, such as "Reset"; empty where none did.
    """

    method: str
    path: str
    status: int
    org: str
    keys: tuple[str, ...]
    seconds: float
    wrote: bool = False
    fault: str = ""


class Service:
    """Answers calls from several threads.

    Attributes:
        requests: Those so far, in the order of their answers.
        script: The faults to come.
    """

    def __init__(self, store: Store, script: FaultScript, before: Hook | None, version: Version) -> None:
        self.requests: list[Request] = []
        self.script = script
        self._api = API(store, version)
        self._version = version
        self._store = store
        self._before = before

    def due(self, call: Call) -> Fault | None:
        """Count this call and return the fault that hits it."""
        return self.script.due(call.method, _path(call).partition("?")[0])

    def answer(self, call: Call, fault: Fault | None) -> Answer:
        """Act, log the call, and return what to send. It runs in a worker thread, so it may block."""
        sent = delivery(fault)
        path, trace = _path(call), Trace()
        answer = self._before(call.method, path) if self._before else None
        if answer is None and sent.acts:
            answer = self._api.answer(call, trace)
        answer = of_version(sent.answer or answer or _NONE, self._version)
        org = self._store.org(trace.org_id)
        self.requests.append(
            Request(
                call.method,
                path,
                0 if sent.resets else answer.status,
                org.name if org else "",
                tuple(trace.keys),
                time.monotonic(),
                wrote=trace.wrote,
                fault=type(fault.effect).__name__ if fault else "",
            )
        )
        return answer


def _path(call: Call) -> str:
    return call.target.decode("utf-8", "backslashreplace")
