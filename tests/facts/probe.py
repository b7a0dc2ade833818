"""A dynamic provider that notes each call in the file of PROBE_LOG; copied beside the programs of the facts."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


def _note(call: str, **seen: Any) -> None:  # noqa: ANN401 (JSON of any shape)
    with open(os.environ["PROBE_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123 (pickled by reference)
        log.write(json.dumps({"call": call, "process": os.getpid(), **seen}, default=str) + "\n")


def _plain(bag: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bag.items() if name != "__provider"}


class ProbeProvider(ResourceProvider):  # type: ignore[misc, unused-ignore]
    """Takes `hidden` out, adds `added`, and does what `fault` asks for."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Note the config."""
        _note("configure", config=dict(req.config._props), mapped=os.environ.get("MAPPED"))

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Note the inputs, and fail as asked."""
        _note("check", name=news.get("name"), olds=sorted(_plain(olds)), news=_plain(news))
        fault = str(news.get("fault"))
        if fault == "raise":
            raise RuntimeError("raised by the provider")
        if fault == "exit":
            os._exit(1)
        if fault == "print":
            print("printed by the provider", file=sys.stderr)  # noqa: T201 (what a user may do)
        failures = (
            [CheckFailure(fault.removeprefix("on "), "refused by the provider")] if fault.startswith("on ") else []
        )
        inputs = {name: value for name, value in news.items() if name != "hidden"}
        return CheckResult({**inputs, "added": f"added-{news.get('name')}"}, failures)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Note the call."""
        _note("create", name=props.get("name"), props=_plain(props))
        return CreateResult(f"id-{props.get('name')}", props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare all; a new `rebuild` replaces."""
        _note("diff", name=_news.get("name"))
        changed = [name for name in _plain(_news) if _olds.get(name) != _news[name]]
        return DiffResult(changes=bool(changed), replaces=[name for name in changed if name == "rebuild"])

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Note the call."""
        _note("update", name=_news.get("name"), props=_plain(_news))
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Note the call."""
        _note("delete", name=_props.get("name"))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Say that a resource called gone is gone."""
        _note("read", name=props.get("name"), props=_plain(props))
        return ReadResult("", {}) if props.get("name") == "gone" else ReadResult(id_, props)


class KeepingProvider(ProbeProvider):
    """Has an attribute."""

    def __init__(self, kept: str) -> None:
        self.kept = kept


class Probe(Resource, module="facts", name="Probe"):
    """A resource with any inputs."""

    def __init__(self, name: str, opts: ResourceOptions | None = None, *, kept: str = "", **inputs: Input[Any]) -> None:
        super().__init__(KeepingProvider(kept) if kept else ProbeProvider(), name, {"name": name, **inputs}, opts)
