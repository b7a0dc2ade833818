"""What a program declares and what a state holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from influx_secrets._text import name_org


class Unknown(Enum):
    """The type of a property that a preview cannot know yet."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""Stands for the engine's own mark, so that only the outermost files need to know Pulumi."""

Drift: TypeAlias = Literal["changed", "deleted"]
"""How a key on the server differs from what was last written there."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that is not a string, though the program refuses it: a transformation put it there.

    Attributes:
        problem: What is wrong with it, in words; the value itself is forgotten.
    """

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What one resource of a program asks for, as `check` receives it.

    Attributes:
        resource: Tells the resource from every other one of the program, in words: `Secret "slack"`.
        preview: Whether the run is a preview; only the program knows.
        org_id: 16 hexadecimal digits, or None where the program names no id.
        org: The org's name, or None where the program names none.
        keys_known: Whether `keys` are known; not where the program passes them as an output that is not there yet.
        named: Every key that the program names, those included that `ignore_changes` keeps out of `keys`.
        values: The values at hand. A declared key without one is left alone, never removed.
        rotate_on: Key to text: such a key is written again when its text changes, not when its value does.
        overwrite: Whether an existing key with another value may be taken over.
        exclusive: Whether keys of the org that are not declared are removed.
        keep: Shell patterns of keys that `exclusive` leaves alone.
        invalid: What is wrong with the types of inputs, which a transformation put there: the program refuses them.
        resources: Number of resources of each provider of the program, as far as it says so.
        provider: Number of its provider in the program, as far as it says so.
    """

    resource: str
    preview: bool = False
    org_id: str | Unknown | None = None
    org: str | Unknown | None = None
    keys: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    values: Mapping[str, str | Unknown | InvalidValue] = field(default_factory=dict, repr=False)
    keys_known: bool = True
    rotate_on: Mapping[str, str | Unknown] = field(default_factory=dict)
    overwrite: bool = False
    exclusive: bool | Unknown = False
    keep: tuple[str | Unknown, ...] = ()
    invalid: tuple[str, ...] = ()
    resources: tuple[int, ...] = ()
    provider: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceState:
    """What the state holds of one resource, and what a new declaration makes of it.

    Attributes:
        org_id: The org's id; unknown in a preview that could not look a name up.
        org: The name that `org_id` was looked up under, or None.
        digests: Key to digest, in lower-case hexadecimal; empty for a key whose value is not known to be on the server.
        versions: Key to the number of times it was written. Its keys are the managed keys.
        keys_known: Whether a preview knows the managed keys; without them both maps are empty.
        rotate_on: Key to the text of its last rotation.
        pruned: Key to the number of times `exclusive` removed it.
        pruned_known: Whether that is known; not in a preview that could not ask.
        drift: What the last refresh found, for keys that no run has repaired since.
        server: Address of the server that holds the keys (`server_address`); None in a state that does not say it.
    """

    org_id: str | Unknown
    org: str | Unknown | None = None
    digests: Mapping[str, str | Unknown] = field(default_factory=dict, repr=False)
    versions: Mapping[str, int | Unknown] = field(default_factory=dict)
    keys_known: bool = True
    rotate_on: Mapping[str, str | Unknown] = field(default_factory=dict)
    overwrite: bool = False
    exclusive: bool | Unknown = False
    keep: tuple[str | Unknown, ...] = ()
    pruned: Mapping[str, int] = field(default_factory=dict)
    pruned_known: bool = True
    drift: Mapping[str, Drift] = field(default_factory=dict)
    server: str | None = None

    @property
    def org_title(self) -> str:
        return name_org(self.org_id, self.org)

    @property
    def keys(self) -> frozenset[str]:
        """The managed keys; none where they are not known yet."""
        return frozenset(self.versions)


def server_address(url: str) -> str:
    """Return scheme, host in lower case, port and path of a valid url, without a slash at the end.

    The port is always there, so that `https://influx.example` and `https://influx.example:443` are one address. User
    info, query and fragment are left out: settings refuse a url that has them, and a state must never hold them.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
