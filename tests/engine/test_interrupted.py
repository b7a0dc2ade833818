"""What `docs/interrupted.md` says to users whose run was killed: each message, and what the commands then do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from engine.console import blocks, run, steps
from engine.intercepting_proxy import Instead, InterceptingProxy
from engine.running_command import kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.intercepting_proxy import Passed
    from engine.running_command import RunningCommand
    from engine.stack import Stack
    from servers import InfluxdServer

PAGE = Path(__file__).parents[2] / "docs" / "interrupted.md"
MAP = 'influx.OrgSecrets("shared", org=ORG, secrets={})'


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` takes for influxd."""
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        yield proxy


def killed(stack: Stack, proxy: InterceptingProxy, plan: Callable[[RunningCommand], None], command: str) -> str:
    """Run a command that is dealt a plan once influxd has done its first write; return what it said."""
    begun: list[RunningCommand] = []

    def after(passed: Passed) -> bool:
        if passed.method in ("GET", "POST") and not passed.path.endswith("/delete"):
            return False
        plan(begun[0])
        return True

    proxy.after = after
    begun.append(stack.start(command))
    begun[0].wait()
    proxy.after = lambda _: False
    begun[0].reap(proxy.url)
    return begun[0].output


def pulumi(running: RunningCommand) -> None:
    running.started()  # so that they are known: they have no parent afterwards
    running.kill()


def provider(running: RunningCommand) -> None:
    for process in running.providers():
        kill(process)


@pytest.mark.parametrize("block", [0, 1], ids=["the same command again", "in doubt"])
def test_commands_of_the_page_bring_the_stack_right(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy, block: int
) -> None:
    """As they stand there, after a create that was killed; who types them says yes."""
    told = blocks(PAGE.read_text("utf-8"))
    assert len(told) == 2
    killed(stack.program(MAP.format({"A": "1", "B": "2"})), proxy, pulumi, "up")
    environment = {**stack.environment, "PULUMI_SKIP_CONFIRMATIONS": "true"}
    problems = run(list(steps([told[block]])), stack.project, environment)
    assert not problems, "\n\n".join(problems)
    assert stack.up("--expect-no-changes").steps == {"shared": "same"}
    assert influxd.values(acme) == {"A": "1", "B": "2"}


def test_create_interrupted_is_adopted_by_the_same_program_alone(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The keys are on the server, and in no state: a program that changed meanwhile is refused, or leaves one there."""
    begun = stack.program(MAP.format({"A": "1", "B": "2"}))
    killed(begun, proxy, pulumi, "up")
    assert influxd.values(acme) == {"A": "1", "B": "2"}
    assert "the stack is currently locked by 1 lock(s)" in stack.up(fails=True).output
    stack.pulumi("cancel", "--yes")

    changed = stack.program(MAP.format({"A": "new"})).up(fails=True)
    assert "OrgSecrets::shared, interrupted while creating" in changed.output
    assert 'the key "A" of the org' in changed.output
    assert "is already there, with another value" in changed.output
    healed = stack.program(MAP.format({"A": "1", "B": "2"})).up()
    assert 'adopts the keys "A", "B"' in healed.output
    assert stack.pending() == ["creating shared"], "the engine keeps its warning for the next run"
    stack.refresh("--clear-pending-creates")
    assert stack.pending() == []
    stack.program(MAP.format({"A": "new"})).up()
    assert influxd.values(acme) == {"A": "new"}


def test_update_interrupted_by_ctrl_c_twice_is_not_locked_and_done_again(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """`pulumi` ends in its own way, without waiting for the write that is under way."""
    stack.program(MAP.format({"A": "1", "B": "1"})).up()

    def twice(running: RunningCommand) -> None:
        running.interrupt()
        running.wait()

    said = killed(stack.program(MAP.format({"A": "2", "NEW": "2"})), proxy, twice, "up")
    assert "^C received; terminating" in said
    assert stack.pending() == ["updating shared"]
    healed = stack.up()
    assert "OrgSecrets::shared, interrupted while updating" in healed.output
    assert stack.pending() == []
    assert influxd.values(acme) == {"A": "2", "NEW": "2"}


def test_checkpoint_torn_is_read_again_without_its_attributes(stack: Stack) -> None:
    """The engine's file backend writes the attributes of a file in place: killed there, it leaves them empty."""
    attributes = stack.state_file.with_name("dev.json.attrs")
    assert attributes.stat().st_size
    attributes.write_bytes(b"")
    assert "error: failed to load checkpoint: EOF" in stack.preview(fails=True).output
    attributes.unlink()
    assert stack.program("").preview().steps == {}


def test_destroy_interrupted_is_noticed_by_a_refresh_alone(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The state still has keys that are gone: `up` takes them for written; `up --refresh` and `destroy` do not."""
    stack.program(MAP.format({"A": "1", "B": "2"})).up()
    killed(stack, proxy, pulumi, "destroy")
    stack.pulumi("cancel", "--yes")
    assert influxd.values(acme) == {}
    unaware = stack.up()
    assert unaware.steps == {"shared": "same"}
    assert "OrgSecrets::shared, interrupted while deleting" in unaware.output
    assert influxd.values(acme) == {}
    stack.up("--refresh")
    assert influxd.values(acme) == {"A": "1", "B": "2"}

    killed(stack, proxy, pulumi, "destroy")
    stack.pulumi("cancel", "--yes")
    stack.destroy()
    assert influxd.values(acme) == {}
    assert stack.checkpoint().get("resources", []) == []


def test_provider_killed_is_an_error_of_one_line_and_the_next_up_goes_on(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The engine does not start it again in the same run; nothing is locked, and nothing pending."""
    stack.program(MAP.format({"A": "1"})).up()
    said = killed(stack.program(MAP.format({"A": "2"})), proxy, provider, "up")
    assert "error: error reading from server: EOF" in said
    assert stack.pending() == []
    assert stack.up().steps == {"shared": "update"}
    assert influxd.values(acme) == {"A": "2"}


def test_provider_whose_engine_was_killed_tries_no_write_again(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """A write that the server put off would come after that of the next `up`, and undo it."""
    asked: list[RunningCommand] = []

    def put_off(method: str, path: str) -> Instead | None:
        del path
        if method != "PATCH":
            return None
        pulumi(asked[0])
        asked[0].wait()
        return Instead(503, "unavailable", "not now")

    proxy.before = put_off
    asked.append(stack.program(MAP.format({"A": "old"})).start("up"))
    asked[0].wait()
    proxy.before = lambda *_: None
    stack.pulumi("cancel", "--yes")
    stack.program(MAP.format({"A": "new"})).up()
    asked[0].reap(proxy.url)
    assert [one.status for one in proxy.exchanges if one.method == "PATCH"] == [503, 204]
    assert influxd.values(acme) == {"A": "new"}
