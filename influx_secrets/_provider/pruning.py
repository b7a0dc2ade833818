"""Which keys `exclusive` removes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from influx_secrets._client.readers import Reader
from influx_secrets._model.planner import prunable_keys, with_pruned
from influx_secrets._model.state import UNKNOWN, Declaration, ResourceState
from influx_secrets._notices import readers_unseen, spared_keys
from influx_secrets._provider.org_session import OrgSession
from influx_secrets._provider.session import ServerSession


def with_unknown_prunes(state: ResourceState) -> ResourceState:
    """Return the state where it cannot be known which keys are removed."""
    return replace(state, pruned_known=False) if state.exclusive else state


def prune(
    session: ServerSession, org: OrgSession, declared: Declaration, state: ResourceState, managed: Collection[str]
) -> ResourceState:
    """Return the state that counts the removal of each key that nothing declares, keeps or needs for alerts.

    Raises:
        Unreachable: A preview could not ask.
    """
    if not (state.keys_known and state.pruned_known) or UNKNOWN in (state.exclusive, *state.keep):
        return with_unknown_prunes(state)
    listed = org.listed(preview=declared.preview).difference(managed)
    found = prunable_keys(state, listed, org.claimed(listed))
    return with_pruned(state, _unread(session, org, found, preview=declared.preview) if found else found)


def _unread(session: ServerSession, org: OrgSession, keys: Sequence[str], *, preview: bool) -> list[str]:
    """Return the keys that no endpoint and no rule reads, and report the others."""
    alerts = org.alerts(preview=preview)
    read: dict[tuple[Reader, ...], list[str]] = {}
    for key in keys:
        read.setdefault(alerts.readers(key), []).append(key)
    unread = read.pop((), [])
    for readers, spared in read.items():
        for line in spared_keys(org.org_id, spared, [reader.title for reader in readers]):
            session.notify(line)
    if alerts.unseen:
        for line in readers_unseen(org.org_id, unread, alerts.unseen):
            session.notify(line)
    return unread
