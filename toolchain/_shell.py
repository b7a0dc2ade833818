"""The shell of `make shell`: what the user's start-up files set, and then the programs of this checkout first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "INFLUX_SECRETS_SHELL"
"""The variable that is set in this shell: the folders that come first on its `PATH`."""

_PROMPT = "(influx-secrets) "
_ZDOTDIR = "INFLUX_SECRETS_ZDOTDIR"
_ENV = "INFLUX_SECRETS_ENV"
_AGAIN = f"""
PATH="${MARK}:$PATH"
_influx_secrets_prompt() {{
    case "$PS1" in "{_PROMPT}"*) ;; *) PS1="{_PROMPT}$PS1" ;; esac
}}
_influx_secrets_prompt
"""
"""The end of a start-up file: start-up files set `PATH` (pyenv, conda) and a prompt (starship) themselves."""

_BASH = f"""[ -r ~/.bashrc ] && . ~/.bashrc
{_AGAIN}
PROMPT_COMMAND="${{PROMPT_COMMAND:+$PROMPT_COMMAND
}}_influx_secrets_prompt"
"""
_ZSHENV = f"""_influx_secrets_zdotdir=$ZDOTDIR
if [[ -n ${_ZDOTDIR} ]]; then ZDOTDIR=${_ZDOTDIR}; else unset ZDOTDIR; fi
[[ -r ${{ZDOTDIR:-$HOME}}/.zshenv ]] && . ${{ZDOTDIR:-$HOME}}/.zshenv
{_ZDOTDIR}=${{ZDOTDIR:-$HOME}}
ZDOTDIR=$_influx_secrets_zdotdir
"""
_ZSHRC = f"""ZDOTDIR=${_ZDOTDIR}
[[ -r $ZDOTDIR/.zshrc ]] && . $ZDOTDIR/.zshrc
{_AGAIN}
autoload -Uz add-zsh-hook && add-zsh-hook precmd _influx_secrets_prompt
"""
_FISH = f"""set -gx PATH (string split : ${MARK}) $PATH
functions -q fish_prompt && functions -c fish_prompt _influx_secrets_prompt
function fish_prompt
    echo -n '{_PROMPT}'
    functions -q _influx_secrets_prompt && _influx_secrets_prompt
end
"""
_SH = f"""if [ -n "${{{_ENV}:-}}" ]; then ENV=${_ENV} && . "$ENV"; else unset ENV; fi
{_AGAIN}"""


def started(folder: Path, environ: Mapping[str, str], first: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that starts the user's shell, and its environment.

    Args:
        folder: Where start-up files of this shell are written; each reads the user's own first.
        environ: What the shell inherits; `SHELL` names it.
        first: The folders that come first on its `PATH`, whatever the user's start-up files do.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shell = environ.get("SHELL") or "/bin/sh"
    env = {**environ, MARK: first}
    name = Path(shell).name
    if name == "bash":
        return [shell, "--rcfile", _written(folder / "bashrc", _BASH)], env
    if name == "fish":
        return [shell, "--init-command", _FISH], env
    if name == "zsh":
        _written(folder / ".zshenv", _ZSHENV)
        _written(folder / ".zshrc", _ZSHRC)
        return [shell], {**env, "ZDOTDIR": str(folder), _ZDOTDIR: environ.get("ZDOTDIR", "")}
    # What POSIX says of interactive shells: dash, ksh.
    return [shell], {**env, "ENV": _written(folder / "shrc", _SH), _ENV: environ.get("ENV", "")}


def _written(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    return str(file)
