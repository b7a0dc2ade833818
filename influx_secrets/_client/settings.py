"""`Settings`: how to reach one server, validated before any request is made."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from influx_secrets._client.settings_sources import Raw, gather
from influx_secrets._errors import SettingsError
from influx_secrets._model.setting_names import SETTINGS

VerifyValues = Literal["auto", "always", "never"]
MissingOrg = Literal["error", "gone"]

DEFAULT_URL = "http://localhost:8086"

# Go's `strconv.ParseBool`, which reads INFLUX_SKIP_VERIFY for the influx CLI, in any case.
_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach one InfluxDB server, and how careful to be with it.

    The constructor takes what it is given and nothing else; `resolve` looks into the environment too.

    Attributes:
        url: Where the server is, a path prefix allowed; a trailing slash is removed.
        token: The API token. `None`: the first call that needs one fails with a `SettingsError`.
        org: Name of the default org, for resources that name none. `None`: there is no default.
        org_id: Id of the default org, instead of its name.
        ca_file: PEM file with the certificates to trust instead of the system's. `None`: the system's.
        skip_verify: Accept any TLS certificate. Whoever is in between then sees token and values.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        max_attempts: How often a request is tried, the first time included.
        verify_values: Prove stored values by their hash: where the server can, always, or never.
        missing_org: What a destroy does about an org that is confirmed to be missing: fail, or call it gone.
        allow_insecure: Allow plain http to another machine. The network then sees token and values.
        trace_span: Sent as it is in the header `Zap-Trace-Span`. `None`: the current OpenTelemetry span, or
            nothing.

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

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            # A frozen class is written through object: `check` also puts the value into its one form.
            object.__setattr__(self, name, check(getattr(self, name), name))
        if self.org is not None and self.org_id is not None:
            raise SettingsError("org and org_id are both set: give the name or the id, not both")
        _check_plain_http(self.url, "url", allowed=self.allow_insecure)

    def __repr__(self) -> str:
        given = ((setting, getattr(self, setting.field)) for setting in SETTINGS)
        shown = ((one.field, "***" if one.is_secret and value is not None else value) for one, value in given)
        return f"Settings({', '.join(f'{field}={value!r}' for field, value in shown)})"

    @classmethod
    def resolve(
        cls, inputs: Mapping[str, Raw | None] | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Find each field on its own: in the inputs, the environment, the active profile of the influx CLI.

        A field that is found nowhere has its default. `org` and `orgId` are taken from one source together.
        The url and the token may come from different sources, as in the influx CLI itself.

        Args:
            inputs: `Provider` inputs or stack config, camelCase; values as text, booleans or numbers. `None`
                and empty text mean unset. `version` and names that begin with `__` are ignored.
            environ: The environment variables. `None`: those of this process.

        Raises:
            SettingsError: A field is malformed (the message names its source), or a name is not known.
        """
        found = gather(inputs or {}, os.environ if environ is None else environ)
        fields: dict[str, Any] = {}
        kinds = {setting.field: setting.kind for setting in SETTINGS}
        for name, raw in found.items():
            value = _PARSERS[kinds[name]](raw.value, raw.source)
            fields[name] = _CHECKS[name](value, raw.source)
        if "org" in fields and "org_id" in fields:
            message = f"{found['org'].source} and {found['org_id'].source} are both set: give one of them"
            raise SettingsError(message)
        if "url" in fields:
            _check_plain_http(fields["url"], found["url"].source, allowed=fields.get("allow_insecure", False))
        return cls(**fields)


def _fail(source: str, problem: str) -> SettingsError:
    return SettingsError(f"{source}: {problem}")


def _as_text(value: Raw, source: str) -> str:
    if not isinstance(value, str):
        raise _fail(source, "must be text")
    return value


def _as_bool(value: Raw, source: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise _fail(source, "must be true or false")
    return word in _TRUE


def _as_number(value: Raw, source: str) -> float:
    if isinstance(value, bool):
        raise _fail(source, "must be a number")
    try:
        return float(value)
    except ValueError:
        raise _fail(source, "must be a number") from None


def _check_url(value: object, source: str) -> str:
    # No message repeats the url: a malformed one may well hold a password.
    hint = f"must be a url such as {DEFAULT_URL}"
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f\x7f\\]", value):
        raise _fail(source, hint)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _fail(source, hint) from None
    if not usable:
        raise _fail(source, hint)
    if "@" in parts.netloc:
        raise _fail(source, "must not hold a user name or password; the token goes into INFLUX_TOKEN")
    if "?" in value or "#" in value:
        raise _fail(source, "must not hold a query or a fragment, only scheme, host, port and path prefix")
    return value.rstrip("/")


def _check_plain_http(url: str, source: str, *, allowed: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not allowed and not _is_loopback(parts):
        raise _fail(
            source,
            "plain http to another machine shows token and values to all between: use https, or allowInsecure "
            "(--allow-insecure)",
        )


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_token(value: object, source: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e\xa0-\xff]+", value):
        raise _fail(source, "the token has a space, a line break or another character that no token has")
    return value


def _check_org(value: object, source: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise _fail(source, "must be the name of an org")
    return value


def _check_org_id(value: object, source: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{16}", value):
        raise _fail(source, "an org id has 16 hex digits, as `influx org list` shows it")
    return value.lower()


def _check_ca_file(value: object, source: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _fail(source, "must be the path of a PEM file")
    path = Path(value)
    try:
        path.read_bytes()
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise _fail(source, f"{path} holds no certificate in PEM form") from None
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a path"
        raise _fail(source, f"cannot read the CA file {path}: {reason}") from None
    return str(path)


def _check_flag(value: object, source: str) -> bool:
    if not isinstance(value, bool):
        raise _fail(source, "must be true or false")
    return value


def _check_timeout(value: object, source: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise _fail(source, "must be a number of seconds above 0")
    return float(value)


def _check_attempts(value: object, source: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fail(source, "must be a whole number, 1 or more")
    if not 1 <= value < math.inf or value != int(value):
        raise _fail(source, "must be a whole number, 1 or more")
    return int(value)


def _check_trace_span(value: object, source: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not re.fullmatch(r"[\x20-\x7e]+", value)):
        raise _fail(source, "must be printable ASCII text, as it is sent in a header")
    return value


def _one_of(literal: object) -> Callable[[str, str], str]:
    words = get_args(literal)

    def check(value: str, source: str) -> str:
        if value not in words:
            raise _fail(source, f"must be one of {', '.join(words)}")
        return value

    return check


#: Field -> the check that returns it in its one form, in the order of the class.
_CHECKS: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType(
    {
        "url": _check_url,
        "token": _check_token,
        "org": _check_org,
        "org_id": _check_org_id,
        "ca_file": _check_ca_file,
        "skip_verify": _check_flag,
        "timeout": _check_timeout,
        "max_attempts": _check_attempts,
        "verify_values": _one_of(VerifyValues),
        "missing_org": _one_of(MissingOrg),
        "allow_insecure": _check_flag,
        "trace_span": _check_trace_span,
    }
)

#: Kind of a setting -> how text becomes its type.
_PARSERS: Mapping[str, Callable[[Raw, str], Any]] = MappingProxyType(
    {"text": _as_text, "flag": _as_bool, "number": _as_number}
)
