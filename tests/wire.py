"""Sends requests byte for byte as written, and makes the answers of two servers comparable.

HTTP libraries mend paths and headers before they send them; here the paths are the subject.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from servers import SecretsServer

COMPARED_HEADERS = (
    "Allow",
    "Cache-Control",
    "Content-Encoding",
    "Content-Type",
    "Location",
    "Vary",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Influxdb-Build",
    "X-Influxdb-Version",
    "X-Platform-Error-Code",
)
"""All that a client could act on. Date, Server and the framing of the body are left out."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `headers` holds those of COMPARED_HEADERS that it has."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def normalised(self, org_id: str = "<org>") -> Reply:
        """Return the reply with the org's id, points in time, durations and build number replaced by words."""
        body = self.body.replace(org_id.encode(), b"<org>")
        body = re.sub(rb'"\d{4}-\d\d-\d\dT[\d:.]+Z"', b'"<time>"', body)
        body = re.sub(rb'(?<="commit":)( ?)"\w+"', rb'\1"<commit>"', body)
        body = re.sub(rb'(?<="up":)( ?)"[0-9.hms\xc2\xb5]+"', rb'\1"<time>"', body)
        body = re.sub(rb'(?<="value":)[\d.e-]+(?=,"unit":"seconds")', b"<seconds>", body)
        return Reply(self.status, self.headers, body)


def send(
    server: SecretsServer,
    method: str,
    target: str | bytes,
    body: str | bytes | None = None,
    *,
    token: str | None = "operator",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request and return the answer.

    `token` "operator" is the server's own all-access token; None sends no Authorization header.
    """
    sent = {"Host": "test", "Connection": "close"}
    if token is not None:
        sent["Authorization"] = f"Token {server.token if token == 'operator' else token}"
    content = body.encode() if isinstance(body, str) else body
    if content is not None:
        sent["Content-Length"] = str(len(content))
    sent.update(headers or {})
    path = target.encode() if isinstance(target, str) else target
    lines = [b"%s %s HTTP/1.1" % (method.encode(), path)]
    lines += [f"{name}: {value}".encode() for name, value in sent.items()]
    return exchange(server, method, b"\r\n".join([*lines, b"", content or b""]))


NO_ANSWER = Reply(0, {}, b"")
"""The connection ended without one."""


def exchange(server: SecretsServer, method: str, request: bytes) -> Reply:
    """Send these bytes on a connection of their own."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60) as connection:
        # Who refuses a request early does not read all of it.
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        answer = http.client.HTTPResponse(connection, method=method)
        try:
            answer.begin()
            with answer:
                body = answer.read()
        except (ConnectionError, http.client.HTTPException):
            return NO_ANSWER
    headers = {name: answer.headers[name] for name in COMPARED_HEADERS if name in answer.headers}
    return Reply(answer.status, headers, body)


@dataclass(frozen=True)
class Wire:
    """Sends to one org of one server; `ORG` in a target stands for the org's id."""

    server: SecretsServer
    org: str
    org_id: str

    def send(
        self,
        method: str,
        target: str,
        body: str | bytes | None = None,
        *,
        token: str | None = "operator",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        target = target.replace("ORG", self.org_id)
        return send(self.server, method, target, body, token=token, headers=headers).normalised(self.org_id)

    def secrets(self, method: str, below: str = "", body: str | bytes | None = None) -> Reply:
        """Send to the org's secrets; `below` is what follows in the path."""
        return self.send(method, f"/api/v2/orgs/ORG/secrets{below}", body)

    def query(self, script: str, *, token: str | None = "operator") -> Reply:
        headers = {"Content-Type": "application/vnd.flux"}
        return self.send("POST", "/api/v2/query?orgID=ORG", script, token=token, headers=headers)

    def put(self, **secrets: str) -> None:
        for key, value in secrets.items():
            self.server.put_secret(self.org, key, value)

    @property
    def keys(self) -> list[str]:
        return self.server.keys(self.org)

    @property
    def values(self) -> dict[str, str]:
        return self.server.values(self.org)


def is_from(reply: Reply, version: tuple[int, int]) -> bool:
    """Whether the server that answered has this version of influxd, or a later one."""
    numbers = re.match(r"v(\d+)\.(\d+)", reply.headers["X-Influxdb-Version"])
    assert numbers is not None
    return (int(numbers[1]), int(numbers[2])) >= version


def error(code: str, message: str) -> bytes:
    """Return an error body as the newer handlers write it."""
    return f'{{\n\t"code": "{code}",\n\t"message": "{message}"\n}}'.encode()
