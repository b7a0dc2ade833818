"""The picture of the package's rooms, drawn from the imports in its files.

`make pictures` writes `docs/pictures/structure.svg`; a test draws it again and compares.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "influx_secrets"
PICTURE = ROOT / "docs" / "pictures" / "structure.svg"

BASE = "_errors  _notices  _run_register  _text"
"""The box for the modules at the top of the package."""

ROOMS = {
    "_program": "runs in the user's program",
    "_provider": "runs in the provider process",
    "_client": "HTTP, wherever a request is sent",
    "_model": "data and rules, without I/O",
    BASE: "errors, notices, the register of a run, quoting",
    "cli": "runs in a terminal and in CI",
    "emulator": "runs in a test",
}
"""Each box and its purpose, in the order in which boxes of one row are placed."""

ANYWHERE = {"_client", "_model", BASE}
"""Boxes whose code runs in every process. The others are imported from outside by one module, which the arrow names."""

_WIDTH, _HEIGHT, _MARGIN, _COLUMN_GAP, _ROW_GAP = 330, 66, 20, 60, 46
_STYLE = """\
.paper { fill: #ffffff } .box { fill: #eef1fb; stroke: #4051b5 } .arrow { fill: none; stroke: #555b6e }
.head { fill: #555b6e } text { fill: #1d2030; font: 13px system-ui, sans-serif }
.name { font: bold 15px ui-monospace, monospace } .label { font: italic 12px ui-monospace, monospace }
@media (prefers-color-scheme: dark) {
  .paper { fill: #1e2129 } .box { fill: #2a2f42; stroke: #8c9eff } .arrow { stroke: #aab0c6 }
  .head { fill: #aab0c6 } text { fill: #e6e8f0 }
}"""
_HEAD = """\
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
  <path class="head" d="M0 0L10 5L0 10z"/>
</marker></defs>"""


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports; all imports are absolute."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(package: Path = PACKAGE) -> dict[str, dict[str, set[str]]]:
    """Return, for each room, the rooms that it imports and the modules that it imports there."""
    found: dict[str, dict[str, set[str]]] = {room: {} for room in ROOMS}
    for path in _files(package):
        source = _room(path.relative_to(package).parts[0])
        for name in imports(path):
            if not name.startswith("influx_secrets."):
                continue
            first, *rest = name.split(".")[1:]
            target = _room(first)
            if target in ROOMS and target != source:
                found[source].setdefault(target, set()).add(first if target == BASE else rest[0])
    return found


def libraries(package: Path = PACKAGE) -> dict[str, set[str]]:
    """Return the foreign packages that each room imports."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in _files(package):
        names = {name.partition(".")[0] for name in imports(path)}
        found[_room(path.relative_to(package).parts[0])] |= names - sys.stdlib_module_names - {"influx_secrets"}
    return found


def draw(package: Path = PACKAGE) -> str:
    """Return the picture as SVG; an arrow that others imply is left out."""
    found = arrows(package)
    levels = {room: _level(room, found) for room in ROOMS}
    places = _places(levels)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    used = libraries(package)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>The rooms of influx_secrets and their imports</title>\n<style>\n{_STYLE}\n</style>",
        _HEAD,
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
    ]
    for source, targets in found.items():
        for target in sorted(_needed(source, found)):
            label = "" if target in ANYWHERE else f"only {', '.join(sorted(targets[target]))}"
            parts.append(_arrow(places[source], places[target], label))
    parts += [_box(room, places[room], used[room]) for room in ROOMS]
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    """Write the picture; return the exit code."""
    PICTURE.write_text(draw(), "utf-8")
    print(PICTURE.relative_to(ROOT))
    return 0


def _files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*.py") if path != package / "__init__.py")


def _room(part: str) -> str:
    """Return the box for the first part of a path or of a module's name."""
    part = part.removesuffix(".py")
    return BASE if part in BASE.split() else part


def _level(room: str, found: Mapping[str, Mapping[str, object]]) -> int:
    return max((_level(target, found) + 1 for target in found[room]), default=0)


def _needed(room: str, found: Mapping[str, Mapping[str, object]]) -> set[str]:
    """Return the imported rooms that no other imported room imports in turn."""
    return {target for target in found[room] if not any(target in found[other] for other in found[room])}


def _places(levels: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    places = {}
    for room, level in levels.items():
        column = sum(levels[other] == level for other in list(levels)[: list(levels).index(room)])
        row = max(levels.values()) - level
        places[room] = (
            _MARGIN + column * (_WIDTH + _COLUMN_GAP),
            _MARGIN + row * (_HEIGHT + _ROW_GAP),
        )
    return places


def _box(room: str, place: tuple[int, int], used: set[str]) -> str:
    x, y = place
    lines = [f'<text class="name" x="{x + 14}" y="{y + 23}" xml:space="preserve">{room}</text>']
    lines.append(f'<text x="{x + 14}" y="{y + 41}">{ROOMS[room]}</text>')
    if used:
        lines.append(f'<text class="label" x="{x + 14}" y="{y + 58}">uses {", ".join(sorted(used))}</text>')
    return "\n".join([f'<rect class="box" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>', *lines])


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> str:
    straight = start[0] == end[0]
    x1, y1 = start[0] + _WIDTH // (2 if straight else 4), start[1] + _HEIGHT
    x2, y2 = end[0] + (_WIDTH // 2 if straight else _WIDTH - 30), end[1] - 2
    line = f'<path class="arrow" d="M{x1} {y1}L{x2} {y2}" marker-end="url(#head)"/>'
    if not label:
        return line
    return f'{line}\n<text class="label" x="{(x1 + x2) // 2 + 8}" y="{(y1 + y2) // 2 + 4}">{label}</text>'


if __name__ == "__main__":
    sys.exit(main())
