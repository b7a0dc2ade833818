"""influxd, the provider process, `pulumi` or all of them die at a random moment of a run: nothing is lost for good.

A stack lives through several such runs. After each one the user does what `docs/interrupted.md` says, and no more; then
every declared key has its value, no key of others changed, nothing of ours is left over, and nothing is left to do.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from engine.kill_injector import VICTIMS, KillInjector, KillPlan
from engine.leaks import leaks, places
from engine.random_program import FOREIGN, ROTATED, STRAY, Held, RandomProgram, differences, held
from engine.stack import NewStack, Stack
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

Step = Literal["up", "up --refresh", "refresh", "destroy"]
STEPS: tuple[Step, ...] = ("up", "up", "up", "up --refresh", "refresh", "destroy", "destroy")
TRAFFIC: dict[Step, tuple[int, int, int]] = {
    "up": (6, 4, 8),
    "up --refresh": (8, 4, 12),
    "refresh": (4, 0, 3),
    "destroy": (5, 5, 8),
}
"""About how many requests, writes and checkpoints a step makes."""

ALWAYS = ("refresh --clear-pending-creates", "up")
"""What heals whatever was killed, after a `cancel`."""

AGAIN = (("up",), ("up",), ("up --refresh",), ALWAYS)
AGAIN_AFTER_DESTROY = (("destroy",), ("destroy",), ("up --refresh",), ALWAYS)
"""What heals. After a destroy the state may take keys for written that are gone: so an `up` has to look."""

FIRST_SEED = int(os.environ.get("KILLS_SEED", "1"))
LIVES = int(os.environ.get("KILLS_LIVES", "50"))
KILLS, KILLS_EACH = 8, 6
"""In the one life of a short run, and in each of a long one, of which 50 are 300 kills."""
MOST_RUNS = 3
"""So many times as many runs as kills: about one in ten is over before its moment comes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run.

    Attributes:
        hit: Whether somebody was killed; else the command was over before the moment came.
        ended: How the command ended by itself, or that it was killed.
        pending: What the state says to have been interrupted.
        healed: The commands that the user ran, to the one that healed.
    """

    step: Step
    plan: KillPlan
    hit: bool
    ended: str
    pending: tuple[str, ...]
    healed: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{'' if self.hit else 'nobody was there; '}{self.ended}; pending: {', '.join(self.pending) or 'none'}; "
            f"healed by: {', '.join(self.healed)} ({self.seconds:.1f} s)"
        )


@dataclass
class Life:
    """One stack, from one killed run to the next."""

    seed: int
    stack: Stack
    influxd: InfluxdServer
    proxy: InterceptingProxy
    orgs: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = RandomProgram(f"planted-{self.seed}")
        self.world.begin(self.chance(-1))
        # Dealt instead of drawn, and dealt again after a miss: so that everybody's turn comes.
        self.pack = self.chance(-2).sample(VICTIMS, len(VICTIMS))
        self.is_up = False
        for org, keys in FOREIGN.items():
            for key, value in keys.items():
                self.influxd.put_secret(self.orgs[org], key, value)

    @property
    def kills(self) -> int:
        """How many runs hit somebody."""
        return sum(outcome.hit for outcome in self.outcomes)

    def chance(self, run: int) -> random.Random:
        """Return what makes a run of this life take the same step and moment again, whatever the others did."""
        return random.Random(f"{self.seed}/{run}")  # noqa: S311 (nothing to be guessed here)

    def live(self, run: int) -> Outcome:
        """Let one run be killed, heal it, and prove that nothing is lost."""
        rng, began = self.chance(run), time.monotonic()
        step = rng.choice(STEPS) if self.is_up else "up"
        meddled = self.prepare(step, rng)
        requests, writes, checkpoints = TRAFFIC[step]
        victim = self.pack[self.kills % len(self.pack)]
        plan = KillPlan.draw(rng, victim, requests=requests, writes=writes, checkpoints=checkpoints)
        # Before the kill, so that a run which fails is named; the line ends when all is well.
        print(f"seed {self.seed} run {run}: {step}: {plan}: ", end="", flush=True)  # noqa: T201 (told as it goes)
        before = held(self.influxd, self.orgs)

        running = self.stack.start(*step.split())
        with KillInjector(plan, running, self.influxd, self.proxy, self.stack.state_file) as injector:
            code = running.wait()
        self.influxd.start()
        self.stack.outputs.append(running.output)
        self.nothing_is_lost(step, before)

        pending = tuple(self.stack.pending())
        healed = self.heal(step, rng, meddled=meddled)
        running.reap(self.proxy.url)
        return Outcome(
            step=step,
            plan=plan,
            # Who ended by itself in the moment of the kill was not hit; nobody else can.
            hit=injector.hit and (code < 0 or victim in {"influxd", "provider"}),
            ended="killed" if code < 0 else "succeeded" if code == 0 else "failed",
            pending=pending,
            healed=healed,
            seconds=time.monotonic() - began,
        )

    def prepare(self, step: Step, rng: random.Random) -> bool:
        """Change the program, or what is on the server, before the run; whether declared keys were meddled with."""
        if step == "up":
            self.world.change(rng)
            self.stack.program(self.world.program(rng))
            if rng.random() < 0.5:
                self.world.strays[STRAY] = "a stray"
                self.influxd.put_secret(self.orgs["own"], STRAY, "a stray")
        if "refresh" not in step:
            return False
        for key in rng.sample(sorted(self.world.values), 2):
            if rng.random() < 0.5 and key != ROTATED:  # of that one a refresh sees no more than that it is there
                self.influxd.put_secret(self.orgs["shared"], key, "meddled")
            else:
                self.influxd.remove_secret(self.orgs["shared"], key)
        return True

    def nothing_is_lost(self, step: Step, before: Held) -> None:
        """Right after the kill: no key of others changed, no declared key that was there is gone, no map is torn."""
        now = held(self.influxd, self.orgs)
        for org, keys in FOREIGN.items():
            assert {key: now[org].get(key) for key in keys} == keys
        if step == "destroy":
            return
        for org, keys in self.world.declared.items():
            for key in keys.keys() & before[org].keys():
                assert now[org].get(key) in (before[org][key], keys[key]), f"{org}: {key}"
        for org, keys in self.world.transactions:
            written = {key: now[org].get(key) == value for key, value in keys.items() if before[org].get(key) != value}
            assert len(set(written.values())) <= 1, f"{org}: {written}"

    def heal(self, step: Step, rng: random.Random, *, meddled: bool) -> tuple[str, ...]:
        """Run what the documentation says; return the commands."""
        again = rng.choice(AGAIN_AFTER_DESTROY if step == "destroy" else AGAIN)
        if meddled and again == ("up",):
            again = ("up --refresh",)
        commands = list(again)
        if self.stack.has_truncated_attributes:
            self.stack.repair_backend()
            commands.insert(0, "rm dev.json.attrs")
        if self.stack.is_locked or again == ALWAYS:
            self.stack.pulumi("cancel", "--yes")
            commands.insert(0, "cancel")
        for command in again:
            done = self.stack.deploy(*command.split())
            assert done.code == 0, done.output
        if self.stack.pending():
            # What remains is a note that a create was interrupted, which no `up` clears.
            self.stack.refresh("--clear-pending-creates")
            commands.append("refresh --clear-pending-creates")
            assert self.stack.pending() == []
        self.is_up = again != ("destroy",)
        return tuple(commands)

    def all_is_well(self) -> None:
        """The server holds what it has to and nothing else, and nothing is left to do."""
        if not self.is_up:
            assert differences(held(self.influxd, self.orgs), self.world.foreign) == {}
            assert self.stack.checkpoint().get("resources", []) == []
            return
        self.world.strays.clear()
        assert differences(held(self.influxd, self.orgs), self.world.whole) == {}
        assert set(self.stack.preview().steps.values()) == {"same"}


@pytest.fixture(scope="module")
def mortal(influxd_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdServer]:
    """An influxd that may be killed at any time, as others use the one of the whole session."""
    with InfluxdServer(influxd_binary, tmp_path_factory.mktemp("mortal")) as started:
        yield started


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[list[Outcome]]:
    """All outcomes, which are counted at the end, for whoever watches."""
    outcomes: list[Outcome] = []
    yield outcomes
    hits = [one for one in outcomes if one.hit]
    over = len(outcomes) - len(hits)
    lines = [f"kills: {len(hits)} runs killed, nothing lost; {over} more were over before their moment came"]
    for title, counted in (
        ("victim and step", Counter(f"{one.plan.victim:8} {one.step}" for one in hits)),
        ("moment", Counter(type(one.plan.moment).__name__ for one in hits)),
        ("the command", Counter(one.ended for one in hits)),
        ("left pending", Counter("something" if one.pending else "nothing" for one in hits)),
        ("healed by", Counter(", ".join(one.healed) for one in hits)),
    ):
        lines += [f"{title}:", *(f"  {count:4} {name}" for name, count in sorted(counted.items()))]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("", *lines, sep="\n")  # noqa: T201 (the record of the runs)


@pytest.fixture
def life(
    new_stack: NewStack, mortal: InfluxdServer, tally: list[Outcome], request: pytest.FixtureRequest
) -> Iterator[Life]:
    """A stack behind a proxy, in two new orgs; a request is tried three times."""
    seed = request.getfixturevalue("seed")
    orgs = {org: f"{org}-{seed}-{os.urandom(4).hex()}" for org in ("shared", "own")}
    for name in orgs.values():
        mortal.create_org(name)
    with InterceptingProxy(mortal.url) as proxy:
        stack = new_stack({**mortal.environment, "INFLUX_HOST": proxy.url}, SHARED=orgs["shared"], OWN=orgs["own"])
        stack.set_config("influx-secrets:maxAttempts", "3")
        begun = Life(seed, stack, mortal, proxy, orgs)
        yield begun
        mortal.start()
        tally += begun.outcomes


def kill_and_heal(life: Life, kills: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Let a stack live until so many of its runs were killed, and then search all that they left behind for a value.

    A run that is over before its moment comes is proved like any other, and does not count.
    """
    run = 0
    while life.kills < kills:
        assert run < MOST_RUNS * kills, "the moments come too late to hit anybody"
        outcome = life.live(run)
        life.all_is_well()
        life.outcomes.append(outcome)  # not before it is proved: the tally says that nothing was lost
        print(outcome)  # noqa: T201 (the record of the run)
        run += 1
    assert leaks(life.world.mark, places(life.stack)) == []
    with capsys.disabled():
        print(f"\nkills: seed {life.seed}: {kills} of {run} runs killed, nothing lost", end="")  # noqa: T201 (as above)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [20261104])
def test_killed_runs_lose_nothing(life: Life, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever dies, and whenever: the next run writes what is missing and removes what is too much."""
    assert life.seed == seed
    kill_and_heal(life, KILLS, capsys)
    assert {outcome.plan.victim for outcome in life.outcomes if outcome.hit} == set(VICTIMS)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + LIVES))
def test_many_killed_runs_lose_nothing(life: Life, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The same 300 times; the seed in a line brings its steps and moments again: `KILLS_SEED=7 KILLS_LIVES=1`."""
    assert life.seed == seed
    kill_and_heal(life, KILLS_EACH, capsys)
