"""A server that makes the provider wait: the user reads why while it happens, once, and the end is not far."""

from __future__ import annotations

import json
import threading

from engine.leaks import leaks, places
from engine.stack import NewStack, Stack
from intercepting_proxy import Instead, InterceptingProxy

from influx_secrets.emulator import Answer, Emulator

PLANTED = "planted-7c21e0aa"
BUSY = Instead(503, "unavailable", f"busy, and this server repeats what it got: {PLANTED}")
PATIENCE_SECONDS = 60.0


def shown_so_far(stack: Stack) -> str:
    """What the engine has told of the run that goes on, from the log that it writes beside the terminal's lines."""
    logs = sorted(stack.folder.glob("events-*.json"), key=lambda path: path.stat().st_mtime_ns)
    events = [json.loads(line) for line in logs[-1].read_text("utf-8").splitlines() if line.endswith("}")]
    return "".join(event["diagnosticEvent"]["message"] for event in events if "diagnosticEvent" in event)


def test_wait_is_shown_while_it_lasts(stack: Stack, acme: str, proxy: InterceptingProxy) -> None:
    """The second attempt is let through when the line about the first is on the terminal: else it would never be.

    A function, which asks from within the program, reports its wait as well.
    """
    seen: list[bool] = []

    def before(method: str, path: str) -> Instead | None:
        del path
        if method != "PATCH":
            return None
        if not seen:
            seen.append(False)
            return BUSY
        never = threading.Event()
        for _ in range(int(PATIENCE_SECONDS / 0.05)):
            if 'cannot write the secret "A" of the org' in shown_so_far(stack):
                seen.append(True)
                return None
            never.wait(0.05)
        return BUSY

    proxy.before = before
    stack.set_config("influx-secrets:timeout", str(2 * PATIENCE_SECONDS))
    done = stack.program(f'influx.Secret("a", org=ORG, key="A", value="{PLANTED}")').up()
    assert seen == [False, True]
    (line,) = [line for line in done.errors if "yet" in line]
    assert line.startswith('influx-secrets: cannot write the secret "A" of the org ')
    assert "HTTP 503. Trying again in 0." in line
    assert "at most 4 more attempts within " in line
    assert leaks(PLANTED, places(stack)) == []

    answers = iter([BUSY])
    proxy.before = lambda *_: next(answers, None)
    done = stack.program('pulumi.export("id", influx.get_org(ORG).id)').preview()
    (line,) = [line for line in done.errors if "yet" in line]
    assert line.startswith(f'influx-secrets: cannot look up the org named "{acme}" yet: ')


def test_outage_is_told_once_and_ends_soon_for_many_resources(new_stack: NewStack) -> None:
    """Thirty resources, a refresh, a server that is down: one line of waiting, and not thirty times five attempts."""
    down = threading.Event()
    with Emulator(before=lambda *_: _unavailable() if down.is_set() else None) as emulator:
        stack = new_stack(emulator.environment)
        stack.program("""
            for n in range(30):
                influx.Secret(f"s{n}", org="acme", key=f"K{n}", value=f"value {n}")
        """).up()
        down.set()
        emulator.clear_requests()
        failed = stack.refresh(fails=True)
        assert len([line for line in failed.errors if " yet: " in line]) == 1
        assert len(emulator.requests) < 5 + 30
        down.clear()
        assert set(stack.refresh().results.values()) <= {"same", "refresh"}


def _unavailable() -> Answer:
    return Answer(503, b'{"code": "unavailable", "message": "down"}', {"Content-Type": "application/json"})
