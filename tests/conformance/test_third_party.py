"""A client that is not ours, `influxdb-client`, works unchanged on the emulator: the same calls, the same answers."""

# mypy: disallow-untyped-calls=false
# That client has types for its classes only.

from __future__ import annotations

from collections.abc import Iterator

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.secret_keys import SecretKeys
from influxdb_client.rest import ApiException
from influxdb_client.service.secrets_service import SecretsService
from wire import Wire


@pytest.fixture
def client(wire: Wire) -> Iterator[InfluxDBClient]:
    """A client with the operator's token, on each server."""
    with InfluxDBClient(wire.server.url, wire.server.token, org=wire.org) as opened:
        yield opened


@pytest.fixture
def secrets(client: InfluxDBClient) -> SecretsService:
    """The calls on secrets, as the vendor generates them from the API's description."""
    return SecretsService(client.api_client)


def test_third_party_client_sets_lists_and_removes(wire: Wire, secrets: SecretsService) -> None:
    """PATCH, GET, DELETE and POST delete."""
    secrets.patch_orgs_id_secrets(wire.org_id, {"a": "1", "ключ": "2", "c": "3", "d": "4"})
    listed = secrets.get_orgs_id_secrets(wire.org_id)
    assert listed.secrets == ["a", "c", "d", "ключ"]
    path = f"/api/v2/orgs/{wire.org_id}"
    assert listed.links == {"self": f"{path}/secrets", "org": path}
    secrets.delete_orgs_id_secrets_id(wire.org_id, "a")
    secrets.post_orgs_id_secrets(wire.org_id, SecretKeys(secrets=["c", "ключ", "gone"]))
    assert wire.values == {"d": "4"}


def test_third_party_client_finds_orgs(wire: Wire, client: InfluxDBClient) -> None:
    """By name and by id; an unknown name is an error."""
    orgs = client.organizations_api()
    (found,) = orgs.find_organizations(org=wire.org)
    assert (found.id, found.name) == (wire.org_id, wire.org)
    assert orgs.find_organization(wire.org_id).name == wire.org
    with pytest.raises(ApiException) as caught:
        orgs.find_organizations(org="nobody")
    assert (caught.value.status, caught.value.message) == (404, 'organization name "nobody" not found')


def test_third_party_client_asks_for_health(client: InfluxDBClient) -> None:
    """`ping` and `version` are what programs call first."""
    assert client.ping()
    assert client.version().startswith("v2.")


def test_third_party_client_reads_secrets_in_flux(wire: Wire, client: InfluxDBClient) -> None:
    """A query as this client sends it, in JSON with its dialect."""
    wire.put(k="v")
    script = 'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{v: secrets.get(key: "k")}])'
    (table,) = client.query_api().query(script)
    assert [record.values["v"] for record in table.records] == ["v"]
