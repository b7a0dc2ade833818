"""The command `doctor`: what is wrong between this machine and the server, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

import typer
from rich.text import Text

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.connections import proxy_address
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Raw
from influx_secrets._errors import SettingsError
from influx_secrets.cli.doctor.check_result import Line, Verdict, wrong
from influx_secrets.cli.doctor.server_checks import server_lines
from influx_secrets.cli.doctor.settings_checks import settings_lines
from influx_secrets.cli.shared.connection import AllowInsecure, AsJson, OrgId, OrgName, given
from influx_secrets.cli.shared.console import Exit, print_json, print_table, say, waiting

_STYLES: Final = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.WRONG: "bold red", Verdict.UNKNOWN: "dim"}


def doctor(
    org: OrgName = None, org_id: OrgId = None, as_json: AsJson = False, allow_insecure: AllowInsecure = False
) -> None:
    """Find out what is wrong between this machine and the server, and say what to do.

    Looks at settings and where each comes from, proxies, the connection and its certificate, the server's version, the
    clocks, the token and each of its three permissions, and whether values can be proved. Writes nothing to the server.
    Ends with code 1 if something is wrong.
    """
    inputs = given(org, org_id, allow_insecure=allow_insecure)
    with waiting("examining"):
        lines = examined(inputs, os.environ)
    if as_json:
        print_json({"ok": not _is_wrong(lines), "checks": [_document(line) for line in lines]})
    else:
        _show(lines)
    if _is_wrong(lines):
        raise typer.Exit(Exit.FOUND)


def examined(inputs: Mapping[str, Raw | None], environ: Mapping[str, str]) -> list[Line]:
    """Return what was found out; nothing is asked where the settings cannot work."""
    try:
        settings = Settings.resolve(inputs, environ=environ)
        client = SecretsClient(settings)
    except SettingsError as error:
        return [wrong("settings", str(error))]
    with client:
        seen = settings_lines(settings, inputs, environ, proxy_address(settings.url))
        return [*seen, *server_lines(client)]


def _is_wrong(lines: Sequence[Line]) -> bool:
    return any(line.verdict is Verdict.WRONG for line in lines)


def _document(line: Line) -> dict[str, str]:
    return {
        "check": line.subject,
        "verdict": line.verdict.value,
        "says": line.says,
        "do": line.do,
        "command": line.command,
    }


def _show(lines: Sequence[Line]) -> None:
    told = [f"{line.says}; {line.do}" if line.do else line.says for line in lines]
    rows = [
        (Text(line.verdict.value, _STYLES[line.verdict]), line.subject, text)
        for line, text in zip(lines, told, strict=True)
    ]
    print_table(("", "CHECK", "FOUND"), rows)
    # Each permission that is missing names the same one.
    command = next((line.command for line in lines if line.command), "")
    if command:
        say("\nThe smallest token, made with one that may create others:\n")
        say(command)
    if _is_wrong(lines):
        say(f"\nwrong: {', '.join(line.subject for line in lines if line.verdict is Verdict.WRONG)}")
