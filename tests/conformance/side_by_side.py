"""Two servers with the same orgs, tokens and secrets, and what a request does to each of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.raw_requests import NOBODY, ORG, OTHER, TOKENS, Random
from servers import EmulatorServer, SecretsServer
from wire import Reply, exchange, send

State = tuple[dict[str, str], dict[str, str]]
"""The secrets of the two orgs."""


@dataclass(frozen=True, slots=True)
class Side:
    """One server with two orgs of its own, and a token of each kind for them."""

    server: SecretsServer
    names: tuple[str, str]
    ids: Mapping[bytes, str]
    tokens: Mapping[str, str | None]

    @classmethod
    def of(cls, server: SecretsServer, name: str) -> Side:
        """Make the orgs and tokens."""
        names = (name, f"{name}-other")
        for org in names:
            server.create_org(org)
        return cls._with_tokens(server, names)

    def twin(self) -> Side:
        """Return an emulator of this version with the orgs of this server, under the same ids, and with such tokens."""
        listed = json.loads(send(self.server, "GET", "/api/v2/orgs").body)["orgs"]
        version = send(self.server, "GET", "/ping").headers["X-Influxdb-Version"].removeprefix("v")
        emulator = EmulatorServer({org["name"]: org["id"] for org in listed}, version=version)
        return self._with_tokens(emulator, self.names)

    @classmethod
    def _with_tokens(cls, server: SecretsServer, names: tuple[str, str]) -> Side:
        orgs = dict(zip(("org", "other"), names, strict=True))
        tokens: dict[str, str | None] = {"operator": server.token, NOBODY: None}
        for kind, (org, (read_org, read_secrets, write_secrets, active)) in TOKENS.items():
            tokens[kind] = server.create_token(
                orgs[org], read_org=read_org, read_secrets=read_secrets, write_secrets=write_secrets, active=active
            )
        revoked = tokens["revoked"] = server.create_token(names[0])
        server.revoke_token(revoked)
        ids = {ORG: server.org_id(names[0]), OTHER: server.org_id(names[1]), b"{name}": names[0]}
        return cls(server, names, ids, tokens)

    def send(self, request: Random) -> Reply:
        """Send a request; what differs between any two servers is replaced by words."""
        wired = request.wire(self.ids, self.tokens[request.token])
        reply = exchange(self.server, request.method, wired)
        return reply.normalised()

    def state(self) -> State:
        csv.field_size_limit(1 << 30)  # there are large values
        first, second = (self.server.values(name) for name in self.names)
        return first, second

    def reset(self, secrets: Mapping[str, str]) -> None:
        """Give the first org these secrets, and the other one none."""
        for org, content in ((ORG, secrets), (OTHER, {})):
            path = f"/api/v2/orgs/{self.ids[org]}/secrets"
            deleted = send(self.server, "POST", f"{path}/delete", json.dumps({"secrets": self._keys(org)}))
            assert (deleted.status, send(self.server, "PATCH", path, json.dumps(content)).status) == (204, 204)

    def _keys(self, org: bytes) -> list[str]:
        listed = json.loads(send(self.server, "GET", f"/api/v2/orgs/{self.ids[org]}/secrets").body)
        keys: list[str] = listed["secrets"]
        return keys
