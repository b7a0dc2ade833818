"""What `docs/interrupted.md` says to users whose run was killed: each message, and what the commands then do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from engine.console import blocks, run, steps
from engine.leaks import leaks, places
from engine.running_command import RunningCommand, kill
from engine.stack import STACK, Stack, calls
from intercepting_proxy import Exchange, InterceptingProxy
from servers import InfluxdServer

PAGE = Path(__file__).parents[2] / "docs" / "interrupted.md"
PLANTED = "planted-3e9f60b1"
MAP = 'shared = influx.OrgSecrets("shared", org=ORG, secrets={})'
SECOND = '\ninflux.Secret("second", org=ORG, key="SECOND", value="2", opts=ResourceOptions(depends_on=[shared]))'


def interrupted(
    stack: Stack,
    proxy: InterceptingProxy,
    how: Callable[[RunningCommand], None],
    command: str = "up",
    *,
    is_answered: bool = False,
) -> RunningCommand:
    """Interrupt a command once influxd has done its first write; the provider may get the answer to it."""
    begun: list[RunningCommand] = []

    def after(passed: Exchange) -> bool:
        if passed.method in ("GET", "POST") and not passed.path.endswith("/delete"):
            return False
        how(begun[0])
        return not is_answered

    proxy.after = after
    begun.append(stack.start(command))
    begun[0].wait()
    proxy.after = lambda _: False
    begun[0].reap(proxy.url)
    return begun[0]


def pulumi(running: RunningCommand) -> None:
    running.started()  # so that they are known: they have no parent afterwards
    running.kill()


def provider(running: RunningCommand) -> None:
    for process in running.providers():
        kill(process)


def once(running: RunningCommand) -> None:
    running.started()
    running.interrupt()


def twice(running: RunningCommand) -> None:
    once(running)
    running.interrupt()
    running.wait()


def test_commands_of_the_page_bring_the_stack_right(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """As they stand there: the same command after a killed create, those for who is in doubt after a killed update."""
    stack.pulumi("stack", "select", "--stack", STACK)  # for commands as they are typed
    told = blocks(PAGE.read_text("utf-8"))
    assert len(told) == 2
    for block, secrets in zip(told, ({"A": "1", "B": "2"}, {"A": "2", "C": "3"}), strict=True):
        interrupted(stack.program(MAP.format(secrets)), proxy, pulumi)
        problems = run(list(steps([block])), stack.project, {**stack.environment, "PULUMI_SKIP_CONFIRMATIONS": "true"})
        assert not problems, "\n\n".join(problems)
        assert influxd.values(acme) == secrets
    assert stack.up("--expect-no-changes").steps == {"shared": "same"}


def test_create_interrupted_is_adopted_by_the_same_program_alone(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The keys are on the server, and in no state: a program that changed meanwhile is refused, or leaves one there."""
    interrupted(stack.program(MAP.format({"A": "1", "B": "2"})), proxy, pulumi)
    assert influxd.values(acme) == {"A": "1", "B": "2"}
    assert "the stack is currently locked by 1 lock(s)" in stack.up(fails=True).output
    stack.pulumi("cancel", "--yes")

    changed = stack.program(MAP.format({"A": "new"})).up(fails=True)
    assert "OrgSecrets::shared, interrupted while creating" in changed.output
    assert 'the key "A" of the org' in changed.output
    assert "the key already exists with another value" in changed.output
    healed = stack.program(MAP.format({"A": "1", "B": "2"})).up()
    assert 'adopts the keys "A", "B"' in healed.output
    assert stack.pending() == ["creating shared"], "the engine keeps its warning for the next run"
    stack.refresh("--clear-pending-creates")
    assert stack.pending() == []
    stack.program(MAP.format({"A": "new"})).up()
    assert influxd.values(acme) == {"A": "new"}


def test_first_write_of_very_many_keys_interrupted_between_two_requests_is_completed(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """What the first request wrote is in no state: the next run adopts it, and writes the rest."""
    many = {f"KEY_{n:05}": f"value {n}" for n in range(10_001)}
    interrupted(stack.program(MAP.format(many)), proxy, pulumi)
    assert len(influxd.keys(acme)) == 5_000
    stack.pulumi("cancel", "--yes")
    calls(proxy)
    assert stack.up().steps == {"shared": "create"}
    assert calls(proxy).count("PATCH secrets 204") == 1
    assert influxd.keys(acme) == sorted(many)
    assert influxd.values(acme) == many
    assert stack.up("--expect-no-changes").steps == {"shared": "same"}


def test_update_interrupted_by_ctrl_c_is_not_locked_and_finished_by_the_next(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """Once: the request under way is done and recorded, the next resource not begun. Twice: without waiting for it."""
    first = interrupted(stack.program(MAP.format({"A": "1"}) + SECOND), proxy, once, is_answered=True)
    assert "cannot" not in first.output
    assert psutil.wait_procs(first.started(), 100)[1] == []
    assert influxd.values(acme) == {"A": "1"}
    assert stack.up().steps == {"shared": "same", "second": "create"}

    second = interrupted(stack.program(MAP.format({"A": "2", "NEW": "2"}) + SECOND), proxy, twice)
    assert "^C received; terminating" in second.output
    assert stack.pending() == ["updating shared"]
    healed = stack.up()
    assert "OrgSecrets::shared, interrupted while updating" in healed.output
    assert stack.pending() == []
    assert influxd.values(acme) == {"A": "2", "NEW": "2", "SECOND": "2"}


def test_checkpoint_torn_is_read_again_without_its_attributes(stack: Stack) -> None:
    """The engine's file backend writes the attributes of a file in place: killed there, it leaves them empty."""
    os.truncate(stack.attributes_file, 0)
    assert "error: failed to load checkpoint: EOF" in stack.preview(fails=True).output
    stack.repair_backend()
    assert stack.program("").preview().steps == {}


def test_destroy_interrupted_is_noticed_by_a_refresh_alone(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The state still has keys that are gone: `up` takes them for written; `up --refresh` and `destroy` do not."""
    stack.program(MAP.format({"A": "1", "B": "2"})).up()
    interrupted(stack, proxy, pulumi, "destroy")
    stack.pulumi("cancel", "--yes")
    assert influxd.values(acme) == {}
    unaware = stack.up()
    assert unaware.steps == {"shared": "same"}
    assert "OrgSecrets::shared, interrupted while deleting" in unaware.output
    assert influxd.values(acme) == {}
    stack.up("--refresh")
    assert influxd.values(acme) == {"A": "1", "B": "2"}

    interrupted(stack, proxy, pulumi, "destroy")
    stack.pulumi("cancel", "--yes")
    stack.destroy()
    assert influxd.values(acme) == {}
    assert stack.checkpoint().get("resources", []) == []


def test_provider_killed_is_an_error_of_one_line_and_the_next_up_goes_on(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The engine does not start it again in the same run; nothing is locked, and nothing pending."""
    stack.program(MAP.format({"A": "1"})).up()
    run_of_killed = interrupted(stack.program(MAP.format({"A": "2"})), proxy, provider)
    assert "error: error reading from server: EOF" in run_of_killed.output
    assert stack.pending() == []
    assert stack.up().steps == {"shared": "update"}
    assert influxd.values(acme) == {"A": "2"}


@pytest.mark.smoke
def test_influxd_killed_between_two_requests_loses_nothing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The run fails in one line; the next one removes what the first could not, and writes nothing twice."""

    def kill_influxd(passed: Exchange) -> bool:
        if passed.method == "PATCH":
            influxd.kill()
        return False

    org_id = influxd.org_id(acme)
    changed = {"A": PLANTED, "B": "2", "NEW": PLANTED}
    stack.set_config("influx-secrets:maxAttempts", "2")
    stack.program(MAP.format({"A": "1", "B": "2", "C": "3"})).up()
    proxy.after = kill_influxd
    try:
        failed = stack.program(MAP.format(changed)).up(fails=True)
    finally:
        proxy.after = lambda _: False
        influxd.start()
    (line,) = [line for line in failed.errors if " yet: " not in line and " update removes " not in line]
    assert f'cannot remove the secret "C" of the org "{acme}" ({org_id}) at {proxy.url} ' in line
    assert influxd.values(acme) == {**changed, "C": "3"}
    preview = stack.preview(diff=True)
    assert [line for line in preview.changes if line[2:].startswith(("A:", "B:", "C:", "NEW:"))] == [
        "~ A: 1 => 2",
        "- C: 1",
        "+ NEW: 1",
    ]
    calls(proxy)
    stack.up()
    assert calls(proxy)[-2:] == ["PATCH secrets 204", "POST delete 204"]
    assert influxd.values(acme) == changed
    assert set(stack.preview().steps.values()) == {"same"}
    assert leaks(PLANTED, places(stack)) == []
