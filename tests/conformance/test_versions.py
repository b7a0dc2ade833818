"""What versions of influxd answer differently: the emulator of each version, and the real server of that version."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from programs import find, needed
from servers import EmulatorServer, InfluxdServer
from wire import Reply, Wire

from influx_secrets import ProofsUnavailableError, SecretsClient, Settings
from influx_secrets._client.value_proofs import proof_query, prove
from influx_secrets._model.keys import digest

pytestmark = pytest.mark.influxd

VERSIONS = [
    "influxd",
    "influxd-2.6",
    # No verb builds these two: they are asked where they are.
    *(name for name in ("influxd-2.7", "influxd-2.10") if find(name)),
]
PUBLIC = [
    *("/health", "/health/", "/health//", "/health/x", "/%68ealth", "/health?x=y", "/healthx"),
    *("/ready", "/ready/", "/ready//", "/ready/x", "/%72eady", "/ping", "/ping/", "/", "/api/v2/orgs"),
]
TOO_LARGE = f'{{"small": "1", "{"k" * 32_753}": "2"}}'
KEYS = ["small", "none", "other"]


@pytest.fixture(scope="module", params=VERSIONS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """A real server of each version."""
    with InfluxdServer(needed(request.param), tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def both(real: InfluxdServer) -> Iterator[tuple[Wire, Wire]]:
    """A new org on the emulator of that version, and on the real server."""
    name = f"acme-{os.urandom(4).hex()}"
    with EmulatorServer((), version=real.version) as emulated:
        yield Wire(emulated, name, emulated.create_org(name)), Wire(real, name, real.create_org(name))


def test_paths_without_a_token_are_answered_as_by_this_version(both: tuple[Wire, Wire]) -> None:
    """Any method: status, headers with the version, and body."""
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        for target in PUBLIC:
            emulated, influxd = (wire.send(method, target, token=None) for wire in both)
            assert emulated == influxd, (method, target)


def test_calls_with_secrets_are_answered_as_by_this_version(both: tuple[Wire, Wire]) -> None:
    """A key that is too large, and proofs, with and without keys that cannot be read."""
    emulated, influxd = (list(_calls(wire)) for wire in both)
    assert emulated == influxd


def _calls(wire: Wire) -> Iterator[Reply]:
    yield wire.secrets("PATCH", body=TOO_LARGE)
    yield wire.secrets("GET")
    yield wire.secrets("PATCH", body='{"small": "1", "other": "2"}')
    yield wire.query('import "array"\nimport "contrib/qxip/hash"\narray.from(rows: [{h: hash.sha256(v: "a")}])')
    for keys in (["small", "other"], KEYS):
        yield wire.query(proof_query("0123456789abcdef", keys, "nonce"))


def test_proofs_hold_on_this_version_or_are_unavailable(both: tuple[Wire, Wire]) -> None:
    """A key that cannot be read hinders no other, wherever it stands (2.7.12 loses an empty string in a second row)."""
    for wire in both:
        wire.put(small="1", other="2")
    for keys in (KEYS, ["none", "small", "other"], ["small", "other", "none"]):
        emulated, influxd = (_proved(wire, keys) for wire in both)
        assert emulated == influxd
        assert influxd == {"small": True, "none": False, "other": True} or "older than InfluxDB 2.7" in str(influxd)


def _proved(wire: Wire, keys: list[str]) -> dict[str, bool] | str:
    """Return which keys have the values of the test, or why that cannot be proved."""
    values = {"small": "1", "none": "", "other": "2"}
    with SecretsClient(Settings(url=wire.server.url, token=wire.server.token)) as client:
        try:
            proofs = prove(client, wire.org_id, keys)
        except ProofsUnavailableError as error:
            return str(error).replace(wire.server.url, "")
    return {key: proofs[key].matches(digest(wire.org_id, key, values[key])) for key in keys}
