"""Which keys a run may remove, and what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from influx_secrets._client.readers import Reader
from influx_secrets._model.planner import is_moved, newly_pruned, prunable_keys, with_pruned
from influx_secrets._model.resources import UNKNOWN, Declaration, ResourceState
from influx_secrets._notices import LOSSES_UNKNOWN, Existing, each_ten, existing_keys, readers_unseen, spared_keys
from influx_secrets._provider.org_session import OrgSession
from influx_secrets._provider.session import ServerSession


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
    # Without --host the command would ask the server of INFLUX_HOST, and remove the key there.
    by_hand = f"run `influx secret delete --host {session.address} --org-id {org.org_id} --key KEY`"
    line = (
        "cannot remove {keys} on {server}: a resource with another url declares the key{s} too, and both urls may lead "
        "to one server. If the urls lead to two servers, and nothing needs the key{s} on this server, {by_hand} (IS620)"
    )
    elsewhere = session.census.claimed_elsewhere(org.org_id, claimed)
    session.notify(*each_ten(line, str(org), elsewhere, server=session.address, by_hand=by_hand))
    session.census.protect(org.org_id, kept)
    owners = ", ".join(sorted({undecided[key] for key in kept}))
    line = (
        "cannot remove {keys}: this run did not check {owners}, which may declare the key{s} too. Correct the errors "
        "of this run, if any. Then run `pulumi up` without `--target` and `--exclude`. If the program does not declare "
        "the key{s}, {by_hand} (IS621)"
    )
    session.notify(*each_ten(line, str(org), kept, owners=owners, by_hand=by_hand))


def report_losses(
    session: ServerSession, declared: Declaration, old: ResourceState | None, state: ResourceState
) -> None:
    """Name the keys that are removed or pruned, which a preview without `--diff` does not show."""
    before = old or ResourceState(org_id=state.org_id)
    stays = before.org_id == state.org_id
    if stays:
        session.notify(*existing_keys(Existing.PRUNES, state.org_title, newly_pruned(before, state)))
    if not state.pruned_known or not (state.keys_known or old is None):
        session.notify(
            f"{LOSSES_UNKNOWN}{declared.resource}: an input of the resource is not known yet, or the server could not "
            "be asked. `pulumi up` names each key that it removes (IS610)"
        )
    moved = is_moved(old, session.address)
    if not state.keys_known or (moved and not stays):
        return
    org = session.org(before.org_id)
    gone = before.keys - state.keys if stays else before.keys
    if not gone:
        return  # The census would look at every resource of the program.
    gone -= org.claimed(gone) | session.census.declared_later(declared, before, gone)
    is_certain = stays and not moved and not session.census.undecided(before, gone, wait=False)
    session.notify(*existing_keys(Existing.REMOVES if is_certain else Existing.MAY_REMOVE, before.org_title, gone))
