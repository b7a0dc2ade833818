"""Requests to a server and their answers: session, TLS, time limits, retries and tracing, for any call of the API."""

import copy
import importlib.metadata
import json
import logging
import random
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any

import requests
import urllib3

from influx_secrets._client.adapter import Adapter
from influx_secrets._client.circuit_breaker import Waiting
from influx_secrets._client.messages import Answer, Request, error_of, in_short
from influx_secrets._client.network_errors import CUT, Failure, broken_off, diagnose
from influx_secrets._client.retry import HURRIED_SECONDS, TOTAL_SECONDS, Policy, Retry
from influx_secrets._client.settings import Settings
from influx_secrets._errors import InfluxSecretsError, NoAnswerError, SettingsError, TransportError

#: An error's text is quoted shortened: more than this is not read.
MAX_ERROR_BYTES = 65_536
#: Far above the list of 100,000 keys of the longest kind that people use.
MAX_ANSWER_BYTES = 256 * 1024 * 1024

_CHUNK_BYTES = 65_536

_logger = logging.getLogger("influx_secrets")


class Transport:
    """Sends requests to one server, over connections that are kept: at most one per thread.

    Several threads may share it, but not two sides of a fork. A redirect is not followed, a cookie not kept.

    Args:
        settings: Where the server is and how patient to be.
        waiting: Told of each wait, and asked how patient to be; shared by what belongs to one run. `None`: nobody is
            told but the logger "influx_secrets", at level INFO, and each request is as patient as the settings say.
        clock: Returns seconds, for measuring.
        sleep: Waits the given seconds.
        rng: Returns a number from 0 up to 1, for the jitter of the pauses.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        waiting: Waiting | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._waiting = waiting
        self._clock, self._sleep, self._rng = clock, sleep, rng
        self._policy = Policy(settings.max_attempts, TOTAL_SECONDS, settings.timeout)
        self._user_agent = user_agent()
        self._surroundings: Mapping[str, Any] | None = None
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter(settings.token))
        if settings.skip_verify and settings.url.startswith("https:"):
            _logger.warning("the TLS certificate of %s is not verified (skipVerify)", settings.url)
            # Said above, once and in our words; urllib3 would say it for each request.
            warnings.filterwarnings("ignore", category=urllib3.exceptions.InsecureRequestWarning)

    def __repr__(self) -> str:
        return f"Transport({self.settings!r})"

    def __enter__(self) -> "Transport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. A later request opens new ones."""
        self._session.close()

    def hurried(self) -> "Transport":
        """Share the connections with one that suits a preview: one attempt, about three seconds in all."""
        hurried = copy.copy(self)
        hurried._policy = Policy(1, HURRIED_SECONDS, self.settings.timeout)  # noqa: SLF001 - of this class
        return hurried

    def proxy(self) -> str | None:
        """The host and port of the proxy that the environment puts in between, without its password; `None`: none."""
        found = self._session.merge_environment_settings(self.settings.url, {}, False, None, None)["proxies"]  # noqa: FBT003 - stream
        named = requests.utils.select_proxy(self.settings.url, found)
        return named and named.rpartition("@")[2].rpartition("//")[2].partition("/")[0]

    def send(self, request: Request) -> Answer:
        """Send the request, again where that may help, and return the expected answer.

        Raises:
            SettingsError: There is no token, or the url, a proxy or a CA bundle cannot be used.
            TransportError: There was no answer.
            ResponseError: The answer is not the API's.
            APIError: The API refused.
        """
        self._require_token(request)
        policy = self._waiting.policy(self._policy) if self._waiting else self._policy
        deadline = self._clock() + policy.total
        retry = Retry.of(policy, self._rng)
        span, trace_id = _trace(self.settings.trace_span)
        while True:
            outcome = self._attempt(request, deadline, span)
            if isinstance(outcome, Answer) and outcome.status == request.expects:
                self._ended(request.method, in_vain=False)
                return outcome
            attempts = len(retry.history) + 1
            after = retry.after(request.method, request.path, outcome)
            if after is None or self._clock() + after[1] >= deadline:
                self._ended(request.method, in_vain=retry.may_heal(request.method, outcome))
                raise self._error(request, outcome, attempts, trace_id)
            retry, pause = after
            self._tell(request, outcome, attempts, pause, deadline)
            self._sleep(pause)

    def _require_token(self, request: Request) -> None:
        if request.authenticated and self.settings.token is None:
            message = (
                f"cannot {request.intent}: there is no API token: set INFLUX_TOKEN, the provider's token, "
                "or an active profile of the influx CLI"
            )
            raise SettingsError(message)

    def _attempt(self, request: Request, deadline: float, span: str | None) -> Answer | Failure:
        url = self.settings.url + request.path
        patience = self._policy.timeout
        timeout = urllib3.Timeout(max(deadline - self._clock(), 0.001), connect=patience, read=patience)
        # Passed with each request, as REQUESTS_CA_BUNDLE would override one that is set on the session.
        verify = False if self.settings.skip_verify else self.settings.ca_file or True
        try:
            if self._surroundings is None:
                # Once, for one server: looking through the environment takes as long as all else that is not waiting.
                self._surroundings = self._session.merge_environment_settings(url, {}, True, verify, None)  # noqa: FBT003 (stream)
            options: dict[str, Any] = {**self._surroundings, "timeout": timeout}
            # Past `Session.send`, which reads the body and url of a redirect even when it is not to follow it.
            with self._session.get_adapter(url).send(self._prepare(url, request, span), **options) as response:
                limit = MAX_ANSWER_BYTES if response.status_code == request.expects else MAX_ERROR_BYTES
                body = self._read(response.raw, limit, deadline)
                if isinstance(body, Failure):
                    return body
                headers = {name.lower(): value for name, value in response.headers.items()}
                if _is_cut(response.status_code, headers, body):
                    return CUT
                return broken_off(response.status_code, body) or Answer(response.status_code, headers, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as exc:
            failure = diagnose(exc)
        # Left the handler: an error raised in it would drag the foreign one along, and with it token and body.
        return failure

    def _prepare(self, url: str, request: Request, span: str | None) -> requests.PreparedRequest:
        headers = {"User-Agent": self._user_agent, "Accept": request.accept, "Accept-Encoding": "gzip, deflate"}
        if request.content_type is not None:
            headers["Content-Type"] = request.content_type
        if span is not None:
            headers["Zap-Trace-Span"] = span
        # Without the session, which would add a user name and password that it finds in ~/.netrc.
        plan = requests.Request(request.method, url, headers=headers, params=list(request.query), data=request.body)
        return plan.prepare()

    def _read(self, raw: urllib3.HTTPResponse, limit: int, deadline: float) -> bytes | Failure:
        body = bytearray()
        # `read1` returns what has come: a trickle meets the deadline too, not only silence.
        while piece := raw.read1(_CHUNK_BYTES, decode_content=True):
            body += piece
            if self._clock() > deadline:
                return Failure(NoAnswerError, "no complete answer within the time limit", retry=True)
            if len(body) > limit == MAX_ANSWER_BYTES:
                return Failure(NoAnswerError, f"the answer is larger than {limit:,} bytes", retry=False)
            if len(body) > limit:
                break
        return bytes(body)

    def _error(
        self, request: Request, outcome: Answer | Failure, attempts: int, trace_id: str | None
    ) -> InfluxSecretsError:
        settings = self.settings
        if isinstance(outcome, Answer):
            return error_of(
                request, outcome, server=settings.url, token=settings.token, trace_id=trace_id, attempts=attempts
            )
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        message = f"cannot {request.intent}: {settings.url}{tried}: {outcome.text}"
        if issubclass(outcome.kind, TransportError):
            return outcome.kind(message, method=request.method, path=request.path, attempts=attempts)
        return outcome.kind(message)

    def _ended(self, method: str, *, in_vain: bool) -> None:
        if self._waiting:
            self._waiting.ended(method, in_vain=in_vain)

    def _tell(self, request: Request, outcome: Answer | Failure, attempts: int, pause: float, deadline: float) -> None:
        most, url = self._policy.max_attempts, self.settings.url

        def why() -> str:
            # Looked for echoes of what was sent, which takes a while: only for what somebody reads.
            if isinstance(outcome, Failure):
                return outcome.text
            return in_short(request, outcome, token=self.settings.token)

        def line() -> str:
            limits = f"at most {most - attempts} more attempts within {deadline - self._clock():.0f} s"
            return f"cannot {request.intent} yet: {url}: {why()}; trying again in {pause:.1f} s, {limits}"

        if _logger.isEnabledFor(logging.INFO):
            failed = "attempt %d of %d to %s failed: %s: %s; trying again in %.1f s"
            _logger.info(failed, attempts, most, request.intent, url, why(), pause)
        if self._waiting:
            # By the status alone: a message may name a key, or count.
            self._waiting.begins(f"HTTP {outcome.status}" if isinstance(outcome, Answer) else outcome.text, line)


def _is_cut(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    # Python's http.client takes a head that ends in the middle for a whole one, and then there is no body to miss.
    framed = status == HTTPStatus.NO_CONTENT or "content-length" in headers or "transfer-encoding" in headers
    return not framed and not body


def user_agent() -> str:
    """The name and version of this package, as servers see it: `influx_secrets/0.1.0`."""
    try:
        version = importlib.metadata.version("influx_secrets")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"  # run from a source tree that was not installed
    return f"influx_secrets/{version}"


def _trace(configured: str | None) -> tuple[str | None, str | None]:
    """The header `Zap-Trace-Span` to send and the trace id in it, if there is a trace.

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
