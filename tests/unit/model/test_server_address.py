"""Addresses of servers: one form for urls that lead to the same place."""

from __future__ import annotations

import pytest

from influx_secrets._model.resources import server_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://LocalHost:8086", "http://localhost:8086"),
        ("https://influx.example", "https://influx.example:443"),
        ("https://influx.example:443/", "https://influx.example:443"),
        ("http://influx.example", "http://influx.example:80"),
        ("https://gate.example:8443/Influx/", "https://gate.example:8443/Influx"),
        ("http://[::1]:8086", "http://[::1]:8086"),
        ("https://user:password@influx.example/a?token=t#f", "https://influx.example:443/a"),
    ],
)
def test_address_has_one_form(url: str, address: str) -> None:
    """The port is explicit; case matters in the path alone; what could be a secret is left out."""
    assert server_address(url) == address
