"""The rooms of the package: imports point one way, Pulumi and HTTP stay in theirs, the emulator shares no code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import influx_secrets

PACKAGE = Path(influx_secrets.__file__).parent

BASE = {"_errors", "_text", "_notices"}
"""Modules that every room but the emulator may import."""

BELOW = {
    "_errors": set(),
    "_text": set(),
    "_notices": {"_text"},
    "_run_register": {"_errors"},
    "_model": BASE,
    "_client": BASE | {"_model"},
    "_provider": BASE | {"_run_register", "_model", "_client"},
    "_program": BASE | {"_run_register", "_model", "_client", "_provider"},
    "cli": BASE | {"_model", "_client", "emulator"},
    "emulator": set(),
}
"""Each room, and the rooms that its files may import."""

EMULATOR = [
    "__main__",
    "emulator",
    "server",
    "faults",
    "api",
    "flux",
    "go",
    "store",
]
"""The rooms and files of the emulator, from the top down; `__init__` names what is public."""

PULUMI_OF_PROVIDER = {"_provider.dynamic", "_provider.handlers"}
HTTP = {"certifi", "requests", "ssl", "truststore", "urllib3"}


def modules() -> dict[str, Path]:
    """Return each module below the package, by its dotted name."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE or path.stem != "__init__"
    }


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the full name of each import of a file, and whether it stands in a function."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        child
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from ((f"{node.module}.{alias.name}", node in inside) for alias in node.names)


def ours(path: Path) -> set[str]:
    """Return the modules of this package that a file imports, by their dotted names."""
    known, found = modules(), set()
    for full, _ in imported(path):
        name = full.removeprefix("influx_secrets.")
        if name != full:
            found |= {name if name in known else name.rpartition(".")[0]} & known.keys()
    return found


def room(name: str) -> str:
    return name.partition(".")[0]


def test_imports_point_one_way() -> None:
    """A file imports from its own room and from the rooms below."""
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        for other in ours(path)
        if room(other) not in {room(name), *BELOW[room(name)]}
    ]
    assert not wrong


def test_imports_of_the_emulator_point_one_way() -> None:
    """A file of the emulator imports from its own room and from those below it."""
    names = {name: name.split(".")[1] for name in modules() if room(name) == "emulator" and name != "emulator.__init__"}
    assert set(names.values()) == set(EMULATOR)
    wrong = [
        f"{name} imports {other}"
        for name, own in names.items()
        for other in ours(modules()[name])
        if EMULATOR.index(names[other]) < EMULATOR.index(own)
    ]
    assert not wrong


def test_program_needs_the_provider_classes_alone() -> None:
    """The states of stacks name them; all else of the provider runs in a process of its own."""
    wrong = {
        name: others
        for name, path in modules().items()
        if room(name) == "_program"
        and (others := {other for other in ours(path) if room(other) == "_provider"} - {"_provider.dynamic"})
    }
    assert not wrong


def test_program_imports_the_client_in_functions_alone() -> None:
    """A program that only declares does without HTTP."""
    wrong = [
        f"{name} imports {full}"
        for name, path in modules().items()
        if room(name) == "_program"
        for full, inside in imported(path)
        if full.startswith("influx_secrets._client") and not inside and not _for_types(path, full)
    ]
    assert not wrong


def test_pulumi_and_http_stay_in_their_rooms() -> None:
    """`_program` and two files of `_provider` import Pulumi; `_client` alone opens connections."""
    wrong = []
    for name, path in modules().items():
        packages = {full.partition(".")[0] for full, _ in imported(path)}
        if "pulumi" in packages and room(name) != "_program" and name not in PULUMI_OF_PROVIDER:
            wrong.append(f"{name} imports pulumi")
        if packages & HTTP and room(name) not in {"_client", "emulator"}:
            wrong.append(f"{name} imports {sorted(packages & HTTP)}")
    assert not wrong


def test_no_cycles() -> None:
    """No module imports itself through others."""
    graph = {name: ours(path) for name, path in modules().items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _for_types(path: Path, full: str) -> bool:
    """Whether an import stands below `if TYPE_CHECKING`."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            names = {
                f"{child.module}.{alias.name}"
                for child in node.body
                if isinstance(child, ast.ImportFrom)
                for alias in child.names
            }
            if full in names:
                return True
    return False
