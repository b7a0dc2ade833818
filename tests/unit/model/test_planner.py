"""The planning of changes, held against a model of the server."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from influx_secrets._model.keys import digest
from influx_secrets._model.planner import Plan, newly_pruned, next_state, plan, prunable_keys, with_drift, with_pruned
from influx_secrets._model.resources import UNKNOWN, Declaration, InvalidValue, ResourceState, Unknown

ORG, OTHER_ORG = "0123456789abcdef", "fedcba9876543210"
KEYS = st.sampled_from(["A", "B", "C", "__d", "e/f", "TEAM_x", "0123456789abcdef-token"])
VALUES = st.sampled_from(["one", "two", "three"])


def declare(values: dict[str, str | Unknown | InvalidValue], **more: object) -> Declaration:
    given: dict[str, object] = {
        "resource": "Secret",
        "preview": False,
        "org_id": ORG,
        "org": None,
        "keys": frozenset(values),
        "named": frozenset(values),
        "values": values,
    }
    return Declaration(**(given | more))  # type: ignore[arg-type]  # each test names what it sets


def record_of(
    values: dict[str, str | Unknown | InvalidValue], old: ResourceState | None = None, **more: object
) -> ResourceState:
    return next_state(old, declare(values, **more), ORG, None)


@st.composite
def declarations(draw: st.DrawFn) -> Declaration:
    values = draw(st.dictionaries(KEYS, VALUES))
    rotated = draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    return declare(
        dict(values),
        rotate_on={key: draw(st.sampled_from(["1", "2"])) for key in rotated},
        exclusive=draw(st.booleans()),
        keep=tuple(draw(st.sets(st.sampled_from(["TEAM_*", "C"])))),
    )


def step(
    server: dict[str, str], old: ResourceState | None, declared: Declaration
) -> tuple[dict[str, str], ResourceState]:
    """Apply one declaration to a model of the server, as the life cycle does."""
    new = next_state(old, declared, ORG, None)
    if new.exclusive:
        ours = old.keys if old else frozenset()
        new = with_pruned(new, prunable_keys(new, server.keys() - ours, ()))
    steps = plan(old, new)
    after = {**server, **{key: str(declared.values[key]) for key in steps.write}}
    return {key: value for key, value in after.items() if key not in steps.remove}, new


@given(st.dictionaries(KEYS, VALUES), st.lists(declarations(), min_size=1, max_size=4))
def test_plan_applied_to_any_server_gives_the_declared_state(
    foreign: dict[str, str], program: list[Declaration]
) -> None:
    """After any run of declarations the server holds what the last one says, and foreign keys are as they were."""
    server, old = dict(foreign), None
    untouched = dict(foreign)
    for declared in program:
        server, old = step(server, old, declared)
        untouched = {k: v for k, v in untouched.items() if k not in declared.values}
        if declared.exclusive:
            untouched = {k: v for k, v in untouched.items() if k in server}
    last = program[-1]
    for key, value in last.values.items():
        assert key in server
        assert key in last.rotate_on or server[key] == value
    expected = set(untouched) | set(last.values)
    assert expected == set(server)
    assert all(server[key] == value for key, value in untouched.items())


@given(st.dictionaries(KEYS, VALUES), st.lists(declarations(), min_size=1, max_size=3))
def test_plan_second_time_is_empty(foreign: dict[str, str], program: list[Declaration]) -> None:
    """Nothing is left to do after an up."""
    server, old = dict(foreign), None
    for declared in program:
        server, old = step(server, old, declared)
    again, new = step(server, old, program[-1])
    assert not plan(old, new)
    assert again == server


@given(st.dictionaries(KEYS, VALUES), declarations())
def test_plan_exclusive_removes_only_strays(foreign: dict[str, str], declared: Declaration) -> None:
    """Kept patterns and the server's own keys survive, every other undeclared key goes."""
    server, _ = step(dict(foreign), None, replace(declared, exclusive=True))
    for key in foreign:
        kept = key in declared.values or key.endswith("-token") or ("TEAM_*" in declared.keep and key == "TEAM_x")
        kept = kept or ("C" in declared.keep and key == "C")
        assert (key in server) == kept


def test_next_state_new_key_has_version_one() -> None:
    """The first write is version 1, known even where the value is not."""
    record = record_of({"A": "one", "B": UNKNOWN})
    assert record.versions == {"A": 1, "B": 1}
    assert record.digests == {"A": digest(ORG, "A", "one"), "B": UNKNOWN}


def test_next_state_changed_value_counts_one_more() -> None:
    """Only the key whose value changed has a new version."""
    old = record_of({"A": "one", "B": "one"})
    assert record_of({"A": "two", "B": "one"}, old).versions == {"A": 2, "B": 1}


def test_next_state_unknown_value_has_unknown_version() -> None:
    """A preview cannot say whether such a key will be written."""
    old = record_of({"A": "one", "B": "one"})
    record = record_of({"A": UNKNOWN, "B": "one"}, old)
    assert record.versions == {"A": UNKNOWN, "B": 1}
    assert plan(old, record).write == ("A",)


def test_next_state_unknown_org_keeps_nothing_known() -> None:
    """Without an org there is no digest, and the resource may have to move."""
    old = record_of({"A": "one"})
    record = next_state(old, declare({"A": "one"}), UNKNOWN, UNKNOWN)
    assert record.digests == {"A": UNKNOWN}
    assert plan(old, record).replaces
    assert plan(old, record).incomplete


def test_next_state_other_org_starts_anew() -> None:
    """Versions of one org say nothing about another."""
    old = record_of({"A": "one"})
    moved = next_state(replace(old, versions={"A": 7}), declare({"A": "one"}), OTHER_ORG, None)
    assert moved.versions == {"A": 1}
    assert plan(old, moved) == Plan(write=("A",), replaces=True)


def test_next_state_rotate_on_follows_the_text_alone() -> None:
    """Such a key has no digest, and is written again only when its text changes."""
    old = record_of({"A": "one"}, rotate_on={"A": "2026-10"})
    assert old.digests == {"A": ""}
    same = record_of({"A": "two"}, old, rotate_on={"A": "2026-10"})
    assert same.versions == {"A": 1}
    assert not plan(old, same)
    assert record_of({"A": "two"}, old, rotate_on={"A": "2026-11"}).versions == {"A": 2}
    assert record_of({"A": UNKNOWN}, old, rotate_on={"A": "2026-10"}).versions == {"A": 1}
    assert record_of({"A": UNKNOWN}, old, rotate_on={"A": UNKNOWN}).versions == {"A": UNKNOWN}


def test_next_state_key_without_value_is_left_alone() -> None:
    """Neither version nor digest move, and a drift stays reported."""
    old = replace(record_of({"A": "one"}), drift={"A": "changed"})
    record = next_state(old, declare({}, keys=frozenset(["A"]), named=frozenset(["A"])), ORG, None)
    assert (record.versions, record.digests, record.drift) == (old.versions, old.digests, old.drift)
    assert not plan(old, record)


def test_next_state_drift_is_repaired_once() -> None:
    """A drifted key is written again, under a new version, and its drift goes."""
    old = record_of({"A": "one", "B": "one"})
    found = with_drift(old, {"A": "changed"})
    record = record_of({"A": "one", "B": "one"}, found)
    assert record.versions == {"A": 2, "B": 1}
    assert record.drift == {}
    assert plan(found, record).write == ("A",)
    assert not plan(record, record_of({"A": "one", "B": "one"}, record))


def test_next_state_unknown_version_stays_unknown() -> None:
    """Nothing is counted up from what is not known."""
    old = replace(record_of({"A": "one"}), versions={"A": UNKNOWN}, drift={"A": "changed"})
    assert record_of({"A": "one"}, old).versions == {"A": UNKNOWN}


def test_plan_unknown_keys_is_incomplete() -> None:
    """Where even the keys are not known, something may happen to any of them."""
    record = next_state(None, declare({}, keys_known=False), ORG, None)
    assert not record.keys_known
    assert record.keys == frozenset()
    assert plan(None, record) == Plan(incomplete=True)


def test_plan_unknown_prune_is_incomplete() -> None:
    """Where a preview could not ask, it says so."""
    old = record_of({"A": "one"})
    new = replace(old, pruned_known=False)
    assert plan(old, new) == Plan(incomplete=True)
    assert newly_pruned(new, old) == frozenset()


def test_plan_left_and_pruned_keys_go_in_one_call() -> None:
    """Removed and pruned keys are one list."""
    old = record_of({"A": "one", "B": "one"})
    new = replace(record_of({"A": "one"}, old), pruned={"STRAY": 1})
    assert plan(old, new) == Plan(remove=("B", "STRAY"))


def test_plan_is_true_only_when_there_is_something_to_do() -> None:
    """An empty plan means that nothing changed."""
    assert not Plan()
    assert Plan(write=("A",))
    assert Plan(replaces=True)
