"""What the HTTP server serves: the API, with faults and the hook of a test before it, and the log behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from influx_secrets.emulator.api.context import Trace
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.faults import Delivery
from influx_secrets.emulator.server.request_log import Request

if TYPE_CHECKING:
    from influx_secrets.emulator.api.context import Call
    from influx_secrets.emulator.api.router import API
    from influx_secrets.emulator.faults import Fault, FaultScript
    from influx_secrets.emulator.server.request_log import RequestLog
    from influx_secrets.emulator.store import Store

Hook = Callable[[str, str], "Answer | None"]
"""Called with method and path before each answer, in a worker thread; may block, and may answer in place of the API."""

_NONE = Answer(0)


class Service:
    """Answers calls; used from several threads."""

    def __init__(self, api: API, store: Store, script: FaultScript, log: RequestLog, before: Hook | None) -> None:
        self._api = api
        self._store = store
        self._script = script
        self._log = log
        self._before = before

    def due(self, call: Call) -> Fault | None:
        """Return the fault that hits this call; each call is asked for once."""
        return self._script.due(call.method, _path(call).partition("?")[0])

    def answer(self, call: Call, fault: Fault | None) -> Answer:
        """Act, remember the call, and return what to send. In a worker thread, so it may take its time."""
        delivery = fault.effect.delivery if fault else Delivery()
        path, trace = _path(call), Trace()
        answer = self._before(call.method, path) if self._before else None
        if answer is None and delivery.acts:
            answer = self._api.answer(call, trace)
        answer = delivery.answer or answer or _NONE
        org = self._store.org(trace.org_id)
        self._log.add(
            Request(
                call.method,
                path,
                0 if delivery.resets else answer.status,
                org.name if org else "",
                trace.keys,
                time.monotonic(),
                wrote=trace.wrote,
                fault=type(fault.effect).__name__ if fault else "",
            )
        )
        return answer


def _path(call: Call) -> str:
    return call.target.decode("utf-8", "backslashreplace")
