"""Which server the sample goes to: never to the user's own unless it was asked for."""

from __future__ import annotations

import io

import pytest

from toolchain._progress import Reporter
from toolchain.sample import chosen_server, main

REAL = {"INFLUX_HOST": "https://influx.example", "INFLUX_TOKEN": "t", "INFLUXDB_V2_URL": "u", "INFLUX_ORG": "o"}
REST = {"PATH": "/bin", "INFLUX_SECRETS_BUILD_TOOLS": "1"}


@pytest.mark.parametrize("server", [{}, {"SERVER": ""}, {"SERVER": "emulator"}])
def test_server_of_the_environment_is_not_used_unasked(server: dict[str, str]) -> None:
    """Users of InfluxDB have these variables in their shell; it is said how to use that server."""
    out = io.StringIO()
    assert chosen_server({**REAL, **REST, **server}, Reporter(out)) == {**REST, **server}
    assert "SERVER=env" in out.getvalue()


def test_server_of_the_environment_is_used_when_asked() -> None:
    """`make up SERVER=env`; nothing is said where there is nothing to choose."""
    out = io.StringIO()
    asked = {**REAL, **REST, "SERVER": "env"}
    assert chosen_server(asked, Reporter(out)) == asked
    assert chosen_server(REST, Reporter(out)) == REST
    assert out.getvalue() == ""


def test_server_of_the_environment_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Random values would go to the emulator instead, and who asked would not notice."""
    monkeypatch.setenv("SERVER", "env")
    monkeypatch.delenv("INFLUX_HOST", raising=False)
    assert main(["preview"]) == 1
    assert capsys.readouterr().err.startswith("error: SERVER=env needs INFLUX_HOST and INFLUX_TOKEN")
