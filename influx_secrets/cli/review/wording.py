"""Sentences and table rows that text and Markdown share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from influx_secrets._model.resources import UNKNOWN
from influx_secrets.cli.review.changes import Action, Change, Place
from influx_secrets.cli.review.preview import Resource
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Finding
from influx_secrets.cli.shared.untrusted import Message, Untrusted

MAX_NAMED: Final = 10
"""How many keys one finding names; the table contains all of them."""

_HEADINGS: Final = ("Key", "Change", "Version", "Resource", "Note")
_LABELS: Final[Mapping[Action, str]] = {
    Action.COMPARE: "adopt or refuse",
    Action.UNKNOWN: "not known yet",
    Action.REPLACE: "write again",
}
_COUNTED: Final[Mapping[Action, str]] = {Action.UNKNOWN: "not known yet", Action.DRIFT: "drifted", Action.KEEP: "kept"}


def table(changes: Sequence[Change], show: Callable[[str], str]) -> list[tuple[str, ...]]:
    """Return the rows of a table, the headings first; without the column of notes where there is none."""
    columns = len(_HEADINGS) - (not any(change.notes for change in changes))
    return [_HEADINGS[:columns], *(_row(change, show)[:columns] for change in changes)]


def _row(change: Change, show: Callable[[str], str]) -> tuple[str, ...]:
    def named(resource: Resource) -> str:
        return f"{resource.kind} {show(resource.name)}"

    key = show(change.key) if isinstance(change.key, str) else "(not known yet)"
    source = "" if change.source is None else f", from {named(change.source)}"
    word = _LABELS.get(change.action, change.action.value)
    label = word if change.drift is None else f"{word} ({change.drift})"
    return key, label, _versions(change), f"{named(change.resource)}{source}", "; ".join(change.notes)


def _versions(change: Change) -> str:
    """Return the version of a key before and after, `3 → 4`; one number where it is added, removed or kept."""
    known = ["?" if one is UNKNOWN else str(one) for one in (change.before, change.after) if one is not None]
    return known[0] if len(set(known)) == 1 else " → ".join(known)


def counted(review: Review) -> str:
    """Return how many keys have which change, in one line."""
    found = _counted(review.counts)
    return found or "no secret changes" if review.preview.complete else f"the preview failed; {found}".rstrip("; ")


def counted_of(org: OrgReview) -> str:
    """Return how many rows the table of an org has, and how many keys have which change in it."""
    counts = Counter(one.action for one in org.changes)
    rows = "1 key" if len(org.changes) == 1 else f"{len(org.changes)} keys"
    return f"{rows}: {_counted({action: counts[action] for action in Action})}"


def _counted(counts: Mapping[Action, int]) -> str:
    return ", ".join(
        f"{number} {_COUNTED.get(action) or f'to {_LABELS.get(action, action.value)}'}"
        for action, number in counts.items()
        if number
    )


def other_resources(review: Review) -> list[str]:
    """Return what the preview does besides secrets, a line each."""
    lines, preview = [], review.preview
    if preview.others:
        listed = ", ".join(f"{number} to {op}" for op, number in sorted(preview.others.items()))
        lines.append(f"Resources of other types: {listed}.")
    if preview.unlisted:
        lines.append(f"Unchanged resources, of any type, that the preview does not list: {preview.unlisted}.")
    return lines


def kept(org: OrgReview) -> str:
    """Return how many keys of an org do not change."""
    return "1 key stays as it is." if org.kept == 1 else f"{org.kept} keys stay as they are."


def title(org: OrgReview) -> Message:
    """Return the title of an org's table: name, id, and the provider where there are several."""
    name: Message = (Untrusted(org.name),) if org.name else ()
    if org.place.org_id is None:
        message = (*name, ", its id is not known yet") if name else ("An org that is not known yet",)
    else:
        message = (*name, " (", Untrusted(org.place.org_id), ")") if name else (Untrusted(org.place.org_id),)
    return (*message, ", provider ", Untrusted(org.provider)) if org.shows_provider else message


def heading(org: OrgReview) -> Message:
    """Return the heading of an org's table: its title, and the server."""
    return title(org) if org.server is None else (*title(org), " on ", Untrusted(org.server))


def sentences(review: Review) -> list[Message]:
    """Return each finding as one sentence: which org, what, and the keys, ten at most."""
    titles: Mapping[Place | None, Message] = {org.place: title(org) for org in review.orgs}
    return [_sentence(one, titles.get(one.place, ())) for one in review.warnings]


def _sentence(finding: Finding, org: Message) -> Message:
    message: Message = (*org, ": ", *finding.message) if org else finding.message
    for number, key in enumerate(finding.keys[:MAX_NAMED]):
        message = (*message, ", " if number else ": ", Untrusted(key))
    more = len(finding.keys) - MAX_NAMED
    return (*message, f" and {more} more") if more > 0 else message
