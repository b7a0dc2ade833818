"""The runner of documents finds what is not as a page says: output, exit codes, a session that ends early."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engine.console import blocks, matches, run, steps


def played(folder: Path, page: str) -> list[str]:
    return run(list(steps(blocks(page))), folder, os.environ)


def console(text: str) -> str:
    return f"```console\n{text}```\n"


@pytest.mark.parametrize(
    ("shown", "output", "expected"),
    [
        ([], "anything\n", True),
        (["one", "two"], "one  \n\ntwo\n", True),
        (["one"], "one\ntwo\n", False),
        (["one", "..."], "one\ntwo\nthree\n", True),
        (["...", "three"], "one\ntwo\nthree\n", True),
        (["...", "three"], "three\n", True),
        (["two", "one"], "one\ntwo\n", False),
        (["in ... s"], "in 0.4 s\n", True),
        (["in ... s"], "in 0.4 m\n", False),
        (["  one"], "one\n", False),
        (["a.c"], "abc\n", False),
    ],
)
def test_output_matches(shown: list[str], output: str, *, expected: bool) -> None:
    """Lines in their order, dots for what may differ, nothing else."""
    assert matches(shown, output) is expected


def test_session_is_one_shell_and_writes_the_files(tmp_path: Path) -> None:
    """A variable and a folder outlive their command; a block with a title is a file; `> ` continues a command."""
    page = console("$ mkdir sub && cd sub\n$ word=hello\n")
    page += '```text title="a.txt"\nfrom $word\n```\n'
    page += console("$ cat a.txt\nfrom $word\n$ echo $word \\\n> again\nhello again\n")
    assert played(tmp_path, page) == []
    assert (tmp_path / "sub" / "a.txt").exists()


def test_session_goes_on_in_a_shell_that_it_opens(tmp_path: Path) -> None:
    """What is typed after `... shell` goes to that shell, until its `exit`."""
    (tmp_path / "shell").symlink_to("/bin/bash")
    page = console("$ ./shell\n$ inner=1\n$ echo $inner\n1\n$ exit\n$ echo [$inner]\n[]\n")
    assert played(tmp_path, page) == []


def test_differences_are_found(tmp_path: Path) -> None:
    """Other output, a failure that is not shown, a success that is shown as one, an early end."""
    (problem,) = played(tmp_path, console("$ echo one\ntwo\n"))
    assert "line 2: `echo one` printed\none" in problem
    (problem,) = played(tmp_path, console("$ false\n$ echo on\non\n"))
    assert "line 2: `false` ended with 1" in problem
    assert played(tmp_path, console("$ sh -c 'echo error: no; exit 3'\nerror: no\n")) == []
    (problem,) = played(tmp_path, console("$ echo error: no\nerror: no\n"))
    assert "ended with 0" in problem
    (problem,) = played(tmp_path, console("$ exit 3\n$ echo never\n"))
    assert "line 2: the session ended here" in problem


def test_output_before_a_command_is_refused() -> None:
    """A block that shows output alone says nothing."""
    with pytest.raises(ValueError, match="line 2"):
        list(steps(blocks(console("output\n"))))
