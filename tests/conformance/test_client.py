"""What the client makes of answers about names and tokens, on the emulator and on the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from influx_secrets import SecretsClient, Settings, UnauthorizedError

if TYPE_CHECKING:
    from servers import SecretsServer


def client_of(server: SecretsServer, token: str | None = None) -> SecretsClient:
    return SecretsClient(Settings(url=server.url, token=token or server.token))


@pytest.mark.parametrize("around", [" ", "\t", "\n"])
def test_find_org_with_white_space_around_its_name_gives_the_servers_name(
    server: SecretsServer, org: str, around: str
) -> None:
    """The server trims the name before it looks."""
    with client_of(server) as client:
        found = client.find_org(f"{around}{org}{around}")
    assert (found.id, found.name) == (server.org_id(org), org)


def test_token_that_cannot_work_is_told_apart(server: SecretsServer, org: str) -> None:
    """One that is not known, one that is inactive, and one without a permission."""
    org_id = server.org_id(org)
    tokens = {
        "the server does not know the token: it is wrong or revoked": "wrong",
        "the token is inactive": server.create_token(org, active=False),
        f"the token lacks the permission to read the secrets of org {org_id}": server.create_token(
            org, read_secrets=False
        ),
    }
    server.put_secret(org, "A", "1")
    script = 'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{v: secrets.get(key: "A")}])'
    for says, token in tokens.items():
        with client_of(server, token) as client, pytest.raises(UnauthorizedError) as caught:
            client.query(org_id, script)
        assert str(caught.value).endswith(says)
