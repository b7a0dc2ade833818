"""Org ids and keys in paths of the API, and the choice between two ways to remove a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from influx_secrets._errors import (
    DeclarationError,
    InfluxSecretsError,
    MethodNotAllowedError,
    NotFoundError,
    ResponseError,
    UnimplementedError,
)
from influx_secrets._model.keys import is_org_id
from influx_secrets._text import quote

NO_ORG: Final = (
    "either there is no such org, or the token may not read it; the token needs read on the org, read on its secrets "
    "and write on its secrets (IS309)"
)
"""What a 404 of a call on secrets means, as long as the server is not asked for the org."""

# influxd 2.9.1 removes these; a DELETE of a key with one of `$ & + , / : ; = @` it answers with 204 and keeps the
# key. Names of dots alone are folded by every library on the way; an escape may be undone by any.
_PATH_SAFE = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]+")


def valid_org_id(org_id: str) -> str:
    """Return an org id as influxd writes it."""
    # Anything else would change the path, and influxd refuses it with 400 "corrupt ID provided" anyway.
    if not is_org_id(org_id.lower()):
        raise DeclarationError(
            f"{quote(org_id)} is not an org id of 16 hexadecimal digits: `influx org list` shows the ids (IS141)"
        )
    return org_id.lower()


def id_hint(name: str) -> str:
    """Return what to do about a name that is not found and looks like an id; an org may have such a name."""
    return "; an org id goes into org_id (--org-id)" if is_org_id(name.strip().lower()) else ""


def is_path_safe(key: str) -> bool:
    """Whether a path carries the key to the server unchanged."""
    return _PATH_SAFE.fullmatch(key) is not None


def first_supported(calls: Iterable[Callable[[], None]]) -> None:
    """Make the first of these calls that the server has.

    The 404 of a missing route is also that of an unknown org. Trying the next call is harmless then: it fails in the
    same way, and the first error is raised.
    """
    missing: list[InfluxSecretsError] = []
    for call in calls:
        try:
            call()
        except InfluxSecretsError as exc:
            if not _is_missing_route(exc):
                raise
            missing.append(exc)
        else:
            return
    raise missing[0]


def _is_missing_route(exc: InfluxSecretsError) -> bool:
    if isinstance(exc, ResponseError):
        return exc.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
    return isinstance(exc, NotFoundError | MethodNotAllowedError | UnimplementedError)
