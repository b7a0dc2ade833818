"""The calls of the InfluxDB secrets API, a method each: no retries, no HTTP details, no Pulumi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from influx_secrets._settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from influx_secrets._transport import Transport


@dataclass(frozen=True, slots=True)
class Org:
    """An organization of the server."""

    #: 16 hex digits.
    id: str
    name: str


class SecretsClient:
    """The secrets of the organizations of one server."""

    def __init__(self, settings: Settings | None = None, *, transport: Transport | None = None) -> None:
        raise NotImplementedError

    def list_secret_keys(self, org_id: str) -> tuple[str, ...]: ...
    def upsert_secrets(self, org_id: str, secrets: Mapping[str, str]) -> None: ...
    def delete_secret(self, org_id: str, key: str) -> None: ...
    def delete_secrets(self, org_id: str, keys: Iterable[str]) -> None: ...
    def find_org(self, name: str) -> Org: ...
    def org_exists(self, org_id: str) -> bool | None: ...
    def query(self, org_id: str, flux: str) -> list[dict[str, str]]: ...
    def server_version(self) -> str: ...
    def hurried(self) -> SecretsClient: ...
    def close(self) -> None: ...
