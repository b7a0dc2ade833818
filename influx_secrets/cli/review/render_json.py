"""Review as JSON, in the schema of docs/review.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from influx_secrets._model.resources import UNKNOWN, Unknown
from influx_secrets.cli.review.changes import Change
from influx_secrets.cli.review.preview import name_of
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Finding
from influx_secrets.cli.shared.untrusted import Untrusted

SCHEMA: Final = "influx-secrets/review"
VERSION: Final = 1
"""Counted up when a member changes its meaning, or is removed."""


def render_json(review: Review) -> str:
    """Return the review as one JSON document, escaped down to ASCII, so that no terminal obeys its texts."""
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "complete": review.preview.complete,
        "found": {gate.value: number for gate, number in review.gates.items()},
        "counts": {action.value: number for action, number in review.counts.items()},
        "warnings": [_warning(one) for one in review.warnings],
        "orgs": [_org(one) for one in review.orgs],
        "other_resources": dict(sorted(review.preview.others.items())),
        "unlisted_resources": review.preview.unlisted,
    }
    return json.dumps(document, indent=2)


def _warning(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "kind": finding.kind.value,
        "message": "".join(one.text if isinstance(one, Untrusted) else one for one in finding.message),
        "provider": None if place is None else name_of(place.provider),
        "org_id": None if place is None else place.org_id,
        "keys": list(finding.keys),
    }


def _org(org: OrgReview) -> dict[str, Any]:
    return {
        "provider": org.provider,
        "org_id": org.place.org_id,
        "org": org.name,
        "server": org.server,
        "kept": org.kept,
        "changes": [_change(one) for one in org.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "key": None if change.key is UNKNOWN else change.key,
        "action": change.action.value,
        "before": _version(change.before),
        "after": _version(change.after),
        "drift": change.drift,
        "resource": asdict(change.resource),
        "source": None if change.source is None else asdict(change.source),
        "notes": list(change.notes),
    }


def _version(version: int | Unknown | None) -> int | str | None:
    return "unknown" if version is UNKNOWN else version
