"""Many writers at once: two stacks on one org, hundreds of resources, a store that lets nobody write beside another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from engine.intercepting_proxy import Instead, InterceptingProxy

from influx_secrets.emulator import Answer, Emulator

if TYPE_CHECKING:
    from engine.intercepting_proxy import Passed
    from engine.stack import NewStack, Run, Stack
    from servers import InfluxdServer

MANY = 500
FAST = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
EACH = """
    for n in range({count}):
        influx.Secret(f"s{{n}}", org={org!r}, key=f"K{{n}}", value=f"value {{n}}")
"""
CONFLICT = Instead(500, "internal error", "check-and-set parameter did not match the current version")


@pytest.fixture
def pair(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> tuple[Stack, Stack]:
    """Two stacks on one org of influxd."""
    return new_stack(influxd.environment, ORG=acme), new_stack(influxd.environment, ORG=acme)


def at_once(*acts: Callable[[], Run]) -> list[Run]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def test_two_stacks_on_one_org_leave_each_other_alone(
    pair: tuple[Stack, Stack], influxd: InfluxdServer, acme: str
) -> None:
    """Other keys, at the same time: both arrive; one stack goes, and the keys of the other stay."""
    maps = [{f"{name}_{n}": f"{name} {n}" for n in range(20)} for name in ("ONE", "TWO")]
    for stack, secrets in zip(pair, maps, strict=True):
        stack.program(f'influx.OrgSecrets("all", org=ORG, secrets={secrets})')
    at_once(*(stack.up for stack in pair))
    assert influxd.values(acme) == {**maps[0], **maps[1]}
    for stack, secrets in zip(pair, maps, strict=True):
        stack.program(f'influx.OrgSecrets("all", org=ORG, secrets={dict.fromkeys(secrets, "new")})')
    at_once(pair[0].destroy, pair[1].up)
    assert influxd.values(acme) == dict.fromkeys(maps[1], "new")


def test_two_stacks_that_write_one_key_in_the_same_moment_see_it_at_the_next_refresh(
    pair: tuple[Stack, Stack], influxd: InfluxdServer, acme: str
) -> None:
    """Nobody can refuse then: the last PATCH stays; the other stack's refresh says so, and its `up` writes again."""
    both_looked = threading.Barrier(2)

    def before(method: str, path: str) -> None:
        del path
        if method == "PATCH":
            both_looked.wait(60)

    with InterceptingProxy(influxd.url) as proxy:
        proxy.before = before
        for name, stack in zip(("one", "two"), pair, strict=True):
            stack.environment["INFLUX_HOST"] = proxy.url
            stack.set_config("influx-secrets:timeout", "60")
            stack.program(f'influx.Secret("a", org=ORG, key="A", value="{name}")')
        at_once(*(stack.up for stack in pair))
        proxy.before = lambda *_: None
        (last,) = influxd.values(acme).values()
        winner, loser = pair if last == "one" else pair[::-1]
        assert set(winner.refresh().results.values()) == {"same"}
        changes = loser.preview("--refresh", diff=True).changes
        assert {'+ drift: "changed"', "~ version: 1 => 2"} <= set(changes)
        third = loser.program('influx.Secret("b", org=ORG, key="A", value="three")').preview(fails=True)
        assert 'the key "A" of the org' in third.output


def test_five_hundred_secrets_at_once_arrive_each_with_its_value(
    new_stack: NewStack, influxd: InfluxdServer, acme: str
) -> None:
    """One run, influxd itself: every key, each value, nothing else."""
    stack = new_stack(influxd.environment | FAST)
    stack.program(EACH.format(count=MANY, org=acme)).up()
    assert influxd.values(acme) == {f"K{n}": f"value {n}" for n in range(MANY)}


class OneWriter:
    """A store that lets nobody write beside another, as a Vault store behind influxd: the second one is answered 500.

    Args:
        proxy: Before the server.
        is_met: Whether the first write lasts until another one comes.

    Attributes:
        met: The methods of those that were refused.
    """

    def __init__(self, proxy: InterceptingProxy, *, is_met: bool = False) -> None:
        self.met: list[str] = []
        self._one_came = threading.Event()
        if not is_met:
            self._one_came.set()
        self._lock = threading.Lock()
        self._is_writing = False
        proxy.before, proxy.after = self._before, self._after

    def _before(self, method: str, path: str) -> Instead | None:
        del path
        if method == "GET":
            return None
        with self._lock:
            if self._is_writing:
                self.met.append(method)
                self._one_came.set()
                return CONFLICT
            self._is_writing = True
        return None

    def _after(self, passed: Passed) -> bool:
        if passed.method != "GET" and passed.status != CONFLICT.status:
            # For so long that another process, which asks now and then, would be seen.
            time.sleep(0.05)
            self._one_came.wait(60)
            with self._lock:
                self._is_writing = False
        return False


def test_store_that_fails_overlapping_writes_never_meets_any(
    new_stack: NewStack, influxd: InfluxdServer, acme: str
) -> None:
    """Writes of one run go one at a time."""
    with InterceptingProxy(influxd.url) as proxy:
        store = OneWriter(proxy)
        stack = new_stack({**influxd.environment, **FAST, "INFLUX_HOST": proxy.url})
        stack.program(EACH.format(count=60, org=acme)).up()
        assert influxd.values(acme) == {f"K{n}": f"value {n}" for n in range(60)}
        stack.destroy()
    assert influxd.keys(acme) == []
    assert store.met == []


def test_two_stacks_on_a_store_that_fails_overlapping_writes_both_arrive(
    pair: tuple[Stack, Stack], influxd: InfluxdServer, acme: str
) -> None:
    """Two runs know nothing of each other: who is refused writes again a moment later."""
    with InterceptingProxy(influxd.url) as proxy:
        store = OneWriter(proxy, is_met=True)
        for name, stack in zip(("ONE", "TWO"), pair, strict=True):
            stack.environment |= {**FAST, "INFLUX_HOST": proxy.url}
            stack.set_config("influx-secrets:timeout", "90")
            stack.program(EACH.format(count=40, org=acme).replace('"K{n}"', f'"{name}_{{n}}"'))
        at_once(*(stack.up for stack in pair))
        assert influxd.values(acme) == {f"{name}_{n}": f"value {n}" for name in ("ONE", "TWO") for n in range(40)}
        assert store.met != []
        at_once(*(stack.destroy for stack in pair))
    assert influxd.keys(acme) == []


def test_rate_limit_is_waited_for_or_named(new_stack: NewStack) -> None:
    """Each write is refused once, for a second: the run ends well. For an hour: one line, at once."""
    asked: dict[str, int] = {}
    pause = "1"

    def before(method: str, path: str) -> Answer | None:
        if method != "PATCH":
            return None
        asked[path] = asked.get(path, 0) + 1
        refused = asked[path] % 2 or pause != "1"
        return Answer(429, headers={"Retry-After": pause}) if refused else None

    with Emulator(before=before) as emulator:
        stack = new_stack(emulator.environment)
        stack.program(EACH.format(count=3, org="acme"))
        done = stack.up()
        assert emulator.secrets("acme") == {f"K{n}": f"value {n}" for n in range(3)}
        assert len([line for line in done.errors if "HTTP 429; trying again in 1.0 s" in line]) == 1
        pause = "3600"
        stack.program('influx.Secret("late", org="acme", key="LATE", value="v")')
        failed = stack.up(fails=True)
    (line,) = [line for line in failed.errors if "cannot" in line]
    assert "HTTP 429" in line
    assert line.endswith("try again in 3600 s")


def test_rate_limit_that_outlasts_one_write_is_waited_for_once(new_stack: NewStack) -> None:
    """Reads are answered meanwhile. The first write uses its patience up; forty others together add none to that."""
    asked: list[float] = []

    def before(method: str, path: str) -> Answer | None:
        del path
        if method != "PATCH":
            return None
        asked.append(time.monotonic())
        return Answer(429, headers={"Retry-After": "4"})

    with Emulator(before=before) as emulator:
        stack = new_stack({**emulator.environment, **FAST})
        stack.set_config("influx-secrets:maxAttempts", "3")
        stack.program(EACH.format(count=40, org="acme")).up("--continue-on-error", fails=True)
    assert sum(later - earlier > 3.6 for earlier, later in pairwise(asked)) == 2


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("minutes", "pause", "finishes"),
    [(2.1, 35, True), (30, 50, False)],
)
def test_rate_limit_for_minutes_is_waited_for_or_ends_the_run_soon(
    new_stack: NewStack, influxd: InfluxdServer, acme: str, minutes: float, pause: int, *, finishes: bool
) -> None:
    """No stand-in for the time: two minutes are waited for, and told; of longer ones the next run finishes the work.

    Five attempts, 35 s apart, outlast the two minutes. Of those 50 s apart the fifth would come after the 180 s that a
    request has, so it is given up after 150 s.
    """
    refused: list[float] = []

    def before(method: str, path: str) -> Instead | None:
        del path
        now = time.monotonic()
        if method == "GET" or (refused and now - refused[0] >= minutes * 60):
            return None
        refused.append(now)
        return Instead(429, "too many requests", "not now", (("Retry-After", str(pause)),))

    with InterceptingProxy(influxd.url) as proxy:
        proxy.before = before
        stack = new_stack({**influxd.environment, **FAST, "INFLUX_HOST": proxy.url})
        stack.program(EACH.format(count=200, org=acme))
        started = time.monotonic()
        done = stack.up(fails=not finishes)
        took = time.monotonic() - started
        # What waited meanwhile is tried once each after the first of them has failed.
        assert (120 if finishes else 140) < took < 180
        told = [line for line in done.errors if f'HTTP 429 ("not now"); trying again in {pause:.1f} s' in line]
        assert 2 <= len(told) <= 3
        proxy.before = lambda *_: None
        if not finishes:
            failed = [line for line in done.errors if "RateLimitedError" in line]
            # Those under way end with the first, each with a line; the rest of the two hundred is not begun.
            assert 1 <= len(failed) <= 8
            assert "(tried 4 times)" in failed[0]
            assert failed[0].endswith(f"try again in {pause} s")
            assert influxd.keys(acme) == []
            stack.up()
    assert influxd.values(acme) == {f"K{n}": f"value {n}" for n in range(200)}
