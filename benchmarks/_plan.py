"""The plan of measurements: subjects, works, conditions, laps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

FIRST_UP: Final = "first up"
NOTHING: Final = "nothing changed"
ROTATE_ONE: Final = "rotate 1"
ROTATE_ALL: Final = "rotate all"
REFRESH: Final = "refresh"
DESTROY: Final = "destroy"
WORKS: Final = (FIRST_UP, NOTHING, ROTATE_ONE, ROTATE_ALL, REFRESH, DESTROY)
"""In the order in which a stack lives through them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that keeps secrets in step.

    Attributes:
        name: As the options and the results name it; its program is `subjects/<name>.py`.
        title: As tables and charts name it.
        stack: Whether it is a Pulumi program, whose commands are measured whole; else a script that measures itself.
        works: What it can do.
        idle: Whether it sends nothing to the server.
    """

    name: str
    title: str
    stack: bool = True
    works: tuple[str, ...] = WORKS
    idle: bool = False


_WRITES = (FIRST_UP, ROTATE_ONE, ROTATE_ALL, DESTROY)
SUBJECTS: Final = (
    Subject("org_secrets", "OrgSecrets"),
    Subject("floor_bulk", "one resource that does nothing", idle=True),
    Subject("secret", "Secret"),
    Subject("floor_each", "a resource per key that does nothing", idle=True),
    Subject("hand_written", "a hand-written provider"),
    Subject("client_loop", "a loop with influxdb-client", stack=False, works=_WRITES),
    Subject("bare_patch", "one bare request", stack=False, works=_WRITES),
)
BY_NAME: Final = {subject.name: subject for subject in SUBJECTS}
BULK: Final = ("org_secrets", "floor_bulk", "bare_patch")
PER_KEY: Final = ("secret", "floor_each", "hand_written", "client_loop")
EVERY: Final = tuple(BY_NAME)


@dataclass(frozen=True, slots=True)
class Condition:
    """What lies between a subject and its server, and what the engine writes down.

    Attributes:
        name: As the options and the results name it.
        title: As the page names it.
        round_trip_ms: What a request and its answer take longer than on loopback.
        checkpoints: Whether the engine writes the whole state after each step, as it does unless told otherwise.
        https: Whether they speak TLS, as they do over any network but loopback.
    """

    name: str
    title: str
    round_trip_ms: int = 0
    checkpoints: bool = True
    https: bool = False


LOOPBACK: Final = Condition("loopback", "loopback, file backend")
UNSAVED: Final = Condition("unsaved", "loopback, file backend without checkpoints", checkpoints=False)
FAR: Final = Condition("far", "50 ms round trip, without checkpoints", round_trip_ms=50, checkpoints=False)
FAR_HTTPS: Final = replace(FAR, name="far_https", title="50 ms round trip, https, without checkpoints", https=True)
CONDITIONS: Final = {condition.name: condition for condition in (LOOPBACK, UNSAVED, FAR, FAR_HTTPS)}


@dataclass(frozen=True, slots=True)
class Lap:
    """Subjects that are measured in turn, so many rounds, each from an empty org to an empty org."""

    condition: Condition
    keys: int
    subjects: tuple[str, ...]
    works: tuple[str, ...] = WORKS
    rounds: int = 1

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


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a plan that somebody asked for; what is empty asks for all."""

    keys: Collection[int] = ()
    subjects: Collection[str] = ()
    works: Collection[str] = ()
    conditions: Collection[str] = ()
    rounds: int | None = None

    def of(self, plan: tuple[Lap, ...]) -> Iterator[Lap]:
        """Cut each lap of a plan down to what was asked for."""
        for lap in plan:
            if (self.keys and lap.keys not in self.keys) or not _chosen([lap.condition.name], self.conditions):
                continue
            subjects, works = _chosen(lap.subjects, self.subjects), _chosen(lap.works, self.works)
            if subjects and works:
                yield replace(lap, subjects=subjects, works=works, rounds=self.rounds or lap.rounds)


def _chosen(offered: Collection[str], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in offered if not wanted or name in wanted)
