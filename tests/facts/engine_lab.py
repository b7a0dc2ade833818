"""Runs of the real engine with a provider of the facts' own: few commands, on which many checks look."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.stack import Run, Stack, urn

_PROBE = Path(__file__).with_name("probe.py")
PROBE_TYPE = "pulumi-python:dynamic/facts:Probe"
_HEADER = """\
import json
import pulumi
from pulumi import Output, ResourceOptions
from probe import Probe

secret = Output.secret
config = pulumi.Config()
"""
_FIRST = """\
Probe("a", value=secret("marker-value"), hidden=secret("marker-hidden"), counter=1, whole=1,
      map={"x": None, "y": "1"}, items=["a", "b"], __quiet="q1", fault="print")
Probe("old-name", value="v")
Probe("rebuilt", value="v", rebuild=1)
Probe("kept", ResourceOptions(protect=True), value="v")
Probe("left", ResourceOptions(retain_on_delete=True), value="v")
"""
_CHANGED = """\
Probe("a", ResourceOptions(ignore_changes=["whole", "later"], replace_on_changes=["counter"]),
      value=secret("marker-value-2"), counter=2, whole=2, later="x", map={"y": "1"}, items=["b"], __quiet="q2")
fresh = Probe("new-name", value="v")
Probe("kept", ResourceOptions(protect=True), value="v")
Probe("left", ResourceOptions(retain_on_delete=True), value="v")
Probe("rebuilt", value="v", rebuild=2)
Probe("unknown-whole", values=secret({"x": "1", "y": fresh.id}))
Probe("unknown-part", values={"x": secret("1"), "y": secret(fresh.id)})
"""
_SPECIAL = """\
import os
isolated = pulumi.ProviderResource("pulumi-python", "isolated-provider", {"token": "given"})
Probe("default", value="v")
Probe("isolated", ResourceOptions(provider=isolated), value="v")
Probe("keeping", kept="marker-kept", value="v")
Probe("read", ResourceOptions(id="some-id"), value="marker-read")

def look(args):
    with open(os.environ["PROBE_LOG"], "a") as log:
        log.write(json.dumps({"call": "hook", "name": args.name, "seen": sorted(args.new_inputs or {})}) + "\\n")

hook = pulumi.ResourceHook("look", look)
hooks = pulumi.ResourceHookBinding(before_create=[hook], before_delete=[hook])
Probe("hooked", ResourceOptions(hooks=hooks), value=secret("v"), hidden="v")
"""
Note = dict[str, Any]


class ProbeStack(Stack):
    """A stack whose programs have `Probe`, and whose provider's calls are noted."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.notes_file = folder / "notes.jsonl"
        super().__init__(folder, {"PROBE_LOG": str(self.notes_file), **environ})
        self.environment["PYTHONPATH"] = str(self.project)
        self.environment["PULUMI_EXPERIMENTAL"] = "true"  # for plans
        shutil.copyfile(_PROBE, self.project / "probe.py")

    def write(self, body: str) -> ProbeStack:
        """Write a program."""
        (self.project / "__main__.py").write_text(_HEADER + body, "utf-8")
        return self

    def noted(self, *arguments: str, fails: bool | None = False) -> Noted:
        """Run a deployment; return it with the calls of the provider."""
        self.notes_file.unlink(missing_ok=True)
        run = self._deployment(*arguments, fails=fails)
        lines = self.notes_file.read_text("utf-8").splitlines() if self.notes_file.exists() else []
        return Noted(run, [json.loads(line) for line in lines])


class Noted:
    """A run, and the calls that the provider noted."""

    def __init__(self, run: Run, notes: list[Note]) -> None:
        self.run = run
        self.notes = notes

    def of(self, name: str) -> list[Note]:
        """Return the notes about one resource."""
        return [note for note in self.notes if note.get("name") == name]

    def calls(self, name: str = "") -> list[str]:
        """Return the calls for one resource, or all."""
        return [note["call"] for note in self.notes if name in ("", note.get("name"))]

    def tells(self, *texts: str) -> bool | str:
        """Return whether the run failed with these texts; what it said if not."""
        return (self.run.code != 0 and all(text in self.run.output for text in texts)) or self.run.output[-800:]


UP = ("up", "--yes", "--skip-preview")


class Runs:
    """One stack in its life; each run is made when a check first asks for it, after those before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = ProbeStack(folder / "stack")
        self.grpc = folder / "grpc.json"
        self.trace = folder / "trace"
        self.in_state: dict[str, Any] = {}
        self.state_text = ""
        self.automatic_log = ""

    @cached_property
    def version(self) -> str:
        """The version of the CLI."""
        command, environment = ["pulumi", "version"], self.stack.environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip().removeprefix("v")

    @cached_property
    def first(self) -> Noted:
        """Everything is created, and all of the engine's own records are on."""
        stack = self.stack
        stack.set_secret("token", "marker-config")
        stack.set_config("plain", "marker-plain")
        stack.pulumi("config", "set", "--path", "structured.a", "1")
        stack.environment["PULUMI_DEBUG_GRPC"] = str(self.grpc)
        made = stack.write(_FIRST).noted(*UP, "-v9", "--logtostderr", f"--tracing=file:{self.trace}")
        del stack.environment["PULUMI_DEBUG_GRPC"]
        self.in_state = {one["urn"].rpartition("::")[2]: one for one in stack.exported()}
        self.state_text = stack.state_file.read_text("utf-8")
        return made

    @cached_property
    def same(self) -> Noted:
        """A preview in which nothing changed."""
        _ = self.first
        return self.stack.noted("preview")

    @cached_property
    def preview(self) -> Noted:
        """A preview of a change, with `--diff`, whose plan is saved."""
        _ = self.same
        return self.stack.write(_CHANGED).noted("preview", "--diff", f"--save-plan={self.folder / 'plan'}")

    @cached_property
    def changed(self) -> Noted:
        """The change, without a preview."""
        _ = self.preview
        made = self.stack.noted(*UP)
        logs = sorted(Path(self.stack.environment["PULUMI_HOME"], "logs").glob("organization+e2e+dev-*"))
        self.automatic_log = self.stack.printed("logs", "decrypt", str(logs[-1])) if logs else ""
        return made

    @cached_property
    def refreshed(self) -> Noted:
        """A refresh, after the token in the config was rotated."""
        _ = self.changed
        self.stack.set_secret("token", "marker-config-2")
        return self.stack.noted("refresh", "--yes", "--skip-preview")

    @cached_property
    def rotated(self) -> Noted:
        """An `up` of nothing but that token."""
        _ = self.refreshed
        return self.stack.noted(*UP)

    @cached_property
    def refreshed_by_program(self) -> Noted:
        """A refresh that runs the program, after the token was rotated again."""
        _ = self.rotated
        self.stack.set_secret("token", "marker-config-3")
        return self.stack.noted("refresh", "--yes", "--skip-preview", "--run-program")

    @cached_property
    def replaced(self) -> Noted:
        """A replacement that the command line asks for."""
        _ = self.refreshed_by_program
        return self.stack.noted(*UP, f"--replace={urn(PROBE_TYPE, 'new-name')}")

    @cached_property
    def tainted(self) -> Noted:
        """A replacement of a tainted resource."""
        _ = self.replaced
        self.stack.pulumi("state", "taint", urn(PROBE_TYPE, "new-name"), "--yes")
        return self.stack.noted(*UP)

    @cached_property
    def refused(self) -> Noted:
        """A destroy that meets a protected resource."""
        _ = self.tainted
        return self.stack.noted("destroy", "--yes", "--skip-preview", fails=True)

    @cached_property
    def destroyed(self) -> Noted:
        """A destroy of all, after the protection was removed."""
        _ = self.refused
        self.stack.pulumi("state", "unprotect", "--all", "--yes")
        return self.stack.noted("destroy", "--yes", "--skip-preview")

    @cached_property
    def special(self) -> tuple[Noted, dict[str, Any]]:
        """A run with a provider of the program's own, a resource that is read, and a hook; and its state."""
        stack = self.special_stack = self.other("special")
        stack.set_secret("token", "marker-config")
        run = stack.write(_SPECIAL).noted(*UP)
        return run, {one["urn"].rpartition("::")[2]: one for one in stack.exported()}

    def attempt(self, body: str) -> Noted:
        """Preview a program on an empty stack."""
        return self._trial.write(body).noted("preview", fails=None)

    @cached_property
    def _trial(self) -> ProbeStack:
        return self.other("trial")

    def other(self, name: str, **environ: str) -> ProbeStack:
        """Return a new stack."""
        return ProbeStack(self.folder / name, **environ)
