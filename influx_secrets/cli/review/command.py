"""Command `review`."""

from __future__ import annotations

import sys
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from influx_secrets._client.client import SecretsClient
from influx_secrets.cli.review.preview import PreviewError
from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.render_json import render_json
from influx_secrets.cli.review.render_markdown import GITHUB_LIMIT, render_markdown
from influx_secrets.cli.review.render_text import print_review
from influx_secrets.cli.review.report import GATES
from influx_secrets.cli.review.report import review as review_of
from influx_secrets.cli.shared.connection import AllowInsecure, Target
from influx_secrets.cli.shared.console import exit_if_found, fail_on_option, parse_fail_on
from influx_secrets.cli.shared.stacks import Folder, StackName
from influx_secrets.cli.usage.readers import Readers, find_readers

_SHORTEST = 1_000
"""The length of a review without any row and warning."""


class Format(str, Enum):
    """How a review is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def review(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="What `pulumi preview --json` printed, or an event log. Without it, or as -, standard input."
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="text for people, markdown for a comment, json for programs.")
    ] = Format.TEXT,
    fail_on: Annotated[list[str] | None, fail_on_option(GATES, "if one of these is found")] = None,
    max_length: Annotated[
        int,
        typer.Option(
            min=0,
            help="Cut Markdown to so many characters, with a count of what is missing: GitHub takes 65,536 in a "
            "comment, GitLab 1,000,000. 0 cuts nothing.",
        ),
    ] = GITHUB_LIMIT,
    usage: Annotated[
        bool,
        typer.Option(
            "--usage/--no-usage",
            help="Ask the server of the stack's config or of the environment what still reads a removed key: "
            "tasks, checks, rules, endpoints. Needs a token that may read them; all else needs no server.",
        ),
    ] = False,
    stack: StackName = None,
    cwd: Folder = None,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Review what a preview does to the secrets: which keys are created, rotated, repaired, moved or removed.

    pulumi preview --json | influx-secrets review --format markdown
    """
    gates = parse_fail_on(fail_on, GATES)
    if 0 < max_length < _SHORTEST:
        raise typer.BadParameter(f"give 0 (no limit), or at least {_SHORTEST} (IS716)", param_hint="--max-length")
    readers = partial(_ask, Target(None, None, allow_insecure, stack, cwd)) if usage else None
    found = review_of(read_preview(_read(file)), readers)
    if format_ is Format.TEXT:
        print_review(found, sys.stdout)
    elif format_ is Format.MARKDOWN:
        sys.stdout.write(render_markdown(found, max_length))
    else:
        sys.stdout.write(render_json(found) + "\n")
    exit_if_found(found.gates, gates)


def _ask(target: Target, org_id: str) -> Readers:
    """Ask the server; its errors become warnings of the review."""
    with SecretsClient(target.settings) as client:
        return find_readers(client, org_id)


def _read(file: Path | None) -> bytes:
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            raise PreviewError("no preview is given: run `pulumi preview --json | influx-secrets review` (IS710)")
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise PreviewError(f"cannot read {file}: {error.strerror}. Give a file that can be read (IS711)") from None
