"""Which keys a run may remove, and what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from influx_secrets._client.readers import Reader
from influx_secrets._model.planner import is_moved, newly_pruned, prunable_keys, with_pruned
from influx_secrets._model.resources import UNKNOWN, Declaration, ResourceState
from influx_secrets._notices import LOSSES_UNKNOWN, Existing, existing_keys, readers_unseen, spared_keys
from influx_secrets._provider.org_session import OrgSession
from influx_secrets._provider.session import ServerSession
from influx_secrets._text import name_keys


def with_unknown_prunes(state: ResourceState) -> ResourceState:
    """Return the state where it cannot be known which keys are removed."""
    return replace(state, pruned_known=False) if state.exclusive else state


def prune(
    session: ServerSession, org: OrgSession, declared: Declaration, state: ResourceState, managed: Collection[str]
) -> ResourceState:
    """Return the state that counts the removal of each key that nothing declares, keeps or needs for alerts."""
    if not (state.keys_known and state.pruned_known) or UNKNOWN in (state.exclusive, *state.keep):
        return with_unknown_prunes(state)
    listed = org.listed(preview=declared.preview).difference(managed)
    found = prunable_keys(state, listed, org.claimed(listed))
    later = session.census.declared_later(declared, state, found)
    found = [key for key in found if key not in later]
    return with_pruned(state, _unread(session, org, found, preview=declared.preview) if found else found)


def _unread(session: ServerSession, org: OrgSession, keys: Sequence[str], *, preview: bool) -> list[str]:
    """Return the keys that no endpoint and no rule reads, and report the others."""
    alerts = org.alerts(preview=preview)
    read: dict[tuple[Reader, ...], list[str]] = {}
    for key in keys:
        read.setdefault(alerts.readers(key), []).append(key)
    unread = read.pop((), [])
    for readers, spared in read.items():
        session.notify(*spared_keys(str(org), spared, [reader.title for reader in readers]))
    if alerts.unseen:
        session.notify(*readers_unseen(str(org), unread, alerts.unseen))
    return unread


def keep_undecided(session: ServerSession, org: OrgSession, state: ResourceState, keys: Iterable[str]) -> None:
    """Keep keys from removal that a resource may declare which is not checked in this run, and name them.

    Name those too that stay because a resource with another url declares them: nobody can tell whether that is the
    same server, and the state forgets them.
    """
    keys = frozenset(keys)
    unclaimed = keys - org.claimed(keys)
    undecided = session.census.undecided(state, unclaimed) if unclaimed else {}
    claimed = org.claimed(keys)
    # Who was checked meanwhile has claimed its keys.
    kept = undecided.keys() - claimed
    elsewhere = session.census.claimed_elsewhere(org.org_id, claimed)
    if elsewhere:
        session.notify(
            f"{name_keys(elsewhere)} of the org {org}: not removed on {session.address}, because a resource with "
            "another url declares the same keys, and both urls may lead to one server. If nothing needs the keys on "
            "this server, run `influx secret delete` (IS620)"
        )
    if kept:
        session.census.protect(org.org_id, kept)
        owners = ", ".join(sorted({undecided[key] for key in kept}))
        session.notify(
            f"{name_keys(kept)} of the org {org}: not removed, because {owners} may declare the same keys, and was not "
            "checked in this run (`--target`, `--exclude`, or a dependency). If nothing needs "
            "the keys, run `influx secret delete` (IS621)"
        )


def report_losses(
    session: ServerSession, declared: Declaration, old: ResourceState | None, state: ResourceState
) -> None:
    """Name the keys that are removed or pruned, which a preview without `--diff` does not show."""
    before = old or ResourceState(org_id=state.org_id)
    stays = before.org_id == state.org_id
    if stays:
        session.notify(*existing_keys(Existing.PRUNES, state.org_title, newly_pruned(before, state)))
    if not state.pruned_known or not (state.keys_known or old is None):
        session.notify(f"{LOSSES_UNKNOWN}{declared.resource}. `pulumi up` names them when it removes them (IS610)")
    if not state.keys_known or is_moved(old, session.address):
        return
    org = session.org(before.org_id)
    gone = before.keys - state.keys if stays else before.keys
    if not gone:
        return  # The census would look at every resource of the program.
    gone -= org.claimed(gone) | session.census.declared_later(declared, before, gone)
    is_certain = stays and not session.census.undecided(before, gone, wait=False)
    session.notify(*existing_keys(Existing.REMOVES if is_certain else Existing.MAY_REMOVE, before.org_title, gone))
