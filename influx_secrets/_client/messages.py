"""One request and one answer as values, and how an answer that is not the expected one becomes an error."""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote, quote_plus, urlsplit

from influx_secrets._errors import ERROR_BY_CODE, ERROR_BY_STATUS, APIError, ResponseError

#: The longest server text that a message quotes.
MAX_QUOTED = 200
#: So many characters of a secret in a row are a leak.
_LEAK = 8
#: Beyond this size of what was sent, server text is dropped unread: searching it would take seconds.
_MAX_SEARCHED = 4_000_000

# influxd itself answers 405 with an empty body; the other two come so from rate limiters and load balancers.
_EMPTY_BODY_STATUSES = frozenset({405, 429, 503})

_ADVICE: Mapping[int, str] = MappingProxyType(
    {
        403: "the token may not do this",
        405: "this server has no such call: is the url that of an InfluxDB 2 server, path prefix included?",
        413: "a key may have at most 32,752 bytes",
        429: "the server asks for fewer requests: try again later",
        500: "the server's log says why",
        501: "this server does not offer the call",
        503: "the server is not ready: try again later",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API. It may be sent again as it is: every call of this package is idempotent."""

    method: str
    #: Below the server's url, percent-encoded, without the query.
    path: str
    #: Completes "cannot ..." in messages: what is attempted, on which org and key.
    intent: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    accept: str = "application/json"
    #: The only status that is success: a proxy's 200 is not a 204 of the API.
    expects: int = 200
    #: The permission without which the server says 401, for messages.
    needs: str | None = None
    #: HTTP status -> what to do, where this call knows better than the general text.
    advice: Mapping[int, str] = field(default_factory=dict, repr=False, hash=False)
    #: Texts that the body holds and that no message may repeat.
    sensitive: tuple[str, ...] = field(default=(), repr=False)
    #: False: the call works without a token.
    authenticated: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str | None:
        """The media type without its parameters; `None` when the answer named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or None

    def json(self) -> object:
        """The body as JSON; `None` when it is not JSON (which `null` is not worth telling from)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Redactor:
    """Lets server text through only if it repeats nothing of the given secrets, in any common notation.

    A server or proxy may echo a body or a header into its error text. Masking the secret would still tell
    where it stood and, for a short one, what it is: the whole text is withheld instead.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def clean(self, text: object, limit: int = MAX_QUOTED) -> str | None:
        """Return the text as one short line without control characters; `None` if withheld or no text."""
        if not isinstance(text, str) or not text:
            return None
        raw = text[: 2 * limit]
        if self._leaks(raw):
            return None
        line = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in raw)).strip()
        return (line if len(line) <= limit else line[: limit - 1] + "…") or None

    def _leaks(self, text: str) -> bool:
        if sum(map(len, self._secrets)) > _MAX_SEARCHED:
            return True
        forms = [form for secret in self._secrets for form in _notations(secret)]
        if any(form in text for form in forms):
            return True
        # A text that was cut in the middle of the secret: any run of it counts.
        sent = "\n".join(forms)
        return any(text[i : i + _LEAK] in sent for i in range(len(text) - _LEAK + 1))


def _notations(secret: str) -> set[str]:
    data = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    # Go's encoder writes <, > and & of JSON as escapes, and HTML pages as entities.
    for_go = escaped.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
    codes = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()}
    quoted = {quote(data), quote(data, safe=""), quote_plus(data), html.escape(secret), repr(secret)[1:-1]}
    return {secret, escaped, for_go, json.dumps(secret)[1:-1], *codes, *quoted}


def error_of(
    request: Request, answer: Answer, *, server: str, token: str | None, trace_id: str | None, attempts: int
) -> APIError | ResponseError:
    """Turn an answer that is not the expected one into the error to raise.

    Args:
        request: What was sent.
        answer: What came back; its body may be cut.
        server: The url of the server, for the message.
        token: The token that was sent, so that no echo of it is passed on.
        trace_id: The trace that was sent; the server's own goes first.
        attempts: How often it was tried.
    """
    redactor = _redactor(request, token)
    start = _start(request, answer, server, attempts)
    body = answer.json()
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return _redirect(request, answer, start, redactor)
    code = answer.headers.get("x-platform-error-code")
    speaks_api = isinstance(body, dict) or code in ERROR_BY_CODE
    if answer.status < HTTPStatus.BAD_REQUEST or not (speaks_api or _says_it_by_status(answer)):
        return _not_the_api(request, answer, start, redactor)
    fields = body if isinstance(body, dict) else {}
    return _api_error(request, answer, fields, start, redactor, trace_id)


def _says_it_by_status(answer: Answer) -> bool:
    return not answer.body.strip() and answer.status in _EMPTY_BODY_STATUSES


def _redirect(request: Request, answer: Answer, start: str, redactor: Redactor) -> ResponseError:
    # Path and query of a Location may hold session keys: scheme and host are all that is needed.
    try:
        parts = urlsplit(answer.headers.get("location", ""))
        target = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        where = redactor.clean(target) if parts.scheme and parts.hostname else None
    except ValueError:
        where = None
    problem = f"a redirect to {where or 'another place'}, and redirects are not followed"
    message = f"{start}: {problem}; set the url to where the API itself is"
    return _response_error(request, answer, message, redactor)


def in_short(request: Request, answer: Answer, *, token: str | None) -> str:
    """What an answer that is not the expected one says, in short: its status, and in quotes what the API adds."""
    body = answer.json()
    message = body.get("message") if isinstance(body, dict) else None
    return f"HTTP {answer.status}{_quoted(_redactor(request, token).clean(message))}"


def misread(request: Request, answer: Answer, *, server: str, token: str | None) -> ResponseError:
    """The error for an answer of the expected status whose body is of another shape."""
    redactor = _redactor(request, token)
    return _not_the_api(request, answer, _start(request, answer, server, 1), redactor)


def _start(request: Request, answer: Answer, server: str, attempts: int) -> str:
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    return f"cannot {request.intent}: HTTP {answer.status} from {server}{tried}"


def _not_the_api(request: Request, answer: Answer, start: str, redactor: Redactor) -> ResponseError:
    # Says what it looks like, and quotes nothing of it.
    content_type = redactor.clean(answer.content_type)
    message = (
        f"{start}: the answer ({content_type or 'of no type'}, {len(answer.body):,} bytes) is not the "
        "InfluxDB API's; a proxy or another program may be answering, or the answer was cut: "
        "check the url, path prefix included, and HTTP_PROXY, HTTPS_PROXY, NO_PROXY"
    )
    return _response_error(request, answer, message, redactor)


def _response_error(request: Request, answer: Answer, message: str, redactor: Redactor) -> ResponseError:
    return ResponseError(
        message,
        method=request.method,
        path=request.path,
        status=answer.status,
        content_type=redactor.clean(answer.content_type),
    )


def _api_error(
    request: Request,
    answer: Answer,
    fields: Mapping[str, object],
    start: str,
    redactor: Redactor,
    trace_id: str | None,
) -> APIError:
    said = fields.get("code")
    header = answer.headers.get("x-platform-error-code")
    known = next((code for code in (said, header) if isinstance(code, str) and code in ERROR_BY_CODE), None)
    kind = ERROR_BY_CODE[known] if known is not None else ERROR_BY_STATUS.get(answer.status, APIError)
    server_message = redactor.clean(fields.get("message"))
    return kind(
        f"{start}{_quoted(server_message)}{_advice(request, answer, redactor)}",
        method=request.method,
        path=request.path,
        status=answer.status,
        code=known or redactor.clean(said) or redactor.clean(header),
        op=redactor.clean(fields.get("op")),
        trace_id=redactor.clean(answer.headers.get("trace-id")) or trace_id,
        server_message=server_message,
    )


def _redactor(request: Request, token: str | None) -> Redactor:
    return Redactor((*request.sensitive, token or ""))


def _quoted(message: str | None) -> str:
    return f' ("{message}")' if message else ""


def _advice(request: Request, answer: Answer, redactor: Redactor) -> str:
    text = request.advice.get(answer.status)
    if text is None and answer.status == HTTPStatus.UNAUTHORIZED:
        lacks = f", or lacks the permission {request.needs}" if request.needs else ""
        text = f"the token is wrong or revoked{lacks}"
    text = text or _ADVICE.get(answer.status)
    asked = redactor.clean(answer.headers.get("retry-after", "").strip())
    if text and asked and re.fullmatch(r"[0-9]{1,6}", asked):
        text = text.replace("try again later", f"try again in {asked} s")
    return f": {text}" if text else ""
