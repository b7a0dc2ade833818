"""Resources whose server or org is another one than their state says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from influx_secrets._errors import KeyConflictError, NotFoundError, SettingsError
from influx_secrets._model.keys import digest
from influx_secrets._model.planner import is_moved, with_drift
from influx_secrets._model.state import UNKNOWN, Declaration, Drift, ResourceState
from influx_secrets._text import name_keys, quote

if TYPE_CHECKING:
    from influx_secrets._provider.org_session import OrgSession
    from influx_secrets._provider.session import ServerSession


def require_server(session: ServerSession, state: ResourceState) -> None:
    """Refuse to read or to remove keys of another server: their absence here says nothing about them.

    `refresh` and `destroy` call no `check`, so that nothing has compared the addresses before.

    Raises:
        SettingsError: The state names another server than the settings.
    """
    if is_moved(state, session.address):
        raise SettingsError(
            f"this stack has secrets on {state.server}, and this run asks {session.address}: set INFLUX_HOST (or the "
            f"url of the provider) back to {state.server}. If the secrets are to be on {session.address} from now on, "
            "run `pulumi up` first"
        )


def org_moved(session: ServerSession, declared: Declaration, old: ResourceState | None, org_id: str) -> bool:
    """Whether an existing resource gets another server or another org in this run, and say so once."""
    moved = is_moved(old, session.address)
    if old is None or (not moved and old.org_id in (org_id, UNKNOWN)):
        return False
    if moved and old.org_id != org_id:
        session.notify(
            f"{declared.resource} is on {old.server} (org {old.org_id}); this run writes it to {session.address} "
            f"(org {org_id}). What is on {old.server} is removed only by a provider with that url"
        )
    if declared.exclusive:
        session.notify(
            f"{declared.resource} prunes nothing in the run that changes its server or org; the next run does"
        )
    return True


def compare_moved(
    session: ServerSession, org: OrgSession, declared: Declaration, old: ResourceState
) -> tuple[ResourceState, list[str]]:
    """Look for a state's keys at another address of the same org id, and return the state as it is there.

    That is the same server, or a copy from a backup, which has the same ids: nobody can tell which. Missing keys are
    written again. A key with the stored or the declared value is ours; a key with any other value is refused.

    Returns:
        The state with a drift for each key to be written again, and what is wrong, a line each.
    """
    listed = org.listed(old.keys, preview=declared.preview)
    foreign = _foreign(org, declared, old, listed)
    # `update` removes what is no longer declared, and knows nothing of the values here.
    session.census.protect(org.org_id, foreign - declared.named)
    refused = frozenset() if declared.overwrite else foreign & declared.named
    if refused:
        return old, [_refusal(session, old, key) for key in sorted(refused)]
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
    session.notify(
        f"{name_keys(state.keys)} of the org {state.org_id} on {state.server}: not removed, because this run asks "
        f"{session.address}. Remove them there if nobody needs them"
    )
    return True


def require_gone(session: ServerSession, state: ResourceState, error: NotFoundError) -> None:
    """Return only if the server that the state names confirms that the org does not exist any more.

    Raises:
        NotFoundError: It does not, or hides the org from this token; then with the cause.
    """
    exists = session.client.org_exists(str(state.org_id))
    if exists is None:
        cause = (
            "the token is inactive: activate it, or use a different one"
            if session.client.is_token_inactive()
            else "the org exists, but this token may not read it: use a token with the permission to read the org"
        )
        raise NotFoundError(
            f"cannot reach the secrets of the org {state.org_id}: {cause}",
            method=error.method,
            path=error.path,
            status=error.status,
            code=error.code,
        )
    if exists or state.server != session.address:
        raise error


def accept_missing_org(session: ServerSession, state: ResourceState, error: NotFoundError) -> None:
    """Return if the keys of a deleted resource count as removed, because their org is gone.

    Raises:
        NotFoundError: Nothing confirms that, and `missingOrg` does not say so either.
    """
    try:
        require_gone(session, state, error)
    except NotFoundError as unconfirmed:
        if unconfirmed is not error:
            raise
        if session.settings.missing_org != "gone":
            command = "pulumi destroy --run-program" if session.census.is_destroy else "pulumi up"
            session.notify(
                f"if the org {state.org_id} is gone for good: `pulumi config set influx-secrets:missingOrg gone`, "
                f"then `{command}`"
            )
            raise
        session.notify(
            f"the org {state.org_id} does not exist or is not readable; treated as deleted, because missingOrg is "
            "`gone`"
        )
    else:
        session.notify(f"the org {state.org_id} does not exist any more on {session.address}: nothing to remove")


def successor(session: ServerSession, state: ResourceState) -> str | None:
    """Return the id of the org that has the name of a deleted one now, or None."""
    if not isinstance(state.org, str):
        return None
    try:
        return session.client.find_org(state.org).id
    except NotFoundError:
        return None


def without_org(session: ServerSession, state: ResourceState) -> ResourceState:
    """Return the state after its org was deleted: every key is gone, and the org made anew is the one to write to."""
    org_id = successor(session, state) or state.org_id
    session.notify(
        f"the org {state.org_id} does not exist any more on {session.address}; its secrets are gone"
        + (f". The org {quote(str(state.org))} is {org_id} now" if org_id != state.org_id else "")
    )
    drift: dict[str, Drift] = dict.fromkeys(state.keys, "deleted")
    return replace(state, org_id=org_id, digests=dict.fromkeys(state.keys, ""), drift=drift)


def _foreign(org: OrgSession, declared: Declaration, old: ResourceState, listed: Collection[str]) -> frozenset[str]:
    """Return the listed keys with a value that is neither the stored nor the declared one, as far as it is known."""
    stored = {key: text for key, text in old.digests.items() if key in listed and isinstance(text, str) and text}
    given = {key: value for key, value in declared.values.items() if key in listed and key in old.keys}
    wanted = {key: digest(org.org_id, key, value) for key, value in given.items() if isinstance(value, str)}
    equal: set[str] = set()
    for expected in (stored, wanted):
        found = org.compare(expected, preview=declared.preview) if expected else None
        equal.update(key for key, same in (found or {}).items() if same)
    return old.keys.intersection(listed) - equal


def _refusal(session: ServerSession, old: ResourceState, key: str) -> str:
    return str(
        KeyConflictError(
            f"the key {quote(key)} of the org {old.org_id} was written on {old.server}, and on {session.address} it "
            "has a value that is not ours, or that cannot be compared. If it may be overwritten, set overwrite=True "
            f"once; else set the url back to {old.server}",
            org_id=str(old.org_id),
            key=key,
        )
    )


def _notify_moved(
    session: ServerSession,
    declared: Declaration,
    old: ResourceState,
    *,
    written: Collection[str],
    kept: Collection[str],
) -> None:
    """Say that a resource is reached at another address, and what that means for its keys."""
    line = f"{declared.resource} was written on {old.server}; this run asks {session.address}, org {old.org_id}"
    if written:
        line += f". It writes {name_keys(written)} again"
    if kept:
        line += f". It leaves {name_keys(kept)}: no longer declared, and the value is not ours"
    session.notify(f"{line}. Nothing is removed on {old.server}")
