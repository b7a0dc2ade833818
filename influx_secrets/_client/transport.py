"""Requests with retries: sending, time limits, notices, tracing."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import random
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import requests
import urllib3

from influx_secrets._client.api_errors import FailedCall
from influx_secrets._client.circuit_breaker import CircuitBreaker, ThrottledNotices
from influx_secrets._client.connections import PoolAdapter, make_pool
from influx_secrets._client.head_start import HeadStart
from influx_secrets._client.messages import Request, Response
from influx_secrets._client.network_errors import (
    NOT_UNPACKED,
    TRUNCATED,
    TRUNCATED_REQUEST,
    Failure,
    classify,
    is_truncated_request,
    lost,
)
from influx_secrets._client.retry import Policy, may_heal
from influx_secrets._client.settings import NO_CREDENTIAL, Settings, extra_headers, secrets_in
from influx_secrets._errors import InfluxSecretsError, NoAnswerError, SettingsError, TransportError
from influx_secrets._notices import PREFIX

MAX_ERROR_BYTES: Final = 65_536
"""An error's text is quoted shortened: more than this is not read."""
MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024
"""Far above the list of 100,000 keys of the longest kind that people use."""

_CHUNK_BYTES: Final = 65_536
_UNVERIFIED: Final = (
    "%sthe TLS certificate of %s is not verified, because skipVerify (INFLUX_SKIP_VERIFY) is true. Others on the "
    "network may read the token and the values. Set caFile (INFLUXDB_V2_SSL_CA_CERT), and remove skipVerify (IS437)"
)

_logger = logging.getLogger("influx_secrets")


class Transport:
    """Sends requests to one server, over connections that are kept: at most one per thread.

    Several threads may share it, but not two sides of a fork. A redirect is not followed, a cookie not kept.

    Args:
        settings: Where the server is and how patient to be.
        notices: Shows the user that a request is tried again. None: only the logger "influx_secrets" has it, at INFO.
        breaker: Shared by the requests of one run. None: each request is as patient as the settings say.
        org_names: Names of orgs by their ids, for messages; those that are looked up are added.
        head_start: Makes the first connection ahead.
        clock: Returns seconds, for measuring.
        sleep: Waits the given seconds.
        rng: Returns a number from 0 up to 1, for the jitter of the pauses.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        notices: ThrottledNotices | None = None,
        breaker: CircuitBreaker | None = None,
        org_names: dict[str, str] | None = None,
        head_start: HeadStart | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.org_names = {} if org_names is None else org_names
        self._notices, self._breaker = notices, breaker
        self._clock, self._sleep, self._rng = clock, sleep, rng
        self._policy = Policy(settings.max_attempts)
        self._user_agent = user_agent()
        self._adapter = PoolAdapter(make_pool(settings, head_start))
        if settings.skip_verify and settings.url.startswith("https:"):
            _logger.warning(_UNVERIFIED, PREFIX, settings.url)

    def close(self) -> None:
        self._adapter.close()

    def send(self, request: Request, policy: Policy | None = None) -> Response:
        """Send the request, again where that may help, and return the expected response."""
        self._require_token(request)
        policy = policy or self._policy
        if self._breaker:
            policy = self._breaker.policy(policy, attempt_seconds=self.settings.timeout)
        deadline = self._clock() + policy.total
        span, trace_id = _trace(self.settings.trace_span)
        attempt = 1
        while True:
            outcome = self._attempt(request, deadline, span)
            if isinstance(outcome, Response) and outcome.status == request.expects:
                self._record(request.method, failed=False)
                return outcome
            pause = policy.pause(attempt, outcome, self._rng)
            if pause is None or self._clock() + pause >= deadline:
                self._record(request.method, failed=may_heal(outcome))
                raise self._error(request, outcome, attempt, trace_id)
            self._show_retry(request, outcome, attempt, policy.max_attempts, pause, deadline)
            self._sleep(pause)
            attempt += 1

    def _require_token(self, request: Request) -> None:
        if request.authenticated and self.settings.token is None:
            raise SettingsError(f"cannot {request.intent}: {NO_CREDENTIAL}")

    def _attempt(self, request: Request, deadline: float, span: str | None) -> Response | Failure:
        left = max(deadline - self._clock(), 0.001)
        try:
            # One that was not read to its end closes the connection when it is left.
            with self._open(request, left, span) as response:
                return self._read(response.raw, deadline, is_expected=response.status_code == request.expects)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as exc:
            failure = classify(exc, self.settings.url, self.settings.timeout, left)
        # Left the handler: an error raised in it would drag the foreign one along, and with it token and body.
        return failure

    def _open(self, request: Request, seconds: float, span: str | None) -> requests.Response:
        patience = self.settings.timeout
        url = self.settings.url + request.path + (f"?{urlencode(request.query)}" if request.query else "")
        prepared = requests.Request(
            request.method, url, headers=self._headers(request, span), data=request.body
        ).prepare()
        timeout: Any = urllib3.Timeout(seconds, connect=patience, read=patience)
        # Past `Session.send`, which reads the body and the url of a redirect even when it is not to follow it.
        return self._adapter.send(prepared, stream=True, timeout=timeout)

    def _headers(self, request: Request, span: str | None) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept": request.accept, "Accept-Encoding": "gzip"}
        headers |= extra_headers(self.settings)
        if self.settings.token is not None:
            headers["Authorization"] = f"Token {self.settings.token}"
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if span is not None:
            headers["Zap-Trace-Span"] = span
        # http.client encodes as Latin-1; influxd and its CLI take any bytes, and the CLI sends UTF-8.
        return {name: value.encode().decode("latin-1") for name, value in headers.items()}

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float, *, is_expected: bool) -> Response | Failure:
        limit = MAX_ANSWER_BYTES if is_expected else MAX_ERROR_BYTES
        body = bytearray()
        # `read1` returns what has arrived: a trickle meets the deadline too, not only silence.
        while len(body) <= limit and (piece := response.read1(_CHUNK_BYTES, decode_content=False)):
            body += piece
            if self._clock() > deadline:
                return lost("the answer came too slowly")
        headers = {name.lower(): value for name, value in response.headers.items()}
        data = _unpacked(bytes(body), headers, limit)
        if data is None:
            return NOT_UNPACKED
        if len(data) > limit and is_expected:
            text = f"the answer exceeds {limit:,} bytes, more than InfluxDB sends. Check the url and proxies (IS416)"
            return Failure(NoAnswerError, text, retry=False)
        if _is_truncated(response.status, headers, data):
            return TRUNCATED
        if is_truncated_request(response.status, data):
            return TRUNCATED_REQUEST
        return Response(response.status, headers, data)

    def _error(
        self, request: Request, outcome: Response | Failure, attempts: int, trace_id: str | None
    ) -> InfluxSecretsError:
        if isinstance(outcome, Response):
            return self.failed_call(request, outcome, trace_id, attempts).to_error()
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        message = f"cannot {request.intent} at {self.settings.url}{tried}: {outcome.text}"
        if issubclass(outcome.kind, TransportError):
            return outcome.kind(
                message, method=request.method, path=request.path, attempts=attempts, may_heal=outcome.retry
            )
        return outcome.kind(message)

    def failed_call(
        self, request: Request, response: Response, trace_id: str | None = None, attempts: int = 1
    ) -> FailedCall:
        """Return what is known of a call whose response is not the expected one."""
        return FailedCall(request, response, self.settings.url, secrets_in(self.settings), trace_id, attempts)

    def _record(self, method: str, *, failed: bool) -> None:
        if self._breaker:
            self._breaker.record(method, failed=failed)

    def _show_retry(
        self, request: Request, outcome: Response | Failure, attempt: int, most: int, pause: float, deadline: float
    ) -> None:
        url = self.settings.url

        def why() -> str:
            if isinstance(outcome, Failure):
                return outcome.text.partition(". ")[0]  # the line has its own advice and code
            # The search for echoes of what was sent takes a while: only for what is shown.
            return self.failed_call(request, outcome).summarize()

        def line() -> str:
            left = "1 more attempt" if most - attempt == 1 else f"{most - attempt} more attempts"
            limits = f"at most {left} within {deadline - self._clock():.0f} s"
            return f"cannot {request.intent} yet: {url}: {why()}. Trying again in {pause:.1f} s, {limits} (IS612)"

        if _logger.isEnabledFor(logging.INFO):
            failed = "attempt %d of %d to %s failed: %s: %s; trying again in %.1f s"
            _logger.info(failed, attempt, most, request.intent, url, why(), pause)
        if self._notices:
            # By the status alone: a message may name a key, or count.
            self._notices.show(f"HTTP {outcome.status}" if isinstance(outcome, Response) else outcome.text, line)


def _unpacked(body: bytes, headers: Mapping[str, str], limit: int) -> bytes | None:
    """Return the body without its compression, a little more than `limit` at most; None if it cannot be unpacked."""
    if not body or headers.get("content-encoding", "").lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error:
        return None
    return unpacked if unpacker.eof or max(len(body), len(unpacked)) > limit else None


def _is_truncated(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    # Python's http.client takes a head that ends in the middle for a whole one, and then there is no body to miss.
    framed = status == HTTPStatus.NO_CONTENT or "content-length" in headers or "transfer-encoding" in headers
    return not framed and not body


def user_agent() -> str:
    """Return the name and version of this package, as servers see it: `influx_secrets/0.1.0`."""
    try:
        version = importlib.metadata.version("influx_secrets")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"  # run from a source tree that was not installed
    return f"influx_secrets/{version}"


def _trace(configured: str | None) -> tuple[str | None, str | None]:
    """Return the header `Zap-Trace-Span` to send and the trace id in it, if there is a trace.

    influxd reads the header when it runs with `--tracing-type=log`: a JSON object of `trace_id` and `span_id`,
    16 hex digits each, and `baggage` (influxdb 2.9.1, `zap/tracer.go`). OpenTelemetry's 32-digit trace ids
    are sent by their last 16, as other systems with short ids do.
    """
    if configured is not None:
        return configured, _trace_id_in(configured)
    # A span can only be current where someone imported OpenTelemetry already: no import of our own is needed.
    api: Any = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None, None
    context = api.get_current_span().get_span_context()
    trace_id = f"{context.trace_id:032x}"[-16:]
    if not context.is_valid or not int(trace_id, 16):
        return None, None
    span = {"trace_id": trace_id, "span_id": f"{context.span_id:016x}", "baggage": {}}
    return json.dumps(span, separators=(",", ":")), trace_id


def _trace_id_in(span: str) -> str:
    try:
        fields = json.loads(span)
    except ValueError:
        return span
    named = fields.get("trace_id") if isinstance(fields, dict) else None
    return named if isinstance(named, str) else span
