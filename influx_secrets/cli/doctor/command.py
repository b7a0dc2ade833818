"""Command `doctor`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

import typer
from rich.text import Text

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.proxies import proxy_address
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import gather
from influx_secrets._errors import SettingsError
from influx_secrets.cli.doctor.check_result import CheckResult, Verdict, fail, unknown
from influx_secrets.cli.doctor.pulumi_checks import check_pulumi
from influx_secrets.cli.doctor.server_checks import check_server
from influx_secrets.cli.doctor.settings_checks import check_settings
from influx_secrets.cli.shared.connection import Target, with_target
from influx_secrets.cli.shared.console import Exit, print_json, print_table, waiting
from influx_secrets.cli.shared.stacks import StackError

_STYLES: Final = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.WRONG: "bold red", Verdict.UNKNOWN: "dim"}


@with_target
def doctor(target: Target, as_json: bool) -> None:
    """Find out what is wrong with Pulumi, the settings or the server, and how to fix it.

    Looks at the Pulumi CLI, the Python that it runs, its backend and stack; at the settings and where each comes from;
    at proxies, the connection and its certificate, the server's version and the clocks; at the token, each of its three
    permissions, and whether values can be proved. Writes nothing to the server.
    Ends with code 1 if something is wrong.
    """
    results = _results(target, os.environ)
    wrong = [one.name for one in results if one.verdict is Verdict.WRONG]
    if as_json:
        print_json({"ok": not wrong, "checks": [_document(one) for one in results]})
    else:
        _show(results, wrong)
    if wrong:
        raise typer.Exit(Exit.FOUND)


def _results(target: Target, environ: Mapping[str, str]) -> list[CheckResult]:
    """Run all checks; without usable settings no request is sent."""
    with waiting("asking Pulumi"):
        results = list(check_pulumi(target, environ))
    try:
        settings = Settings.resolve(target.inputs, environ=environ)
        client = SecretsClient(settings)
    except (SettingsError, StackError) as error:
        known = [one.name for one in results if one.message == str(error)]
        cause = unknown("settings", f'not checked before "{known[0]}" is ok') if known else fail("settings", str(error))
        return [*results, cause]
    found = gather(target.inputs, environ)
    local = check_settings(settings, found, environ, proxy_address(settings.url))
    with client, waiting("examining"):
        return [*results, *local, *check_server(client)]


def _document(result: CheckResult) -> dict[str, str]:
    return {
        "check": result.name,
        "verdict": result.verdict.value,
        "says": result.message,
        "do": result.remedy,
        "command": result.command,
    }


def _show(results: Sequence[CheckResult], wrong: Sequence[str]) -> None:
    rows = [
        (Text(one.verdict.value, _STYLES[one.verdict]), one.name, "; ".join(filter(None, (one.message, one.remedy))))
        for one in results
    ]
    print_table(("", "CHECK", "FOUND"), rows)
    # All missing permissions have the same command.
    command = next((one.command for one in results if one.command), "")
    if command:
        typer.echo(f"\nThe smallest token, made with one that may create others:\n\n{command}")
    if wrong:
        typer.echo(f"\nwrong: {', '.join(wrong)}")
