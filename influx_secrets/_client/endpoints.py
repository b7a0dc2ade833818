"""The paths of the API: an org's, and the two by which a key is removed, for not every path carries every key."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus

from influx_secrets._client.payloads import shown
from influx_secrets._errors import (
    DeclarationError,
    InfluxSecretsError,
    MethodNotAllowedError,
    NotFoundError,
    ResponseError,
    UnimplementedError,
)

# influxd 2.9.1 removes these; a DELETE of a key with one of `$ & + , / : ; = @` it answers with 204 and keeps the
# key. Names of dots alone are folded by every library on the way; an escape may be undone by any.
_FAITHFUL_IN_PATH = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]+")


def org_path(org_id: str) -> str:
    """Return the path of an org.

    Raises:
        DeclarationError: The id is not 16 hex digits.
    """
    # Anything else would change the path, and influxd refuses it with 400 "corrupt ID provided" anyway.
    if not re.fullmatch(r"[0-9a-fA-F]{16}", org_id):
        message = f"{shown(org_id)} is no org id: it has 16 hex digits, as `influx org list` shows it"
        raise DeclarationError(message)
    return f"/api/v2/orgs/{org_id}"


def is_faithful(key: str) -> bool:
    """Whether a path carries the key to the server as it is."""
    return _FAITHFUL_IN_PATH.fullmatch(key) is not None


def take_first(routes: Iterable[Callable[[], None]]) -> None:
    """Call the routes in turn until one is there.

    The 404 of a missing route is also that of an unknown org. Trying the next route is harmless then: it fails in the
    same way, and the first error is raised.
    """
    missing: list[InfluxSecretsError] = []
    for route in routes:
        try:
            route()
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
