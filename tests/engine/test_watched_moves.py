"""Keys that move between resources in one `pulumi up`, on a slow influxd, watched by a client all the time."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import pytest
from engine.intercepting_proxy import InterceptingProxy
from engine.key_watcher import KeyWatcher

if TYPE_CHECKING:
    from engine.stack import Stack
    from servers import InfluxdServer

KEYS = [f"MOVES_{n}" for n in range(6)]
VALUES = {key: f"value of {key}" for key in KEYS}
SLOWEST_SECONDS = 0.15
OUTPUT = "org_id=influx.get_org_output(ORG).id"
ALONE = "alone"
"""The owner of a key that has a `Secret` of its own."""


def removed(proxy: InterceptingProxy) -> set[str]:
    """Return the keys that were asked to be removed since the last look."""
    found: set[str] = set()
    for one in proxy.passed:
        if one.method == "DELETE":
            found.add(one.path.rpartition("/")[2])
        elif one.method == "POST" and one.path.endswith("/delete"):
            found.update(json.loads(one.body)["secrets"])
    proxy.clear()
    return found


def program(owners: dict[str, str], values: dict[str, str], maps: list[str], order: random.Random) -> str:
    """Return a program in which every key has its owner, in random order."""
    declared = [
        f'influx.OrgSecrets("{name}", org=ORG, secrets={ ({k: v for k, v in values.items() if owners[k] == name})!r})'
        for name in maps
    ]
    declared += [
        f'influx.Secret("{key}", org=ORG, key="{key}", value="{values[key]}")'
        for key, owner in owners.items()
        if owner == ALONE
    ]
    order.shuffle(declared)
    return "\n".join(declared)


def randomness(seed: int) -> random.Random:
    """Return what makes a test do the same again."""
    return random.Random(seed)  # noqa: S311 (nothing to be guessed here)


def slow_down(proxy: InterceptingProxy, seed: int) -> None:
    """Delay every request from now on, each by another time, but for those by which a program looks an org up.

    How long a resource waits for orgs that are outputs is bounded, by time.
    """
    delays = randomness(seed)

    def before(method: str, path: str) -> None:
        if (method, path.partition("?")[0]) != ("GET", "/api/v2/orgs"):
            time.sleep(delays.uniform(0, SLOWEST_SECONDS))

    proxy.before = before


def move_about(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, *, seed: int, runs: int, maps: list[str]
) -> None:
    """Apply one random arrangement after the other, each with a key that leaves for good and one that changes."""
    rng = randomness(seed)
    slow_down(proxy, seed)
    with KeyWatcher(influxd, acme) as watcher:
        for number in range(runs):
            values = {**VALUES, f"LEAVES_{number}": "soon gone", "CHANGES": f"number {number}"}
            owners = {key: rng.choice([*maps, ALONE]) for key in values}
            owners["CHANGES"] = maps[0]  # a value may not change while its key moves
            stack.program(program(owners, values, maps, rng)).up()
            assert influxd.values(acme) == values, f"run {number}"
            assert removed(proxy) <= {f"LEAVES_{number - 1}"}, f"run {number}"
            watcher.expected = frozenset(VALUES)
    assert watcher.missing == set()
    assert watcher.looks > runs * 10


@pytest.mark.parametrize("seed", [20261123])
def test_keys_moved_at_random_are_never_missing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, seed: int
) -> None:
    """Between maps and resources of their own, in any order: never absent, never refused, and the values stay."""
    move_about(stack, influxd, acme, proxy, seed=seed, runs=8, maps=["m0", "m1", "m2"])


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_keys_moved_at_random_many_times_are_never_missing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, seed: int
) -> None:
    """The same with 30 runs, and more maps that lose a key at once than the provider process has threads."""
    maps = [f"m{n}" for n in range(3 * seed)]
    move_about(stack, influxd, acme, proxy, seed=seed, runs=30, maps=maps)


@pytest.mark.parametrize(
    ("org", "map_"),
    [
        pytest.param("org=ORG", "{}", id="all-known"),
        pytest.param(OUTPUT, "{}", id="orgs-are-outputs"),
        pytest.param("org=ORG", "pulumi.Output.from_input({})", id="maps-are-outputs"),
        pytest.param("**({'org': ORG} if n % 2 else {'org_id': ORG_ID})", "{}", id="names-here-and-ids-there"),
    ],
)
def test_keys_passed_around_many_maps_are_never_missing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, org: str, map_: str
) -> None:
    """Each of nine maps gives its key to the next one, all at once: more removals than the process has threads."""
    slow_down(proxy, seed=9)
    values = {f"K{n}": f"value {n}" for n in range(9)} | {f"STAYS{n}": "here" for n in range(9)}
    with KeyWatcher(influxd, acme) as watcher:
        for shift in (0, 1):
            number = f"(n + {shift}) % 9"
            keys = f"{{f'STAYS{{n}}': 'here', f'K{{{number}}}': f'value {{{number}}}'}}"
            declare = f"influx.OrgSecrets(f'm{{n}}', {org}, secrets={map_.format(keys)})"
            stack.program(f"for n in range(9):\n    {declare}", ORG_ID=influxd.org_id(acme)).up()
            assert influxd.values(acme) == values
            assert removed(proxy) == set()
            watcher.expected = frozenset(values)
    assert watcher.missing == set()


@pytest.mark.parametrize(
    ("depends", "org"),
    [
        pytest.param("the-new-on-the-old", "org=ORG", id="the-new-on-the-old"),
        pytest.param("the-new-on-the-old", OUTPUT, id="the-new-on-the-old-and-orgs-are-outputs"),
        pytest.param("the-old-on-the-new", OUTPUT, id="the-old-on-the-new-and-orgs-are-outputs"),
    ],
)
def test_key_moved_between_resources_that_depend_on_each_other_is_not_lost(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, depends: str, org: str
) -> None:
    """Where the new one waits for the old one, and their orgs are outputs, the key may be absent for a moment."""
    new_on_old = depends == "the-new-on-the-old"
    waits = ", opts=ResourceOptions(depends_on=[{}])"
    first = f"first = influx.OrgSecrets('first', {org}, secrets=FIRST{'' if new_on_old else waits.format('second')})\n"
    second = (
        f"second = influx.OrgSecrets('second', {org}, secrets=SECOND{waits.format('first') if new_on_old else ''})\n"
    )
    body = first + second if new_on_old else second + first
    with KeyWatcher(influxd, acme) as watcher:
        stack.program(f"FIRST, SECOND = {{'A': '1', 'B': '2'}}, {{'C': '3'}}\n{body}").up()
        watcher.expected = frozenset("ABC")
        stack.program(f"FIRST, SECOND = {{'A': '1'}}, {{'B': '2', 'C': '3'}}\n{body}").up()
        assert influxd.values(acme) == {"A": "1", "B": "2", "C": "3"}
    if org == "org=ORG" or not new_on_old:
        assert removed(proxy) == set()
        assert watcher.missing == set()
    else:
        assert watcher.missing <= {"B"}
