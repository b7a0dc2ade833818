"""Value proofs, by the real server and by the emulator."""

from __future__ import annotations

import pytest
from servers import SecretsServer

from influx_secrets import APIError, ProofsUnavailableError, SecretsClient, Settings
from influx_secrets._client.value_proofs import proof_query, prove
from influx_secrets._model.keys import digest

AWKWARD = {
    "plain": "value",
    'quo"te': 'va"lue',
    "back\\slash": "\\n is no newline",
    "${x}": '${secrets.get(key: "plain")}',
    "$": "$",
    '$"$\\': '$"$\\',
    "new\nline\ttab\rreturn": "a\nb\r\nc",
    "nul\x00": "\x00",
    "ключ/😀": "значение 😀",
    "a,b;c=d&e": " leading and trailing ",
    "\x7f\x1b[31m": "\x7f",
    "long": "x" * 10_000,
}


def client_of(server: SecretsServer, token: str | None = None) -> SecretsClient:
    return SecretsClient(Settings(url=server.url, token=token or server.token))


def test_proofs_of_awkward_keys_and_values_hold(server: SecretsServer, org: str) -> None:
    """Every key and value comes through the script unharmed: the right digest is proved, any other is not."""
    org_id = server.org_id(org)
    with client_of(server) as client:
        client.upsert_secrets(org_id, AWKWARD)
        proofs = prove(client, org_id, AWKWARD)
        beside_empty = prove(client, org_id, ["not there", *AWKWARD])
    assert set(proofs) == set(AWKWARD)
    for key, value in AWKWARD.items():
        for found in (proofs, beside_empty):
            assert found[key].matches(digest(org_id, key, value)), key
            assert not found[key].matches(digest(org_id, key, value + "x")), key


class CountingClient(SecretsClient):
    """Counts the queries, and the bytes of their scripts."""

    def __init__(self, server: SecretsServer) -> None:
        super().__init__(Settings(url=server.url, token=server.token))
        self.sizes: list[int] = []

    def query(self, org_id: str, flux: str, *, intent: str = "count") -> list[dict[str, str]]:
        self.sizes.append(len(flux.encode()))
        return super().query(org_id, flux, intent=intent)


@pytest.mark.parametrize("unreadable", [["B", "D"], ["A"], ["E"], ["not there"], ["A", "B", "C", "D", "E"]])
def test_proofs_of_unreadable_keys_take_one_query_more(server: SecretsServer, org: str, unreadable: list[str]) -> None:
    """A key that is missing or empty fails the query; one more tells which, however many there are."""
    org_id = server.org_id(org)
    values = {key: "" if key in unreadable else f"v{key}" for key in "ABCDE"}
    client = CountingClient(server)
    with client:
        client.upsert_secrets(org_id, values)
        asked = list(dict.fromkeys([*unreadable, *values]))
        proofs = prove(client, org_id, asked)
        assert len(client.sizes) == 2
    assert list(proofs) == asked
    matching = {key for key, value in values.items() if proofs[key].matches(digest(org_id, key, value))}
    assert matching == set(values).difference(unreadable)


def test_proofs_of_many_keys_are_short_scripts(server: SecretsServer, org: str) -> None:
    """Of a thousand keys, a hundred of them empty: two queries, and hardly more in them than the keys."""
    org_id = server.org_id(org)
    values = {f"KEY_{n:04}": "" if n % 10 == 0 else f"value {n}" for n in range(1_000)}
    client = CountingClient(server)
    with client:
        client.upsert_secrets(org_id, values)
        proofs = prove(client, org_id, values)
        assert len(client.sizes) == 2
        assert max(client.sizes) < 12 * 1_000 + 1_000
    assert sum(proof.matches(digest(org_id, key, values[key])) for key, proof in proofs.items()) == 900


def test_proofs_of_many_keys_take_a_query_per_thousand(server: SecretsServer, org: str) -> None:
    """2,500 keys, three nonces."""
    org_id = server.org_id(org)
    values = {f"K{n}": f"v{n}" for n in range(2_500)}
    nonces = iter(["first", "second", "third"])
    with client_of(server) as client:
        client.upsert_secrets(org_id, values)
        proofs = prove(client, org_id, values, new_nonce=lambda: next(nonces))
    assert all(proofs[key].matches(digest(org_id, key, value)) for key, value in values.items())
    assert next(nonces, None) is None


def test_proofs_without_read_secrets_are_unavailable(server: SecretsServer, org: str) -> None:
    """The reason names what the token may not."""
    server.put_secret(org, "A", "1")
    token = server.create_token(org, read_secrets=False)
    with (
        client_of(server, token) as client,
        pytest.raises(ProofsUnavailableError, match="lacks the permission to read secrets"),
    ):
        prove(client, server.org_id(org), ["A"])


def test_proofs_of_unknown_org_are_an_error(server: SecretsServer) -> None:
    """An answer that speaks of the org is not taken for one about the server's version."""
    with client_of(server) as client, pytest.raises(APIError, match="organization not found"):
        prove(client, "0123456789abcdef", ["A"])


def test_proof_query_holds_no_value_and_no_digest() -> None:
    """Only keys, the prefix and the nonce travel."""
    for is_tolerant in (False, True):
        query = proof_query("0123456789abcdef", ["A"], "nonce", is_tolerant=is_tolerant)
        assert digest("0123456789abcdef", "A", "hunter2") not in query
