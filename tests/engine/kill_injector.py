"""Kills at random moments: who dies, and when, drawn from one seeded generator and dealt while a command runs.

A moment of the clock mostly meets a phase in which nothing happens. So most moments are events: the request that is
about to reach influxd, has just been done there, or has just been answered; a checkpoint that was just written.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.running_command import RunningCommand, kill
from intercepting_proxy import Exchange, HangUp, InterceptingProxy
from servers import InfluxdServer

Victim = Literal["influxd", "provider", "pulumi", "group", "machine"]
VICTIMS: tuple[Victim, ...] = ("influxd", "provider", "provider", "pulumi", "pulumi", "group", "machine")
"""A pack of cards: who holds a value or writes it is in it twice."""

Place = Literal["lost", "done", "answered"]
PLACES: tuple[Place, ...] = ("lost", "done", "answered")
"""Before the request reached influxd; after it was done there, without an answer; after the answer."""

_SHORT_SECONDS = 0.001
_LONGEST_SECONDS = 2.0
_WRITES = ("PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class AtRequest:
    """At the request of this number, counted from 1; `writes` counts those alone that change something."""

    number: int
    place: Place
    writes: bool

    def __str__(self) -> str:
        return f"{'write' if self.writes else 'request'} {self.number} {self.place}"


@dataclass(frozen=True, slots=True)
class AtCheckpoint:
    """Right after the checkpoint of this number, counted from 1."""

    number: int

    def __str__(self) -> str:
        return f"checkpoint {self.number}"


@dataclass(frozen=True, slots=True)
class AtTime:
    """So many seconds after the victim was there."""

    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s"


@dataclass(frozen=True, slots=True)
class KillPlan:
    """A kill to be: whom, when, and whether influxd is started again while the command still runs."""

    victim: Victim
    moment: AtRequest | AtCheckpoint | AtTime
    revive: bool

    def __str__(self) -> str:
        return f"{self.victim} at {self.moment}" + (", revived" if self.revive and self.victim == "influxd" else "")

    @classmethod
    def draw(cls, rng: random.Random, victim: Victim, *, requests: int, writes: int, checkpoints: int) -> KillPlan:
        """Draw a kill for a command that makes about so many requests, writes and checkpoints."""
        moment: AtRequest | AtCheckpoint | AtTime
        kind = rng.random()
        if kind < 0.4 and writes:
            moment = AtRequest(rng.randint(1, writes), rng.choice(PLACES), writes=True)
        elif kind < 0.6:
            moment = AtRequest(rng.randint(1, requests), rng.choice(PLACES), writes=False)
        elif kind < 0.8:
            moment = AtCheckpoint(rng.randint(1, checkpoints))
        else:
            moment = AtTime(rng.uniform(0, _LONGEST_SECONDS))
        return cls(victim, moment, revive=rng.random() < 0.3)


class KillInjector:
    """Executes a plan on a running command, for as long as the context lasts.

    Attributes:
        hit: Whether somebody was killed.
    """

    def __init__(
        self,
        plan: KillPlan,
        running: RunningCommand,
        influxd: InfluxdServer,
        proxy: InterceptingProxy,
        checkpoints: Path,
    ) -> None:
        self.hit = False
        self._plan = plan
        self._running = running
        self._influxd = influxd
        self._proxy = proxy
        self._checkpoints = checkpoints
        self._lock = threading.RLock()
        self._seen = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> KillInjector:
        self._proxy.before, self._proxy.after, self._proxy.answered = self._before, self._after, self._answered
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        with self._lock:  # a kill that is under way
            self._proxy.reset_hooks()

    # Requests: in the threads of the proxy.

    def _before(self, method: str, path: str) -> HangUp | None:
        with self._lock:
            self._seen += self._counts(method, path)
            return HangUp() if self._is_due("lost", method, path) and self._kill_once() else None

    def _after(self, passed: Exchange) -> bool:
        with self._lock:
            return self._is_due("done", passed.method, passed.path) and self._kill_once()

    def _answered(self, passed: Exchange) -> None:
        with self._lock:
            if self._is_due("answered", passed.method, passed.path):
                self._kill_once()

    def _counts(self, method: str, path: str) -> bool:
        moment = self._plan.moment
        return isinstance(moment, AtRequest) and (
            not moment.writes or method in _WRITES or path.endswith("/secrets/delete")
        )

    def _is_due(self, place: Place, method: str, path: str) -> bool:
        moment = self._plan.moment
        return (
            isinstance(moment, AtRequest)
            and moment.place == place
            and self._seen >= moment.number
            and self._counts(method, path)
        )

    # Everything else: in a thread of its own.

    def _watch(self) -> None:
        moment = self._plan.moment
        if isinstance(moment, AtCheckpoint):
            last, left = _stamp(self._checkpoints), moment.number
            while left and not self._over.wait(_SHORT_SECONDS):
                now = _stamp(self._checkpoints)
                left, last = left - (now != last), now
            if not left:
                self._kill_once()
        elif isinstance(moment, AtTime):
            while not self._is_there() and not self._over.wait(_SHORT_SECONDS):
                pass
            if not self._over.wait(moment.seconds):
                self._kill_once()

    def _is_there(self) -> bool:
        return self._plan.victim != "provider" or bool(self._running.providers())

    def _kill_once(self) -> bool:
        """Kill, once; return whether something was killed now."""
        with self._lock:
            if self.hit or self._running.is_over:
                return False
            self.hit = self._kill()
            return self.hit

    def _kill(self) -> bool:
        victim = self._plan.victim
        started = self._running.started()  # so that they are known: they have no parent afterwards
        if victim == "provider":
            started = self._running.providers()
        if victim in ("influxd", "machine"):
            self._influxd.kill()
        if victim == "influxd" and self._plan.revive:
            self._influxd.start()
        if victim == "pulumi":
            self._running.kill()
        if victim in ("group", "machine"):
            self._running.kill_group()
        if victim in ("provider", "machine"):
            for process in started:
                kill(process)
        return victim != "provider" or bool(started)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except FileNotFoundError:  # while it is replaced
        return 0, 0
    return found.st_mtime_ns, found.st_size
