"""Notices that name keys."""

from __future__ import annotations

from influx_secrets._model.planner import is_moved, newly_pruned
from influx_secrets._model.resources import Declaration, ResourceState
from influx_secrets._notices import LOSSES_UNKNOWN, Existing, existing_keys
from influx_secrets._provider.session import ServerSession
from influx_secrets._text import name_keys


def report_white_space(
    session: ServerSession, declared: Declaration, old: ResourceState | None, state: ResourceState
) -> None:
    """Name the keys to be written that were probably copied with a line break or a blank."""
    before = old.versions if old is not None else {}
    padded = [
        key
        for key, value in declared.values.items()
        if isinstance(value, str)
        and (key != key.strip() or value != value.strip())
        and before.get(key) != state.versions.get(key)
    ]
    if padded:
        session.notify(f"white space at an end of the key or its value, which is kept: {name_keys(padded)} (IS601)")


def report_losses(
    session: ServerSession, declared: Declaration, old: ResourceState | None, state: ResourceState
) -> None:
    """Name the keys that are removed or pruned, which a preview without `--diff` does not show."""
    before = old or ResourceState(org_id=state.org_id)
    stays = before.org_id == state.org_id
    if stays:
        session.notify(*existing_keys(Existing.PRUNES, state.org_title, newly_pruned(before, state)))
    if not state.pruned_known or not (state.keys_known or old is None):
        session.notify(f"{LOSSES_UNKNOWN}{declared.resource} (IS610)")
    if not state.keys_known or is_moved(old, session.address):
        return
    org = session.org(before.org_id)
    gone = before.keys - state.keys if stays else before.keys
    if not gone:
        return  # The census would look at every resource of the program.
    gone -= org.claimed(gone) | session.census.declared_later(declared, before, gone)
    is_certain = stays and not session.census.undecided(before, gone, wait=False)
    session.notify(*existing_keys(Existing.REMOVES if is_certain else Existing.MAY_REMOVE, before.org_title, gone))
