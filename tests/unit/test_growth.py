"""What very many keys and resources cost, counted instead of timed: calls of functions, memory, modules imported."""

from __future__ import annotations

import cProfile
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import DiffResult

import influx_secrets
from influx_secrets._client.settings import Settings
from influx_secrets._model.planner import plan
from influx_secrets._model.resources import Declaration, ResourceState
from influx_secrets._model.state_codecs import CODECS, TYPE_PREFIX
from influx_secrets._provider import handlers, linux
from influx_secrets._provider.census import Census
from influx_secrets._provider.handlers import Handlers
from influx_secrets._provider.reconciler import apply, check_declaration, delete, refresh
from influx_secrets._provider.session import ServerSession
from influx_secrets._run_register import PROGRAM, Process, Register
from influx_secrets.emulator import Emulator

pytestmark = pytest.mark.alone

PACKAGE = str(Path(influx_secrets.__file__).parent)
ORG_SECRETS = CODECS[f"{TYPE_PREFIX}OrgSecrets"]
FEW, MANY = 1_000, 2_000
TWICE = 2.1
"""What twice as much may cost: a little more than twice, for the sorting; four times would be quadratic."""


def calls(work: Callable[[], object], *, ours: bool = False) -> int:
    """Return how many functions, those in C too, are called while something is done in this thread."""
    profile = cProfile.Profile()
    profile.runcall(work)
    found: list[Any] = list(profile.getstats())
    return sum(
        entry.callcount
        for entry in found
        if not ours or (not isinstance(entry.code, str) and entry.code.co_filename.startswith(PACKAGE))
    )


def peak(work: Callable[[], object]) -> int:
    """Return how many bytes are at most allocated while something is done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def name_of(step: Callable[[Life], None]) -> str:
    return step.__name__


class Life:
    """An org with so many keys, written by one resource; each step is a process of its own, and can be done again."""

    def __init__(self, emulator: Emulator, keys: int, name: str = "acme") -> None:
        self._settings = Settings.resolve({}, environ=emulator.environment)
        self._org_id = emulator.org_id(name)
        self._values = {f"KEY_{n:05}": f"the value number {n:05}" for n in range(keys)}
        session = self._session()
        self.stored = self._checked(session, None, "")
        apply(session, None, self.stored)

    def check_again(self) -> None:
        """Nothing changed."""
        assert not plan(self.stored, self._checked(self._session(), self.stored, ""))

    def rotate(self) -> None:
        """Every value is another one."""
        session = self._session()
        new = self._checked(session, self.stored, "new ")
        apply(session, self.stored, new)

    def refresh(self) -> None:
        """Every value is proved."""
        assert refresh(self._session(), self.stored) == self.stored

    def destroy(self) -> None:
        """All goes, which is the same again where nothing is left."""
        delete(self._session(), self.stored)

    def formats(self) -> None:
        """To the engine and back."""
        assert ORG_SECRETS.decode_state(ORG_SECRETS.encode_inputs(self.stored)) == self.stored

    def differ(self) -> Callable[[], DiffResult]:
        """Return what compares what is stored with the same."""
        stored, wanted = (ORG_SECRETS.encode_inputs(self.stored) for _ in range(2))
        provider = Handlers(ORG_SECRETS, self._session())
        return lambda: provider.diff(stored, wanted)

    def create(self) -> None:
        """As the engine calls it."""
        session = self._session()
        Handlers(ORG_SECRETS, session).create(ORG_SECRETS.encode_inputs(self._checked(session, None, "")))

    def update(self) -> None:
        """As the engine calls it, where every value is another one."""
        session = self._session()
        olds, news = (ORG_SECRETS.encode_inputs(one) for one in (self.stored, self._checked(session, self.stored, "n")))
        Handlers(ORG_SECRETS, session).update(olds, news)

    def _session(self) -> ServerSession:
        return ServerSession(self._settings, lambda _: None, threads=4)

    def _checked(self, session: ServerSession, old: ResourceState | None, prefix: str) -> ResourceState:
        values: Mapping[str, str] = {key: prefix + value for key, value in self._values.items()}
        declared = Declaration(
            resource="all",
            preview=False,
            org_id=self._org_id,
            org=None,
            keys=frozenset(values),
            named=frozenset(values),
            values=values,
        )
        found = check_declaration(session, declared, old)
        assert not isinstance(found, list)
        return found


@pytest.mark.parametrize("step", [Life.check_again, Life.rotate, Life.refresh, Life.destroy, Life.formats], ids=name_of)
def test_step_with_twice_the_keys_makes_twice_the_calls(step: Callable[[Life], None]) -> None:
    """No step looks at the keys more than once for each."""
    with Emulator(("few", "many")) as emulator:
        few, many = Life(emulator, FEW, "few"), Life(emulator, MANY, "many")
        step(few)  # the first time imports what it needs
        assert calls(lambda: step(many)) < TWICE * calls(lambda: step(few))


# Not of a refresh: the emulator, which reads the queries in this process, takes more for that than the client.
@pytest.mark.parametrize(
    ("step", "bytes_per_key"),
    # About a third more than it is; the values, keys and digests themselves are 300.
    [(Life.check_again, 500), (Life.rotate, 1_000), (Life.destroy, 500), (Life.formats, 500)],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_step_takes_little_memory_for_each_key(
    step: Callable[[Life], None], bytes_per_key: int, emulator: Emulator
) -> None:
    """A hundred thousand keys fit into the memory of a small machine."""
    life = Life(emulator, MANY)
    step(life)  # the first time imports what it needs
    assert peak(lambda: step(life)) < MANY * bytes_per_key


@pytest.mark.parametrize("step", [Life.create, Life.update], ids=name_of)
@pytest.mark.parametrize(("most", "expected"), [(9, ["memory", "PATCH"]), (10, ["PATCH"])])
def test_memory_is_returned_before_very_many_keys_are_written(
    step: Callable[[Life], None], most: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What their `check` took is free by then; for a few keys it would only take time."""
    seen: list[str] = []

    def before(method: str, path: str) -> None:
        del path
        seen.append(method)

    monkeypatch.setattr(handlers, "_MANY", most)
    monkeypatch.setattr(linux, "return_memory", lambda: seen.append("memory"))
    with Emulator(("acme",), before=before) as emulator:
        life = Life(emulator, 10)
        seen.clear()
        step(life)
    assert [one for one in seen if one in ("memory", "PATCH")] == expected


def test_diff_of_what_did_not_change_decodes_nothing(emulator: Emulator) -> None:
    """It is what most runs ask, and takes the same few calls for any number of keys."""
    differ = Life(emulator, FEW).differ()
    assert not differ().changes
    assert calls(differ) < FEW / 10


def test_claims_of_many_resources_ask_each_other_once(tmp_path: Path) -> None:
    """Twice the resources make twice the calls, though each has to know what all others declare, in two processes."""

    def claim(resources: int) -> None:
        folder = tmp_path / str(resources)
        folder.mkdir(exist_ok=True)
        engine = Process(1, "0", ("pulumi", "up"))
        program = Register(folder, PROGRAM, engine)
        program.append(
            *({"resource": f"r{n}", "provider": 0, "org_id": None, "org": None, "keys": []} for n in range(resources))
        )
        processes = [Census(Register(folder, str(n), engine), "http://localhost:8086", 3, 0.0) for n in range(2)]
        for n in range(resources):
            keys = frozenset([f"KEY_{n}"])
            declared = Declaration(
                resource=f"r{n}", preview=False, org_id=None, org="acme", keys=keys, named=keys, values={}
            )
            assert processes[n % 2].claim(declared, "00000000000000aa") == ({}, None)
            assert processes[n % 2].claimed("00000000000000aa", keys) == keys

    claim(1)
    assert calls(lambda: claim(400), ours=True) < TWICE * calls(lambda: claim(200), ours=True)


def test_import_brings_no_other_package_along() -> None:
    """A program that only declares does without the HTTP libraries, and without what its providers work with."""
    program = """
import sys
import pulumi, pulumi.dynamic
before = set(sys.modules)
import influx_secrets
influx_secrets.Secret, influx_secrets.OrgSecrets, influx_secrets.Provider, influx_secrets.get_org
print(*set(sys.modules) - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    added = set(done.stdout.split())
    assert {name.partition(".")[0] for name in added} - set(sys.stdlib_module_names) == {"influx_secrets"}
    brought = {name.partition(".")[2] for name in added if name.startswith("influx_secrets.")}
    of_model = ("input_types", "keys", "setting_names")
    assert {name for name in brought if not name.startswith("_program")} == {
        *("_errors", "_text", "_model", *(f"_model.{name}" for name in of_model)),
        *("_provider", "_provider.dynamic"),
    }


def test_provider_that_sends_nothing_brings_no_http_library_along() -> None:
    """Most runs send nothing, and a provider process starts in each."""
    program = """
import sys
import influx_secrets._provider.process
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"requests", "urllib3"} & set(done.stdout.split())


def test_function_that_asks_brings_no_provider_along() -> None:
    """What runs in the provider process is for that process alone."""
    program = """
import sys
import influx_secrets as influx
try:
    influx.get_org("acme", settings=influx.Settings(url="http://127.0.0.1:9", token="t", max_attempts=1))
except influx.NotSentError:
    print(*(name for name in sys.modules if name.startswith("influx_secrets._provider.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["influx_secrets._provider.dynamic"]
