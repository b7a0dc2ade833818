"""TLS contexts: which certificates are trusted."""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import certifi

from influx_secrets._client.settings import Settings
from influx_secrets._errors import SettingsError

BUNDLE_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name what to trust in place of the system's store: the first that is set."""

_SYSTEM_FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""The stores of Debian, Fedora, RHEL, SUSE, Alpine, for a Python whose OpenSSL was built for another system."""

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]")


def make_context(settings: Settings, environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return the TLS context for connections to the server.

    Raises:
        SettingsError: The CA file, or a bundle that the environment names, cannot be read.
    """
    if settings.skip_verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    if settings.ca_file is not None:
        places = "influx-secrets:caFile, ca_file of the Provider, or INFLUXDB_V2_SSL_CA_CERT"
        return _trusting(settings.ca_file, places)
    for name in BUNDLE_VARIABLES:
        path = environ.get(name)
        if path:
            return _trusting(path, name, is_folder=Path(path).is_dir())
    return _system_context()


def _trusting(path: str, places: str, *, is_folder: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(**{"capath" if is_folder else "cafile": path})
    except ssl.SSLError:
        problem = f"the CA file {path} contains no certificate in PEM form"
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a path"
        problem = f"cannot read the CA file {path}: {reason}"
    else:
        return context
    raise SettingsError(f"{problem}. Correct or unset {places} (IS210)")


def _system_context() -> ssl.SSLContext:
    if sys.platform in {"darwin", "win32"}:
        # Not on Linux: for each connection truststore 0.10.5 reads the store again, and handshakes wait for each other.
        import truststore  # noqa: PLC0415 (see above)

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    bundle = fallback_bundle()
    if bundle is not None:
        context.load_verify_locations(cafile=bundle)
    return context


def fallback_bundle() -> str | None:
    """Return the file to trust where OpenSSL finds no certificate; None if it finds some, or the system is asked.

    Slim images have no store at all; certifi's list stands in for it.
    """
    paths = ssl.get_default_verify_paths()
    names = [path.name for path in Path(paths.capath).iterdir()] if paths.capath else []
    if paths.cafile or any(map(_HASHED_NAME.match, names)) or sys.platform in {"darwin", "win32"}:
        return None
    return next((path for path in _SYSTEM_FILES if Path(path).is_file()), None) or certifi.where()
