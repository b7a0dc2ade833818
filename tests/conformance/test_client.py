"""What the client makes of answers about names and tokens, on the emulator and on the real server."""

from __future__ import annotations

import re

import pytest
from servers import SecretsServer

from influx_secrets import NotFoundError, SecretsClient, Settings, UnauthorizedError


def client_of(server: SecretsServer, token: str | None = None) -> SecretsClient:
    return SecretsClient(Settings(url=server.url, token=token or server.token))


def test_org_that_cannot_be_reached_is_told_apart(server: SecretsServer, org: str) -> None:
    """One that is not there, one that is hidden, by an inactive token too, and a url that is too long."""
    org_id = server.org_id(org)
    hidden = "the token has no permission to read this org. Use a token with this permission (IS308)"
    inactive = "the token is inactive. Run `influx auth active --id ID`, or use another token (IS302)"
    path = f"The url must not end with /api/v2. Set the url to {server.url} (IS318)"
    blind, asleep = server.create_token(org, read_org=False), server.create_token(org, active=False)
    nobody, no_id = (f"No org has this {what}. Check the {what} and the url (IS307)" for what in ("name", "id"))
    cases = [
        ("", server.token, "nobody", nobody, "0000000000000001", no_id),
        ("", blind, org, hidden, org_id, hidden),
        ("", asleep, org, inactive, org_id, inactive),
        ("/api/v2", server.token, org, path, org_id, path),
    ]
    for below, token, name, of_name, id_, of_id in cases:
        with SecretsClient(Settings(url=server.url + below, token=token)) as client:
            with pytest.raises(NotFoundError, match=f"(?i){re.escape(of_name)}$"):
                client.find_org(name)
            with pytest.raises(NotFoundError, match=f"(?i){re.escape(of_id)}$"):
                client.list_secret_keys(id_)


def test_token_that_cannot_work_is_told_apart(server: SecretsServer, org: str) -> None:
    """One that is not known, one that is inactive, and one without a permission."""
    org_id = server.org_id(org)
    lacks = "The token lacks the permission to read the secrets of this org. Use a token with this permission (IS303)"
    tokens = {
        "use the token in the state (IS301)": "wrong",
        "or use another token (IS302)": server.create_token(org, active=False),
        lacks: server.create_token(org, read_secrets=False),
    }
    server.put_secret(org, "A", "1")
    script = 'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{v: secrets.get(key: "A")}])'
    for says, token in tokens.items():
        with client_of(server, token) as client, pytest.raises(UnauthorizedError) as caught:
            client.query(org_id, script)
        assert str(caught.value).endswith(says)
