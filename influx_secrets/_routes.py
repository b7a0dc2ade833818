"""Which way a key is removed: the API has two, a path carries not every key, and a server may lack a route."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus

from influx_secrets._errors import (
    InfluxSecretsError,
    MethodNotAllowedError,
    NotFoundError,
    ResponseError,
    UnimplementedError,
)

# influxd 2.9.1 removes these; a DELETE of a key with one of `$ & + , / : ; = @` it answers with 204 and keeps the
# key. Names of dots alone are folded by every library on the way; an escape may be undone by any.
_FAITHFUL_IN_PATH = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]+")


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
