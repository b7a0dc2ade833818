"""Keys that move between resources in one `pulumi up`, on a slow influxd, watched by a client all the time."""

from __future__ import annotations

import json
import random
import time

import pytest
from engine.key_watcher import KeyWatcher
from engine.stack import Stack
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

KEYS = [f"MOVES_{n}" for n in range(6)]
VALUES = {key: f"value of {key}" for key in KEYS}
SLOWEST_SECONDS = 0.15
ALONE = "alone"
"""The owner of a key that has a `Secret` of its own."""


def removed(proxy: InterceptingProxy) -> set[str]:
    """Return the keys that were asked to be removed since the last look."""
    found: set[str] = set()
    for one in proxy.exchanges:
        if one.method == "DELETE":
            found.add(one.path.rpartition("/")[2])
        elif one.method == "POST" and one.path.endswith("/delete"):
            found.update(json.loads(one.body)["secrets"])
    proxy.exchanges.clear()
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
    move_about(stack, influxd, acme, proxy, seed=seed, runs=5, maps=["m0", "m1", "m2"])


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_keys_moved_at_random_many_times_are_never_missing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, seed: int
) -> None:
    """The same with 30 runs, and more maps that lose a key at once than the provider process has threads."""
    maps = [f"m{n}" for n in range(3 * seed)]
    move_about(stack, influxd, acme, proxy, seed=seed, runs=30, maps=maps)


PASSED_AROUND = """
orgs = {
    "known": lambda n: {"org": ORGS["known"]},
    "output": lambda n: {"org_id": influx.get_org_output(ORGS["output"]).id},
    "map": lambda n: {"org": ORGS["map"]},
    "mixed": lambda n: {"org": ORGS["mixed"]} if n % 2 else {"org_id": MIXED_ID},
}
for form, org in orgs.items():
    for n in range(9):
        comes = (n + SHIFT) % 9
        secrets = {f"{form}_STAYS{n}": "here", f"{form}_K{comes}": f"value {comes}"}
        given = pulumi.Output.from_input(secrets) if form == "map" else secrets
        influx.OrgSecrets(f"{form}{n}", **org(n), secrets=given)
"""


def test_keys_passed_around_many_maps_are_never_missing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """Each of nine maps gives its key to the next one, all at once: more removals than the process has threads.

    In four orgs: all is known; the org is an output; the maps are; some resources name the org and others its id.
    """
    orgs = {form: f"{acme}-{form}" for form in ("known", "output", "map", "mixed")}
    for org in orgs.values():
        influxd.create_org(org)
    values = {
        form: {f"{form}_K{n}": f"value {n}" for n in range(9)} | {f"{form}_STAYS{n}": "here" for n in range(9)}
        for form in orgs
    }
    slow_down(proxy, seed=9)
    with KeyWatcher(influxd, *orgs.values()) as watcher:
        for shift in (0, 1):
            stack.program(PASSED_AROUND, SHIFT=shift, ORGS=orgs, MIXED_ID=influxd.org_id(orgs["mixed"])).up()
            assert {form: influxd.values(org) for form, org in orgs.items()} == values
            assert removed(proxy) == set()
            watcher.expected = frozenset().union(*values.values())
    assert watcher.missing == set()


DEPENDENT = """
def declare(case, on_old, org):
    pairs = [("first", FIRST[case]), ("second", SECOND[case])]
    last = []
    for name, secrets in pairs if on_old else reversed(pairs):
        opts = ResourceOptions(depends_on=last)
        last = [influx.OrgSecrets(f"{case}-{name}", **org, secrets=secrets, opts=opts)]

declare("known", True, {"org": ORGS["known"]})
declare("output", True, {"org_id": influx.get_org_output(ORGS["output"]).id})
declare("reverse", False, {"org_id": influx.get_org_output(ORGS["reverse"]).id})
"""


def test_key_moved_between_resources_that_depend_on_each_other_is_not_lost(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """Where the new one waits for the old one, and their org is an output, the key may be absent for a moment."""
    orgs = {case: f"{acme}-{case}" for case in ("known", "output", "reverse")}
    for org in orgs.values():
        influxd.create_org(org)
    before = {case: ({f"{case}_A": "1", f"{case}_B": "2"}, {f"{case}_C": "3"}) for case in orgs}
    after = {case: ({f"{case}_A": "1"}, {f"{case}_B": "2", f"{case}_C": "3"}) for case in orgs}
    with KeyWatcher(influxd, *orgs.values()) as watcher:
        for maps in (before, after):
            first, second = ({case: pair[place] for case, pair in maps.items()} for place in (0, 1))
            stack.program(DEPENDENT, ORGS=orgs, FIRST=first, SECOND=second).up()
            watcher.expected = frozenset(f"{case}_{key}" for case in orgs for key in "ABC")
            assert {case: influxd.values(org) for case, org in orgs.items()} == {
                case: {**pair[0], **pair[1]} for case, pair in maps.items()
            }
    assert removed(proxy) <= {"output_B"}
    assert watcher.missing <= {"output_B"}
