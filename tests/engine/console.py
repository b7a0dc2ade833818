"""Documents that can be run: the commands of a page in one shell session, and what the page says that they print.

In a block of the language `console`, a line that begins with `$ ` is a command (`> ` continues it), and the others are
its output: each line as it stands, in this order, where `...` is any text of a line and, alone, any lines. A command
must succeed, unless a line of its output begins with `error:` or `failed`; then it must fail. A block with a `title` is
a file that the reader is to write. Blank lines and spaces at the end of a line do not count.
"""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

SESSION_SECONDS = 280
_SOME = "..."


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its title, its text, and the line in the page where it begins."""

    language: str
    title: str
    text: str
    line: int


@dataclass(slots=True)
class Step:
    """One command and the lines that it is to print."""

    command: str
    line: int
    shown: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether the page says that the command ends with an error."""
        return any(line.lstrip().startswith(("error:", "failed ")) for line in self.shown)


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [
        Block(
            language=token.info.partition(" ")[0],
            title="".join(re.findall(r'title="([^"]+)"', token.info)),
            text=token.content,
            line=(token.map or [0])[0] + 1,
        )
        for token in MarkdownIt().parse(text)
        if token.type == "fence"
    ]


def steps(found: Iterable[Block]) -> Iterator[Step]:
    """Return what a reader does who follows the page: writes the files, types the commands."""
    for block in found:
        if block.title:
            yield Step(f"cat >'{block.title}' <<'END OF FILE'\n{block.text}END OF FILE", block.line)
        elif block.language == "console":
            yield from _typed(block)


def _typed(block: Block) -> Iterator[Step]:
    step: Step | None = None
    for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if line.startswith("$ "):
            if step is not None:
                yield step
            step = Step(line[2:], number)
        elif step is None:
            raise ValueError(f"line {number}: output before the first command")
        elif line.startswith("> "):
            step.command += f"\n{line[2:]}"
        else:
            step.shown.append(line)
    if step is not None:
        yield step


def run(
    session: Sequence[Step], folder: Path, environment: Mapping[str, str], seconds: float = SESSION_SECONDS
) -> list[str]:
    """Run the commands in one shell; return what was not as the page says, a text each."""
    mark = secrets.token_hex(8)
    done = subprocess.run(
        ["bash"],
        cwd=folder,
        env=dict(environment),
        input="".join(_script(step, mark) for step in session),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    # What stands between the marks of two commands was printed by the second.
    pieces = re.split(rf"\n{mark} (\d+)\n", done.stdout)
    outputs, codes = pieces[::2], [int(code) for code in pieces[1::2]]
    done_steps = zip(session, outputs, codes, strict=False)  # fewer than asked for, where the session ended early
    problems = [text for step, output, code in done_steps for text in _judged(step, output, code)]
    if len(codes) < len(session):
        problems.append(f"line {session[len(codes)].line}: the session ended here:\n{outputs[-1]}")
    return problems


def _script(step: Step, mark: str) -> str:
    end = f"printf '\\n{mark} %s\\n' $?\n"
    if step.command.endswith("shell"):
        # The shell that it opens reads the rest of this script.
        return f"{step.command}\n{end}"
    return f"{{ {step.command}\n}} </dev/null\n{end}"


def _judged(step: Step, output: str, code: int) -> Iterator[str]:
    if bool(code) is not step.fails:
        yield f"line {step.line}: `{step.command}` ended with {code}:\n{output}"
    elif not matches(step.shown, output):
        shown = "\n".join(step.shown)
        yield f"line {step.line}: `{step.command}` printed\n{output}\nand the page says\n{shown}"


def matches(shown: Iterable[str], output: str) -> bool:
    """Whether the lines of a page stand for this output; a page that shows none stands for any."""
    wanted = [line.rstrip() for line in shown if line.strip()]
    if not wanted:
        return True
    # A line of dots alone swallows whole lines, dots in a line what is between two texts of it.
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == _SOME else r".*".join(map(re.escape, line.split(_SOME))) + r"\n"
        for line in wanted
    )
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None
