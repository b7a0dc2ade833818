"""The secrets of notification endpoints: a real server keeps their credentials among the secrets of the org.

Seen on influxd 2.9.1: the keys are the endpoint's id with an ending; what an endpoint does not use gets no key; and the
keys stay when the endpoint is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIXES: Final = {"token": "token", "routing_key": "routing-key", "username": "username", "password": "password"}
_CREDENTIALS: Final = {
    "slack": {"token"},
    "pagerduty": {"routing_key"},
    "http": {"token", "username", "password"},
    "telegram": {"token"},
}
_NEEDED: Final = {"pagerduty": {"routing_key"}, "telegram": {"token"}}


def secrets_of(kind: str, endpoint_id: str, credentials: Mapping[str, str | None]) -> dict[str, str]:
    """Return the secrets that an endpoint of this kind has; None: not given.

    Raises:
        ValueError: there is no such kind, or the server would refuse these credentials for it.
    """
    if kind not in _CREDENTIALS:
        raise ValueError(f"a notification endpoint is one of {', '.join(_CREDENTIALS)}, not {kind!r}")
    given = {name: value for name, value in credentials.items() if value is not None}
    if set(given) - _CREDENTIALS[kind]:
        raise ValueError(f"an endpoint of {kind} has only {', '.join(sorted(_CREDENTIALS[kind]))}")
    if _NEEDED.get(kind, set()) - set(given) or ("username" in given) != ("password" in given):
        raise ValueError(f"an endpoint of {kind} needs {' and '.join(sorted(_NEEDED.get(kind, _CREDENTIALS[kind])))}")
    return {f"{endpoint_id}-{_SUFFIXES[name]}": value for name, value in given.items()}
