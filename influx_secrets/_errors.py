"""Every error this package raises, so that a caller can branch on a class or an attribute, never on text.

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

A message is one line. Neither it nor an attribute holds a value, a token, a digest or the body that was sent.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = [
    "APIError",
    "ConflictError",
    "DeclarationError",
    "EmptyValueError",
    "ForbiddenError",
    "InfluxSecretsError",
    "InternalError",
    "InvalidError",
    "KeyConflictError",
    "MethodNotAllowedError",
    "NoAnswerError",
    "NotFoundError",
    "NotSentError",
    "ProofsUnavailableError",
    "RateLimitedError",
    "RequestTooLargeError",
    "ResponseError",
    "SecretNotFoundError",
    "SettingsError",
    "TransportError",
    "UnauthorizedError",
    "UnavailableError",
    "UnimplementedError",
    "UnprocessableEntityError",
    "UnsupportedMediaTypeError",
]


class InfluxSecretsError(Exception):
    """The root of every error of this package."""

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way calls the class with `args` alone, which fails for keyword-only attributes.
        return self._revive, self.args, self.__dict__.copy()

    @classmethod
    def _revive(cls, *args: object) -> "InfluxSecretsError":
        return cls.__new__(cls, *args)


class SettingsError(InfluxSecretsError, ValueError):
    """The settings are malformed, incomplete or contradict each other. Raised before any request."""


class DeclarationError(InfluxSecretsError, ValueError):
    """A resource or a call contradicts itself, such as `org` beside `org_id`. Raised before any request."""


class SecretNotFoundError(InfluxSecretsError):
    """A key that was asked for is not among the secrets of its org."""

    def __init__(self, message: str, *, org_id: str, key: str) -> None:
        super().__init__(message)
        #: The org that was asked, 16 hex digits.
        self.org_id = org_id
        #: The key that is not there.
        self.key = key


class KeyConflictError(InfluxSecretsError):
    """A key already exists with another value, and `overwrite` is not set."""

    def __init__(self, message: str, *, org_id: str, key: str) -> None:
        super().__init__(message)
        #: The org that holds the key, 16 hex digits.
        self.org_id = org_id
        #: The key that exists already.
        self.key = key


class ProofsUnavailableError(InfluxSecretsError):
    """The server cannot prove values for this token; the text says why, and what would help."""


class TransportError(InfluxSecretsError):
    """There was no usable answer, after all attempts."""

    def __init__(self, message: str, *, method: str, path: str, attempts: int) -> None:
        super().__init__(message)
        #: The HTTP method, such as `"PATCH"`.
        self.method = method
        #: The path below the server's url, without the query.
        self.path = path
        #: How often the request was tried, the first time included.
        self.attempts = attempts


class NotSentError(TransportError):
    """No connection was made (refused, unknown host, TLS): the server did not see the request."""


class NoAnswerError(TransportError):
    """The connection broke or went silent: the server may have acted on the request."""


class ResponseError(InfluxSecretsError):
    """An answer that is not the InfluxDB API's: from a proxy or a login page, a redirect, cut JSON."""

    def __init__(self, message: str, *, method: str, path: str, status: int, content_type: str | None = None) -> None:
        super().__init__(message)
        #: The HTTP method, such as `"PATCH"`.
        self.method = method
        #: The path below the server's url, without the query.
        self.path = path
        #: The HTTP status of the answer.
        self.status = status
        #: The media type of the answer; `None` when it named none.
        self.content_type = content_type


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
    ) -> None:
        super().__init__(message)
        #: The HTTP method, such as `"PATCH"`.
        self.method = method
        #: The path below the server's url, without the query.
        self.path = path
        #: The HTTP status of the answer.
        self.status = status
        #: The API's error code, such as `"not found"`; `None` when the answer named none.
        self.code = code
        #: The server's own name of the operation that failed; `None` when it named none, as is usual.
        self.op = op
        #: The trace of the request: the server's `Trace-Id`, else the one that was sent, else `None`.
        self.trace_id = trace_id
        #: The server's message, at most 200 characters; `None` when it sent none, or repeated a secret.
        self.server_message = server_message


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


#: The fourteen codes that the API's specification lists, as influxd spells them.
ERROR_BY_CODE: Mapping[str, type[APIError]] = MappingProxyType(
    {
        "internal error": InternalError,
        "not implemented": UnimplementedError,
        "not found": NotFoundError,
        "conflict": ConflictError,
        "invalid": InvalidError,
        "unprocessable entity": UnprocessableEntityError,
        "empty value": EmptyValueError,
        "unavailable": UnavailableError,
        "forbidden": ForbiddenError,
        "too many requests": RateLimitedError,
        "unauthorized": UnauthorizedError,
        "method not allowed": MethodNotAllowedError,
        "request too large": RequestTooLargeError,
        "unsupported media type": UnsupportedMediaTypeError,
    }
)

#: For an answer without a code that is known: what its HTTP status alone says.
ERROR_BY_STATUS: Mapping[int, type[APIError]] = MappingProxyType(
    {
        400: InvalidError,
        401: UnauthorizedError,
        403: ForbiddenError,
        404: NotFoundError,
        405: MethodNotAllowedError,
        409: ConflictError,
        413: RequestTooLargeError,
        415: UnsupportedMediaTypeError,
        422: UnprocessableEntityError,
        429: RateLimitedError,
        500: InternalError,
        501: UnimplementedError,
        503: UnavailableError,
    }
)

# Users read these names in tracebacks, and pickles hold them: the file behind them is our own business.
for _name in __all__:
    globals()[_name].__module__ = "influx_secrets"
