"""The page of messages explains every message of the package: each text of a few words in its sources stands there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import influx_secrets

PACKAGE = Path(influx_secrets.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "errors.md"

# A message may be put together from several texts, in several files, and said in many ways. So nothing is asked about
# how a text is used: every one of this many words counts, unless it is no message.
_WORDS = 3
_CODE = r" ?\((IS\d{3})\)"
_ROW = re.compile(r'^\| <a id="(IS\d{3})"></a>\1 \| (.*)', re.MULTILINE)
NO_MESSAGES = {
    # Flux, and what it answers
    "value_proofs.py": (
        *("import ", "array.from(", "hash.hmac(", " |> array.map(", "if exists"),
        *("invalid import path", "secret not found"),
    ),
    "client.py": ("organization not found",),  # what the server answers
    "_errors.py": ("too many requests", "method not allowed", "request too large", "unsupported media type"),  # codes
    "_notices.py": ('[^"]*the keys? (?P<keys>',),  # an expression that reads notices
    "readers.py": ("failed to find task", "notification endpoint not found"),  # what the server answers
    "settings_sources.py": ("at line ",),
    "transport.py": ("attempt ",),  # for the log, at level info
}


UNCODED = ("program run without the Pulumi engine available; re-run using the `pulumi` CLI",)  # the SDK's own words


def texts(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Return line and text of each literal of a few words in a file, docstrings aside; cut where values are put in."""
    yield from _texts(ast.parse(path.read_text("utf-8")), path)


def raised(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Return the same of what is raised alone, for the command line, which says much else: help, headings, results."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise):
            yield from _texts(node, path)


def _texts(tree: ast.AST, path: Path) -> Iterator[tuple[int, list[str]]]:
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in passed:
            parts = _parts(node)
            if sum(any(map(str.isalpha, word)) for word in " ".join(parts).split()) >= _WORDS and not "".join(
                parts
            ).startswith(NO_MESSAGES.get(path.name, ())):
                yield node.lineno, parts


def _parts(node: ast.Constant | ast.JoinedStr) -> list[str]:
    if isinstance(node, ast.JoinedStr):
        return [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
    return re.split(r"%\w|\{\w+\}", node.value) if isinstance(node.value, str) else []


def plain(text: str) -> str:
    """Return a text as it is compared: without the marks of Markdown, one space between two words."""
    return " ".join(text.replace("`", "").replace("\\", "").split())


def rows() -> dict[str, str]:
    """Return each row of the page that has a code, and so an anchor."""
    return dict(_ROW.findall(PAGE.read_text("utf-8")))


def missing(path: Path, found: Iterable[tuple[int, list[str]]]) -> str:
    """Return the parts that do not stand in the row of their code; those of a text without a code, in the page."""
    page, by_code = PAGE.read_text("utf-8"), rows()
    return "\n".join(
        f"{path.name}:{line}: {part.strip()!r}"
        for line, parts in found
        for code in (re.search(_CODE, "".join(parts)),)
        for part in parts
        if re.search(r"\w", uncoded := re.sub(_CODE, "", part))
        and plain(uncoded.strip(' ":;,(')) not in plain(page if code is None else by_code[code[1]])
    )


@pytest.mark.parametrize("path", [*PACKAGE.glob("*.py"), *PACKAGE.glob("_*/*.py")], ids=lambda path: path.stem)
def test_messages_are_explained(path: Path) -> None:
    """Each part of a message, between the values that it names, stands in the page."""
    assert not missing(path, texts(path)), "docs/errors.md does not explain\n" + missing(path, texts(path))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("cli/**/*.py")), ids=lambda path: path.stem)
def test_errors_of_the_command_line_are_explained(path: Path) -> None:
    """So does what ends a command."""
    assert not missing(path, raised(path)), "docs/errors.md does not explain\n" + missing(path, raised(path))


def test_each_code_has_one_row() -> None:
    """A row whose message is gone stays, so that its code is never used again, and says until which version it was."""
    sources = "".join(path.read_text("utf-8") for path in PACKAGE.glob("**/*.py"))
    listed = [code for code, _ in _ROW.findall(PAGE.read_text("utf-8"))]
    assert len(listed) == len(set(listed)) == PAGE.read_text("utf-8").count("<a id=")
    assert {code for code, text in rows().items() if not text.startswith("until ")} == set(
        re.findall(r"\bIS\d{3}\b", sources)
    )


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("**/*.py")), ids=lambda path: path.stem)
def test_errors_end_with_a_code(path: Path) -> None:
    """The last words of what is raised or failed contain a code, unless they are put in: those of another error."""
    if "emulator" in path.parts:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else node
        if not isinstance(call, ast.Call) or (
            node is call and getattr(call.func, "id", "") not in ("_fail", "Failure")
        ):
            continue
        for text in call.args:
            last = text.values[-1] if isinstance(text, ast.JoinedStr) else text
            if isinstance(last, ast.Constant) and len(str(last.value).split()) >= _WORDS:
                assert re.search(f"{_CODE}$", str(last.value)) or str(last.value) in UNCODED, ast.unparse(node)


def test_messages_are_found_however_they_are_written(tmp_path: Path) -> None:
    """In an error, in a variable, put together, in a branch; a docstring and a short word are none."""
    source = tmp_path / "example.py"
    source.write_text(
        '"""This docstring is no message."""\n'
        "def f(say, key, old):\n"
        '    message = f"the key {key} is bad"\n'
        '    say("this was " if old else "that went quite wrong")\n'
        '    raise ValueError("one text " f"in {key} two parts")\n',
        "utf-8",
    )
    assert sorted(parts for _, parts in texts(source)) == [
        ["one text in ", " two parts"],
        ["that went quite wrong"],
        ["the key ", " is bad"],
    ]
    assert [parts for _, parts in raised(source)] == [["one text in ", " two parts"]]
