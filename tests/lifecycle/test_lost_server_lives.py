"""Random lives of a stack whose servers are swapped, rebuilt, restored and swapped back, in the real provider process.

The rules know no plan of the provider: they compare what both servers hold before and after each run. A run may touch
only the server that it asks, and there only keys that are ours: in the state, at this address and in this org, or with
the value that the state has a digest of.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from lifecycle.lives import live
from lifecycle.provider_process import CallError, Declared, Engine, org_secrets, secret
from servers import EmulatorServer, InfluxdServer, SecretsServer

from influx_secrets._model.keys import unescape_key

SHARED, OWN = "shared", "own"
"""The org of many resources, and that of the exclusive one."""

OURS = ["A", "B", "__C"]
FOREIGN = ["F", "G"]
REFUSALS = (
    "the key already exists with another value",
    "The key exists there, too, and its value may differ",
    "The org does not exist",
    "No org has this",
)

which = st.integers(0, 1)
key, value = st.sampled_from(OURS), st.sampled_from(["1", "2"])
edits = st.lists(st.tuples(key, st.sampled_from(["alone", "map", "nowhere"]), value), min_size=1, max_size=4)
by_others = st.lists(
    st.tuples(which, st.sampled_from([SHARED, OWN]), st.sampled_from([*OURS, *FOREIGN]), value | st.none()),
    min_size=1,
    max_size=4,
)


class Site(Protocol):
    """A server that can be lost, and come back as it was."""

    @property
    def server(self) -> SecretsServer: ...
    def rebuild(self) -> None: ...
    def back_up(self) -> Any: ...  # noqa: ANN401 (each has its own)
    def restore(self, backup: Any) -> None: ...  # noqa: ANN401 (as above)


class EmulatedSite:
    """The emulator; its backup is all that it holds."""

    def __init__(self, server: EmulatorServer) -> None:
        self.server = server

    def rebuild(self) -> None:
        self.server.reset(())

    def back_up(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        orgs = [org for org in (SHARED, OWN) if has_org(self.server, org)]
        return {org: self.server.org_id(org) for org in orgs}, {org: dict(self.server.values(org)) for org in orgs}

    def restore(self, backup: tuple[dict[str, str], dict[str, dict[str, str]]]) -> None:
        ids, values = backup
        self.server.reset(ids)
        for org, held in values.items():
            for name, text in held.items():
                self.server.put_secret(org, name, text)


class RealSite:
    """An influxd; its backup is a copy of its files."""

    def __init__(self, server: InfluxdServer, folder: Path) -> None:
        self.server = server
        self._folder = folder
        self._count = 0

    def rebuild(self) -> None:
        self.server.rebuild()

    def back_up(self) -> Path:
        self._count += 1
        self.server.back_up(self._folder / str(self._count))
        return self._folder / str(self._count)

    def restore(self, backup: Path) -> None:
        self.server.restore(backup)


def has_org(server: SecretsServer, org: str) -> bool:
    try:
        return bool(server.org_id(org))
    except Exception:  # noqa: BLE001 (each server has an error of its own)
        return False


@dataclass(frozen=True)
class Entry:
    """A key in the state."""

    resource: str
    org_id: str
    server: str
    digest: str
    deleted: bool


class LostServerStateMachine(RuleBasedStateMachine):
    """One stack, two servers."""

    sites: ClassVar[tuple[Site, Site]]

    def __init__(self) -> None:
        super().__init__()
        self.here = 0
        self.backups: dict[int, object] = {}
        self.declared: dict[str, tuple[str, str]] = {}
        for site in self.sites:
            site.rebuild()
        self.engine = Engine(self.server.environment)

    @property
    def server(self) -> SecretsServer:
        return self.sites[self.here].server

    @initialize(first=edits)
    def begin(self, first: list[tuple[str, str, str]]) -> None:
        for site in self.sites:
            self.make_orgs(site)
        self.edit_program(first)
        self.up()

    # The author, others, and what happens to servers.

    @rule(changes=edits)
    def edit_program(self, changes: list[tuple[str, str, str]]) -> None:
        for name, owner, text in changes:
            self.declared[name] = (owner, text)
            if owner == "nowhere":
                del self.declared[name]

    @rule(acts=by_others)
    def change_by_others(self, acts: list[tuple[int, str, str, str | None]]) -> None:
        for number, org, name, text in acts:
            server = self.sites[number].server
            if not has_org(server, org):
                continue
            if text is None:
                server.remove_secret(org, name)
            else:
                server.put_secret(org, name, text)

    @rule()
    def swap(self) -> None:
        self.here = 1 - self.here
        self.engine.environ = self.server.environment

    @rule(number=which, again=st.booleans())
    def rebuild(self, number: int, *, again: bool) -> None:
        self.sites[number].rebuild()
        if again:
            self.make_orgs(self.sites[number])

    @rule(number=which, org=st.sampled_from([SHARED, OWN]), again=st.booleans())
    def delete_org(self, number: int, org: str, *, again: bool) -> None:
        if has_org(self.sites[number].server, org):
            self.sites[number].server.delete_org(org)
        if again:
            self.make_orgs(self.sites[number])

    @rule(number=which)
    def back_up(self, number: int) -> None:
        self.backups[number] = self.sites[number].back_up()

    @precondition(lambda self: self.backups)
    @rule(number=which, data=st.data())
    def restore(self, number: int, data: st.DataObject) -> None:
        """At its own address or at the other one."""
        self.sites[number].restore(self.backups[data.draw(st.sampled_from(sorted(self.backups)))])

    def make_orgs(self, site: Site) -> None:
        for org in (SHARED, OWN):
            if not has_org(site.server, org):
                site.server.create_org(org)

    # What Pulumi does.

    @rule()
    def preview(self) -> None:
        with self.watched(prunes=False):
            self.engine.preview(*self.program())

    @rule()
    def up(self) -> None:
        """A plain run writes all keys where the address is another one, and removes nothing at the old address."""
        moved = [one for one in self.engine.state.values() if one.outputs["server"] != self.server.url]
        all_moved = len(moved) == len(self.engine.state)
        if self.apply(overwrite=False, prunes=not moved) and all_moved:
            self.require_everything()

    @rule()
    def refresh(self) -> None:
        with self.watched(prunes=False, writes=False):
            self.read()

    @rule()
    def refresh_and_up(self) -> None:
        """With the orgs there, this repairs everything, once a run on the other address was followed by one here."""
        self.make_orgs(self.sites[self.here])
        same = self.is_settled()
        if not self.read():
            self.apply(overwrite=True, prunes=False)
            same = self.is_settled()
            assert self.read()
        if not self.apply(overwrite=False, prunes=same):
            assert self.apply(overwrite=True, prunes=same)
        self.require_everything()
        again = self.engine.preview(*self.program())
        if same:
            assert set(again.values()) <= {"same"}
        else:
            assert {again[name] for name in again if name != "exclusive"} <= {"same"}

    @precondition(lambda self: self.engine.state)
    @rule()
    def destroy(self) -> None:
        before, moved = dict(self.engine.state), self.moved()
        with self.watched(prunes=False, writes=False, deletes=True):
            try:
                self.engine.destroy()
            except CallError as error:
                assert moved, error  # noqa: PT017 (a rule)
                assert "this stack has secrets on" in str(error)  # noqa: PT017 (as above)
        assert {name: self.engine.state.get(name) for name in moved} == {name: before[name] for name in moved}
        assert moved or not self.engine.state

    # How it is judged.

    def apply(self, *, overwrite: bool, prunes: bool) -> bool:
        """Run `up`; return whether nothing was refused."""
        stale = self.stale()
        with self.watched(prunes=prunes, deletes=True, overwrite=overwrite):
            steps = self.engine.up(*self.program(overwrite=overwrite))
        failed = [step for step in steps.values() if step.startswith("failed")]
        for step in failed:
            assert stale or any(reason in step for reason in REFUSALS), step
        return not failed

    def read(self) -> bool:
        """Run `refresh`; return whether it was possible: on another server it must not be."""
        moved, before = self.moved(), dict(self.engine.state)
        try:
            self.engine.refresh()
        except CallError as error:
            assert moved, error  # noqa: PT017 (a rule)
            assert all(self.engine.state[name] == before[name] for name in moved)
            return False
        assert not moved
        return True

    def moved(self) -> list[str]:
        return [name for name, one in self.engine.state.items() if one.outputs["server"] != self.server.url]

    def stale(self) -> bool:
        """Whether the state has an org that is not here, so that a plain run cannot write to it."""
        ids = {self.server.org_id(org) for org in (SHARED, OWN) if has_org(self.server, org)}
        return not {entry.org_id for entries in self.entries().values() for entry in entries} <= ids

    def is_settled(self) -> bool:
        """Whether the exclusive resource is where its state says, so that it may prune."""
        stored = self.engine.state.get("exclusive")
        if stored is None:
            return True
        place = stored.outputs["server"], stored.outputs["org_id"]
        return place == (self.server.url, self.server.org_id(OWN))

    def require_everything(self) -> None:
        assert {name: self.server.values(SHARED).get(name) for name in self.declared} == {
            name: text for name, (_, text) in self.declared.items()
        }
        assert self.server.values(OWN)["E"] == "1"

    def watched(self, *, prunes: bool, writes: bool = True, deletes: bool = False, overwrite: bool = False) -> Watch:
        return Watch(self, prunes=prunes, writes=writes, deletes=deletes, overwrite=overwrite)

    def program(self, *, overwrite: bool = False) -> list[Declared]:
        alone = {name: text for name, (owner, text) in self.declared.items() if owner == "alone"}
        many = {name: text for name, (owner, text) in self.declared.items() if owner == "map"}
        return [
            *(secret(f"alone {name}", org=SHARED, key=name, value=alone[name], overwrite=overwrite) for name in alone),
            org_secrets("map", many, org=SHARED, overwrite=overwrite),
            org_secrets("exclusive", {"E": "1"}, org=OWN, exclusive=True, overwrite=overwrite),
        ]

    def entries(self) -> dict[str, list[Entry]]:
        """Return key to what the state has of it."""
        found: dict[str, list[Entry]] = {}
        for name, one in self.engine.state.items():
            outputs = one.outputs
            if one.kind == "Secret":
                keys = {outputs["key"]: (outputs["digest"], outputs.get("drift"))}
            else:
                digests = json.loads(outputs["digests"])
                drift = {unescape_key(escaped): how for escaped, how in outputs.get("drift", {}).items()}
                keys = {key: (digest, drift.get(key)) for key, digest in digests.items()}
            for key, (digest, how) in keys.items():
                entry = Entry(name, outputs["org_id"], outputs["server"], digest, how == "deleted")
                found.setdefault(key, []).append(entry)
        return found


class Watch:
    """Compares what both servers hold before and after a run."""

    def __init__(self, life: LostServerStateMachine, **may: bool) -> None:
        self._life, self._may = life, may

    def __enter__(self) -> None:
        self._before = [self._held(site.server) for site in self._life.sites]
        self._entries = self._life.entries()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        here = self._life.here
        after = [self._held(site.server) for site in self._life.sites]
        assert after[1 - here] == self._before[1 - here], "the other server was touched"
        assert after[here].keys() == self._before[here].keys()
        for org, held in after[here].items():
            old = self._before[here][org]
            changed = {name for name in held.keys() | old.keys() if held.get(name) != old.get(name)}
            for name in sorted(changed):
                self._judge(org, name, old.get(name), held.get(name))

    def _judge(self, org: str, name: str, old: str | None, new: str | None) -> None:
        where = f"{name} of {org}: {old} -> {new}"
        declared = {"E": "1"} if org == OWN else {key: text for key, (_, text) in self._life.declared.items()}
        if new is None:
            pruned = self._may["prunes"] and org == OWN and name != "E"
            assert pruned or (self._may["deletes"] and self._is_ours(org, name, str(old))), f"removed {where}"
            return
        assert self._may["writes"], f"written {where}"
        assert new == declared.get(name), f"written {where}"
        assert old is None or self._may["overwrite"] or self._is_ours(org, name, old), f"overwritten {where}"

    def _is_ours(self, org: str, name: str, held: str) -> bool:
        server = self._life.server
        org_id = server.org_id(org)
        digest = hashlib.sha256(f"{org_id}/{name}:{held}".encode()).hexdigest()
        return any(
            entry.org_id == org_id and (entry.digest == digest or (entry.server == server.url and not entry.deleted))
            for entry in self._entries.get(name, ())
        )

    @staticmethod
    def _held(server: SecretsServer) -> dict[str, Mapping[str, str]]:
        return {org: dict(server.values(org)) for org in (SHARED, OWN) if has_org(server, org)}


@pytest.fixture
def emulated() -> Iterator[tuple[Site, Site]]:
    with EmulatorServer(()) as first, EmulatorServer(()) as second:
        yield EmulatedSite(first), EmulatedSite(second)


def test_random_lives_on_two_servers_lose_nothing_and_touch_no_stranger(emulated: tuple[Site, Site]) -> None:
    """The other address stays as it is, nothing of others is touched, and `up --refresh` writes what is declared."""
    live(LostServerStateMachine, examples=4, steps=8, repeatable=True, sites=emulated)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_random_lives_on_two_servers(emulated: tuple[Site, Site]) -> None:
    """The same, three hundred times."""
    examples = int(os.environ.get("SOAK_EXAMPLES", "300"))
    live(LostServerStateMachine, examples=examples, steps=6, repeatable=False, sites=emulated)


@pytest.mark.soak
@pytest.mark.influxd
@pytest.mark.timeout(7200)
def test_random_lives_on_two_real_servers(influxd_binary: Path, tmp_path: Path) -> None:
    """The same twenty times on influxd, which is really rebuilt and restored."""
    folders = [tmp_path / name for name in ("first", "second", "backups")]
    for folder in folders:
        folder.mkdir()
    with InfluxdServer(influxd_binary, folders[0]) as first, InfluxdServer(influxd_binary, folders[1]) as second:
        sites = RealSite(first, folders[2] / "first"), RealSite(second, folders[2] / "second")
        examples = int(os.environ.get("SOAK_EXAMPLES", "20"))
        live(LostServerStateMachine, examples=examples, steps=6, repeatable=False, sites=sites)
    shutil.rmtree(tmp_path)
