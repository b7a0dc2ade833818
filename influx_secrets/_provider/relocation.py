"""Resources whose server or org is another one than their state says."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import TYPE_CHECKING

from influx_secrets._errors import NotFoundError, SettingsError
from influx_secrets._model.keys import digest
from influx_secrets._model.planner import is_moved, with_drift
from influx_secrets._model.resources import UNKNOWN, Declaration, Drift, ResourceState
from influx_secrets._notices import DESTINATION, each_ten
from influx_secrets._provider.org_session import OrgSession, Unreachable
from influx_secrets._text import name_keys, quote

if TYPE_CHECKING:
    from influx_secrets._provider.session import ServerSession


def require_server(session: ServerSession, state: ResourceState) -> None:
    """Refuse to read or to remove keys of another server: their absence here says nothing about them.

    `refresh` and `destroy` call no `check`, so that nothing has compared the addresses before.
    """
    if is_moved(state, session.address):
        raise SettingsError(
            f"cannot read or remove secrets: this stack has secrets on {state.server}, but the url is "
            f"{session.address} now. If {state.server} is right, set the url back (INFLUX_HOST, influx-secrets:url, or "
            f"the program), and run `pulumi up`, which stores the url. If {session.address} is right, run `pulumi up`, "
            f"which writes the secrets there and leaves the secrets on {state.server} in place. After that, run this "
            "command again (IS151)"
        )


def org_moved(session: ServerSession, declared: Declaration, old: ResourceState | None, org_id: str) -> bool:
    """Whether an existing resource gets another server or another org in this run, and say so once."""
    moved = is_moved(old, session.address)
    if old is None:
        return False
    # After a refresh found a new org of the same name, or an empty one, the state has its id already.
    lost = declared.exclusive is True and bool(old.keys) and set(map(old.drift.get, old.keys)) == {"deleted"}
    if not moved and not lost and old.org_id in (org_id, UNKNOWN):
        return False
    if moved and old.org_id != org_id:
        session.notify(
            f"{declared.resource} goes from {old.server} (org {old.org_id}) to {session.address} (org {org_id}), "
            f"because the url changed. The keys on {old.server} stay, unless a Provider of the program still has that "
            f"url. If the new url is a mistake, set the url back to {old.server} (INFLUX_HOST, influx-secrets:url, or "
            "the program) (IS618)"
        )
    if declared.exclusive:
        why = "its server or its org changes" if moved or not lost else "all its keys are gone and are written again"
        session.notify(
            f"the update of {declared.resource} removes no undeclared keys, although exclusive=True is set: {why}. A "
            "second `pulumi up` removes the undeclared keys (IS624)"
        )
    return True


def find_org(session: ServerSession, old: ResourceState | None, name: str, *, preview: bool) -> str:
    """Return the id of the org that has a name; at another address that of the state, if this org is there too."""
    previous = old.org_id if old is not None and old.org == name and is_moved(old, session.address) else None
    found: str | NotFoundError
    try:
        found = session.org_id(name, preview=preview)
    except NotFoundError as error:
        found = error
    except Unreachable:
        _report_other_server(session, old, previous)
        raise
    # Its name may belong to another org by now, or to none: a stack follows the id.
    if (
        isinstance(previous, str)
        and found != previous
        and session.ask(lambda client: client.org_exists(previous), preview=preview)
    ):
        return previous
    if isinstance(found, NotFoundError):
        _report_other_server(session, old, previous)
        raise found
    return found


def _report_other_server(session: ServerSession, old: ResourceState | None, previous: object) -> None:
    if old is not None and previous is not None:
        session.notify(
            f"this stack has secrets on {old.server}, but the url is {session.address} now: nothing is removed on "
            f"{old.server}. If the new url is a mistake, set the url back to {old.server} "
            "(INFLUX_HOST, influx-secrets:url, or the program) (IS630)"
        )


def report_destination(
    session: ServerSession, declared: Declaration, old: ResourceState | None, state: ResourceState, *, relocates: bool
) -> None:
    """Name in a preview the server that new keys are written to, and an org whose name belongs to another one now."""
    is_new = not state.keys <= (old.keys if old is not None else frozenset())
    if not declared.preview or not (relocates or is_new):
        return
    if not relocates:
        session.notify(f"{DESTINATION}{session.address} (IS625)", topic="destination")
    if isinstance(state.org, str) and isinstance(state.org_id, str):
        with contextlib.suppress(NotFoundError, Unreachable):
            current = session.current_org_id(state.org, preview=True)
            if current != state.org_id:
                session.notify(
                    f"the name {quote(state.org)} belongs to the org {current} now. This stack stays with the org "
                    f"{state.org_id}, which had that name. To choose one of the two orgs, set org_id instead of org "
                    "(IS626)"
                )


def compare_moved(
    session: ServerSession, org: OrgSession, declared: Declaration, old: ResourceState | None
) -> tuple[ResourceState | None, list[str]]:
    """Look for a state's keys, if its address is another one, and return the state as it is there.

    With the same org id that is the same server, or a copy from a backup, which has the same ids: nobody can tell
    which. Missing keys are written again. A key with the stored or the declared value is ours; a key with any other
    value is refused.

    Returns:
        The state with a drift for each key to be written again, and what is wrong, a line each.
    """
    if old is None or not is_moved(old, session.address):
        return old, []
    listed = org.listed(old.keys, preview=declared.preview)
    foreign = _foreign(org, declared, old, listed)
    # `update` removes what is no longer declared, and knows nothing of the values here.
    session.census.protect(org.org_id, foreign - declared.named)
    refused = frozenset() if declared.overwrite else foreign & declared.named
    if refused:
        return old, [
            f"cannot write the key {quote(key)} of the org {old.org_title}: this stack wrote the key on {old.server}, "
            f"but the url is {session.address} now. The key exists there, too, and its value may differ from the "
            "declared value. To overwrite the value, set overwrite=True for one run. If the new url is wrong, set the "
            f"url back to {old.server} (IS152)"
            for key in sorted(refused)
        ]
    missing = old.keys - listed
    found: dict[str, Drift] = dict.fromkeys(missing, "deleted")
    found |= dict.fromkeys(foreign & declared.named, "changed")
    _notify_moved(session, declared, old, written=found.keys() & declared.named, kept=foreign - declared.named)
    return with_drift(old, found), []


def leave_behind(session: ServerSession, state: ResourceState) -> bool:
    """Whether the keys of a deleted resource stay on a server that this process does not reach; say so if they do.

    Raises:
        SettingsError: Nothing was checked in this run, so it is a destroy, which must not forget what it cannot remove.
    """
    if not is_moved(state, session.address):
        return False
    if session.census.is_destroy:
        require_server(session, state)
    line = (
        "cannot remove {keys} on {old}: the url is {new} now. If nothing on {old} needs the key{s}, run `influx secret "
        "delete --host {old} --org-id {org_id} --key KEY` (IS622)"
    )
    place = {"old": str(state.server), "new": session.address, "org_id": str(state.org_id)}
    session.notify(*each_ten(line, state.org_title, state.keys, **place))
    return True


def _foreign(org: OrgSession, declared: Declaration, old: ResourceState, listed: Collection[str]) -> frozenset[str]:
    """Return the listed keys with a value that is neither the stored nor the declared one, as far as it is known."""
    stored = {key: text for key, text in old.digests.items() if key in listed and isinstance(text, str) and text}
    given = {key: value for key, value in declared.values.items() if key in listed and key in old.keys}
    wanted = {key: digest(org.org_id, key, value) for key, value in given.items() if isinstance(value, str)}
    equal: set[str] = set()
    for expected in (stored, wanted):
        found = org.compare(expected, preview=declared.preview) or {}
        equal.update(key for key, same in found.items() if same)
    return old.keys.intersection(listed) - equal


def _notify_moved(
    session: ServerSession,
    declared: Declaration,
    old: ResourceState,
    *,
    written: Collection[str],
    kept: Collection[str],
) -> None:
    """Say that a resource is reached at another address, and what that means for its keys."""
    line = f"{declared.resource} was written on {old.server}, but the url is {session.address} now (org {old.org_id})"
    if written:
        line += f". This run writes {name_keys(written)} again"
    if kept:
        line += f". This run does not remove {name_keys(kept)}, because others may have written what is there"
    session.notify(f"{line}. This run asks and changes only {session.address} (IS619)")
