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

from influx_secrets._client.proxies import proxy_address
from influx_secrets._errors import InfluxSecretsError, NoAnswerError, NotSentError, SettingsError
from influx_secrets._text import quote

_OTHER_HOST: Final = (
    "does not contain the host of the url. Give the server a certificate for this host, or use a host of the "
    "certificate in the url (IS433)"
)
_CERTIFICATE_PROBLEMS: Final = {
    9: "is not valid yet. Check the clock of this machine. If the clock is right, renew the certificate (IS431)",
    10: "has expired. Renew the certificate on the server (IS432)",
    62: _OTHER_HOST,
    64: _OTHER_HOST,
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


def lost(problem: str, hint: str = "If the error stays, check the url and the proxies") -> Failure:
    """Return the failure of a request on which the server may have acted."""
    return Failure(NoAnswerError, f"{problem}. It is safe to run the command again. {hint} (IS415)", retry=True)


TRUNCATED: Final = lost("the connection was closed before the answer was complete")
NOT_UNPACKED: Final = Failure(
    NoAnswerError, "the answer is not valid gzip. Check the url and the proxies (IS416)", retry=True
)
TRUNCATED_REQUEST: Final = lost("the server got only a part of the request")

_CLIENT_CLOSED_REQUEST: Final = 499


def is_truncated_request(status: int, body: bytes) -> bool:
    """Whether a response reports a truncated request, although all of it was sent.

    influxd takes a request that ended early for the client's wish (499, whatever code comes with it). If it ended in
    the head, Go's HTTP server below it responds with a bare 400. Both seen on influxd 2.9.1, with half a connection
    closed.
    """
    return status == _CLIENT_CLOSED_REQUEST or (status == HTTPStatus.BAD_REQUEST and body == b"400 Bad Request")


def classify(exc: BaseException, url: str, timeout: float, left: float) -> Failure:
    """Return why a request to the url got no response; `timeout` or what was `left`, in seconds, was the limit."""
    causes = tuple(_causes(exc))
    for cause in causes:
        failure = _tls(cause) or _proxy(cause, causes, url)
        if failure is not None:
            return failure
    for cause in causes:
        failure = _connection(cause, timeout, left)
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
        problem = _CERTIFICATE_PROBLEMS.get(cause.verify_code) or (
            f"is not trusted ({quote(cause.verify_message)}). If you trust the authority that signed the certificate, "
            "set influx-secrets:caFile (INFLUXDB_V2_SSL_CA_CERT) to a PEM file of this authority (IS430)"
        )
        return Failure(NotSentError, f"the server's TLS certificate {problem}", retry=False)
    if not isinstance(cause, ssl.SSLError):
        return None
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        text = (
            "the TLS connection was closed before the answer was complete. It is safe to run the command again. If the "
            "error stays, check firewalls and proxies (IS436)"
        )
        return Failure(NoAnswerError, text, retry=True)
    reason = str(cause.reason or "unknown reason")
    if reason in _NO_TLS_REASONS:
        text = (
            "the server does not speak TLS on this port. Correct the port, or begin the url with http://. For a server "
            "on another machine, http:// also needs the setting allowInsecure (IS434)"
        )
    else:
        text = f"the TLS handshake failed ({reason}). Check the TLS settings of the server and of proxies (IS435)"
    return Failure(NotSentError, text, retry=False)


def _proxy(cause: BaseException, causes: tuple[BaseException, ...], url: str) -> Failure | None:
    if not isinstance(cause, low.ProxyError):
        return None
    # The rest of the status line is the proxy's own text, and not to be trusted.
    refusal = next((found for item in causes if (found := re.search(r"Tunnel.*: (\d{3})", str(item)))), None)
    status, proxy = int(refusal[1]) if refusal else 0, quote(proxy_address(url) or "")
    if not status:
        problem = f"no connection to the proxy {proxy} could be made. Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"
    elif status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        problem = f"the proxy {proxy} needs a user and a password. Add both to the url in HTTPS_PROXY or ALL_PROXY"
    else:
        problem = f"the proxy {proxy} gave no connection to the server (HTTP {status}). Check the url and the proxy"
    text = f"{problem}, or add the host of the server to NO_PROXY (IS419)"
    is_temporary = not status or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Failure(NotSentError, text, retry=is_temporary)


def _connection(cause: BaseException, timeout: float, left: float) -> Failure | None:
    seconds = min(timeout, left)
    limit = f"{round(seconds, 1 if seconds >= 1 else 3):g} s"
    if isinstance(cause, low.NameResolutionError):
        text = "the host name cannot be resolved. Check the url, and the network, VPN and DNS of this machine (IS411)"
        return Failure(NotSentError, text, retry=True)
    if isinstance(cause, low.NewConnectionError):
        return Failure(NotSentError, _refused(cause), retry=True)
    if isinstance(cause, low.ConnectTimeoutError):
        text = f"no connection within {limit}. Check the url, firewalls and proxies (IS412)"
        return Failure(NotSentError, text, retry=True)
    if isinstance(cause, low.ReadTimeoutError | TimeoutError):
        hints = ("If the server is slow, raise the setting timeout",) if timeout <= left else ()
        return lost(f"no answer within {limit}", *hints)
    if isinstance(cause, _MALFORMED):
        text = "the url or the proxy is invalid. Correct the url, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY (IS227)"
        return Failure(SettingsError, text, retry=False)
    return None


def _refused(cause: BaseException) -> str:
    error = next((item for item in _causes(cause) if isinstance(item, OSError)), None)
    if error is not None and error.errno == errno.ECONNREFUSED:
        return "the connection was refused. Start InfluxDB, or correct the url (IS410)"
    reason = (error and error.strerror) or "unknown reason"
    return f"no connection could be made ({reason}). Check the url, and the network and VPN of this machine (IS414)"
