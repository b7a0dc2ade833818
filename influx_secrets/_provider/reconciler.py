"""What each call of the life cycle does, for one key as for thousands: settle a declaration, apply, remove, observe."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from influx_secrets._errors import (
    DeclarationError,
    InfluxSecretsError,
    KeyConflictError,
    NotFoundError,
    SecretNotFoundError,
    UnauthorizedError,
)
from influx_secrets._model.keys import digest, is_org_id
from influx_secrets._model.planner import apply_drift, count_pruned, next_state, plan, prunable_keys
from influx_secrets._model.state import UNKNOWN, Declaration, Drift, ResourceState, Unknown
from influx_secrets._model.validation import problems
from influx_secrets._notices import SECRETS_UNREADABLE, Existing, existing_keys
from influx_secrets._provider.session import Ledger, OrgLedger
from influx_secrets._text import quote

_MAX_NAMED = 10
"""How many keys one line names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What `check` made of a declaration: the record to be, or what is wrong with it."""

    record: ResourceState | None
    failures: tuple[str, ...] = ()


def settle(ledger: Ledger, declared: Declaration, old: ResourceState | None) -> Settled:
    """Validate a declaration, claim its keys, and work out the record that it asks for.

    Keys are claimed even where the declaration is wrong: with `--continue-on-error` the engine goes on to delete
    what the program no longer declares, and that must not take a key which was only renamed.
    """
    ledger.arrivals.note(declared.resource, declared.resources)
    wrong = problems(declared)
    try:
        org_id, org = _find_org(ledger, declared, old) if not wrong else (UNKNOWN, None)
    except InfluxSecretsError:
        ledger.claim_somewhere(declared.named)
        raise
    if wrong:
        ledger.claim_somewhere(declared.named)
        return Settled(None, tuple(wrong))
    if org_id is UNKNOWN:
        return Settled(_unasked(next_state(old, declared, UNKNOWN, org)))
    known = ledger.org(org_id)
    with known.lock:
        failures, taken = _claim(known, declared)
        record = next_state(old, declared, org_id, org)
        before = old if old is not None and old.org_id == org_id else None
        new = record.keys - taken - (before.keys if before else frozenset())
        failures += _take_over(ledger, known, declared, new)
        if record.exclusive and not failures:
            record = _prune(known, declared, record, before)
    return Settled(record, tuple(failures))


def apply(ledger: Ledger, old: ResourceState | None, new: ResourceState) -> None:
    """Write what is new or changed in one transaction, then remove what is no longer declared in another."""
    org = ledger.org(_known(new.org_id))
    steps = plan(old, new)
    values = org.values(steps.write)
    missing = [key for key in steps.write if key not in values]
    if missing:
        raise DeclarationError(
            f"there is no value at hand for {_named(missing)}: ignore_changes keeps it from a resource that has to be "
            "written anew; take that option away for one run"
        )
    if values:
        org.write(values)
    if steps.remove:
        if org.may_be_claimed(steps.remove):
            ledger.arrivals.wait()
        org.remove(steps.remove)


def remove(ledger: Ledger, record: ResourceState) -> None:
    """Remove the keys of a record, but those that another resource of this run declares."""
    org = ledger.org(_known(record.org_id))
    try:
        org.remove(record.keys, by_path=len(record.keys) == 1)
    except NotFoundError:
        if ledger.settings.missing_org != "gone":
            ledger.say(
                f"if the org {record.org_id} is gone for good: `pulumi config set influx-secrets:missingOrg gone`, "
                "then `pulumi destroy --run-program`"
            )
            raise
        ledger.say(f"the org {record.org_id} is not there or not readable; missingOrg says to take it for gone")


def observe(ledger: Ledger, record: ResourceState) -> ResourceState:
    """Return the record as a refresh finds it, with its drift."""
    org = ledger.org(_known(record.org_id))
    try:
        listed = org.listed(record.keys)
    except UnauthorizedError:
        # Only a token that is known otherwise lacks a permission here; a wrong one must not look like "no change".
        if ledger.client.org_exists(org.org_id) is not True:
            raise
        ledger.say(SECRETS_UNREADABLE)
        return record
    assert listed is not UNKNOWN  # noqa: S101 (a refresh is no preview)
    gone = sorted(record.keys - listed)
    if gone and org.is_emptied():
        ledger.say(
            f"every secret of the org {org.org_id} is gone; `influx apply --secret` does this to an org. "
            "`pulumi up` writes those back that this stack declares"
        )
    found: dict[str, Drift] = dict.fromkeys(gone, "deleted")
    found |= dict.fromkeys(_changed(org, record, listed), "changed")
    found = {key: drift for key, drift in found.items() if record.drift.get(key) != drift}
    digests, drift = apply_drift(record, found)
    return replace(record, digests=digests, drift=drift)


def look_up(ledger: Ledger, org_id: str, key: str) -> None:
    """Make sure that a key is there.

    Raises:
        SecretNotFoundError: It is not.
    """
    listed = ledger.org(org_id).listed([key])
    if listed is UNKNOWN or key not in listed:
        raise SecretNotFoundError(
            f"the org {org_id} has no secret with the key {quote(key)}: declare it, or correct the id",
            org_id=org_id,
            key=key,
        )


def _find_org(
    ledger: Ledger, declared: Declaration, old: ResourceState | None
) -> tuple[str | Unknown, str | Unknown | None]:
    org_id, name = declared.org_id, declared.org
    if org_id is None and name is None:
        org_id, name = ledger.settings.org_id, ledger.settings.org
    if org_id is not None:
        return org_id, None
    if name is None:
        raise DeclarationError(
            "no org: give org or org_id, or set a default one with INFLUX_ORG or `pulumi config set influx-secrets:org`"
        )
    if name is UNKNOWN:
        return UNKNOWN, UNKNOWN
    if old is not None and old.org == name and isinstance(old.org_id, str) and is_org_id(old.org_id):
        ledger.remember_org(name, old.org_id)
        return old.org_id, name
    return ledger.org_id(name, preview=declared.preview), name


def _unasked(record: ResourceState) -> ResourceState:
    return replace(record, pruned_known=False) if record.exclusive else record


def _claim(org: OrgLedger, declared: Declaration) -> tuple[list[str], frozenset[str]]:
    """Claim the keys of a declaration; return what is wrong with that, and the keys that other resources have."""
    values = {key: value for key, value in declared.values.items() if isinstance(value, str)}
    org.claim_elsewhere(declared.elsewhere, declared.otherwise, declared.doubtful)
    taken = org.claim(declared.resource, declared.named, values, exclusive=declared.exclusive is True)
    failures = [
        f"the key {quote(key)} of the org {org.org_id} is declared twice: {other} declares it too"
        for key, other in sorted(taken.items())
    ]
    beside = org.beside_exclusive(declared.resource)
    if beside is not None and not failures:
        failures.append(
            f"one of two resources on the org {org.org_id} is exclusive, so it has to declare all keys of the org: "
            f"move them into it, or take exclusive away; the other is {beside}"
        )
    return failures, frozenset(taken)


def _take_over(ledger: Ledger, org: OrgLedger, declared: Declaration, new: Collection[str]) -> list[str]:
    """Look at keys that this resource did not manage before: adopt those with its value, refuse the others."""
    wanted = {key: declared.values[key] for key in new if key in declared.values}
    try:
        listed = org.listed(wanted, preview=declared.preview) if wanted else UNKNOWN
    except UnauthorizedError:
        if not declared.overwrite:
            raise
        return []
    if listed is UNKNOWN:
        return []
    existing = {key: value for key, value in wanted.items() if key in listed}
    digests = {key: digest(org.org_id, key, value) for key, value in existing.items() if isinstance(value, str)}
    equal = org.compare(digests, preview=declared.preview) if digests else {}
    if equal is UNKNOWN:
        return []
    undecided = sorted(existing.keys() - digests.keys())
    adopted = sorted(key for key in digests if equal is not None and equal[key])
    _tell(ledger, Existing.ADOPTS, org.org_id, adopted)
    foreign = sorted(digests.keys() - set(adopted))
    if declared.overwrite:
        _tell(ledger, Existing.TAKES_OVER, org.org_id, [*foreign, *undecided])
        return []
    _tell(ledger, Existing.CANNOT_COMPARE, org.org_id, undecided)
    return [_conflict(org.org_id, key, provable=equal is not None) for key in foreign]


def _tell(ledger: Ledger, does: Existing, org_id: str, keys: Iterable[str]) -> None:
    for line in existing_keys(does, org_id, keys):
        ledger.say(line)


def _conflict(org_id: str, key: str, *, provable: bool) -> str:
    what = "with another value" if provable else "and its value cannot be compared on this server"
    return str(
        KeyConflictError(
            f"the key {quote(key)} of the org {org_id} is already there, {what}: if it is yours (renamed, moved, "
            "replaced), use an alias, do it in two runs, or set overwrite=True once; else remove it or choose another",
            org_id=org_id,
            key=key,
        )
    )


def _prune(org: OrgLedger, declared: Declaration, record: ResourceState, before: ResourceState | None) -> ResourceState:
    listed = org.listed(preview=declared.preview)
    known = record.keys_known and record.pruned_known
    if not known or listed is UNKNOWN or UNKNOWN in (record.exclusive, *record.keep):
        return _unasked(record)
    ours = before.keys if before is not None else frozenset()
    found = prunable_keys(record, listed - ours, org.claimed(listed))
    return replace(record, pruned=count_pruned(record.pruned, found))


def _changed(org: OrgLedger, record: ResourceState, listed: Collection[str]) -> list[str]:
    digests = {key: text for key, text in record.digests.items() if key in listed and isinstance(text, str) and text}
    equal = org.compare(digests) if digests else {}
    changed = [] if equal is None or equal is UNKNOWN else [key for key, same in equal.items() if not same]
    # A key that was gone and is there again was written by somebody else.
    return changed + [key for key, drift in record.drift.items() if drift == "deleted" and key in listed]


def _known(org_id: str | Unknown) -> str:
    if org_id is UNKNOWN:
        raise DeclarationError("the org is not known yet")
    return org_id


def _named(keys: Iterable[str]) -> str:
    names = sorted(keys)
    text = ", ".join(quote(key) for key in names[:_MAX_NAMED])
    more = len(names) - _MAX_NAMED
    return f"the key {text}" if len(names) == 1 else f"the keys {text}" + (f" and {more} more" if more > 0 else "")
