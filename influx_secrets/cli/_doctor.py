"""The command `doctor`: what is wrong between this machine and the server, and what to do about it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

import typer
from rich.text import Text

from influx_secrets._errors import SettingsError
from influx_secrets._settings import Settings
from influx_secrets._sources import Raw
from influx_secrets.cli._connection import AllowInsecure, AsJson, OrgId, OrgName, given
from influx_secrets.cli._console import Exit, print_json, print_table, say, waiting
from influx_secrets.cli._doctor_server import KNOWN, READ_ORG, READ_SECRETS, WRITE_SECRETS, server_lines
from influx_secrets.cli._doctor_settings import settings_lines
from influx_secrets.cli._lines import Line, Verdict, wrong

_STYLES: Final = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.WRONG: "bold red", Verdict.UNKNOWN: "dim"}
_OF_THE_TOKEN: Final = frozenset({KNOWN, READ_ORG, READ_SECRETS, WRITE_SECRETS})
_ORG_ID: Final = "ORG_ID"


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
        lines, settings = examined(inputs, os.environ)
    command = _token_command(settings, lines) if settings else None
    if as_json:
        print_json(
            {"ok": not _is_wrong(lines), "checks": [_document(line) for line in lines], "token_command": command}
        )
    else:
        _show(lines, command)
    if _is_wrong(lines):
        raise typer.Exit(Exit.FOUND)


def examined(inputs: Mapping[str, Raw | None], environ: Mapping[str, str]) -> tuple[list[Line], Settings | None]:
    """Return what was found out, and the settings, if they can work."""
    try:
        settings = Settings.resolve(inputs, environ=environ)
    except SettingsError as error:
        return [wrong("settings", str(error))], None
    return [*settings_lines(settings, inputs, environ), *server_lines(settings)], settings


def _is_wrong(lines: Sequence[Line]) -> bool:
    return any(line.verdict is Verdict.WRONG for line in lines)


def _document(line: Line) -> dict[str, str]:
    return {"check": line.subject, "verdict": line.verdict.value, "says": line.says, "do": line.do}


def _show(lines: Sequence[Line], command: str | None) -> None:
    told = [f"{line.says}; {line.do}" if line.do else line.says for line in lines]
    rows = [
        (Text(line.verdict.value, _STYLES[line.verdict]), line.subject, text)
        for line, text in zip(lines, told, strict=True)
    ]
    print_table(("", "CHECK", "FOUND"), rows)
    if command is not None:
        say("\nThe smallest token, made with one that may create others:\n")
        say(command)
    if _is_wrong(lines):
        say(f"\nwrong: {', '.join(line.subject for line in lines if line.verdict is Verdict.WRONG)}")


def _token_command(settings: Settings, lines: Sequence[Line]) -> str | None:
    """Return the command that makes the smallest token, where the one in use does not suffice.

    The token that may create others goes through a pipe: other users of the machine see the arguments of its processes.
    """
    if not any(line.subject in _OF_THE_TOKEN and line.verdict is Verdict.WRONG for line in lines):
        return None
    org_id = settings.org_id or _ORG_ID
    secrets = {"type": "secrets", "orgID": org_id}
    permissions = [
        {"action": "read", "resource": {"type": "orgs", "id": org_id}},
        {"action": "read", "resource": secrets},
        {"action": "write", "resource": secrets},
    ]
    body = json.dumps({"orgID": org_id, "description": "influx_secrets", "permissions": permissions})
    url = shlex.quote(f"{settings.url}/api/v2/authorizations")
    return (
        "read -rs OPERATOR_TOKEN  # paste it, then Enter\n"
        f"printf 'Authorization: Token %s\\n' \"$OPERATOR_TOKEN\" | curl -sS -H @- {url} -d {shlex.quote(body)}"
    )
