"""Option `--fail-on`: which findings end a command with code 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeVar

import typer
from typer.models import OptionInfo

from influx_secrets.cli.shared.console import Exit, note

E = TypeVar("E", bound=Enum)


def fail_on_option(choices: type[Enum], condition: str) -> OptionInfo:
    """Return the option for a list of these names; a shell completes them.

    Args:
        choices: The names are the values.
        condition: What the names stand for: "if there is such a key".
    """
    names = [choice.value for choice in choices]
    return typer.Option(  # type: ignore[no-any-return]  # Typer types it as what a parameter gets
        metavar="LIST",
        autocompletion=lambda incomplete: [name for name in names if name.startswith(incomplete)],
        help=f"End with code 1 {condition}: {', '.join(names)}. Separated by commas, or repeated.",
    )


def parse_fail_on(listed: Sequence[str] | None, choices: type[E]) -> frozenset[E]:
    """Parse the option: names separated by commas, or the option repeated, or both."""
    try:
        return frozenset(choices(name.strip()) for name in ",".join(listed or ()).split(",") if name.strip())
    except ValueError:
        names = ", ".join(choice.value for choice in choices)
        raise typer.BadParameter(f"choose from {names} (IS716)", param_hint="--fail-on") from None


def exit_if_found(found: Mapping[E, int], wanted: frozenset[E]) -> None:
    """End the command with code 1 where something was found that `--fail-on` names."""
    named = [f"{number} {choice.value}" for choice, number in found.items() if number and choice in wanted]
    if named:
        note(f"found, and --fail-on names it: {', '.join(named)}")
        raise typer.Exit(Exit.FOUND)
