"""What checks ask a server, and how its answers are compared: in one line each."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from typing import Any

from wire import Reply, Wire

UNKNOWN_ORG = "0000000000000001"
IMPORTS = """\
import "array"
import "contrib/qxip/hash"
import "experimental"
import "http"
import "influxdata/influxdb/secrets"
import "strings"
"""
_JSON = {"Content-Type": "application/json"}


def line(reply: Reply) -> str:
    """Return status, code and message of an answer; of a body without them, its length."""
    if reply.status in {200, 201, 204} or not reply.body:
        return str(reply.status)
    try:
        body = json.loads(reply.body)
    except ValueError:
        return f"{reply.status} {reply.body.decode().strip()}"
    return f"{reply.status} {body.get('code')}: {body.get('message')}"


def ask(wire: Wire, method: str, path: str, body: object = None, token: str | None = "operator") -> Any:  # noqa: ANN401 (JSON of any shape)
    """Call the API and return its JSON, or the line of an answer that is no success."""
    # Answers have `<org>` in place of the id, and may be sent back.
    content = None if body is None else json.dumps(body).replace("<org>", wire.org_id)
    reply = wire.send(method, path, content, token=token, headers=_JSON)
    return json.loads(reply.body) if reply.status in {200, 201} and reply.body else line(reply)


def org_body(wire: Wire, **members: object) -> dict[str, object]:
    """Return members with the id of the org."""
    return {"orgID": wire.org_id, **members}


def flux(wire: Wire, script: str, token: str | None = "operator") -> list[str] | str:
    """Run a script; return the last cell of each row, or the line of an answer that is no success."""
    used = [
        one
        for one in IMPORTS.splitlines(keepends=True)
        if f"{one.split('/')[-1].split()[-1].strip(chr(34))}." in script
    ]
    reply = wire.query("".join(used) + script, token=token)
    if reply.status != 200:
        return line(reply)
    rows = [row for row in csv.reader(io.StringIO(reply.body.decode(), newline="")) if row]
    return [row[-1] for row in rows[1:]]


def get(key: str) -> str:
    """Return a script with one row, the value of a key."""
    return f'array.from(rows: [{{v: secrets.get(key: "{key}")}}])'


def until(look: Callable[[], Any], seconds: float = 20) -> Any:  # noqa: ANN401 (what the look returns)
    """Return the first result of a look that is something."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found
