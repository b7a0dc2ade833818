"""A random program and what surrounds it: who declares which key with which value, and the keys of others beside."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from servers import SecretsServer

ALONE, FIRST, SECOND = "alone", "first", "second"
"""The owners of a key on the shared org: a `Secret` of its own, or one of two maps."""

KEYS = ["A", "B/b", "__C", "ключ", "D d", "E$", "F", "G"]
EXCLUSIVE_KEYS = ["X", "__Y", "Z,z"]
ROTATED = "ROTATED"
"""The key whose value is written again when its `rotate_on` changes."""

KEPT, CREDENTIAL, STRAY = "TEAM_KEPT", "0123456789abcdef-token", "STRAY"
FOREIGN = {
    "shared": {"FOREIGN": "theirs", "G,g": "theirs too", CREDENTIAL: "an endpoint's"},
    "own": {KEPT: "the team's", CREDENTIAL: "an endpoint's"},
}
"""What others keep in the two orgs, and no run may touch."""

Held = dict[str, dict[str, str]]
"""`shared` and `own` to the keys and values of that org."""


@dataclass
class RandomProgram:
    """Two orgs: one where two maps and some `Secret`s live beside keys of others, one with an exclusive map.

    Attributes:
        mark: Begins every declared value, so that values can be searched for.
        owners: The keys of the shared org, and which resource declares each.
        values: Their values.
        names: The logical names of keys with a `Secret` of their own.
        everything: What the exclusive map declares.
        strays: Keys in the exclusive map's org that nobody declares, and that its next update removes.
    """

    mark: str
    owners: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    everything: dict[str, str] = field(default_factory=dict)
    strays: dict[str, str] = field(default_factory=dict)
    _made: int = 0

    def begin(self, rng: random.Random) -> None:
        """Declare about half of the keys."""
        for key in rng.sample(KEYS, 5):
            self._declare(key, rng)
        self.values[ROTATED] = self._new_text()
        self.everything = {key: self._new_text() for key in rng.sample(EXCLUSIVE_KEYS, 2)}

    def change(self, rng: random.Random) -> None:
        """Do what the author of a program does between two runs: to each key one thing at most."""
        new = [key for key in KEYS if key not in self.owners]
        for key in rng.sample(KEYS, rng.randint(2, 6)):
            if key in new:
                new.remove(key)
                self._declare(key, rng)
            elif new and rng.random() < 0.15:
                self._change_key(key, new.pop(), rng)
            else:
                rng.choice([self._rotate, self._rotate, self._move, self._drop, self._rename])(key, rng)
        if rng.random() < 0.3:
            self.values[ROTATED] = self._new_text()
        for key in rng.sample(EXCLUSIVE_KEYS, rng.randint(0, 2)):
            if key in self.everything and len(self.everything) > 1 and rng.random() < 0.4:
                del self.everything[key]
            else:
                self.everything[key] = self._new_text()

    def program(self, rng: random.Random) -> str:
        """Return the program, its resources in random order; it knows the names `SHARED` and `OWN`."""
        lines = [
            f"influx.OrgSecrets({name!r}, org=SHARED, secrets={self._of(name)!r})"
            for name in (FIRST, SECOND)
            if self._of(name)
        ]
        lines += [
            f"influx.Secret({self.names[key]!r}, org=SHARED, key={key!r}, value={self.values[key]!r})"
            for key in self._of(ALONE)
        ]
        value = self.values[ROTATED]
        since = value.rpartition("-")[2]
        lines.append(f"influx.Secret('rotated', org=SHARED, key={ROTATED!r}, value={value!r}, rotate_on={since!r})")
        lines.append(f"influx.OrgSecrets('all', org=OWN, secrets={self.everything!r}, exclusive=True, keep=['TEAM_*'])")
        rng.shuffle(lines)
        return "\n".join(lines)

    @property
    def declared(self) -> Held:
        """The keys and values that the program declares."""
        return {"shared": dict(self.values), "own": dict(self.everything)}

    @property
    def transactions(self) -> list[tuple[str, dict[str, str]]]:
        """The keys and values of each map, with its org: what changes there changes at once."""
        return [("shared", self._of(FIRST)), ("shared", self._of(SECOND)), ("own", dict(self.everything))]

    @property
    def foreign(self) -> Held:
        """What is left when nothing of the program is."""
        return {"shared": FOREIGN["shared"], "own": {**FOREIGN["own"], **self.strays}}

    @property
    def whole(self) -> Held:
        """What the orgs hold once the program is applied: a stray is gone then."""
        return {org: {**FOREIGN[org], **keys} for org, keys in self.declared.items()}

    def _of(self, owner: str) -> dict[str, str]:
        return {key: self.values[key] for key, its in self.owners.items() if its == owner}

    def _new_text(self) -> str:
        self._made += 1
        return f"{self.mark}-{self._made}"

    def _name(self, key: str) -> None:
        self._made += 1
        self.names[key] = f"secret-{self._made}"

    def _declare(self, key: str, rng: random.Random) -> None:
        self.owners[key] = rng.choice([ALONE, ALONE, FIRST, SECOND])
        self.values[key] = self._new_text()
        self._name(key)

    def _rotate(self, key: str, _: random.Random) -> None:
        self.values[key] = self._new_text()

    def _move(self, key: str, rng: random.Random) -> None:
        self.owners[key] = rng.choice([ALONE, FIRST, SECOND])

    def _drop(self, key: str, _: random.Random) -> None:
        del self.owners[key], self.values[key], self.names[key]

    def _rename(self, key: str, _: random.Random) -> None:
        self._name(key)

    def _change_key(self, key: str, other: str, rng: random.Random) -> None:
        """Let a resource declare another key instead: a replacement, where it is a `Secret`."""
        owner, name = self.owners[key], self.names[key]
        self._drop(key, rng)
        self.owners[other], self.values[other], self.names[other] = owner, self._new_text(), name


def held(server: SecretsServer, orgs: dict[str, str]) -> Held:
    """Return what the orgs of these names hold now."""
    return {org: server.values(name) for org, name in orgs.items()}


def differences(found: Held, wanted: Held) -> dict[str, tuple[str | None, str | None]]:
    """Return the keys that are not as wanted, each with the value found and the one wanted."""
    pairs = {
        f"{org}: {key}": (found[org].get(key), wanted[org].get(key))
        for org in wanted
        for key in sorted(found[org].keys() | wanted[org].keys())
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
