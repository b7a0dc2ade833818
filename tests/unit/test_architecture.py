"""The promises of the file list: imports point one way, Pulumi stays outside, the emulator shares no code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import influx_secrets

PACKAGE = Path(influx_secrets.__file__).parent

LAYERS = (
    ("_errors",),
    ("_sources",),
    ("_settings",),
    ("_answers",),
    ("_failures",),
    ("_retries",),
    ("_waiting",),
    ("_connections",),
    ("_transport",),
    ("_connect",),
    ("_bodies",),
    ("_routes", "_scripts"),
    ("_client",),
    ("_records",),
    ("_rules",),
    ("_plans", "_formats", "_proofs", "_arrivals", "_claims", "_lifeline", "_turns"),
    ("_ledger",),
    ("_lifecycle",),
    ("_calls",),
    ("_process",),
    ("_providers", "_runs"),
    ("_outputs",),
    ("_program",),
    ("_inputs", "_options", "_functions"),
    ("_resources",),
    ("__init__",),
)
"""From the ground up: a file imports from rows above its own only."""

ALLOWED_PULUMI = {
    "_calls",
    "_providers",
    "_runs",
    "_outputs",
    "_program",
    "_inputs",
    "_options",
    "_functions",
    "_resources",
}
HTTP = {"_connections", "_transport", "_retries", "_failures", "_settings"}
SOCKETS = {"requests", "urllib3", "socket", "ssl"}
FILES = sorted(path.stem for path in PACKAGE.glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(PACKAGE.parent).parts[: -node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            found |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return found


def rows() -> dict[str, int]:
    return {name: row for row, names in enumerate(LAYERS) for name in names}


def test_layers_name_every_file() -> None:
    """A new file finds its place in the list."""
    assert sorted(rows()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_imports_point_one_way(name: str) -> None:
    """A file imports from below only."""
    ours = {full.split(".")[1] for full in imported(PACKAGE / f"{name}.py") if full.startswith("influx_secrets._")}
    above = {other for other in ours if rows()[other] >= rows()[name]}
    assert not above


@pytest.mark.parametrize("name", [name for name in FILES if name not in ALLOWED_PULUMI])
def test_pulumi_stays_outside(name: str) -> None:
    """What plans, proves and talks to the server can be used and read without Pulumi."""
    assert "pulumi" not in {full.split(".")[0] for full in imported(PACKAGE / f"{name}.py")}


@pytest.mark.parametrize("name", [name for name in FILES if name not in HTTP])
def test_only_the_files_of_the_transport_know_http(name: str) -> None:
    """One place opens sockets."""
    assert not SOCKETS & {full.split(".")[0] for full in imported(PACKAGE / f"{name}.py")}


CLI = sorted((PACKAGE / "cli").glob("*.py"))


@pytest.mark.parametrize("path", CLI, ids=lambda path: path.stem)
def test_command_line_stands_on_the_client_alone(path: Path) -> None:
    """The commands read what Pulumi wrote, and never run in it: no SDK, no sockets of their own."""
    assert not (SOCKETS | {"pulumi"}) & {full.split(".")[0] for full in imported(path)}


@pytest.mark.parametrize(
    "path", sorted(path for path in PACKAGE.rglob("*.py") if path not in CLI), ids=lambda p: p.stem
)
def test_nothing_needs_the_command_line(path: Path) -> None:
    """The package works without the extra `cli`."""
    assert not {full for full in imported(path) if full.startswith("influx_secrets.cli")}


@pytest.mark.parametrize("path", sorted((PACKAGE / "emulator").glob("*.py")), ids=lambda path: path.stem)
def test_emulator_shares_no_code_with_the_client(path: Path) -> None:
    """A mistake of the client must not be made twice."""
    ours = {full for full in imported(path) if full.startswith("influx_secrets")}
    assert all(full.startswith("influx_secrets.emulator") for full in ours)
