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

HEADERS = ("Content-Type", "X-Platform-Error-Code", "X-Influxdb-Build", "X-Influxdb-Version")
"""What a caller may look at in an error; the rest differs between any two answers."""


@pytest.fixture
def client(wire: Wire) -> Iterator[InfluxDBClient]:
    """A client with the operator's token, on each server."""
    with InfluxDBClient(wire.server.url, wire.server.token, org=wire.org) as opened:
        yield opened


@pytest.fixture
def secrets(client: InfluxDBClient) -> SecretsService:
    """The calls on secrets, as the vendor generates them from the API's description."""
    return SecretsService(client.api_client)


def failed(secrets: SecretsService, org_id: str) -> tuple[object, ...]:
    """Return what the error of a list holds."""
    with pytest.raises(ApiException) as caught:
        secrets.get_orgs_id_secrets(org_id)
    error = caught.value
    assert error.headers is not None
    return error.status, error.body, error.message, {name: error.headers.get(name) for name in HEADERS}


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


def test_third_party_client_answers_with_status_and_headers(wire: Wire, secrets: SecretsService) -> None:
    """Its longer forms give status and headers too."""
    _, status, headers = secrets.patch_orgs_id_secrets_with_http_info(wire.org_id, {"a": "1"})
    assert (status, headers["X-Influxdb-Build"]) == (204, "OSS")
    listed, status, headers = secrets.get_orgs_id_secrets_with_http_info(wire.org_id)
    assert (listed.secrets, status, headers["Content-Type"]) == (["a"], 200, "application/json; charset=utf-8")
    _, status, _ = secrets.delete_orgs_id_secrets_id_with_http_info(wire.org_id, "a")
    assert (status, wire.keys) == (204, [])


def test_third_party_client_tells_errors(secrets: SecretsService) -> None:
    """Status, body, message and headers of an unknown org, and of a malformed id."""
    status, body, message, headers = failed(secrets, "0000000000000001")
    assert (status, message) == (404, "404 page not found")
    assert body == '{\n\t"code": "not found",\n\t"message": "404 page not found"\n}'
    assert isinstance(headers, dict)
    assert headers["X-Platform-Error-Code"] == "not found"
    status, _, message, _ = failed(secrets, "xyz")
    assert (status, message) == (400, "corrupt ID provided: id must have a length of 16 bytes")


def test_third_party_client_without_permission_is_told(wire: Wire) -> None:
    """401 names the permission; a wrong token gets 401 as well."""
    token = wire.server.create_token(wire.org, read_secrets=False)
    with InfluxDBClient(wire.server.url, token) as client:
        status, _, message, headers = failed(SecretsService(client.api_client), wire.org_id)
    assert (status, message) == (401, f"read:orgs/{wire.org_id}/secrets is unauthorized")
    assert isinstance(headers, dict)
    assert headers["X-Platform-Error-Code"] == "unauthorized"
    with InfluxDBClient(wire.server.url, "wrong") as client:
        assert failed(SecretsService(client.api_client), wire.org_id)[:3] == (
            401,
            '{"code":"unauthorized","message":"unauthorized access"}',
            "unauthorized access",
        )


def test_third_party_client_too_large_a_key_is_413(wire: Wire, secrets: SecretsService) -> None:
    """The code is the API's."""
    with pytest.raises(ApiException) as caught:
        secrets.patch_orgs_id_secrets(wire.org_id, {"k" * 32_753: "v"})
    assert (caught.value.status, caught.value.message) == (413, "key too large")
    assert wire.keys == []


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
