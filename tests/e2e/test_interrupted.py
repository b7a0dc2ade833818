"""What `docs/interrupted.md` says to users whose run was killed: each message, and what the commands then do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.running import kill
from e2e.stack import calls
from e2e.wedge import Wedge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.running import Running
    from e2e.stack import Stack
    from e2e.wedge import Passed
    from servers import InfluxdServer

MAP = 'influx.OrgSecrets("shared", org=ORG, secrets={})'


@pytest.fixture
def wedge(influxd: InfluxdServer, stack: Stack) -> Iterator[Wedge]:
    """A proxy that `stack` takes for influxd."""
    with Wedge(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        yield proxy


def killed(stack: Stack, wedge: Wedge, method: str, blow: Callable[[Running], None], *command: str) -> str:
    """Run a command that is dealt a blow once influxd has done the first request of this method; return its output."""
    begun: list[Running] = []

    def after(passed: Passed) -> bool:
        if passed.method != method:
            return False
        begun[0].started()
        blow(begun[0])
        return True

    wedge.after = after
    begun.append(stack.start(*command))
    begun[0].wait()
    wedge.after = lambda _: False
    begun[0].bury(served=True)
    return begun[0].output


def kill_pulumi(running: Running) -> None:
    running.kill()


def kill_provider(running: Running) -> None:
    for process in running.providers():
        kill(process)


def test_killed_pulumi_asks_for_cancel_and_warns_of_what_was_interrupted(
    stack: Stack, influxd: InfluxdServer, acme: str, wedge: Wedge
) -> None:
    """The stack is locked; after `pulumi cancel` the next `up` adopts what was written, and forgets the interruption."""
    stack.program(MAP.format({"A": "1", "B": "2"}))
    killed(stack, wedge, "PATCH", kill_pulumi, "up")
    assert influxd.values(acme) == {"A": "1", "B": "2"}
    assert stack.pending() == ["creating shared"]
    print(stack.up(fails=True).output)
    print(stack.pulumi("cancel", "--yes").output)
    healed = stack.up()
    print(healed.output)
    print(stack.pending(), stack.up().output)
    print(stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates").output)
    print(stack.pending(), stack.up().output)
    print("----- update")
    stack.program(MAP.format({"A": "1", "B": "3"}))
    killed(stack, wedge, "PATCH", kill_pulumi, "up")
    print(stack.pulumi("cancel", "--yes").output)
    print(stack.pending(), stack.up().output)
    print(stack.pending())
    print("----- destroy")
    killed(stack, wedge, "POST", kill_pulumi, "destroy")
    print(stack.pulumi("cancel", "--yes").output)
    print(stack.pending(), stack.up().output)
    print(stack.pending(), stack.up("--refresh").output)
    print(stack.pending())
    print("----- provider")
    stack.program(MAP.format({"A": "1", "B": "4"}))
    print(killed(stack, wedge, "PATCH", kill_provider, "up"))
    print(stack.pending(), stack.up().output)
    assert 0
