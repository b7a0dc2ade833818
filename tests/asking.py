"""Asks an emulator as its operator."""

from __future__ import annotations

import requests

from influx_secrets.emulator import Emulator


def secrets_url(emulator: Emulator, org: str = "acme") -> str:
    return f"{emulator.url}/api/v2/orgs/{emulator.org_id(org)}/secrets"


def operator_session(emulator: Emulator) -> requests.Session:
    """A session with the operator's token."""
    session = requests.Session()
    session.headers["Authorization"] = f"Token {emulator.token}"
    return session
