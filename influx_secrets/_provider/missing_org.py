"""Orgs that the server of a run does not have, or hides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from influx_secrets._errors import InfluxSecretsError, NotFoundError
from influx_secrets._model.planner import is_moved
from influx_secrets._model.resources import Drift, ResourceState
from influx_secrets._text import quote

if TYPE_CHECKING:
    from influx_secrets._provider.session import ServerSession


def explained(session: ServerSession, state: ResourceState | None, error: NotFoundError) -> NotFoundError:
    """Return the error of a call on the org of a state, with what to do if this server confirms that it has none."""
    if state is None or state.server is None:
        return error
    try:
        exists = session.client.org_exists(str(state.org_id))
        if exists is not False:
            return session.client.explain(error, exists=exists)
    except InfluxSecretsError:
        return error  # What failed matters more than a question about it.
    problem = f"the org {state.org_title} does not exist on {session.address}"
    if is_moved(state, session.address):
        problem += (
            f", but this stack has secrets of that org on {state.server}. If the url is wrong, set the url back to "
            f"{state.server} (INFLUX_HOST, influx-secrets:url, or the program). If the url is right, set org or org_id "
            f"to an org of {session.address} (IS154)"
        )
    elif isinstance(state.org, str) and _successor(session, state) is None:
        problem += f" any more. Create the org {quote(state.org)} again, then run `pulumi up --refresh` (IS153)"
    elif isinstance(state.org, str):
        problem += " any more, but another org has its name. Run `pulumi up --refresh` to write to that org (IS153)"
    else:
        problem += ". Correct org_id. If the org was deleted, create the org again and set org_id to the new id (IS153)"
    return _again(error, problem)


def require_gone(session: ServerSession, state: ResourceState, error: NotFoundError) -> None:
    """Return only if the server that the state names confirms that the org does not exist any more.

    Raises:
        NotFoundError: It does not, or hides the org from this token; then with the cause.
    """
    exists = session.client.org_exists(str(state.org_id))
    if exists is False:
        if state.server != session.address:
            raise error
        return
    cause = session.client.why_not_found(exists=exists)
    raise _again(error, f"cannot reach the secrets of the org {state.org_title}: {cause}")


def accept_missing_org(session: ServerSession, state: ResourceState, error: NotFoundError) -> None:
    """Return if the keys of a deleted resource count as removed, because their org is gone.

    Raises:
        NotFoundError: Nothing confirms that, and `missingOrg` does not say so either.
    """
    try:
        require_gone(session, state, error)
    except NotFoundError as unconfirmed:
        if unconfirmed is not error or not error.is_own:
            raise
        if session.settings.missing_org != "gone":
            command = "pulumi destroy --run-program" if session.census.is_destroy else "pulumi up"
            session.notify(
                f"the org {state.org_title} does not exist on {session.address}, and the state does not say which "
                "server had its keys. If the url is right and the org was deleted, run `pulumi config set "
                'influx-secrets:missingOrg gone` (in a Provider of the program, set missing_org="gone" instead), then '
                f"`{command}` (IS615)"
            )
            raise
        session.notify(
            f"the keys of the org {state.org_title} count as removed: the org does not exist on {session.address}, and "
            "the setting missingOrg is gone (IS614)"
        )
    else:
        session.notify(
            f"the org {state.org_title} does not exist any more on {session.address}: nothing to remove (IS616)"
        )


def _again(error: NotFoundError, problem: str) -> NotFoundError:
    return NotFoundError(problem, method=error.method, path=error.path, status=error.status, code=error.code)


def _successor(session: ServerSession, state: ResourceState) -> str | None:
    """Return the id of the org that has the name of a deleted one now, or None."""
    if not isinstance(state.org, str):
        return None
    try:
        return session.client.find_org(state.org).id
    except NotFoundError:
        return None


def without_org(session: ServerSession, state: ResourceState) -> ResourceState:
    """Return the state after its org was deleted: every key is gone, and the org made anew is the one to write to."""
    org_id = _successor(session, state) or state.org_id
    to_do = "Create the org again and run `pulumi up --refresh`, or remove its resources from the program"
    if org_id != state.org_id:
        to_do = f"`pulumi up` writes the secrets of this stack to the org {org_id}, which has the same name now"
    session.notify(
        f"the org {state.org_title} does not exist any more on {session.address}: its secrets are gone. {to_do} (IS617)"
    )
    drift: dict[str, Drift] = dict.fromkeys(state.keys, "deleted")
    return replace(state, org_id=org_id, digests=dict.fromkeys(state.keys, ""), drift=drift)
