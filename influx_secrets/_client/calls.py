"""Requests and the reading of their responses, for the calls of the client."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from influx_secrets._client.endpoints import NO_ORG, valid_org_id
from influx_secrets._client.messages import Request, Response
from influx_secrets._client.readers import Listing, R
from influx_secrets._errors import NotFoundError
from influx_secrets._text import name_org

if TYPE_CHECKING:
    from influx_secrets._client.retry import Policy
    from influx_secrets._client.transport import Transport

T = TypeVar("T")


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
        title = self.org_title(org_id)
        return Request(
            method=method,
            path=f"/api/v2/orgs/{valid_org_id(org_id)}/secrets{below}",
            intent=f"{intent} of org {title}",
            expects=expects,
            needs=f"to {'read' if method == 'GET' else 'write'} the secrets of org {title}",
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
