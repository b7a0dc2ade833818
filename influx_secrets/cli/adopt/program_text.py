"""Text of a Pulumi program that declares existing keys."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Set
from typing import Final

_NAME_LENGTH: Final = 60
_HUMP: Final = re.compile(r"[A-Z]*[^A-Z]+|[A-Z]+")

_PROGRAM: Final = '''\
"""Secrets that were in the org before; `pulumi up` adopts a key whose value is the same."""

import pulumi

import influx_secrets as influx

config = pulumi.Config()

influx.OrgSecrets(
    {resource},
    {org},
    secrets={{
{secrets}
    }},
)
'''


def program(org: Mapping[str, str], names: Mapping[str, str], resources: Iterable[str] = ()) -> str:
    """Return the text of a program.

    Args:
        org: The one input that names the org: `org` or `org_id`, and its value.
        names: Key to the name of its value in the stack's config.
        resources: Names that other resources of the program have.
    """
    ((input_name, value),) = org.items()
    lines = [f"        {literal(key)}: config.require_secret({literal(names[key])})," for key in names]
    return _PROGRAM.format(
        resource=literal(_free(_camel(value) or "secrets", frozenset(resources))),
        org=f"{input_name}={literal(value)}",
        secrets="\n".join(lines),
    )


def config_names(keys: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return key to a unique name for the config, none of `taken`: `SLACK_TOKEN` becomes `slackToken`."""
    used = set(taken)
    names: dict[str, str] = {}
    for key in keys:
        names[key] = _free(_camel(key) or "secret", used)
        used.add(names[key])
    return names


def _free(base: str, used: Set[str]) -> str:
    """Return the name, with a number appended if it is taken."""
    numbered = (f"{base}{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([base], numbered) if name not in used)


def literal(text: str) -> str:
    """Return a string as a Python literal on one line, without invisible characters."""
    return '"' + "".join(_in_literal(character) for character in text) + '"'


def _in_literal(character: str) -> str:
    if character == '"':
        return '\\"'
    if character.isprintable() and character != "\\":
        return character
    return character.encode("unicode_escape").decode()


def _camel(text: str) -> str:
    """Return the ASCII letters and digits of a text in camel case, which needs no quotes in any shell."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    parts = [part for word in words for part in (_HUMP.findall(word) if not word.isupper() else [word])]
    joined = "".join(part.lower() if not number else part.capitalize() for number, part in enumerate(parts))
    name = joined[:_NAME_LENGTH]
    return f"key{name}" if name[:1].isdigit() else name
