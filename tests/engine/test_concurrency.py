"""Many writers at once: two stacks on one org, hundreds of resources, a store that lets nobody write beside another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine.stack import NewStack, Run, Stack
from intercepting_proxy import Exchange, Instead, InterceptingProxy
from servers import InfluxdServer

FAST = {"PULUMI_SKIP_CHECKPOINTS": "true"}
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


class OneWriter:
    """A store that lets nobody write beside another, as a Vault store behind influxd: the second one is answered 500.

    Attributes:
        lasts: Whether a write lasts until another one comes, once.
        met: The methods of those that were refused.
    """

    def __init__(self, proxy: InterceptingProxy) -> None:
        self.lasts = False
        self.met: list[str] = []
        self._one_came = threading.Event()
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

    def _after(self, passed: Exchange) -> bool:
        if passed.method != "GET" and passed.status != CONFLICT.status:
            # For so long that another process, which asks now and then, would be seen.
            time.sleep(0.05)
            if self.lasts:
                self._one_came.wait(60)
            with self._lock:
                self._is_writing = False
        return False


def test_store_that_fails_overlapping_writes_serves_one_stack_and_two(
    pair: tuple[Stack, Stack], influxd: InfluxdServer, acme: str
) -> None:
    """Writes of one run go one at a time; two runs know nothing of each other, and the refused one writes again."""
    count = 40

    def values(name: str, suffix: str = "") -> dict[str, str]:
        return {f"{name}_{n}": f"value {n}{suffix}" for n in range(count)}

    with InterceptingProxy(influxd.url) as proxy:
        store = OneWriter(proxy)
        for name, stack in zip(("ONE", "TWO"), pair, strict=True):
            stack.environment |= {**FAST, "INFLUX_HOST": proxy.url}
            stack.set_config("influx-secrets:timeout", "90")
            stack.program(EACH.format(count=count, org=acme).replace('"K{n}"', f'"{name}_{{n}}"'))
        one, two = pair
        one.up()
        assert influxd.values(acme) == values("ONE")
        assert store.met == []
        store.lasts = True
        one.program(
            EACH.format(count=count, org=acme).replace('"K{n}"', '"ONE_{n}"').replace("value {n}", "value {n}!")
        )
        at_once(one.up, two.up)
        assert influxd.values(acme) == values("ONE", "!") | values("TWO")
        assert store.met != []
        at_once(one.destroy, two.up)
        assert influxd.values(acme) == values("TWO")


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("minutes", "pause", "finishes"),
    [(2.1, 35, True), (30, 50, False)],
)
def test_rate_limit_for_minutes_is_waited_for_or_ends_the_run_soon(
    new_stack: NewStack, influxd: InfluxdServer, acme: str, minutes: float, pause: int, *, finishes: bool
) -> None:
    """Real time: a Retry-After of two minutes is honoured and reported; after a longer one the next run finishes.

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
        told = [line for line in done.errors if f'HTTP 429 ("not now"). Trying again in {pause:.1f} s' in line]
        assert 2 <= len(told) <= 3
        proxy.before = lambda *_: None
        if not finishes:
            failed = [line for line in done.errors if "RateLimitedError" in line]
            # Those under way end with the first, each with a line; the rest of the two hundred is not begun.
            assert 1 <= len(failed) <= 8
            assert "(tried 4 times)" in failed[0]
            assert failed[0].endswith(f"again in {pause} s (IS312)")
            assert influxd.keys(acme) == []
            stack.up()
    assert influxd.values(acme) == {f"K{n}": f"value {n}" for n in range(200)}
