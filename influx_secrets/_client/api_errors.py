"""Errors made of unexpected responses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from influx_secrets._client.messages import Request, Response
from influx_secrets._client.redaction import clean, quoted
from influx_secrets._errors import ERROR_BY_CODE, ERROR_BY_STATUS, APIError, ResponseError
from influx_secrets._text import sentence

_CLEAR_STATUSES: Final = frozenset({405, 429, 503})
"""influxd itself responds to 405 with an empty body; the others come without a code from rate limiters and gateways."""
_FROM_GATEWAYS: Final = frozenset({502, 503, 504})
_LIMITS: Final = frozenset({413, 429})
"""A gateway has a page of its own for these; the url is right."""

INACTIVE: Final = "the token is inactive. Run `influx auth active --id ID`, or use another token (IS302)"

_ADVICE: Final = {
    403: "the server or a gateway forbids this request. Use another token, or correct the rules of the gateway (IS306)",
    405: "the server or a gateway forbids this HTTP method. Correct the url, or the rules of the gateway (IS310)",
    413: "the server or a gateway refuses a request of this size. Raise the limit of the gateway (IS311)",
    429: "the server or a gateway limits the rate of requests. Run the command again later (IS312)",
    500: "the server failed. See the log of the server for the cause, then run the command again (IS313)",
    501: "the server does not support this request. Set the url to an InfluxDB 2 server (IS314)",
    503: "the server is not ready. Run the command again later (IS315)",
    "User is inactive": "the user of the token is inactive or deleted. Use a token of an active user (IS306)",
    "key too large": (
        "the name of a secret is longer than 32,752 bytes, InfluxDB's limit. Use a shorter name, and check that name "
        "and value are not swapped (IS311)"
    ),
}
"""By the status, or by a message of influxd 2.9.1 that says more than its status does."""


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A request and its response, which is not the expected one.

    Attributes:
        response: What came back; its body may be truncated.
        server: Url of the server, for messages.
        secrets: Those in the settings, so that no message repeats an echo of them.
        trace_id: The trace that was sent; the server's own is preferred.
    """

    request: Request
    response: Response
    server: str
    secrets: tuple[str, ...] = field(repr=False)
    trace_id: str | None = None
    attempts: int = 1

    def to_error(self) -> APIError | ResponseError:
        status = self.response.status
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return self._redirect()
        # A gateway has JSON of its own: the API's names a code, there or in a header.
        is_plain = not self.response.body.strip() or isinstance(self.response.json(), dict)
        is_api = bool(self._codes) or (status in _CLEAR_STATUSES and is_plain)
        return self._api_error() if status >= HTTPStatus.BAD_REQUEST and is_api else self.unexpected_body_error()

    def summarize(self) -> str:
        """Return the status, and in quotes the message of the API, if there is one."""
        return f"HTTP {self.response.status}{quoted(self._clean(self.response.fields.get('message')))}"

    def unexpected_body_error(self) -> ResponseError:
        """Return the error for a body of another shape; it describes the body and quotes nothing of it."""
        content_type = self._clean(self.response.content_type)
        if self.response.status in _LIMITS:
            return self._response_error(self._advice())
        if self.response.status in _FROM_GATEWAYS:
            advice = "Check that InfluxDB runs, that gateways and proxies can reach InfluxDB, and that the url is right"
        else:
            advice = "Check the url (host, port, path, http or https), and HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY"
        return self._response_error(
            f"the answer ({content_type or 'of no type'}, {len(self.response.body):,} bytes) "
            f"does not come from the InfluxDB API, or was cut. {advice} (IS417)"
        )

    def _redirect(self) -> ResponseError:
        # Path and query of a Location may hold session keys: scheme and host are all that is needed.
        try:
            parts = urlsplit(self.response.headers.get("location", ""))
            place = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
            target = self._clean(place) if parts.scheme and parts.hostname else None
        except ValueError:
            target = None
        return self._response_error(
            f"the answer redirects{f' to {target}' if target else ''}. Redirects are not followed, to protect the "
            "token. Set the url to an address that answers without a redirect (IS418)"
        )

    def _response_error(self, problem: str) -> ResponseError:
        return ResponseError(
            f"{self._start}. {sentence(problem)}",
            method=self.request.method,
            path=self.request.path,
            status=self.response.status,
            content_type=self._clean(self.response.content_type),
        )

    def _api_error(self) -> APIError:
        body, codes = self.response.fields, self._codes
        known = next((code for code in codes if code in ERROR_BY_CODE), None)
        kind = ERROR_BY_CODE[known] if known is not None else ERROR_BY_STATUS.get(self.response.status, APIError)
        server_message = self._clean(body.get("message"))
        return kind(
            f"{self._start}{quoted(server_message)}. {sentence(self._advice())}",
            method=self.request.method,
            path=self.request.path,
            status=self.response.status,
            code=known or next(filter(None, map(self._clean, codes)), None),
            op=self._clean(body.get("op")),
            trace_id=self._clean(self.response.headers.get("trace-id")) or self.trace_id,
            server_message=server_message,
            is_own=len(set(codes)) == 1 < len(codes),
        )

    def _advice(self) -> str:
        status, message = self.response.status, str(self.response.fields.get("message"))
        # A url that is too long leads to a path of the API that it does not have (influxd 2.9.1).
        text = self._path_advice() if message == "path not found" else self.request.advice.get(status)
        if text is None and status == HTTPStatus.UNAUTHORIZED:
            text = self._token_problem(message)
        text = text or _ADVICE.get(message) or _ADVICE.get(status)
        asked = self._clean(self.response.headers.get("retry-after", "").strip())
        if text and asked and re.fullmatch(r"[0-9]{1,6}", asked):
            text = text.replace("again later", f"again in {asked} s")
        return text or "see the log of the server, or of the gateway before the server (IS317)"

    def _path_advice(self) -> str:
        before = re.sub(r"(?<!/)/api(/v2)?$", "", self.server)
        if before == self.server:
            return "the url leads to no path of InfluxDB. Set the url to the address of the server alone (IS310)"
        return f"the url must not end with {self.server.removeprefix(before)}. Set the url to {before} (IS318)"

    def _token_problem(self, message: str) -> str:
        """Return which of three things a 401 of influxd 2.9.1 means; its message decides, and is not quoted."""
        if message == "unauthorized access":
            return (
                "the token is wrong, revoked, or of another server. Correct the token where it is set, for example "
                "in INFLUX_TOKEN. If a Provider or the stack's config has the token, run `pulumi up` before a refresh "
                "or destroy: these use the token in the state (IS301)"
            )
        if message.endswith("token is inactive"):
            return INACTIVE
        if message.endswith(" is unauthorized"):
            needs = self.request.needs or "that the server names"
            return f"the token lacks the permission {needs}. Use a token with this permission (IS303)"
        return "the server or a gateway refuses the token. Check the token, its permissions and the gateway (IS304)"

    @property
    def _start(self) -> str:
        tried = f" (tried {self.attempts} times)" if self.attempts > 1 else ""
        return f"cannot {self.request.intent}: HTTP {self.response.status} from {self.server}{tried}"

    @property
    def _codes(self) -> list[str]:
        named = (self.response.fields.get("code"), self.response.headers.get("x-platform-error-code"))
        return [code for code in named if isinstance(code, str)]

    def _clean(self, text: object) -> str | None:
        return clean(text, (*self.request.sensitive, *self.secrets))
