"""The error tree: a caller branches on a class or an attribute, never on text.

```
InfluxSecretsError
├── SettingsError (also ValueError)       the settings cannot work; no request was made
├── DeclarationError (also ValueError)    a resource or a call contradicts itself; no request was made
├── SecretNotFoundError                   a key that was asked for is not in the org
├── ProofsUnavailableError                the server cannot prove values for this token
├── TransportError                        no usable answer
│   ├── NotSentError                      no connection was made: the server did not see the request
│   └── NoAnswerError                     the request went out: the server may have acted on it
├── ResponseError                         an answer, but not the API's (a proxy, a redirect, cut JSON)
└── APIError                              an error of the InfluxDB API
    ├── InternalError                     "internal error"
    ├── UnimplementedError                "not implemented"
    ├── NotFoundError                     "not found"
    ├── ConflictError                     "conflict"
    ├── InvalidError                      "invalid"
    ├── UnprocessableEntityError          "unprocessable entity"
    ├── EmptyValueError                   "empty value"
    ├── UnavailableError                  "unavailable"
    ├── ForbiddenError                    "forbidden"
    ├── RateLimitedError                  "too many requests"
    ├── UnauthorizedError                 "unauthorized"
    ├── MethodNotAllowedError             "method not allowed"
    ├── RequestTooLargeError              "request too large"
    └── UnsupportedMediaTypeError         "unsupported media type"
```

A message is one line, and ends with the code of its row in `docs/errors.md`. Neither it nor an attribute holds a value,
a token, a digest or the body that was sent.
"""

from __future__ import annotations

import copyreg
from typing import Any, Final

ERROR_BY_CODE: Final[dict[str, type[APIError]]] = {}
"""The codes of the API's specification, as influxd spells them."""

ERROR_BY_STATUS: Final[dict[int, type[APIError]]] = {}
"""For a response without a known code: the status that means the same by itself."""


class InfluxSecretsError(Exception):
    """The root of every error of this package."""

    __module__ = "influx_secrets"

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__ == __name__:
            # Users read the names in tracebacks, and pickles hold them: the file behind them may move.
            cls.__module__ = InfluxSecretsError.__module__

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way calls the class with `args` alone, which fails for keyword-only attributes.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__.copy()  # type: ignore[attr-defined]


class SettingsError(InfluxSecretsError, ValueError):
    """The settings are malformed, incomplete or contradict each other. Raised before any request."""


class DeclarationError(InfluxSecretsError, ValueError):
    """A resource or a call contradicts itself, such as `org` beside `org_id`. Raised before any request."""


class SecretNotFoundError(InfluxSecretsError):
    """A key that was asked for is not among the secrets of its org."""

    def __init__(self, message: str, *, org_id: str, key: str) -> None:
        super().__init__(message)
        self.org_id = org_id
        """The org that was asked, 16 hex digits."""
        self.key = key
        """The key that is not there."""


class ProofsUnavailableError(InfluxSecretsError):
    """The server cannot prove values for this token; the text says why, and what would help."""


class TransportError(InfluxSecretsError):
    """There was no usable answer, after all attempts."""

    def __init__(self, message: str, *, method: str, path: str, attempts: int, may_heal: bool = True) -> None:
        super().__init__(message)
        self.method = method
        """The HTTP method, such as `"PATCH"`."""
        self.path = path
        """The path below the server's url, without the query."""
        self.attempts = attempts
        """How often the request was tried, the first time included."""
        self.may_heal = may_heal
        """Whether the same request may succeed later: not if, for example, the certificate is not trusted."""


class NotSentError(TransportError):
    """No connection was made (refused, unknown host, TLS): the server did not see the request."""


class NoAnswerError(TransportError):
    """The connection broke or went silent: the server may have acted on the request."""


class ResponseError(InfluxSecretsError):
    """An answer that is not the InfluxDB API's: from a proxy or a login page, a redirect, cut JSON."""

    def __init__(self, message: str, *, method: str, path: str, status: int, content_type: str | None = None) -> None:
        super().__init__(message)
        self.method = method
        """The HTTP method, such as `"PATCH"`."""
        self.path = path
        """The path below the server's url, without the query."""
        self.status = status
        """The HTTP status of the answer."""
        self.content_type = content_type
        """The media type of the answer; None when it named none."""


class APIError(InfluxSecretsError):
    """The InfluxDB API answered with an error; a plain `APIError` has a code unknown to this package."""

    def __init_subclass__(cls, code: str = "", status: int = 0) -> None:
        super().__init_subclass__()
        ERROR_BY_CODE.update({code: cls} if code else {})
        ERROR_BY_STATUS.update({status: cls} if status else {})

    def __init__(
        self,
        message: str,
        *,
        method: str,
        path: str,
        status: int,
        code: str | None = None,
        op: str | None = None,
        trace_id: str | None = None,
        server_message: str | None = None,
        is_own: bool = False,
    ) -> None:
        super().__init__(message)
        self.method = method
        """The HTTP method, such as `"PATCH"`."""
        self.path = path
        """The path below the server's url, without the query."""
        self.status = status
        """The HTTP status of the answer."""
        self.code = code
        """The API's error code, such as `"not found"`; None when the answer named none."""
        self.op = op
        """Server-side name of the failed operation; usually None."""
        self.trace_id = trace_id
        """The trace of the request: the server's `Trace-Id`, else the one that was sent, else None."""
        self.server_message = server_message
        """The server's message, at most 200 characters; None when it sent none, or repeated a secret."""
        self.is_own = is_own
        """Whether header and body both name the code, as in InfluxDB's own answers; a gateway's have one at most."""


class InternalError(APIError, code="internal error", status=500):
    """Code "internal error", HTTP 500: the server failed; its log says why."""


class UnimplementedError(APIError, code="not implemented", status=501):
    """Code "not implemented", HTTP 501: the server does not offer this call."""


class NotFoundError(APIError, code="not found", status=404):
    """Code "not found", HTTP 404: no such org, or a token that may not read it; it does not say which."""


class ConflictError(APIError, code="conflict", status=409):
    """Code "conflict", HTTP 422 from influxd: the thing exists already or is in use."""


class InvalidError(APIError, code="invalid", status=400):
    """Code "invalid", HTTP 400: the server could not read the request."""


class UnprocessableEntityError(APIError, code="unprocessable entity", status=422):
    """Code "unprocessable entity", HTTP 422: the request was read and makes no sense."""


class EmptyValueError(APIError, code="empty value"):
    """Code "empty value", HTTP 400: something that must not be empty was."""


class UnavailableError(APIError, code="unavailable", status=503):
    """Code "unavailable", HTTP 503: the server, or what it depends on, is not ready."""


class ForbiddenError(APIError, code="forbidden", status=403):
    """Code "forbidden", HTTP 403: the token is known and may not do this."""


class RateLimitedError(APIError, code="too many requests", status=429):
    """Code "too many requests", HTTP 429: the caller is to wait."""


class UnauthorizedError(APIError, code="unauthorized", status=401):
    """Code "unauthorized", HTTP 401: the token is unknown, or lacks a permission."""


class MethodNotAllowedError(APIError, code="method not allowed", status=405):
    """Code "method not allowed", HTTP 405: there is no such route; influxd answers it with an empty body."""


class RequestTooLargeError(APIError, code="request too large", status=413):
    """Code "request too large", HTTP 413: influxd says it of a key over 32,752 bytes."""


class UnsupportedMediaTypeError(APIError, code="unsupported media type", status=415):
    """Code "unsupported media type", HTTP 415: the request's content type is not understood."""
