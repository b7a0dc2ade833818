"""What a process knows of the keys that resources of its run declare, its own and those of other providers."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from until import until

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.resources import Declaration, ResourceState
from influx_secrets._provider.census import Census
from influx_secrets._run_register import PROGRAM, Process, Register

ACME, BETA = "00000000000000aa", "00000000000000bb"
HERE, THERE = "http://here:8086", "http://there:8086"
UP = Process(1, "0", ("pulumi", "up"))


def declared(
    resource: str, *keys: str, exclusive: bool = False, resources: tuple[int, ...] = (), provider: int | None = None
) -> Declaration:
    return Declaration(
        resource=resource,
        preview=False,
        org_id=None,
        org="acme",
        keys=frozenset(keys),
        named=frozenset(keys),
        values={},
        exclusive=exclusive,
        resources=resources,
        provider=provider,
    )


def state(org_id: str = ACME, org: str | None = "acme") -> ResourceState:
    return ResourceState(org_id=org_id, org=org)


class Run:
    """The processes of one run, in one folder."""

    def __init__(self, folder: Path, engine: Process = UP) -> None:
        self._folder, self._engine, self._count = folder, engine, 0
        self._program = Register(folder, PROGRAM, engine)

    def census(self, server: str = HERE, patience: float = 0.0) -> Census:
        """Return what one more provider process knows."""
        self._count += 1
        return Census(Register(self._folder, str(self._count), self._engine), server, 3, patience)

    def declares(self, resource: str, *keys: str, org_id: str | None = None, org: str | None = None) -> None:
        """Say that the program declares a resource; without keys they are not known."""
        mark = self._program.mark
        self._program.append(
            {
                "resource": resource,
                "provider": 1,
                "org_id": org_id and mark(org_id),
                "org": org and mark(org),
                "keys": [mark(key) for key in keys] or None,
            }
        )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_key_claimed_in_another_process_is_claimed_here_on_the_same_org(run: Run) -> None:
    """Two addresses can lead to one server, so the org's id decides."""
    old, new = run.census(HERE), run.census(THERE)
    new.claim(declared("new", "A", "B"), ACME)
    assert old.claimed(ACME, ["A", "C"]) == {"A"}
    assert old.claimed(BETA, ["A"]) == frozenset()


def test_key_whose_org_is_not_known_is_claimed_on_every_org(run: Run) -> None:
    """Its resource fails, and nothing that it declares goes meanwhile."""
    old, new = run.census(), run.census()
    new.claim(declared("new", "A"), None)
    assert old.claimed(BETA, ["A", "B"]) == {"A"}


def test_key_declared_twice_is_a_conflict_on_one_address_only(run: Run) -> None:
    """On another address the same org id is another server, or the same one by another name; nobody can tell."""
    first, second, elsewhere = run.census(HERE), run.census(HERE), run.census(THERE)
    assert first.claim(declared("one", "A", "B"), ACME) == ({}, None)
    assert second.claim(declared("two", "B", "C"), ACME) == ({"B": "one"}, None)
    assert second.claim(declared("two", "B"), BETA) == ({}, None)
    assert elsewhere.claim(declared("three", "B"), ACME) == ({}, None)


@pytest.mark.parametrize("exclusive_first", [True, False])
def test_exclusive_resource_beside_another_of_its_org_is_a_conflict(run: Run, *, exclusive_first: bool) -> None:
    """Whichever of them is checked last, in whatever process, names the other."""
    run.census().claim(declared("one", "A", exclusive=exclusive_first), ACME)
    found = run.census().claim(declared("two", "B", exclusive=not exclusive_first), ACME)
    assert found == ({}, "one")


def test_second_check_of_a_resource_is_no_conflict(run: Run) -> None:
    """A replacement checks twice (CLI 3.259.0)."""
    census = run.census()
    census.claim(declared("one", "A", exclusive=True), ACME)
    assert census.claim(declared("one", "A", exclusive=True), ACME) == ({}, None)


def test_without_a_register_one_process_knows_its_own_claims() -> None:
    """There is none on Windows; and a provider process of a test has no engine."""
    census = Census(None, HERE, 3, 0.0)
    census.claim(declared("one", "A"), ACME)
    assert census.claim(declared("two", "A"), ACME) == ({"A": "one"}, None)
    assert census.claimed(ACME, ["A", "B"]) == {"A"}


def test_key_that_only_another_url_declares_is_known(run: Run) -> None:
    """A replica has the same org ids; the key stays, and the user is told."""
    here, there = run.census(HERE), run.census(THERE)
    here.claim(declared("one", "A"), ACME)
    there.claim(declared("two", "A", "B", "C"), ACME)
    here.protect(ACME, ["C"])
    assert here.claimed_elsewhere(ACME, ["A", "B", "C", "D"]) == ["B"]
    assert here.claimed_elsewhere(BETA, ["B"]) == []


def test_protected_keys_are_claimed() -> None:
    """A value that is not ours stays, though nothing declares its key."""
    census = Census(None, HERE, 3, 0.0)
    census.protect(ACME, ["A"])
    assert census.claimed(ACME, ["A", "B"]) == {"A"}
    assert census.claimed(BETA, ["A"]) == frozenset()


@pytest.mark.parametrize(
    ("org", "undecided"),
    [
        ({"org_id": ACME}, True),
        ({"org_id": BETA}, False),
        ({"org": "acme"}, True),
        ({"org": "beta"}, False),
        ({}, True),  # the default org of its provider, or an output
    ],
)
def test_keys_of_an_unchecked_resource_are_undecided(run: Run, org: dict[str, str], *, undecided: bool) -> None:
    """Unless it is certainly on another org."""
    run.declares("later", "A", "B", **org)
    assert run.census().undecided(state(), ["A", "C"]) == ({"A": "later"} if undecided else {})


def test_name_of_an_org_decides_nothing_where_the_state_has_none(run: Run) -> None:
    """The program gave the id of this org, and the name of the other."""
    run.declares("later", "A", org="beta")
    assert run.census().undecided(state(org=None), ["A"]) == {"A": "later"}


def test_unchecked_resource_with_unknown_keys_may_declare_any(run: Run) -> None:
    """Its map is an output."""
    run.declares("later", org="acme")
    assert run.census().undecided(state(), ["A", "B"]) == {"A": "later", "B": "later"}


def test_keys_of_a_checked_resource_are_decided(run: Run) -> None:
    """What it declares is claimed, wherever it was checked, and nothing else."""
    run.declares("one", org="acme")
    old, new = run.census(patience=60), run.census()
    new.claim(declared("one", "A"), ACME)
    assert old.undecided(state(), ["A", "B"]) == {}


@pytest.mark.parametrize(
    ("org", "provider", "later"),
    [
        ({"org_id": ACME}, 2, True),
        ({"org": "acme"}, 1, True),
        ({"org": "acme"}, 2, False),  # perhaps another server, where that name is another org
        ({"org": "beta"}, 1, False),
        ({}, 1, False),
    ],
)
def test_key_that_a_later_resource_certainly_declares_is_known(
    run: Run, org: dict[str, str], provider: int, *, later: bool
) -> None:
    """So a preview does not announce that it is pruned."""
    run.declares("later", "A", "B", **org)
    found = run.census().declared_later(declared("one", provider=provider), state(), ["A", "C"])
    assert found == ({"A"} if later else frozenset())


def test_undecided_waits_until_the_last_one_is_checked(run: Run) -> None:
    """In another process, long before the patience ends."""
    run.declares("one", "A")
    old, new = run.census(patience=60), run.census()
    found: list[dict[str, str]] = []
    waiting = threading.Thread(target=lambda: found.append(old.undecided(state(), ["A"])))
    waiting.start()
    until(lambda: old._waiters == 1)
    new.claim(declared("one", "A"), ACME)
    waiting.join(10)
    assert found == [{}]


def test_wait_for_one_that_is_never_checked_ends_and_is_not_repeated(run: Run) -> None:
    """It is outside of `--target`, and a thousand removals must not wait for it one by one."""
    run.declares("outside", "A", "B")
    census = run.census(patience=0.05)
    assert census.undecided(state(), ["A"]) == {"A": "outside"}
    census._patience = 60
    assert census.undecided(state(), ["B"]) == {"B": "outside"}


def test_waiting_leaves_a_thread_free(run: Run) -> None:
    """One waiter more than may wait goes on at once, or no check could ever come."""
    run.declares("later", "A")
    census = run.census(patience=60)
    waiting = [threading.Thread(target=census.undecided, args=(state(), ["A"])) for _ in range(3)]
    for thread in waiting:
        thread.start()
    until(lambda: census._waiters == 3)
    assert census.undecided(state(), ["A"]) == {"A": "later"}
    census.claim(declared("later", "A"), ACME)
    for thread in waiting:
        thread.join(10)


def test_without_a_word_of_the_program_the_number_of_resources_decides() -> None:
    """An inline program of the Automation API does not descend from the engine."""
    census = Census(None, HERE, 3, 0.0)
    census.claim(declared("one", "A", resources=(2, 7), provider=0), ACME)
    assert census.undecided(state(), ["B"]) == {"B": "another resource"}
    census.claim(declared("two", "C"), ACME)
    assert census.undecided(state(), ["B"]) == {}


@pytest.mark.parametrize(
    ("command", "is_destroy"), [("up --yes --target urn", False), ("destroy --run-program", True), ("stack rm", True)]
)
def test_run_without_a_check_is_a_destroy_unless_the_command_is_an_update(
    tmp_path: Path, command: str, *, is_destroy: bool
) -> None:
    """`destroy --run-program` declares resources too, and has to remove everything."""
    run = Run(tmp_path, Process(1, "0", ("pulumi", *command.split())))
    run.declares("one", "A")
    assert run.census().is_destroy is is_destroy


def test_destroy_does_not_look_for_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks this for each of its resources, and nothing is checked in it."""
    census = Run(tmp_path, Process(1, "0", ("pulumi", "destroy"))).census()
    monkeypatch.setattr(Register, "news", lambda _: pytest.fail("the register was read"))
    assert census.is_destroy


def test_run_with_a_check_in_another_process_is_no_destroy(tmp_path: Path) -> None:
    """A command that names both may be either."""
    run = Run(tmp_path, Process(1, "0", ("pulumi", "destroy", "up")))
    old = run.census()
    run.census().claim(declared("one", "A"), ACME)
    assert not old.is_destroy


def test_register_that_cannot_be_written_fails_the_check(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the others do not hear of could be removed by them."""
    census = run.census()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InfluxSecretsError, match="set TMPDIR"):
        census.claim(declared("one", "A"), ACME)
