"""Who uses keys in alerts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.readers import Endpoint, Reader
from influx_secrets._model.keys import endpoint_of


def abandoned(client: SecretsClient, keys: Iterable[str], endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """Return the credentials whose notification endpoint was deleted: influxd 2.9.1 keeps them for ever.

    Asks for each endpoint that the token is not shown.
    """
    credentials = {key: id_ for key in keys if (id_ := endpoint_of(key)) is not None}
    hidden = set(credentials.values()) - {endpoint.id for endpoint in endpoints}
    gone = {id_ for id_ in sorted(hidden) if not client.endpoint_exists(id_)}
    return frozenset(key for key, id_ in credentials.items() if id_ in gone)


def titles(readers: Iterable[Reader]) -> str:
    """Return readers for people."""
    return ", ".join(reader.title for reader in readers)


def server_text(readers: Iterable[Reader]) -> str:
    """Return for what the server keeps a credential."""
    return f"the server, for {titles(readers) or 'a notification endpoint'}"


LEFT_OVER = "nobody that is shown: its notification endpoint was deleted"
"""Who uses a credential that is abandoned and has no reader."""


def reader_json(reader: Reader) -> dict[str, Any]:
    """Return a reader for programs."""
    return {"kind": reader.kind, "id": reader.id, "name": reader.name, "active": reader.active}
