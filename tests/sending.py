"""Sends requests to a scripted server, in a time of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from scripted_server import Clock, ScriptedServer, Seen, Step, json_answer

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.messages import Request
from influx_secrets._client.settings import Settings
from influx_secrets._client.transport import Transport
from influx_secrets._errors import InfluxSecretsError

TOKEN = "planted-token=="
GET = Request(method="GET", path="/thing", intent="get the thing")
PATCH = Request(method="PATCH", path="/thing", intent="set the thing", body=b"{}", expects=204)
ORG = "0123456789abcdef"
SECRETS = f"/api/v2/orgs/{ORG}/secrets"
FINE = json_answer(200, {})


class Sender(Transport):
    """A transport that closes where a test leaves it."""

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def transport(
    url: str, clock: Clock | None = None, *, settings: Mapping[str, object] | None = None, jitter: float = 1.0
) -> Sender:
    """A transport whose time is the clock's; without jitter, every pause is as long as it may be."""
    clock = clock or Clock()
    build: Callable[..., Settings] = Settings
    chosen = build(**{"url": url, "token": TOKEN, "timeout": 5.0, **(settings or {})})
    return Sender(chosen, clock=clock, sleep=clock.sleep, rng=lambda: jitter)


def failing(*steps: Step, request: Request = GET, clock: Clock | None = None, **settings: object) -> InfluxSecretsError:
    """The error that the script leads to, its server gone."""
    with ScriptedServer(*steps) as server, transport(server.url, clock, settings=settings) as sender:
        with pytest.raises(InfluxSecretsError) as caught:
            sender.send(request)
        return caught.value


@contextmanager
def client(*steps: Step) -> Iterator[tuple[SecretsClient, list[Seen]]]:
    """A client of a scripted server, and the requests that the server has seen."""
    with ScriptedServer(*steps) as server, SecretsClient._over(transport(server.url)) as made:
        yield made, server.requests


def asked(seen: list[Seen]) -> list[tuple[str, str]]:
    return [(one.method, one.target) for one in seen]
