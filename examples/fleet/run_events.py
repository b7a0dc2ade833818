"""The events of one run: how many keys changed, the first error, the notices of the provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation import EngineEvent

_TYPE = "pulumi-python:dynamic/influxdb:OrgSecrets"
_PREFIX = "influx-secrets: "
_COLOR = re.compile(r"<\{%.*?%\}>")


@dataclass(frozen=True)
class Keys:
    """Numbers of keys: those that the run added, changed and removed, or would; those that somebody else changed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    drifted: int = 0

    def __add__(self, other: Keys) -> Keys:
        return Keys(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.drifted + other.drifted,
        )

    def __bool__(self) -> bool:
        return self != Keys()

    def __str__(self) -> str:
        drift = f", {self.drifted} changed or removed by others" if self.drifted else ""
        return f"keys: {self.added} added, {self.changed} changed, {self.removed} removed{drift}"


def keys(events: Iterable[EngineEvent]) -> Keys:
    """Count the keys, by how often each was written, before a step and after it."""
    found = Keys()
    for event in events:
        step = event.res_outputs_event.metadata if event.res_outputs_event else None
        if step is not None and step.type == _TYPE:
            old, new = _versions(step.old), _versions(step.new)
            both = old.keys() & new.keys()
            found += Keys(
                added=len(new.keys() - old.keys()),
                changed=sum(1 for key in both if old[key] != new[key]),
                removed=len(old.keys() - new.keys()),
                drifted=len(_inputs(step.new).get("drift", {})),
            )
    return found


def reason(events: Iterable[EngineEvent]) -> str:
    """Return the first error as one line; empty if there was none."""
    return next((text for severity, text in _diagnostics(events) if severity == "error"), "")


def notices(events: Iterable[EngineEvent]) -> list[str]:
    """Return the notices of the provider, each once, such as a server that could not be asked."""
    noted = [text.removeprefix(_PREFIX) for _, text in _diagnostics(events) if text.startswith(_PREFIX)]
    return list(dict.fromkeys(noted))


def _diagnostics(events: Iterable[EngineEvent]) -> Iterator[tuple[str, str]]:
    for event in events:
        diagnostic = event.diagnostic_event
        if diagnostic is not None:
            yield diagnostic.severity, " ".join(_COLOR.sub("", diagnostic.message).split())


def _versions(state: Any) -> Mapping[str, Any]:  # noqa: ANN401 (a part of an event, or None)
    versions: Mapping[str, Any] = _inputs(state).get("versions", {})
    return versions


def _inputs(state: Any) -> Mapping[str, Any]:  # noqa: ANN401 (a part of an event, or None)
    return (state.inputs or {}) if state is not None else {}
