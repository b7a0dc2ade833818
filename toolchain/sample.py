"""The commands `make up`, `preview`, `shell` and `down`.

State, passphrase and the emulator's data are kept in `.demo`, the config of the stack in `Pulumi.demo*.yaml`; git
ignores both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from influx_secrets import InfluxSecretsError
from toolchain._ensure import ensure
from toolchain._environment import environment
from toolchain._errors import ToolchainError
from toolchain._progress import Reporter
from toolchain._servers import EMULATOR_STACK, Server, serving, stack_name
from toolchain._shell import MARK, started
from toolchain._stack import PROJECT, Stack, left_alone, orgs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent

_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run one verb; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m toolchain.sample", description=__doc__)
    parser.add_argument("verb", choices=sorted(_VERBS))
    verb = _VERBS[parser.parse_args(arguments).verb]
    reporter, errors = Reporter(sys.stdout), Reporter()
    if os.environ.get(MARK):  # where they would start a second server
        errors.say("error: this is the shell of make shell: type pulumi up, preview or destroy, or exit")
        return 1
    try:
        verb(ROOT / ".demo", chosen_server(os.environ, reporter), reporter)
    except (ToolchainError, InfluxSecretsError) as error:
        errors.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        errors.say("stopped")
        return _INTERRUPTED
    return 0


def chosen_server(environ: Mapping[str, str], reporter: Reporter) -> Mapping[str, str]:
    """Return the environment for the sample, without the user's own server unless `SERVER=env` asks for it.

    Who uses InfluxDB has its variables in the shell, and random values must not get into that server unasked.
    """
    if environ.get("SERVER") == "env":
        if not environ.get("INFLUX_HOST"):
            raise ToolchainError("SERVER=env needs INFLUX_HOST and INFLUX_TOKEN: set them, or leave SERVER out")
        return environ
    if environ.get("INFLUX_HOST"):
        reporter.say("INFLUX_HOST is not used: the sample runs on the emulator; for your server add SERVER=env")
    return {name: value for name, value in environ.items() if not name.startswith("INFLUX") or "_SECRETS_" in name}


def up(folder: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Apply the sample stack, and show what the orgs hold then."""
    ensure("pulumi", environ=environ, reporter=reporter)
    with serving(folder, environ) as server:
        stack, orgs = _prepared(folder, server, reporter)
        before = server.requests() if server.requests else 0
        stack.up()
        if server.requests:
            _report_requests(server.requests() - before, reporter)
        _show(server, orgs, reporter)
    _advise(environ, reporter)


def preview(folder: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Show what `up` would change."""
    ensure("pulumi", environ=environ, reporter=reporter)
    with serving(folder, environ) as server:
        stack, _ = _prepared(folder, server, reporter)
        stack.preview()


def shell(folder: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Run a shell in which `pulumi` works on the sample stack; the emulator ends with it."""
    ensure("pulumi", environ=environ, reporter=reporter)
    with serving(folder, environ) as server:
        stack, _ = _prepared(folder, server, reporter)
        reporter.say("in this shell `pulumi` works on the sample stack; try:")
        reporter.say("  pulumi config set --secret slackToken   (type a new value, it is not shown)")
        reporter.say("  pulumi preview --diff")
        reporter.say("  pulumi up")
        reporter.say("  exit")
        first = os.pathsep.join(stack.environment["PATH"].split(os.pathsep)[:2])  # this Python and the CLI
        command, inside = started(folder / "shell", stack.environment, first)
        with subprocess.Popen(command, cwd=ROOT, env=inside) as process, left_alone(process):
            process.wait()


def down(folder: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Remove everything that `up` made, and the stack; no error if there is nothing."""
    name = stack_name(environ)
    if not (folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{name}.json").exists():
        reporter.say(f"there is no stack {name}: nothing to remove")
    else:
        ensure("pulumi", environ=environ, reporter=reporter)
        with serving(folder, environ) as server:
            reporter.say(f"server: {server.title}")
            Stack(name, ROOT, environment(folder, environ=server.environment)).remove()
        reporter.say(f"the secrets of stack {name} are gone from the server, and so is the stack")
    for other in sorted(ROOT.glob(f"Pulumi.{EMULATOR_STACK}*.yaml")):
        way = (
            "make down"
            if other.name == f"Pulumi.{EMULATOR_STACK}.yaml"
            else "INFLUX_HOST=... INFLUX_TOKEN=... make down SERVER=env"
        )
        reporter.say(f"the stack of {other.name} is still there, on another server; to remove it: {way}")


def _prepared(folder: Path, server: Server, reporter: Reporter) -> tuple[Stack, tuple[str, ...]]:
    """Return the stack, selected and with a complete config, and the orgs that it writes to."""
    reporter.say(f"server: {server.title}")
    stack = Stack(server.stack, ROOT, environment(folder, environ=server.environment))
    stack.select()
    config = stack.config()
    orgs = orgs_of(config)
    if not orgs or (server.named and server.environment.get("INFLUX_ORG")):
        orgs = server.orgs()
        stack.set_orgs(orgs, config)
    if stack.set_values(config):
        reporter.say("made random demonstration values and put them into the stack's encrypted config")
    return stack, orgs


def _report_requests(count: int, reporter: Reporter) -> None:
    if count:
        reporter.say(f"this took {count} API request{'s' if count > 1 else ''}, the preview's included")
    else:
        reporter.say("nothing changed, so no request was sent to the server")


def _show(server: Server, orgs: Sequence[str], reporter: Reporter) -> None:
    reporter.say("secret keys in the server now (the API never returns a value):")
    for org in orgs:
        for key in server.keys(org):
            reporter.say(f"  {org:<12} {key}")


def _advise(environ: Mapping[str, str], reporter: Reporter) -> None:
    suffix = " SERVER=env" if environ.get("INFLUX_HOST") else ""
    reporter.say("next:")
    reporter.say(f"  make up{suffix}     again: nothing changes, and nothing is sent")
    reporter.say(f"  make shell{suffix}  change a value, see it in the preview by its key, apply it")
    reporter.say(f"  make down{suffix}   remove it all")


_VERBS: Mapping[str, Callable[[Path, Mapping[str, str], Reporter], None]] = {
    "up": up,
    "preview": preview,
    "shell": shell,
    "down": down,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
