"""`Settings`: how to reach one server."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from influx_secrets._client.settings_sources import Given, Raw, gather
from influx_secrets._errors import SettingsError
from influx_secrets._model.keys import is_org_id
from influx_secrets._model.setting_names import SETTINGS

VerifyValues = Literal["auto", "always", "never"]
MissingOrg = Literal["error", "gone"]

DEFAULT_URL: Final = "http://localhost:8086"

NO_CREDENTIAL: Final = "there is no API token. Set INFLUX_TOKEN, or run `influx config NAME` to use a profile (IS201)"

_TRUE: Final = frozenset({"1", "t", "true"})
_FALSE: Final = frozenset({"0", "f", "false"})
"""Go's `strconv.ParseBool`, which reads INFLUX_SKIP_VERIFY for the influx CLI, in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach one InfluxDB server, and how careful to be with it.

    The constructor takes what it is given and nothing else; `resolve` also looks in the environment. Neither reads the
    CA file: that happens when a connection is set up.

    Attributes:
        url: Where the server is, a path prefix allowed; a trailing slash is removed.
        token: The API token. None: the first call that needs one fails with a `SettingsError`.
        org: Name of the default org, for resources that name none. None: there is no default.
        org_id: Id of the default org, in place of its name.
        ca_file: PEM file with the certificates to trust in place of the system's. None: the system's.
        skip_verify: Accept any TLS certificate. Anyone between this machine and the server then sees token and values.
        timeout: Seconds to wait for a connection, and for each piece of a response.
        max_attempts: How often a request is tried, the first time included.
        verify_values: Prove stored values by their hash: where the server can, always, or never.
        missing_org: What a destroy does about a missing org, where a state does not say which server had it.
        allow_insecure: Allow plain http to another machine. The network then sees token and values.
        trace_span: Sent unchanged in the header `Zap-Trace-Span`. None: the current OpenTelemetry span, or nothing.
        extra_http_header: Headers of each request, for a gateway in front of the server: `Name: value`, several
            separated by commas, as the influx CLI reads them. Secret, as the token is.

    Raises:
        SettingsError: A field is malformed or unusable. The text never repeats a token or a url.
    """

    url: str = DEFAULT_URL
    token: str | None = None
    org: str | None = None
    org_id: str | None = None
    ca_file: str | None = None
    skip_verify: bool = False
    timeout: float = 10.0
    max_attempts: int = 5
    verify_values: VerifyValues = "auto"
    missing_org: MissingOrg = "error"
    allow_insecure: bool = False
    trace_span: str | None = None
    extra_http_header: str | None = None

    def __post_init__(self) -> None:
        given = {setting.field: getattr(self, setting.field) for setting in SETTINGS}
        for field, value in _validated(given, {field: field for field in given}).items():
            # A frozen class is written through object; validation also normalizes.
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        given = ((setting, getattr(self, setting.field)) for setting in SETTINGS)
        shown = ((one.field, "***" if one.is_secret and value is not None else value) for one, value in given)
        return f"Settings({', '.join(f'{field}={value!r}' for field, value in shown)})"

    @classmethod
    def resolve(cls, inputs: Given | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
        """Find each field on its own: in the inputs, the environment, the active profile of the influx CLI.

        A field that is found nowhere has its default. `org` and `orgId` are taken from one source together.
        The url and the token may come from different sources, as in the influx CLI itself.

        Args:
            inputs: `Provider` inputs or stack config, camelCase; values as text, booleans or numbers. None
                and empty text mean unset. `version` and names that begin with `__` are ignored.
            environ: The environment variables. None: those of this process.

        Raises:
            SettingsError: A field is malformed (the message names its source), or a name is not known.
        """
        found = gather(inputs or {}, os.environ if environ is None else environ)
        sources = {field: raw.source for field, raw in found.items()}
        parsers = {setting.field: _PARSERS[setting.kind] for setting in SETTINGS}
        given = {field: parsers[field](raw.value, raw.source) for field, raw in found.items()}
        return cls(**_validated(given, sources))


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, by its name or address alone."""
    host = (host or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def extra_headers(settings: Settings) -> dict[str, str]:
    parts = [part.partition(":") for part in (settings.extra_http_header or "").split(",") if part]
    return {name.strip(): value.strip() for name, _, value in parts}


def secrets_in(settings: Settings) -> tuple[str, ...]:
    """Return what a server may echo and no message may repeat."""
    return (*filter(None, [settings.token]), *extra_headers(settings).values())


def _validated(given: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, Any]:
    """Return each value in its one form; an error begins with the source of the value."""
    fields = {field: _CHECKS[field](value, sources[field]) for field, value in given.items()}
    if fields.get("org") is not None and fields.get("org_id") is not None:
        raise SettingsError(f"{sources['org_id']} and {sources['org']} are both given: remove one of them (IS132)")
    parts = urlsplit(fields.get("url", DEFAULT_URL))
    if parts.scheme == "http" and not fields.get("allow_insecure") and not is_loopback(parts.hostname):
        raise _fail(
            sources["url"],
            "must begin with https://, because http shows the token and all values to the network. To allow http, run "
            "`pulumi config set influx-secrets:allowInsecure true`. For a Provider, use allow_insecure=True. For a "
            "command, use --allow-insecure (IS207)",
        )
    return fields


def _fail(source: str, problem: str) -> SettingsError:
    return SettingsError(f"{source} {problem}")


def _parse_text(value: Raw, source: str) -> str:
    if not isinstance(value, str):
        raise _fail(source, f"must be a string, not {type(value).__name__} (IS211)")
    return value


def _parse_flag(value: Raw, source: str) -> bool:
    word = str(value).lower()
    if isinstance(value, bool) or word in _TRUE | _FALSE:
        return word in _TRUE
    raise _fail(source, "must be true or false (IS211)")


def _parse_number(value: Raw, source: str) -> float:
    try:
        return float("" if isinstance(value, bool) else value)
    except ValueError:
        raise _fail(source, "must be a number without a unit, such as 30 (IS211)") from None


_PARSERS: Final[Mapping[str, Callable[..., Any]]] = {"text": _parse_text, "flag": _parse_flag, "number": _parse_number}
"""Kind of a setting to what makes its value of what a source holds."""

_Check = Callable[[Any, str], Any]

_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(?!\s)([^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]+)")
_OWN_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)

_PAGE: Final = re.compile(r"/orgs/[0-9a-f]{16}(/|$)")
"""The path of a page of influxd's user interface, which answers every request for one with 200 and HTML."""


def _check_url(value: object, source: str) -> str:
    # No message repeats a malformed url, nor what stands before an @: there may be a password.
    hint = f"must be a url such as {DEFAULT_URL}, with http:// or https:// at the start, and without spaces (IS203)"
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f\x7f\\]", value):
        raise _fail(source, hint)
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _fail(source, hint) from None
    if not is_usable:
        raise _fail(source, hint)
    if "@" in parts.netloc:
        raise _fail(source, "must not contain a user name or password. Remove both, and give an API token (IS204)")
    if page := _PAGE.search(parts.path):
        server = f"{parts.scheme}://{parts.netloc}{parts.path[: page.start()]}"
        raise _fail(source, f"is the address of a page in the browser. Set the url to {server} (IS205)")
    if "?" in value or "#" in value:
        raise _fail(source, "must not contain ? or #. Remove this character and all text after it (IS206)")
    return value.rstrip("/")


def _optional_text(pattern: str, problem: str) -> _Check:
    def check(value: object, source: str) -> object:
        if value is not None and (not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL)):
            raise _fail(source, problem)
        return value

    return check


def _check_org_id(value: object, source: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_org_id(value.lower()):
        name = re.sub(r"[_-]?id\b", "", source, flags=re.IGNORECASE)
        problem = "must be an org id of 16 hexadecimal digits, as `influx org list` shows"
        raise _fail(source, f"{problem}. For a name, use {name} instead (IS209)")
    return value.lower()


def _check_header(value: object, source: str) -> str | None:
    if value is None:
        return None
    headers = [_HEADER.fullmatch(part.strip()) for part in value.split(",")] if isinstance(value, str) else [None]
    for header in headers:
        # No message repeats more than the name: the values are secret.
        if header is None:
            problem = 'must be "Name: value". A comma separates two headers, so a value with a comma cannot be sent'
            raise _fail(source, f"{problem} (IS213)")
        if header[1].lower() == "authorization":
            raise _fail(source, f"must not set {header[1]}, which carries the token. Remove this header (IS214)")
        if header[1].lower() in _OWN_HEADERS:
            raise _fail(source, f"must not set {header[1]}, which influx_secrets sets. Remove this header (IS214)")
    return str(value)


def _check_flag(value: object, source: str) -> bool:
    if not isinstance(value, bool):
        raise _fail(source, "must be true or false (IS211)")
    return value


def _number(problem: str, *, whole: bool) -> _Check:
    def check(value: object, source: str) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
            number = int(value) if whole else float(value)
            if number == value:
                return number
        raise _fail(source, problem)

    return check


def _one_of(literal: object) -> _Check:
    words = get_args(literal)

    def check(value: str, source: str) -> str:
        if value not in words:
            raise _fail(source, f"must be one of {', '.join(words)} (IS211)")
        return value

    return check


_CHECKS: Final[Mapping[str, _Check]] = {
    "url": _check_url,
    "token": _optional_text(
        r"(?!\s)[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]+(?<!\s)",
        "must be the token alone. Remove line breaks, control characters, and spaces at the start and end (IS202)",
    ),
    "org": _optional_text(".+", "must be the name of an org, such as acme, and not empty (IS208)"),
    "org_id": _check_org_id,
    "ca_file": _optional_text(r"[^\0]+", "must be the path of a file of certificates in PEM form (IS210)"),
    "skip_verify": _check_flag,
    "timeout": _number("must be a number of seconds above 0 (IS211)", whole=False),
    "max_attempts": _number("must be a whole number, 1 or more (IS211)", whole=True),
    "verify_values": _one_of(VerifyValues),
    "missing_org": _one_of(MissingOrg),
    "allow_insecure": _check_flag,
    "trace_span": _optional_text(r"[\x20-\x7e]+", "must contain only printable ASCII characters (IS212)"),
    "extra_http_header": _check_header,
}
"""Field to the check that returns its value in its one form."""
