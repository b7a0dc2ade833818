"""Classification of exceptions of requests and urllib3, and of truncated requests."""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import requests
import urllib3.exceptions as low

from influx_secrets._errors import InfluxSecretsError, NoAnswerError, NotSentError, SettingsError

_CA_ADVICE: Final = (
    "is not signed by an authority that this machine trusts: set caFile (INFLUXDB_V2_SSL_CA_CERT) to its CA file, or "
    "skipVerify (INFLUX_SKIP_VERIFY) to true, which accepts any certificate (IS430)"
)
_CERTIFICATE_PROBLEMS: Final = {
    9: "is not valid yet: check the clocks of this machine and of the server (IS431)",
    10: "has expired: renew it on the server (IS432)",
    62: "is for another host name: use the name in the certificate as the url's host (IS433)",
    64: "is for another address: use the name in the certificate as the url's host (IS433)",
}
"""OpenSSL's verification results (x509_vfy.h) that have a remedy of their own; others are a matter of trust."""

_NO_TLS_REASONS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})

_MALFORMED: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    low.LocationValueError,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no response.

    Nothing of the foreign exception is kept: it holds the request, and so the token and the body.

    Attributes:
        text: What happened, and what to do.
        retry: Whether the same request may succeed later.
    """

    kind: type[InfluxSecretsError]
    text: str
    retry: bool


def lost(problem: str) -> Failure:
    """Return the failure of a request on which the server may have acted."""
    return Failure(NoAnswerError, f"{problem}: run again, which is safe (IS415)", retry=True)


TRUNCATED: Final = lost("the connection was closed before the answer was complete")
NOT_UNPACKED: Final = Failure(NoAnswerError, "the answer cannot be decompressed: check the url (IS416)", retry=True)
TRUNCATED_REQUEST: Final = lost("the server got only a part of the request")

_CLIENT_CLOSED_REQUEST: Final = 499


def is_truncated_request(status: int, body: bytes) -> bool:
    """Whether a response reports a truncated request, although all of it was sent.

    influxd takes a request that ended early for the client's wish (499, whatever code comes with it). If it ended in
    the head, Go's HTTP server below it responds with a bare 400. Both seen on influxd 2.9.1, with half a connection
    closed.
    """
    return status == _CLIENT_CLOSED_REQUEST or (status == HTTPStatus.BAD_REQUEST and body == b"400 Bad Request")


def classify(exc: BaseException) -> Failure:
    causes = tuple(_causes(exc))
    for cause in causes:
        failure = _tls(cause) or _proxy(cause, causes)
        if failure is not None:
            return failure
    for cause in causes:
        failure = _connection(cause)
        if failure is not None:
            return failure
    return TRUNCATED


def _causes(exc: BaseException) -> Iterator[BaseException]:
    # Not `__context__`: it leads out of this request when the caller is handling an error of its own.
    pending, seen = [exc], set()
    while pending:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__)
        pending.extend(item for item in inner if isinstance(item, BaseException))


def _tls(cause: BaseException) -> Failure | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        problem = _CERTIFICATE_PROBLEMS.get(cause.verify_code, _CA_ADVICE)
        return Failure(NotSentError, f"the server's TLS certificate {problem}", retry=False)
    if not isinstance(cause, ssl.SSLError):
        return None
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failure(NoAnswerError, "the TLS connection was closed too early: run again (IS436)", retry=True)
    reason = str(cause.reason or "unknown reason")
    if reason in _NO_TLS_REASONS:
        text = "the server does not speak TLS on this port: should the url begin with http://? (IS434)"
    else:
        text = f"the TLS handshake failed ({reason}): check the TLS settings of the server and of proxies (IS435)"
    return Failure(NotSentError, text, retry=False)


def _proxy(cause: BaseException, causes: tuple[BaseException, ...]) -> Failure | None:
    if not isinstance(cause, low.ProxyError):
        return None
    # The rest of the status line is the proxy's own text, and not to be trusted.
    refusal = next((found for item in causes if (found := re.search(r"Tunnel.*: (\d{3})", str(item)))), None)
    what = f"answered HTTP {refusal[1]}" if refusal else "cannot be reached"
    text = f"the proxy {what}: check HTTP_PROXY, HTTPS_PROXY, or name the server in NO_PROXY (IS419)"
    return Failure(NotSentError, text, retry=True)


def _connection(cause: BaseException) -> Failure | None:
    if isinstance(cause, low.NameResolutionError):
        return Failure(NotSentError, "the host name cannot be resolved: check the url (IS411)", retry=True)
    if isinstance(cause, low.NewConnectionError):
        return Failure(NotSentError, _refused(cause), retry=True)
    if isinstance(cause, low.ConnectTimeoutError):
        text = "no connection within the time limit: check the url, firewalls and proxies (IS412)"
        return Failure(NotSentError, text, retry=True)
    if isinstance(cause, low.ReadTimeoutError | TimeoutError):
        return lost("no answer within the time limit")
    if isinstance(cause, _MALFORMED):
        text = "the url or the proxy is invalid. Correct the url, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY (IS227)"
        return Failure(SettingsError, text, retry=False)
    return None


def _refused(cause: BaseException) -> str:
    code = next((item.errno for item in _causes(cause) if isinstance(item, OSError)), None)
    if code == errno.ECONNREFUSED:
        return "the connection was refused: is the server running, and is the url right? (IS410)"
    name = errno.errorcode.get(code or 0, "unknown reason")
    return f"no connection could be made ({name}): is the server running, and is the url right? (IS414)"
