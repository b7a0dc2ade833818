"""The plan of measurements: subjects, works, conditions, laps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

FIRST_UP: Final = "first up"
NOTHING: Final = "nothing changed"
ROTATE_ONE: Final = "rotate 1"
ROTATE_ALL: Final = "rotate all"
REFRESH: Final = "refresh"
PROVE: Final = "prove"
EMPTIED: Final = "every tenth key empty"
"""A refresh after that, or the proofs alone."""

DESTROY: Final = "destroy"
WORKS: Final = (FIRST_UP, NOTHING, ROTATE_ONE, ROTATE_ALL, REFRESH, DESTROY)
"""What every stack can do, in the order in which it lives through them."""

IN_ORDER: Final = (*WORKS[:-1], PROVE, EMPTIED, DESTROY)
"""These, and what only some subjects do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that keeps secrets in step.

    Attributes:
        name: As the options and the results name it; its program is `subjects/<name>.py`.
        title: As tables and charts name it.
        stack: Whether it is a Pulumi program, whose commands are measured whole; else a script that measures itself.
        works: What it can do.
        idle: Whether it sends nothing to the server.
        tree: The folder that the package is imported from; None for that of this checkout.
    """

    name: str
    title: str
    stack: bool = True
    works: tuple[str, ...] = WORKS
    idle: bool = False
    tree: Path | None = None

    @property
    def program(self) -> str:
        """The name without a revision."""
        return self.name.partition("@")[0]

    def at(self, revision: str, tree: Path) -> Subject:
        """Return the same program with the package of another revision."""
        return replace(self, name=f"{self.name}@{revision}", title=f"{self.title} of {revision}", tree=tree)


_WRITES = (FIRST_UP, ROTATE_ONE, ROTATE_ALL, DESTROY)
SUBJECTS: Final = (
    Subject("org_secrets", "OrgSecrets", works=tuple(work for work in IN_ORDER if work != PROVE)),
    Subject("floor_bulk", "one resource that does nothing", idle=True),
    Subject("floor_light", "one resource that stores nothing", works=(FIRST_UP, NOTHING, DESTROY), idle=True),
    Subject("secret", "Secret"),
    Subject("floor_each", "a resource per key that does nothing", idle=True),
    Subject("hand_written", "a hand-written provider"),
    Subject("client_loop", "a loop with influxdb-client", stack=False, works=_WRITES),
    Subject("bare_patch", "one bare request", stack=False, works=_WRITES),
    Subject("prove", "value proofs alone", stack=False, works=(FIRST_UP, PROVE, EMPTIED, DESTROY)),
)
BY_NAME: Final = {subject.name: subject for subject in SUBJECTS}
OURS: Final = ("org_secrets", "secret", "prove")
"""What runs code of the package."""
BULK: Final = ("org_secrets", "floor_bulk", "floor_light", "bare_patch")
PER_KEY: Final = ("secret", "floor_each", "hand_written", "client_loop")
EVERY: Final = (*BULK, *PER_KEY)


@dataclass(frozen=True, slots=True)
class Condition:
    """What lies between a subject and its server, and what the engine writes down.

    Attributes:
        name: As the options and the results name it.
        title: As the page names it.
        round_trip_ms: What a request and its answer take longer than on loopback.
        checkpoints: Whether the engine writes the whole state after each step, as it does unless told otherwise.
        https: Whether they speak TLS, as they do over any network but loopback.
        parallel: How many operations the engine runs at a time; None for its default, four for each core.
    """

    name: str
    title: str
    round_trip_ms: int = 0
    checkpoints: bool = True
    https: bool = False
    parallel: int | None = None


LOOPBACK: Final = Condition("loopback", "loopback, file backend")
UNSAVED: Final = Condition("unsaved", "loopback, file backend without checkpoints", checkpoints=False)
FAR: Final = Condition("far", "50 ms round trip, without checkpoints", round_trip_ms=50, checkpoints=False)
FAR_HTTPS: Final = replace(FAR, name="far_https", title="50 ms round trip, https, without checkpoints", https=True)
FAR_64, FAR_64_HTTPS = (
    replace(one, name=f"{one.name}_64", title=f"{one.title}, --parallel 64", parallel=64) for one in (FAR, FAR_HTTPS)
)
CONDITIONS: Final = {
    condition.name: condition for condition in (LOOPBACK, UNSAVED, FAR, FAR_64, FAR_HTTPS, FAR_64_HTTPS)
}


@dataclass(frozen=True, slots=True)
class Lap:
    """Subjects that are measured in turn, so many rounds, each from an empty org to an empty org.

    Attributes:
        name: As the option `--laps` names it.
    """

    condition: Condition
    keys: int
    subjects: tuple[str, ...]
    works: tuple[str, ...] = WORKS
    rounds: int = 1
    name: str = ""

    def __str__(self) -> str:
        return f"{self.keys:,} keys, {self.condition.title}"


FULL: Final = (
    Lap(LOOPBACK, 1, EVERY, rounds=3),
    Lap(LOOPBACK, 100, EVERY, rounds=3),
    Lap(LOOPBACK, 1_000, BULK, rounds=5),
    Lap(LOOPBACK, 10_000, BULK, rounds=5),
    Lap(LOOPBACK, 100_000, BULK, works=(FIRST_UP, NOTHING, REFRESH), rounds=2),
    # With checkpoints, an hour would not do for every work of a thousand resources.
    Lap(LOOPBACK, 1_000, ("org_secrets", "hand_written", "secret", "floor_each"), works=(FIRST_UP,), rounds=3),
    Lap(UNSAVED, 1_000, EVERY, rounds=3),
    Lap(FAR, 1, EVERY, rounds=3),
    Lap(FAR, 100, EVERY),
    Lap(FAR, 1_000, EVERY),
    Lap(FAR, 10_000, BULK, rounds=2),
    Lap(FAR, 10_000, ("org_secrets", "hand_written"), works=(FIRST_UP,)),
    Lap(FAR_HTTPS, 1_000, EVERY, works=(FIRST_UP,), rounds=3),
)
"""Eighty minutes on two cores."""

QUICK: Final = (
    Lap(LOOPBACK, 1, EVERY),
    Lap(LOOPBACK, 100, EVERY),
    Lap(LOOPBACK, 10_000, BULK),
    Lap(UNSAVED, 1_000, EVERY, works=(FIRST_UP,)),
    Lap(FAR, 100, ("org_secrets", "hand_written", "client_loop", "bare_patch"), works=(FIRST_UP,)),
)
"""Five minutes."""

_MANY_SECRETS: Final = (FIRST_UP, NOTHING, ROTATE_ALL, DESTROY)
COMPARED: Final = (
    Lap(LOOPBACK, 10_000, ("prove",), works=(PROVE,), rounds=5, name="prove"),
    Lap(LOOPBACK, 10_000, ("org_secrets", "floor_bulk"), works=(REFRESH,), rounds=5, name="refresh"),
    Lap(LOOPBACK, 1_000, ("org_secrets", "prove"), works=(EMPTIED,), rounds=5, name="empty"),
    Lap(FAR_64, 1_000, ("secret",), works=_MANY_SECRETS, rounds=5, name="far64"),
    Lap(FAR, 1_000, ("secret",), works=_MANY_SECRETS, rounds=5, name="far"),
    Lap(FAR_64_HTTPS, 1_000, ("secret",), works=_MANY_SECRETS, rounds=5, name="https64"),
    Lap(FAR_HTTPS, 1_000, ("secret",), works=_MANY_SECRETS, rounds=5, name="https"),
    Lap(LOOPBACK, 1_000, ("org_secrets",), rounds=15, name="near"),
    Lap(LOOPBACK, 100, ("secret",), rounds=15, name="near-secrets"),
    # A hundred do not show what a wait between transactions costs.
    Lap(UNSAVED, 1_000, ("secret",), works=_MANY_SECRETS, rounds=5, name="near-many"),
    Lap(LOOPBACK, 10_000, ("org_secrets", "floor_light"), works=(FIRST_UP, NOTHING), rounds=5, name="light"),
    Lap(LOOPBACK, 100_000, ("org_secrets",), works=(FIRST_UP,), rounds=5, name="most"),
)
"""What `--compare` measures of two revisions."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a plan that somebody asked for; what is empty asks for all."""

    keys: Collection[int] = ()
    subjects: Collection[str] = ()
    works: Collection[str] = ()
    conditions: Collection[str] = ()
    rounds: int | None = None
    laps: Collection[str] = ()

    def of(self, plan: tuple[Lap, ...]) -> Iterator[Lap]:
        """Cut each lap of a plan down to what was asked for."""
        for lap in plan:
            if (self.keys and lap.keys not in self.keys) or not _chosen([lap.condition.name], self.conditions):
                continue
            if not _chosen([lap.name], self.laps):
                continue
            subjects, works = _chosen(lap.subjects, self.subjects), _chosen(lap.works, self.works)
            if subjects and works:
                yield replace(lap, subjects=subjects, works=works, rounds=self.rounds or lap.rounds)


def _chosen(offered: Collection[str], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in offered if not wanted or name in wanted)
