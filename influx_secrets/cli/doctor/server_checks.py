"""Checks of `doctor` that send requests: server, token, permissions, value proofs.

Nothing is written: a PATCH of no keys tells whether the token may write.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
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
from influx_secrets.cli.doctor.check_result import CheckResult, Verdict, fail, ok, unknown, warn
from influx_secrets.cli.doctor.settings_checks import token_command
from influx_secrets.cli.shared.untrusted import visible_message

_CLOCK_TOLERANCE: Final = timedelta(seconds=60)
"""The header `Date` has whole seconds, and the response took time to arrive."""

_ANY_ORG: Final = "0000000000000001"
"""Any valid token gets another answer than a wrong one, whether or not this org exists."""

_KNOWN: Final = "token on the server"
_READ_ORG: Final = "read the org"
_READ_SECRETS: Final = "read its secrets"
_WRITE_SECRETS: Final = "write its secrets"
_PROOFS: Final = "compare values"


def check_server(client: SecretsClient, now: datetime | None = None) -> Iterator[CheckResult]:
    """Run the checks in order, and stop at the first one that leaves nothing to check."""
    client = client.with_policy(PREVIEW_POLICY)
    try:
        health = client.health()
    except InfluxSecretsError as error:
        yield _no_server(client.settings, error)
        return
    yield ok("connection", "the server answers")
    yield (product := _product(health))
    yield from _clock(health, now or datetime.now(timezone.utc))
    if product.verdict is not Verdict.WRONG and client.settings.token is not None:
        yield from _check_token(client)


def _no_server(settings: Settings, error: InfluxSecretsError) -> CheckResult:
    if isinstance(error, NotSentError) or not isinstance(error, (TransportError, ResponseError, APIError)):
        return fail("connection", str(error))
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and _speaks_tls(settings):
        message = "the server speaks TLS on this port"
        return fail("connection", message, f"use the url https{settings.url.removeprefix('http')}")
    url = settings.url
    while urlsplit(url).path:
        url = url.rpartition("/")[0]
        if _probe(settings, url) is None:
            message = f"InfluxDB is not below the path {visible_message(parts.path)}"
            return fail("connection", message, f"use the url {url}")
    return fail("connection", str(error))


def _speaks_tls(settings: Settings) -> bool:
    error = _probe(settings, f"https{settings.url.removeprefix('http')}")
    # A server whose certificate is rejected speaks TLS all the same.
    return not isinstance(error, TransportError) or (isinstance(error, NotSentError) and "certificate" in str(error))


def _probe(settings: Settings, url: str) -> InfluxSecretsError | None:
    """Return the error at another url; None where InfluxDB answers."""
    with SecretsClient(dataclasses.replace(settings, url=url, token=None)) as client:
        try:
            client.with_policy(PREVIEW_POLICY).health()
        except InfluxSecretsError as error:
            return error
    return None


def _product(health: Health) -> CheckResult:
    message = f"InfluxDB {visible_message(health.build or 'of an unknown build')} {visible_message(health.version)}"
    release = re.match(r"v?(\d+)\.", health.version)
    if health.build in {"OSS", None} and release and release[1] == "2":
        return ok("server", message)
    if health.build == "OSS" and not release:
        return warn("server", f"{message}: a version that is no release")
    reason = "InfluxDB 1 keeps no secrets" if release and release[1] == "1" else "this is made for InfluxDB OSS 2"
    return fail("server", f"{message}: {reason}", "use the url of an InfluxDB OSS 2 server")


def _clock(health: Health, here: datetime) -> Iterator[CheckResult]:
    try:
        there = parsedate_to_datetime(health.date or "")
    except ValueError:
        return
    # The zone "-0000" is parsed as a time without a zone.
    apart = abs(here - there.replace(tzinfo=there.tzinfo or timezone.utc))
    if apart <= _CLOCK_TOLERANCE:
        yield ok("clocks", "this machine and the server agree")
        return
    message = f"this machine and the server are {timedelta(seconds=int(apart.total_seconds()))} apart"
    yield fail("clocks", message, "set the clock that is wrong: certificates and time ranges depend on it")


def _check_token(client: SecretsClient) -> Iterator[CheckResult]:
    try:
        if client.is_token_inactive():
            yield _lacking(client, _KNOWN, "it is inactive", client.settings.org_id)
            return
        # Any answer other than 401 shows that the server knows the token.
        client.org_exists(_ANY_ORG)
    except UnauthorizedError:
        message = "the server does not know it: it is wrong, revoked, or of another server"
        yield _lacking(client, _KNOWN, message, client.settings.org_id)
        return
    except InfluxSecretsError as error:
        yield fail(_KNOWN, str(error))
        return
    yield ok(_KNOWN, "the server knows it")
    if client.settings.org_id is not None or client.settings.org is not None:
        yield from _check_org(client)


def _check_org(client: SecretsClient) -> Iterator[CheckResult]:
    org_id = _org_id(client)
    if isinstance(org_id, CheckResult):
        yield org_id
        for name in (_READ_SECRETS, _WRITE_SECRETS, _PROOFS):
            yield unknown(name, f'not checked before "{_READ_ORG}" is ok')
        return
    yield ok(_READ_ORG, f"the token may; the org is {org_id}")
    readable = _may_read(client, org_id)
    yield readable
    yield _may_write(client, org_id)
    yield _proofs(client, org_id) if readable.verdict is Verdict.OK else unknown(_PROOFS, f'needs "{_READ_SECRETS}"')


def _org_id(client: SecretsClient) -> str | CheckResult:
    """Return the id of the org, or why it is not known."""
    settings = client.settings
    try:
        org_id = settings.org_id or client.find_org(settings.org or "").id
        # The secrets calls have one answer for an org that is missing and for one that is hidden.
        exists = settings.org_id is None or client.org_exists(org_id)
    except NotFoundError as error:
        reason = error.server_message or ""
        # influxd 2.9.1 answers a token that may not read the org with an empty list instead.
        if reason.endswith("not found"):
            remedy = "correct the name of the org, or the url of the server"
            return fail(_READ_ORG, f"the server says: {visible_message(reason)}", remedy)
        return _lacking(client, _READ_ORG, str(error), settings.org_id)
    except InfluxSecretsError as error:
        return fail(_READ_ORG, str(error))
    if exists is None:
        message = f"the org {org_id} exists, but the token lacks the permission to read the org (IS705)"
        return _lacking(client, _READ_ORG, message, org_id)
    message = f"there is no org {org_id} on this server. Correct the id of the org, or the url of the server (IS705)"
    return org_id if exists else fail(_READ_ORG, message)


def _lacking(client: SecretsClient, name: str, message: str, org_id: str | None) -> CheckResult:
    return fail(name, message, "make a token with the command below", token_command(client.settings.url, org_id))


def _may_read(client: SecretsClient, org_id: str) -> CheckResult:
    try:
        keys = client.list_secret_keys(org_id)
    except UnauthorizedError:
        message = "the token may not: keys cannot be listed, and drift cannot be seen"
        return _lacking(client, _READ_SECRETS, message, org_id)
    except InfluxSecretsError as error:
        return fail(_READ_SECRETS, str(error))
    return ok(_READ_SECRETS, f"the token may; there {'is' if len(keys) == 1 else 'are'} {len(keys)}")


def _may_write(client: SecretsClient, org_id: str) -> CheckResult:
    try:
        if client.may_write(org_id):
            return ok(_WRITE_SECRETS, "the token may")
    except InfluxSecretsError as error:
        return fail(_WRITE_SECRETS, str(error))
    return _lacking(client, _WRITE_SECRETS, "the token may not: `pulumi up` would fail", org_id)


def _proofs(client: SecretsClient, org_id: str) -> CheckResult:
    try:
        check_available(client, org_id)
    except ProofsUnavailableError as error:
        lost = "changed values cannot be noticed, and existing keys cannot be adopted"
        return fail(_PROOFS, f"{lost}: {error}")
    except InfluxSecretsError as error:
        return fail(_PROOFS, str(error))
    return ok(_PROOFS, "the server can compare values")
