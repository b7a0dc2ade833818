"""The error tree: a caller branches on a class or an attribute, never on text.

```
InfluxSecretsError
├── SettingsError (also ValueError)       the settings cannot work; no request was made
├── DeclarationError (also ValueError)    a resource or a call contradicts itself; no request was made
├── SecretNotFoundError                   a key that was asked for is not in the org
├── KeyConflictError                      a key exists with a value that we did not write
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

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final


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
        return self._revive, self.args, self.__dict__.copy()

    @classmethod
    def _revive(cls, *args: object) -> InfluxSecretsError:
        return cls.__new__(cls, *args)


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


class KeyConflictError(InfluxSecretsError):
    """A key already exists with another value, and `overwrite` is not set."""

    def __init__(self, message: str, *, org_id: str, key: str) -> None:
        super().__init__(message)
        self.org_id = org_id
        """The org that holds the key, 16 hex digits."""
        self.key = key
        """The key that exists already."""


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


class InternalError(APIError):
    """Code "internal error", HTTP 500: the server failed; its log says why."""


class UnimplementedError(APIError):
    """Code "not implemented", HTTP 501: the server does not offer this call."""


class NotFoundError(APIError):
    """Code "not found", HTTP 404: no such org, or a token that may not read it; it does not say which."""


class ConflictError(APIError):
    """Code "conflict", HTTP 422 from influxd: the thing exists already or is in use."""


class InvalidError(APIError):
    """Code "invalid", HTTP 400: the server could not read the request."""


class UnprocessableEntityError(APIError):
    """Code "unprocessable entity", HTTP 422: the request was read and makes no sense."""


class EmptyValueError(APIError):
    """Code "empty value", HTTP 400: something that must not be empty was."""


class UnavailableError(APIError):
    """Code "unavailable", HTTP 503: the server, or what it depends on, is not ready."""


class ForbiddenError(APIError):
    """Code "forbidden", HTTP 403: the token is known and may not do this."""


class RateLimitedError(APIError):
    """Code "too many requests", HTTP 429: the caller is to wait."""


class UnauthorizedError(APIError):
    """Code "unauthorized", HTTP 401: the token is unknown, or lacks a permission."""


class MethodNotAllowedError(APIError):
    """Code "method not allowed", HTTP 405: there is no such route; influxd answers it with an empty body."""


class RequestTooLargeError(APIError):
    """Code "request too large", HTTP 413: influxd says it of a key over 32,752 bytes."""


class UnsupportedMediaTypeError(APIError):
    """Code "unsupported media type", HTTP 415: the request's content type is not understood."""


_CODES: Final[tuple[tuple[str, int | None, type[APIError]], ...]] = (
    ("internal error", 500, InternalError),
    ("not implemented", 501, UnimplementedError),
    ("not found", 404, NotFoundError),
    ("conflict", 409, ConflictError),
    ("invalid", 400, InvalidError),
    ("unprocessable entity", 422, UnprocessableEntityError),
    ("empty value", None, EmptyValueError),
    ("unavailable", 503, UnavailableError),
    ("forbidden", 403, ForbiddenError),
    ("too many requests", 429, RateLimitedError),
    ("unauthorized", 401, UnauthorizedError),
    ("method not allowed", 405, MethodNotAllowedError),
    ("request too large", 413, RequestTooLargeError),
    ("unsupported media type", 415, UnsupportedMediaTypeError),
)
"""The codes of the API's specification, as influxd spells them; the status that means the same by itself; the class."""

ERROR_BY_CODE: Final[Mapping[str, type[APIError]]] = MappingProxyType({code: kind for code, _, kind in _CODES})
ERROR_BY_STATUS: Final[Mapping[int, type[APIError]]] = MappingProxyType(
    {status: kind for _, status, kind in _CODES if status is not None}
)
"""For a response without a known code."""
