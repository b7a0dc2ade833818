"""What each call of the life cycle does, for one key as for thousands."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from influx_secrets._errors import (
    DeclarationError,
    InfluxSecretsError,
    NotFoundError,
    SecretNotFoundError,
    UnauthorizedError,
)
from influx_secrets._model.keys import digest, is_org_id, spellings
from influx_secrets._model.planner import is_moved, next_state, plan, rewritten, with_drift
from influx_secrets._model.resources import UNKNOWN, Declaration, Drift, InvalidValue, ResourceState, Unknown
from influx_secrets._model.validation import problems
from influx_secrets._notices import UNREADABLE, Existing, existing_keys, unreadable_secrets
from influx_secrets._provider import first_write, missing_org, relocation
from influx_secrets._provider.census import Conflicts
from influx_secrets._provider.org_session import OrgSession, Unreachable
from influx_secrets._provider.removals import keep_undecided, prune, report_losses, with_unknown_prunes
from influx_secrets._provider.session import ServerSession
from influx_secrets._text import name_keys, quote


def check_declaration(
    session: ServerSession, declared: Declaration, old: ResourceState | None
) -> ResourceState | list[str]:
    """Validate a declaration, claim its keys, and return the state that it asks for, or what is wrong with it.

    Keys are claimed even where the declaration is wrong: with `--continue-on-error` the engine goes on to delete
    what the program no longer declares, and that must not take a key which was only renamed.
    """
    # CLI 3.259.0 and 3.274.1 call twice for a replacement, the second time without the old inputs; for one by
    # `--replace` or `pulumi state taint` only so, once.
    is_second = old is None and declared.resource in session.states
    if old is None:
        old = session.states.get(declared.resource)
    else:
        session.states[declared.resource] = old
    wrong = problems(declared)
    if wrong:
        session.census.claim(declared, None)
        return wrong
    try:
        org_id, name = _find_org(session, declared, old)
    except InfluxSecretsError:
        session.census.claim(declared, None)
        raise
    if org_id is UNKNOWN:
        session.census.claim(declared, None)
        return with_unknown_prunes(next_state(old, declared, UNKNOWN, name, session.address))
    org = session.org(org_id)
    conflicts = org.register(declared)
    failures = _refusals(declared, str(org), conflicts)
    relocates = relocation.org_moved(session, declared, old, org_id)
    before = old if old is not None and old.org_id == org_id else None
    try:
        before, refused = relocation.compare_moved(session, org, declared, before)
        failures += refused
        if before is not None and is_second:
            before = rewritten(before)
        state = next_state(before, declared, org_id, name, session.address)
        failures += _take_over(session, org, declared, state.keys - _managed(before) - conflicts.taken.keys())
        if state.exclusive and not failures and not relocates:
            state = prune(session, org, declared, state, before.keys if before else frozenset())
        relocation.report_destination(session, declared, before, state, relocates=relocates)
    except Unreachable:
        state = with_unknown_prunes(next_state(before, declared, org_id, name, session.address))
    except NotFoundError as error:
        raise missing_org.explained(session, before, error) from None
    _report_white_space(session, declared, old, state)
    if failures:
        return failures
    report_losses(session, declared, old, state)
    return state


def claim_stored(session: ServerSession, state: ResourceState) -> None:
    """Claim the keys of a resource that is left as it is, without asking the server or looking at other claims."""
    name = 'a resource with ignore_changes=["*"]'  # without its keys: the register of the run has them as hashes only
    if is_moved(state, session.address):
        session.notify(
            f"{name} has {name_keys(state.keys)} on {state.server}, but the url is {session.address} now: "
            f"ignore_changes keeps the resource from writing to {session.address}. To write there, remove "
            "ignore_changes for one run (IS623)"
        )
    session.org(state.org_id, state.org).register(
        Declaration(resource=name, org_id=state.org_id, keys=state.keys, named=state.keys, exclusive=state.exclusive)
    )


def apply(session: ServerSession, old: ResourceState | None, new: ResourceState) -> None:
    """Write what is new or changed in one transaction, then remove what is no longer declared in another.

    A first write of very many keys is several (`first_write`).
    """
    org = session.org(new.org_id, new.org)
    steps = plan(old, new)
    values = org.take_values(steps.write)
    missing = [key for key in steps.write if key not in values]
    if missing:
        raise DeclarationError(
            f"cannot write {name_keys(missing)}: the resource must be replaced, but ignore_changes hides the "
            f"{'value' if len(missing) == 1 else 'values'}. Remove ignore_changes for one run (IS136)"
        )
    try:
        if old is None:
            first_write.write(session, org, new, values)
        elif values:
            org.write(values)
        if steps.remove:
            keep_undecided(session, org, new, steps.remove)
            org.remove(steps.remove)
    except NotFoundError as error:
        raise missing_org.explained(session, new, error) from None


def delete(session: ServerSession, state: ResourceState) -> None:
    """Remove the keys of a resource, but those that another resource of this run declares."""
    if relocation.leave_behind(session, state):
        return
    org = session.org(state.org_id, state.org)
    if not session.census.is_destroy:
        keep_undecided(session, org, state, state.keys)
    try:
        org.remove(state.keys, by_path=len(state.keys) == 1)
    except NotFoundError as error:
        missing_org.accept_missing_org(session, state, error)


def refresh(session: ServerSession, state: ResourceState) -> ResourceState:
    """Return the state as a refresh finds it, with its drift."""
    relocation.require_server(session, state)
    org = session.org(state.org_id, state.org)
    try:
        listed = org.listed(state.keys)
    except NotFoundError as error:
        missing_org.require_gone(session, state, error)
        return missing_org.without_org(session, state)
    except UnauthorizedError:
        # Only a token that is known otherwise lacks a permission here; a wrong one must not look like "no change".
        is_known = False
        with contextlib.suppress(UnauthorizedError):
            is_known = session.client.org_exists(org.org_id) is True
        if session.settings.verify_values == "always" or not is_known:
            raise
        session.notify(f"{UNREADABLE}{unreadable_secrets(str(org))}")
        return state
    gone = sorted(state.keys - listed)
    is_wiped = bool(gone) and org.has_only_server_keys()
    if is_wiped:
        session.notify(
            f"all secrets of the org {org} are gone, perhaps removed by `influx apply --secret`, or by the destroy of "
            "another stack with the same keys. `pulumi up` writes the secrets of this stack again (IS613)"
        )
    found: dict[str, Drift] = dict.fromkeys(gone, "deleted")
    found |= dict.fromkeys(_changed(org, state, listed), "changed")
    new = {key: drift for key, drift in found.items() if state.drift.get(key) != drift}
    changed, missing = ([key for key, drift in new.items() if drift == kind] for kind in ("changed", "deleted"))
    session.notify(*existing_keys(Existing.CHANGED, str(org), changed))
    if not is_wiped:
        session.notify(*existing_keys(Existing.REMOVED, str(org), missing))
    return with_drift(state, new)


def look_up(session: ServerSession, org_id: str, key: str) -> None:
    if key not in session.org(org_id).listed([key]):
        raise SecretNotFoundError(
            f"Secret.get: the org {org_id} has no secret with the key {quote(key)}. Correct the id, or create the "
            "secret first (IS138)",
            org_id=org_id,
            key=key,
        )


def _find_org(
    session: ServerSession, declared: Declaration, old: ResourceState | None
) -> tuple[str | Unknown, str | Unknown | None]:
    """Return the id of a declaration's org, and the name that it is looked up under."""
    org_id, name = declared.org_id, declared.org
    if org_id is None and name is None:
        org_id, name = session.settings.org_id, session.settings.org
    if org_id is not None:
        return org_id, None
    if name is None:
        raise DeclarationError(
            "no org is given. Add org=... or org_id=... to the resource or its Provider, or set INFLUX_ORG. Without a "
            "Provider, `pulumi config set influx-secrets:org NAME` works too (IS135)"
        )
    if name is UNKNOWN:
        return UNKNOWN, UNKNOWN
    stored = old.org_id if old is not None and old.org == name and not is_moved(old, session.address) else None
    if isinstance(stored, str) and is_org_id(stored):
        session.remember_org(name, stored)
        return stored, name
    try:
        return relocation.find_org(session, old, name, preview=declared.preview), name
    except Unreachable:
        return UNKNOWN, name


def _managed(state: ResourceState | None) -> frozenset[str]:
    """Return the keys of a state that need no second look: not those that others may have written since a refresh."""
    if state is None:
        return frozenset()
    return state.keys - {key for key, drift in state.drift.items() if drift == "deleted"}


def _refusals(declared: Declaration, org: str, conflicts: Conflicts) -> list[str]:
    refused = [
        f"the key {quote(key)} of the org {org} is declared twice: by {declared.resource} and by {other}. Remove the "
        "key from one of these resources (IS104)"
        for key, other in sorted(conflicts.taken.items())
    ]
    if conflicts.exclusive is not None and not refused:
        pair = declared.resource, conflicts.exclusive
        owner, other = pair if declared.exclusive is True else pair[::-1]
        refused.append(
            f"{owner} has exclusive=True and must be the only resource of the org {org}, but {other} uses it too. "
            f"Move all keys into {owner}, or remove exclusive=True (IS106)"
        )
    return refused


def _take_over(session: ServerSession, org: OrgSession, declared: Declaration, new: Collection[str]) -> list[str]:
    """Look at keys that this resource did not manage before: adopt those with its value, refuse the others."""
    wanted = {key: declared.values[key] for key in new if key in declared.values}
    if not wanted:
        return []
    try:
        listed = org.listed(wanted, preview=declared.preview)
    except UnauthorizedError:
        if not declared.overwrite:
            raise
        return []
    existing = {key: wanted[key] for key in listed}
    digests = {key: digest(org.org_id, key, value) for key, value in existing.items() if isinstance(value, str)}
    equal = org.compare(digests, preview=declared.preview)
    undecided = sorted(existing.keys() - digests.keys())
    adopted = sorted(key for key in digests if equal is not None and equal[key])
    session.notify(*existing_keys(Existing.ADOPTS, str(org), adopted))
    foreign = sorted(digests.keys() - set(adopted))
    if declared.overwrite:
        session.notify(*existing_keys(Existing.TAKES_OVER, str(org), [*foreign, *undecided]))
        return []
    session.notify(*existing_keys(Existing.CANNOT_COMPARE, str(org), undecided))
    never = 'influx-secrets:verifyValues is "never"'
    reason = never if session.settings.verify_values == "never" else "a notice names the reason"
    return [_conflict(org, key, existing[key], reason if equal is None else "") for key in foreign]


def _conflict(org: OrgSession, key: str, value: str | Unknown | InvalidValue, unproved: str) -> str:
    if unproved:
        what = f", and its value cannot be compared with the declared value ({unproved})"
        advice, code = "If you renamed the resource, add an alias. Otherwise, use another key", "IS103"
    elif org.has_one_of(key, (digest(org.org_id, key, text) for text in spellings(str(value)))):
        what = ", and its value differs from the declared value only in line breaks, or in spaces at the start or end"
        advice = "To keep the value in InfluxDB, add or remove the line break or space in the declared value"
        code = "IS102"
    else:
        what = " with another value, which this resource did not write"
        advice = (
            "To keep the value in InfluxDB, declare that value or use another key. If you renamed the resource, add "
            "an alias. If you moved the key or replaced the resource, change the value in a later run"
        )
        code = "IS101"
    return (
        f"cannot write the key {quote(key)} of the org {org}: the key already exists{what}. To overwrite the value, "
        f"set overwrite=True for one run. {advice} ({code})"
    )


def _changed(org: OrgSession, state: ResourceState, listed: Collection[str]) -> list[str]:
    digests = {key: text for key, text in state.digests.items() if key in listed and isinstance(text, str) and text}
    equal = org.compare(digests) or {}
    changed = [key for key, same in equal.items() if not same]
    # A key that was gone and is there again was written by somebody else.
    return changed + [key for key, drift in state.drift.items() if drift == "deleted" and key in listed]


def _report_white_space(
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
        session.notify(
            f"white space at the start or end of the value (or of the name) is kept for {name_keys(padded)}. If the "
            "white space is a mistake, remove it from the value (IS601)"
        )
