"""Retry policy: how often, after which pause, for how long."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import urllib3
from urllib3.exceptions import InvalidHeader

from influx_secrets._client.messages import Response
from influx_secrets._client.network_errors import Failure

TOTAL_SECONDS: Final = 180.0
"""Time limit of a request with all its retries: the longest `Retry-After`, and a minute of work."""
MAX_RETRY_AFTER_SECONDS: Final = 120.0
"""A server that asks for a longer pause gets no second attempt: nobody waits for that at a terminal."""
BACKOFF_SECONDS: Final = 0.5
"""The pause after the first failure; it doubles with each further one, up to `BACKOFF_MAX_SECONDS`."""
BACKOFF_MAX_SECONDS: Final = 8.0

_RETRIED: Final = frozenset({429, *range(500, 600)} - {501})
"""501 is not retried: what a server does not implement now it will not implement a second later."""
_WITH_RETRY_AFTER: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be with one request.

    Attributes:
        max_attempts: The first one included.
        total: Seconds for all attempts and pauses.
    """

    max_attempts: int
    total: float = TOTAL_SECONDS

    def pause(self, attempt: int, outcome: Response | Failure, rng: Callable[[], float]) -> float | None:
        """Return the seconds to wait after a failed attempt, counted from 1; None if it was the last one.

        The pause is what the server asks for, else between half and the whole of one that doubles with each attempt.
        Every method is retried, because every call of this package is idempotent.
        """
        if attempt >= self.max_attempts or not may_heal(outcome):
            return None
        pause = _asked(outcome)
        if pause is None:
            pause = min(BACKOFF_MAX_SECONDS, BACKOFF_SECONDS * 2 ** min(attempt - 1, 10)) * (0.5 + rng() / 2)
        return None if pause > MAX_RETRY_AFTER_SECONDS else pause


PREVIEW_POLICY: Final = Policy(max_attempts=1, total=3.0)
"""In a preview, a server that does not respond must not make the user wait."""


def may_heal(outcome: Response | Failure) -> bool:
    """Whether the same request may succeed later, whatever is left of attempts and time."""
    return outcome.status in _RETRIED if isinstance(outcome, Response) else outcome.retry


def _asked(outcome: Response | Failure) -> float | None:
    if isinstance(outcome, Failure) or outcome.status not in _WITH_RETRY_AFTER:
        return None
    try:
        return float(urllib3.Retry().parse_retry_after(outcome.headers["retry-after"]))
    except OverflowError:
        return math.inf
    except (KeyError, InvalidHeader, ValueError):
        return None
