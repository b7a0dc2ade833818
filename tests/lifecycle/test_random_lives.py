"""Random programs, outside writers and runs, in the real provider process, on both servers, against a small model.

The model knows what a run may touch: keys that the state owns, and keys that the program declares. From what the server
held before a run it expects what the server holds afterwards, and which keys the run must refuse.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lifecycle.lives import live
from lifecycle.provider_process import Declared, Engine, org_secrets, secret
from servers import SecretsServer

from influx_secrets._model.keys import unescape_key

ALONE, FIRST, SECOND = "alone", "first", "second"
"""The owners of a key on the shared org: a `Secret` of its own, or one of two maps."""

ALL = "all"
"""The exclusive map, on an org of its own."""

KEPT = "TEAM_KEPT"
CREDENTIAL = "0123456789abcdef-token"
FULL = 3
"""How many resources make it worth to destroy a stack; each life should be more than that."""

OURS = ["A", "B/b", "__C", "ключ"]
FOREIGN = ["F", "G,g", CREDENTIAL]
STRAYS = ["S", "__T", KEPT, CREDENTIAL]

key, value = st.sampled_from(OURS), st.sampled_from(["1", "2", "3"])
owner = st.sampled_from([ALONE, FIRST, SECOND])
edit = st.one_of(
    st.tuples(st.just("declare"), key, owner, value),
    st.tuples(st.just("move"), key, owner),
    st.tuples(st.just("rotate"), key, value),
    st.tuples(st.just("drop"), key),
    st.tuples(st.just("rename"), key),
    st.tuples(st.just("swap_names"), key, key),
    st.tuples(st.just("declare_in_all"), st.sampled_from(["E", "__T"]), value),
)
external = st.one_of(
    st.tuples(st.just("write"), key, value),
    st.tuples(st.just("remove"), key),
    st.tuples(st.just("write_foreign"), st.sampled_from(FOREIGN), value),
    st.tuples(st.just("write_stray"), st.sampled_from(STRAYS), value),
)


class StackStateMachine(RuleBasedStateMachine):
    """One stack from one program to the next."""

    server: ClassVar[SecretsServer]

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.own = (f"lives-{os.urandom(6).hex()}" for _ in range(2))
        for org in (self.shared, self.own):
            self.server.create_org(org)
        self.engine = Engine(self.server.environment, parallel=64)
        self.declared: dict[str, tuple[str, str]] = {}
        self.names = {key: f"name {key}" for key in OURS}
        self.everything: dict[str, str] = {}
        self.foreign: dict[str, str] = {}
        self.pending = False

    def teardown(self) -> None:
        for org in (self.shared, self.own):
            self.server.delete_org(org)

    @initialize(owners=st.tuples(*[owner] * len(OURS)), values=st.tuples(*[value] * len(OURS)))
    def begin(self, owners: tuple[str, ...], values: tuple[str, ...]) -> None:
        self.declared = {key: (owner, value) for key, owner, value in zip(OURS, owners, values, strict=True)}
        self.everything = {"E": "1"}
        self.server.put_secret(self.own, KEPT, "theirs")
        self.up(random.Random(0))  # noqa: S311 (an order)

    @rule(edits=st.lists(edit, min_size=2, max_size=8))
    def change_the_program(self, edits: list[tuple[str, ...]]) -> None:
        for name, *arguments in edits:
            getattr(self, name)(*arguments)
        self.pending = True

    @rule(acts=st.lists(external, min_size=2, max_size=6))
    def external_change(self, acts: list[tuple[str, ...]]) -> None:
        for name, *arguments in acts:
            getattr(self, name)(*arguments)
        self.pending = True

    # What the author of the program does.

    def declare(self, key: str, owner: str, value: str) -> None:
        self.declared[key] = (owner, value)

    def move(self, key: str, owner: str) -> None:
        if key in self.declared:
            self.declared[key] = (owner, self.declared[key][1])

    def rotate(self, key: str, value: str) -> None:
        if key in self.declared:
            self.declared[key] = (self.declared[key][0], value)

    def drop(self, key: str) -> None:
        self.declared.pop(key, None)

    def rename(self, key: str) -> None:
        self.names[key] += "'"

    def swap_names(self, key: str, other: str) -> None:
        self.names[key], self.names[other] = self.names[other], self.names[key]

    def declare_in_all(self, key: str, value: str) -> None:
        self.everything[key] = value

    # What others do.

    def write(self, key: str, value: str) -> None:
        self.server.put_secret(self.shared, key, value)

    def remove(self, key: str) -> None:
        self.server.remove_secret(self.shared, key)

    def write_foreign(self, key: str, value: str) -> None:
        self.server.put_secret(self.shared, key, value)
        self.foreign[key] = value

    def write_stray(self, key: str, value: str) -> None:
        self.server.put_secret(self.own, key, value)

    # What Pulumi does.

    @precondition(lambda self: self.pending)
    @rule(order=st.randoms(use_true_random=False))
    def up(self, order: random.Random) -> None:
        """Apply without a look: what others did is not seen, but nothing of theirs is touched either."""
        program = self.program(order, overwrite=False)
        expected, refused = self.expected_after()
        steps = self.engine.up(*program)
        failed = [step for step in steps.values() if step.startswith("failed")]
        if not any(refused.values()):
            assert failed == []
            assert self.held() == expected
            return
        assert failed
        assert all("the key already exists with another value" in step for step in failed)
        held = self.held()
        for org, keys in refused.items():
            assert {key: held[org][key] for key in keys} == keys
        # The way out that the message names.
        expected, _ = self.expected_after()
        steps = self.engine.up(*self.program(order, overwrite=True))
        assert [step for step in steps.values() if step.startswith("failed")] == []
        assert self.held() == expected

    @precondition(lambda self: self.pending and self.engine.state)
    @rule()
    def refresh(self) -> None:
        before = self.held()
        self.engine.refresh()
        assert self.held() == before

    @precondition(lambda self: self.pending)
    @rule(order=st.randoms(use_true_random=False))
    def refresh_and_up(self, order: random.Random) -> None:
        """The server then holds exactly the declared values, beside those of others."""
        self.refresh()
        self.up(order)
        held = self.held()
        assert {key: held[self.shared].get(key) for key in self.declared} == {
            key: value for key, (_, value) in self.declared.items()
        }
        if self.everything:
            ours = {key: value for key, value in held[self.own].items() if key not in (KEPT, CREDENTIAL)}
            assert ours == self.everything
        again = self.engine.preview(*self.program(order, overwrite=False))
        assert set(again.values()) <= {"same"}
        self.pending = False

    @precondition(lambda self: self.pending and len(self.engine.state) > FULL)
    @rule()
    def destroy(self) -> None:
        before = self.held()
        owned = self.owned()
        self.engine.destroy()
        assert self.held() == {
            org: {key: value for key, value in keys.items() if key not in owned.get(org, {})}
            for org, keys in before.items()
        }

    @invariant()
    def foreign_keys_stay(self) -> None:
        held = self.server.values(self.shared)
        assert {key: held.get(key) for key in self.foreign} == self.foreign

    # The model.

    def program(self, order: random.Random, *, overwrite: bool) -> list[Declared]:
        """Return the resources."""
        resources = [
            secret(self.names[key], org=self.shared, key=key, value=value, overwrite=overwrite)
            for key, (owner, value) in self.declared.items()
            if owner == ALONE
        ]
        for name in (FIRST, SECOND):
            keys = {key: value for key, (owner, value) in self.declared.items() if owner == name}
            resources.append(org_secrets(name, keys, org=self.shared, overwrite=overwrite))
        if self.everything:
            everything = org_secrets(
                ALL, self.everything, org=self.own, exclusive=True, keep=["TEAM_*"], overwrite=overwrite
            )
            resources.append(everything)
        order.shuffle(resources)
        return resources

    def owner_name(self, key: str, owner: str) -> str:
        return self.names[key] if owner == ALONE else owner

    def held(self) -> dict[str, dict[str, str]]:
        return {org: self.server.values(org) for org in (self.shared, self.own)}

    def wanted(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Return org to key to the name of the resource that declares it, and the value."""
        shared = {key: (self.owner_name(key, owner), value) for key, (owner, value) in self.declared.items()}
        return {self.shared: shared, self.own: {key: (ALL, value) for key, value in self.everything.items()}}

    def owned(self) -> dict[str, dict[str, tuple[str, bool]]]:
        """Return org to key to the resource whose state has it, and whether that state takes the value for right."""
        found: dict[str, dict[str, tuple[str, bool]]] = {self.shared: {}, self.own: {}}
        for name, stored in self.engine.state.items():
            org, inputs = stored.inputs["org"], stored.inputs
            if stored.kind == "Secret":
                key = inputs["key"]
                found[org][key] = (name, self.is_right(org, key, inputs["digest"]))
                continue
            digests = json.loads(inputs["digests"])
            for escaped in inputs["versions"]:
                key = unescape_key(escaped)
                found[org][key] = (name, self.is_right(org, key, digests[key]))
        return found

    def is_right(self, org: str, key: str, digest: str) -> bool:
        """Whether a digest, by a formula of the test's own, is that of the declared value."""
        _, value = self.wanted()[org].get(key, ("", ""))
        text = f"{self.server.org_id(org)}/{key}:{value}"
        return hashlib.sha256(text.encode()).hexdigest() == digest

    def expected_after(self) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
        """Return what each org holds after a run that refuses nothing, and the keys with values that it must refuse."""
        held, wanted, owned = self.held(), self.wanted(), self.owned()
        expected: dict[str, dict[str, str]] = {}
        refused: dict[str, dict[str, str]] = {}
        for org, before in held.items():
            left = {key: value for key, value in before.items() if key not in owned[org]}
            if org == self.own and self.everything:
                left = {key: value for key, value in left.items() if key in (KEPT, CREDENTIAL)}
            expected[org], refused[org] = left, {}
            for key, (name, value) in wanted[org].items():
                owner, right = owned[org].get(key, ("", False))
                expected[org].pop(key, None)
                if owner == name and right:
                    # Nothing to do as far as the state knows.
                    expected[org] |= {key: before[key]} if key in before else {}
                    continue
                if owner != name and before.get(key, value) != value:
                    refused[org][key] = before[key]
                expected[org][key] = value
        return expected, refused


def test_random_lives_touch_nothing_but_what_is_declared(server: SecretsServer) -> None:
    """Each run leads to what the model expects: exactly the declared values, and never another key changed."""
    live(StackStateMachine, examples=5, steps=12, repeatable=True, server=server)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_random_lives_touch_nothing_but_what_is_declared(server: SecretsServer) -> None:
    """The same, as long as the machine is at it."""
    examples = int(os.environ.get("SOAK_EXAMPLES", "60"))
    live(StackStateMachine, examples=examples, steps=30, repeatable=False, server=server)
