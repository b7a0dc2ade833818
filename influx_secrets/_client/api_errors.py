"""Errors made of unexpected responses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from influx_secrets._client.messages import Request, Response
from influx_secrets._client.redaction import Redactor
from influx_secrets._errors import ERROR_BY_CODE, ERROR_BY_STATUS, APIError, ResponseError

_EMPTY_BODY_STATUSES: Final = frozenset({405, 429, 503})
"""influxd itself responds to 405 with an empty body; the other two come so from rate limiters and load balancers."""

_ADVICE: Final = {
    403: "the token may not do this",
    405: "this server has no such call: is the url that of an InfluxDB 2 server, path prefix included?",
    413: "a key may have at most 32,752 bytes",
    429: "the server asks for fewer requests: try again later",
    500: "the server's log says why",
    501: "this server does not offer the call",
    503: "the server is not ready: try again later",
}


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A request and its response, which is not the expected one.

    Attributes:
        request: What was sent.
        response: What came back; its body may be truncated.
        server: Url of the server, for messages.
        token: The token that was sent, so that no message repeats an echo of it.
        trace_id: The trace that was sent; the server's own is preferred.
        attempts: How often it was tried.
    """

    request: Request
    response: Response
    server: str
    token: str | None = field(repr=False)
    trace_id: str | None = None
    attempts: int = 1

    def to_error(self) -> APIError | ResponseError:
        """Return the error to raise."""
        status = self.response.status
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return self._redirect()
        body = self.response.json()
        is_api = isinstance(body, dict) or self._header_code in ERROR_BY_CODE
        is_bare = not self.response.body.strip() and status in _EMPTY_BODY_STATUSES
        if status < HTTPStatus.BAD_REQUEST or not (is_api or is_bare):
            return self.unexpected_body_error()
        return self._api_error(body if isinstance(body, dict) else {})

    def summarize(self) -> str:
        """Return the status, and in quotes the message of the API, if there is one."""
        body = self.response.json()
        message = body.get("message") if isinstance(body, dict) else None
        return f"HTTP {self.response.status}{_quoted(self._clean(message))}"

    def unexpected_body_error(self) -> ResponseError:
        """Return the error for a body of another shape; it describes the body and quotes nothing of it."""
        content_type = self._clean(self.response.content_type)
        return self._response_error(
            f"the answer ({content_type or 'of no type'}, {len(self.response.body):,} bytes) is not the "
            "InfluxDB API's; a proxy or another program may be answering, or the answer was cut: "
            "check the url, path prefix included, and HTTP_PROXY, HTTPS_PROXY, NO_PROXY"
        )

    def _redirect(self) -> ResponseError:
        # Path and query of a Location may hold session keys: scheme and host are all that is needed.
        try:
            parts = urlsplit(self.response.headers.get("location", ""))
            target = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
            where = self._clean(target) if parts.scheme and parts.hostname else None
        except ValueError:
            where = None
        return self._response_error(
            f"a redirect to {where or 'another place'}, and redirects are not followed; "
            "set the url to where the API itself is"
        )

    def _response_error(self, problem: str) -> ResponseError:
        return ResponseError(
            f"{self._start}: {problem}",
            method=self.request.method,
            path=self.request.path,
            status=self.response.status,
            content_type=self._clean(self.response.content_type),
        )

    def _api_error(self, body: dict[str, object]) -> APIError:
        codes = [code for code in (body.get("code"), self._header_code) if isinstance(code, str)]
        known = next((code for code in codes if code in ERROR_BY_CODE), None)
        kind = ERROR_BY_CODE[known] if known is not None else ERROR_BY_STATUS.get(self.response.status, APIError)
        server_message = self._clean(body.get("message"))
        return kind(
            f"{self._start}{_quoted(server_message)}{self._advice()}",
            method=self.request.method,
            path=self.request.path,
            status=self.response.status,
            code=known or next(filter(None, map(self._clean, codes)), None),
            op=self._clean(body.get("op")),
            trace_id=self._clean(self.response.headers.get("trace-id")) or self.trace_id,
            server_message=server_message,
        )

    def _advice(self) -> str:
        status = self.response.status
        text = self.request.advice.get(status)
        if text is None and status == HTTPStatus.UNAUTHORIZED:
            lacks = f", or lacks the permission {self.request.needs}" if self.request.needs else ""
            text = f"the token is wrong or revoked{lacks}"
        text = text or _ADVICE.get(status)
        asked = self._clean(self.response.headers.get("retry-after", "").strip())
        if text and asked and re.fullmatch(r"[0-9]{1,6}", asked):
            text = text.replace("try again later", f"try again in {asked} s")
        return f": {text}" if text else ""

    @property
    def _start(self) -> str:
        tried = f" (tried {self.attempts} times)" if self.attempts > 1 else ""
        return f"cannot {self.request.intent}: HTTP {self.response.status} from {self.server}{tried}"

    @property
    def _header_code(self) -> str | None:
        return self.response.headers.get("x-platform-error-code")

    def _clean(self, text: object) -> str | None:
        return Redactor((*self.request.sensitive, self.token or "")).clean(text)


def _quoted(message: str | None) -> str:
    return f' ("{message}")' if message else ""
