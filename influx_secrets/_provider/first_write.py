"""The first write of very many keys, in several transactions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.resources import ResourceState
from influx_secrets._provider.org_session import OrgSession
from influx_secrets._provider.session import ServerSession

MANY: Final = 10_000
"""As many new keys go in one transaction; with 40,000 it takes influxd 2.9.1 2.9 s of its processor, not 0.2 s."""

PART: Final = 5_000
"""How many keys go in each of several transactions."""


def write(session: ServerSession, org: OrgSession, new: ResourceState, values: Mapping[str, str]) -> None:
    """Write the values of a resource that is created.

    The time of a transaction grows with the square of its new keys. But what one of several has written is in no state
    when the next one fails, so there is only one where the next run could not find out that the keys are its own.
    """
    most = PART if _is_split(session, org, new, values) else None
    left, written = iter(values.items()), 0
    while part := dict(islice(left, most)):
        try:
            org.write(part)
        except InfluxSecretsError:
            if written:
                session.notify(
                    f"a request failed, after {written:,} of {len(values):,} keys of the org {org} were written. "
                    "Correct the error below, then run `pulumi up` again with the same values: the run recognizes the "
                    "written keys, and writes the other keys (IS631)"
                )
            raise
        written += len(part)


def _is_split(session: ServerSession, org: OrgSession, new: ResourceState, values: Mapping[str, str]) -> bool:
    if len(values) <= MANY or new.rotate_on:
        return False
    try:
        is_provable = session.prove(org.org_id, [next(iter(values))], preview=False) is not None
    except InfluxSecretsError:  # one transaction needs no proof
        return False
    # Keys that exist are fast, and a token that may not list them cannot prove them either.
    return is_provable and len(values.keys() - org.listed(values)) > MANY
