"""The part of `doctor` that asks the server: what answers there, what the token may do, whether values can be proved.

Nothing is written: the permission to write is asked for with a change of no keys.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from influx_secrets._client.client import Health, SecretsClient
from influx_secrets._client.retry import PREVIEW_POLICY
from influx_secrets._client.settings import Settings
from influx_secrets._client.value_proofs import check_available
from influx_secrets._errors import (
    APIError,
    InfluxSecretsError,
    NotFoundError,
    NotSentError,
    ProofsUnavailableError,
    ResponseError,
    TransportError,
    UnauthorizedError,
)
from influx_secrets.cli.doctor.check_result import Line, Verdict, ok, unknown, worth_knowing, wrong
from influx_secrets.cli.doctor.token_command import token_command
from influx_secrets.cli.shared.console import plain

#: The header has whole seconds, and the answer was on its way; more than this is a clock that is wrong.
_CLOCK_TOLERANCE: Final = timedelta(seconds=60)
#: Any valid token gets another answer than a wrong one, whether or not there is such an org.
_ANY_ORG: Final = "0000000000000001"

KNOWN: Final = "token on the server"
READ_ORG: Final = "read the org"
READ_SECRETS: Final = "read its secrets"
WRITE_SECRETS: Final = "write its secrets"
PROOFS: Final = "value proofs"
"""What the lines about the token are about."""

_AFTER_ORG: Final = (READ_SECRETS, WRITE_SECRETS, PROOFS)

Clock = Callable[[], datetime]


class MissingOrgError(InfluxSecretsError):
    """There is no such org, for certain."""


class NoOrgError(InfluxSecretsError):
    """The org that was named cannot be used with this token."""


def now() -> datetime:
    """The time of this machine."""
    return datetime.now(timezone.utc)


def server_lines(client: SecretsClient, clock: Clock = now) -> Iterator[Line]:
    """Ask the server step by step, and stop where the next step could tell nothing."""
    client = client.with_policy(PREVIEW_POLICY)
    try:
        health = client.health()
    except InfluxSecretsError as error:
        yield _no_server(client.settings, error)
        return
    yield ok("connection", "the server answers")
    yield (product := _product(health))
    yield from _clock(health, clock())
    if product.verdict is not Verdict.WRONG and client.settings.token is not None:
        yield from _token_lines(client)


def _no_server(settings: Settings, error: InfluxSecretsError) -> Line:
    if isinstance(error, NotSentError) or not isinstance(error, (TransportError, ResponseError, APIError)):
        return wrong("connection", str(error))
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and _speaks_tls(settings):
        return wrong("connection", "the server speaks TLS on this port", "let the url begin with https://")
    root = f"{parts.scheme}://{parts.netloc}"
    if parts.path and _is_influxdb(settings, root):
        return wrong("connection", f"InfluxDB is not below the path {plain(parts.path)}", f"use the url {root}")
    return wrong("connection", str(error))


def _speaks_tls(settings: Settings) -> bool:
    try:
        _probe(settings, f"https{settings.url.removeprefix('http')}")
    except NotSentError as error:
        # A certificate that is refused is one all the same.
        return "certificate" in str(error)
    except InfluxSecretsError as error:
        return not isinstance(error, TransportError)
    return True


def _is_influxdb(settings: Settings, url: str) -> bool:
    try:
        _probe(settings, url)
    except InfluxSecretsError:
        return False
    return True


def _probe(settings: Settings, url: str) -> None:
    with SecretsClient(dataclasses.replace(settings, url=url, token=None)) as client:
        client.with_policy(PREVIEW_POLICY).health()


def _product(health: Health) -> Line:
    says = f"InfluxDB {plain(health.build or 'of an unknown build')} {plain(health.version)}"
    release = re.match(r"v?(\d+)\.", health.version)
    if health.build in {"OSS", None} and release and release[1] == "2":
        return ok("server", says)
    if release and release[1] == "1":
        return wrong("server", f"{says}: InfluxDB 1 keeps no secrets", "use the url of an InfluxDB OSS 2 server")
    if health.build == "OSS" and not release:
        return worth_knowing("server", f"{says}: a version that is no release")
    return wrong("server", f"{says}: this is made for InfluxDB OSS 2", "use the url of an InfluxDB OSS 2 server")


def _clock(health: Health, here: datetime) -> Iterator[Line]:
    try:
        there = parsedate_to_datetime(health.date or "")
    except ValueError:
        return
    # The zone "-0000" makes a time without one.
    apart = abs(here - there.replace(tzinfo=there.tzinfo or timezone.utc))
    if apart <= _CLOCK_TOLERANCE:
        yield ok("clocks", "this machine and the server agree")
        return
    # Whole seconds: more would be noise.
    says = f"this machine and the server are {timedelta(seconds=int(apart.total_seconds()))} apart"
    yield wrong("clocks", says, "set the clock that is wrong: certificates and time ranges depend on it")


def _token_lines(client: SecretsClient) -> Iterator[Line]:
    try:
        # Whatever it says of an org that there hardly is: the server knows the token.
        client.org_exists(_ANY_ORG)
    except UnauthorizedError:
        says = "the server does not know it: it is wrong, revoked, or of another server"
        yield _lacking(client, KNOWN, says, client.settings.org_id)
        return
    except InfluxSecretsError as error:
        yield wrong(KNOWN, str(error))
        return
    yield ok(KNOWN, "the server knows it")
    if client.settings.org_id is not None or client.settings.org is not None:
        yield from _org_lines(client)


def _org_lines(client: SecretsClient) -> Iterator[Line]:
    try:
        org_id = _org_id(client)
    except InfluxSecretsError as error:
        yield _no_org(client, error)
        yield from (unknown(subject, f"not known before that: {READ_ORG}") for subject in _AFTER_ORG)
        return
    yield ok(READ_ORG, f"the token may; the org is {org_id}")
    readable = _may_read(client, org_id)
    yield readable
    yield _may_write(client, org_id)
    yield _proofs(client, org_id) if readable.verdict is Verdict.OK else unknown(PROOFS, f"they need: {READ_SECRETS}")


def _no_org(client: SecretsClient, error: InfluxSecretsError) -> Line:
    told = (error.server_message or "") if isinstance(error, NotFoundError) else ""
    if isinstance(error, MissingOrgError) or told.endswith("not found"):
        # To a token that may not read it, influxd shows an empty list, or says so (seen on 2.9.1).
        says = f"the server says: {plain(told)}" if told else str(error)
        return wrong(READ_ORG, says, "correct the name or the id of the org, or the url of the server")
    if isinstance(error, (NotFoundError, NoOrgError)):
        return _lacking(client, READ_ORG, str(error), client.settings.org_id)
    return wrong(READ_ORG, str(error))


def _lacking(client: SecretsClient, subject: str, says: str, org_id: str | None) -> Line:
    return wrong(subject, says, "make a token that suffices, as below", token_command(client.settings.url, org_id))


def _org_id(client: SecretsClient) -> str:
    settings = client.settings
    if settings.org_id is None:
        return client.find_org(settings.org or "").id
    # The calls for secrets give one answer to both of these.
    exists = client.org_exists(settings.org_id)
    if exists is None:
        raise NoOrgError(f"the token may not read the org {settings.org_id}, or there is no such org")
    if not exists:
        raise MissingOrgError(f"there is no org {settings.org_id} on this server")
    return settings.org_id


def _may_read(client: SecretsClient, org_id: str) -> Line:
    try:
        keys = client.list_secret_keys(org_id)
    except UnauthorizedError:
        says = "the token may not: keys cannot be listed, and drift cannot be seen"
        return _lacking(client, READ_SECRETS, says, org_id)
    except InfluxSecretsError as error:
        return wrong(READ_SECRETS, str(error))
    return ok(READ_SECRETS, f"the token may; there {'is' if len(keys) == 1 else 'are'} {len(keys)}")


def _may_write(client: SecretsClient, org_id: str) -> Line:
    try:
        if client.may_write(org_id):
            return ok(WRITE_SECRETS, "the token may")
    except InfluxSecretsError as error:
        return wrong(WRITE_SECRETS, str(error))
    return _lacking(client, WRITE_SECRETS, "the token may not: `pulumi up` would fail", org_id)


def _proofs(client: SecretsClient, org_id: str) -> Line:
    try:
        check_available(client, org_id)
    except ProofsUnavailableError as error:
        lost = "a changed value cannot be seen, and no key be adopted"
        return wrong(PROOFS, f"{error}: {lost}", "use InfluxDB OSS 2.7 or later, with Flux")
    except InfluxSecretsError as error:
        return wrong(PROOFS, str(error))
    return ok(PROOFS, "the server can prove what a key holds")
