"""Sends requests to a scripted server, in a time of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scripted_server import Clock, ScriptedServer, Step, json_answer

from influx_secrets._answers import Request
from influx_secrets._errors import InfluxSecretsError
from influx_secrets._settings import Settings
from influx_secrets._transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN = "planted-token=="
GET = Request(method="GET", path="/thing", intent="get the thing")
PATCH = Request(method="PATCH", path="/thing", intent="set the thing", body=b"{}", expects=204)
FINE = json_answer(200, {})


def transport(
    url: str, clock: Clock | None = None, *, settings: Mapping[str, object] | None = None, jitter: float = 1.0
) -> Transport:
    """A transport whose time is the clock's; without jitter, every pause is as long as it may be."""
    clock = clock or Clock()
    build: Callable[..., Settings] = Settings
    chosen = build(**{"url": url, "token": TOKEN, "timeout": 5.0, **(settings or {})})
    return Transport(chosen, clock=clock, sleep=clock.sleep, rng=lambda: jitter)


def failing(*steps: Step, request: Request = GET, clock: Clock | None = None, **settings: object) -> InfluxSecretsError:
    """The error that the script leads to, its server gone."""
    with ScriptedServer(*steps) as server, transport(server.url, clock, settings=settings) as sender:
        with pytest.raises(InfluxSecretsError) as caught:
            sender.send(request)
        return caught.value
