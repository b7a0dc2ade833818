"""Checks of `doctor` without requests: settings and their sources, certificates, proxies."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from influx_secrets._client import tls
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Found
from influx_secrets._text import quote
from influx_secrets.cli.doctor.check_result import CheckResult, fail, ok, warn
from influx_secrets.cli.shared.connection import source
from influx_secrets.cli.shared.untrusted import visible_message

_NOWHERE: Final = "set INFLUX_TOKEN, or run `influx config NAME`; the token of a stack's config is not read here"


def check_settings(
    settings: Settings, found: Mapping[str, Found], environ: Mapping[str, str], proxy: str | None
) -> Iterator[CheckResult]:
    """Return what each setting is, and where it comes from; of the token only the latter.

    Args:
        settings: The resolved settings.
        found: Each setting with the place that it comes from.
        environ: The environment variables.
        proxy: Host and port of the proxy that requests go through; None: none.
    """
    yield ok("url", f"{settings.url}, {source(found, 'url')}")
    yield _token(settings, found)
    yield _org(settings, found)
    if settings.url.startswith("https:"):
        yield _certificates(settings, found, environ)
    yield _proxy(settings, environ, proxy)


def _token(settings: Settings, found: Mapping[str, Found]) -> CheckResult:
    if settings.token is None:
        command = token_command(settings.url, settings.org_id)
        return fail("token", "there is none", f"{_NOWHERE}; make one as below, if there is none yet", command)
    message = f"is set, {source(found, 'token')}"
    of_profile = [field in found and " of profile " in found[field].source for field in ("url", "token")]
    if of_profile[0] != of_profile[1]:
        remedy = "make sure that this token belongs to this server"
        return warn("token", f"{message}; the url comes from elsewhere", remedy)
    return ok("token", message)


def token_command(url: str, org_id: str | None) -> str:
    """Return the command; without an org id it contains `ORG_ID`, to be replaced.

    The token that may create others is typed and goes through a pipe: other users of a machine can see the arguments of
    its processes, and a shell keeps its lines.
    """
    org_id = org_id or "ORG_ID"
    secrets = {"type": "secrets", "orgID": org_id}
    permissions = [
        {"action": "read", "resource": {"type": "orgs", "id": org_id}},
        {"action": "read", "resource": secrets},
        {"action": "write", "resource": secrets},
    ]
    body = json.dumps({"orgID": org_id, "description": "influx_secrets", "permissions": permissions})
    return (
        "read -rs OPERATOR_TOKEN  # paste it, then Enter\n"
        "printf 'Authorization: Token %s\\n' \"$OPERATOR_TOKEN\" |\n"
        f"  curl -sS -H @- {shlex.quote(f'{url}/api/v2/authorizations')} -d {shlex.quote(body)}"
    )


def _org(settings: Settings, found: Mapping[str, Found]) -> CheckResult:
    if settings.org_id is not None:
        return ok("org", f"{settings.org_id}, {source(found, 'org_id')}")
    if settings.org is not None:
        return ok("org", f"{quote(settings.org)}, {source(found, 'org')}")
    remedy = "give --org NAME or --org-id ID (see `influx org list`)"
    return warn("org", "none is named, so permissions cannot be checked", remedy)


def _certificates(settings: Settings, found: Mapping[str, Found], environ: Mapping[str, str]) -> CheckResult:
    if settings.skip_verify:
        message = f"any is accepted, {source(found, 'skip_verify')}: whoever is in between sees the token"
        remedy = "set INFLUXDB_V2_SSL_CA_CERT, or influx-secrets:caFile, to the authority's file instead"
        return warn("certificates", message, remedy)
    if settings.ca_file is not None:
        return _trusted(settings.ca_file, source(found, "ca_file"))
    variable = next((name for name in tls.BUNDLE_VARIABLES if environ.get(name)), None)
    if variable is not None:
        return _trusted(environ[variable], f"from {variable}")
    bundle = tls.fallback_bundle()
    if bundle is not None:
        return _trusted(bundle, "because Python finds no store of this system")
    return ok("certificates", "those in the store of this system are trusted")


def _trusted(file: str, source: str) -> CheckResult:
    return ok("certificates", f"those of {visible_message(file)} are trusted, {source}")


def _proxy(settings: Settings, environ: Mapping[str, str], proxy: str | None) -> CheckResult:
    """Return where requests really go: an environment variable may send them elsewhere."""
    if proxy is None:
        return ok("proxy", "none: requests go straight to the server")
    scheme, host = urlsplit(settings.url).scheme, urlsplit(settings.url).hostname
    names = [name for kind in (scheme, "all") for name in (f"{kind}_proxy", f"{kind}_PROXY".upper())]
    source = next((name for name in names if environ.get(name)), "the system's settings")
    message = f"requests go through {visible_message(proxy)}, from {source}"
    remedy = f"if the server can be reached without, add {host} to NO_PROXY"
    if scheme == "http":
        return fail("proxy", f"{message}, which sees the token and all values, for the url is plain http", remedy)
    return warn("proxy", message, remedy)
