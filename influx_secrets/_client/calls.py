"""What the calls of the client share: paths, requests, the reading of responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from influx_secrets._client.messages import Request, Response
from influx_secrets._client.readers import Listing, R
from influx_secrets._errors import (
    DeclarationError,
    InfluxSecretsError,
    MethodNotAllowedError,
    NotFoundError,
    ResponseError,
    UnimplementedError,
)
from influx_secrets._model.keys import is_org_id
from influx_secrets._text import name_org, quote

if TYPE_CHECKING:
    from influx_secrets._client.retry import Policy
    from influx_secrets._client.transport import Transport

T = TypeVar("T")

NO_ORG: Final = (
    "the org does not exist, or the token has no permission to read the org. Check org, url and token (IS309)"
)
"""What a 404 of a call on secrets means, as long as the server is not asked for the org."""

NOT_FOUND: Final[Mapping[bool | None, str]] = {
    True: "the org exists, but a proxy or gateway answered instead of InfluxDB. Check the url, path prefix included, "
    "the rules of the gateway, and HTTP_PROXY, HTTPS_PROXY, NO_PROXY (IS155)",
    None: "the token has no permission to read this org. Use a token with this permission (IS308)",
    False: "no org has this id. Check the id and the url (IS307)",
}
"""What it means once the server was asked, by what `org_exists` returned."""

# influxd 2.9.1 removes these; a DELETE of a key with one of `$ & + , / : ; = @` it answers with 204 and keeps the
# key. Names of dots alone are folded by every library on the way; an escape may be undone by any.
_PATH_SAFE = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]+")


class Calls:
    """What the calls of a client share: its transport, and its retry policy if it has one of its own."""

    _transport: Transport
    _policy: Policy | None

    def org_title(self, org_id: str) -> str:
        """Return an org as messages name it: by the name that it was looked up under, if it was, and its id."""
        return name_org(org_id, self._transport.org_names.get(org_id))

    def _secrets(
        self,
        method: str,
        org_id: str,
        intent: str,
        *,
        below: str = "",
        expects: int = HTTPStatus.NO_CONTENT,
        **more: Any,  # noqa: ANN401 (as a request takes)
    ) -> Request:
        """Return a request on the secrets of an org, or on what is below them."""
        return Request(
            method=method,
            path=f"/api/v2/orgs/{valid_org_id(org_id)}/secrets{below}",
            intent=f"{intent} of the org {self.org_title(org_id)}",
            expects=expects,
            needs=f"to {'read' if method == 'GET' else 'write'} the secrets of this org",
            advice={HTTPStatus.NOT_FOUND: NO_ORG},
            **more,
        )

    def _all_pages(self, listing: Listing[R], org_id: str) -> tuple[R, ...]:
        found, page = self._ask(listing.request(org_id, self.org_title(org_id), ()), listing.read)
        while page:
            more, page = self._ask(listing.request(org_id, self.org_title(org_id), page), listing.read)
            found += more
        return tuple(found)

    def _find(self, request: Request, read: Callable[[Response], T | None], missing: str) -> T | None:
        """Return what the response holds; None if the server confirms with this message that nothing is there."""
        try:
            return self._ask(request, read)
        except NotFoundError as exc:
            # Any other 404 is a wrong path or another program: no proof that it is gone.
            if exc.is_own and exc.code == "not found" and (exc.server_message or "").startswith(missing):
                return None
            raise

    def _send(self, request: Request) -> Response:
        return self._transport.send(request, self._policy)

    def _ask(self, request: Request, read: Callable[[Response], T | None]) -> T:
        """Return what the response holds. A body of another shape is not the API's, whatever its status."""
        response = self._send(request)
        result = read(response)
        if result is None:
            raise self._transport.failed_call(request, response).unexpected_body_error()
        return result


def valid_org_id(org_id: str) -> str:
    """Return an org id as influxd writes it."""
    # Anything else would change the path, and influxd refuses it with 400 "corrupt ID provided" anyway.
    if not is_org_id(org_id.lower()):
        raise DeclarationError(
            f"org_id {quote(org_id)} is not 16 hexadecimal digits: for a name, use org=... of list_secret_keys, or "
            "find_org(...).id of a SecretsClient (IS141)"
        )
    return org_id.lower()


def id_hint(name: str) -> str:
    """Return what to do about a name that no org has; an org may have a name that looks like an id."""
    by_id = f"If {name.strip()} is the id of an org, use org_id (--org-id)"
    return by_id if is_org_id(name.strip().lower()) else "Check the name and the url"


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
        except (ResponseError, NotFoundError, MethodNotAllowedError, UnimplementedError) as exc:
            if isinstance(exc, ResponseError) and exc.status not in {404, 405, 501}:
                raise
            missing.append(exc)
        else:
            return
    raise missing[0]
