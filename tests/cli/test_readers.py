"""Who reads which key: real tasks and checks of influxd."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

import pytest
from conformance.other_writers import put_endpoint
from scripted_server import json_answer
from scripts import IMPORT, create_check, create_endpoint, create_rule, create_task
from sending import ORG
from sending import client as scripted_client
from servers import InfluxdServer

from influx_secrets import SecretsClient, Settings
from influx_secrets._client.readers import FluxScript
from influx_secrets.cli.usage.readers import find_readers


@pytest.fixture
def client(influxd: InfluxdServer) -> Iterator[SecretsClient]:
    with SecretsClient(Settings(url=influxd.url, token=influxd.token)) as made:
        yield made


@pytest.mark.influxd
def test_readers_are_the_tasks_and_checks_of_the_org(influxd: InfluxdServer, acme: str, client: SecretsClient) -> None:
    """Each key with its readers, also those that are switched off; other orgs do not count."""
    get = f'{IMPORT}x = secrets.get(key: "A")'
    task_id = create_task(influxd, acme, "first", f'{get}\ny = secrets.get(key: "B")')
    create_task(influxd, acme, "paused", get, status="inactive")
    create_task(influxd, acme, "vague", f"{get}\nf = secrets.get")
    create_task(influxd, acme, "other", "x = 1")
    create_check(influxd, acme, "watch", 'r._measurement == secrets.get(key: "B")')
    other = f"other-{os.urandom(4).hex()}"
    influxd.create_org(other)
    create_task(influxd, other, "elsewhere", get)

    followed: list[FluxScript] = []

    def follow(scripts: Sequence[FluxScript]) -> Iterable[FluxScript]:
        followed.extend(scripts)
        return scripts

    found = find_readers(client, influxd.org_id(acme), follow)

    assert "other" not in [one.name for one in followed], "only what may read is parsed"
    named = {key: {(one.kind, one.name, one.active) for one in some} for key, some in found.by_key.items()}
    assert named == {
        "A": {("task", "first", True), ("task", "paused", False), ("task", "vague", True)},
        "B": {("task", "first", True), ("check", "watch", True)},
    }
    assert [one.name for one in found.unknown] == ["vague"]
    assert len(found.all) == 5
    assert task_id in {one.id for one in found.by_key["A"]}
    assert found.unseen == ("rule", "endpoint")


@pytest.mark.influxd
def test_readers_are_endpoints_and_rules_too(influxd: InfluxdServer, acme: str, client: SecretsClient) -> None:
    """A rule reads the key that its endpoint had when it was saved; each kind can be seen."""
    endpoint_id = create_endpoint(influxd, acme, "on-call", "secret: OLD")
    create_rule(influxd, acme, "disk full", endpoint_id)
    put_endpoint(influxd, acme, "slack", endpoint_id, token="secret: NEW")
    create_task(influxd, acme, "other", "x = 1")
    create_check(influxd, acme, "watch", "true")
    found = find_readers(client, influxd.org_id(acme))
    named = {key: [one.kind for one in some] for key, some in found.by_key.items()}
    assert named == {"OLD": ["rule"], "NEW": ["endpoint"]}
    assert found.unseen == ()


def test_readers_script_that_cannot_be_parsed_is_in_doubt() -> None:
    """Influxd 2.9.1 stores none, but it may come from an older version."""
    task = {"id": "1", "name": "odd", "status": "active", "flux": f"{IMPORT}x = ("}
    refused = json_answer(400, {"code": "invalid", "message": "invalid AST: loc 2:5-2:6: expected RPAREN, got EOF"})
    others = "checks", "notificationEndpoints", "notificationRules"
    empty = [json_answer(200, {kind: [], "links": {}}) for kind in others]
    steps = (json_answer(200, {"tasks": [task], "links": {}}), *empty, refused)
    with scripted_client(*steps) as (client, _):
        found = find_readers(client, ORG)
    assert [one.name for one in found.unknown] == ["odd"]
    assert found.by_key == {}
