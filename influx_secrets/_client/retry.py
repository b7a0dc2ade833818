"""When a request is sent again, and after which pause: urllib3's rules, our limits."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import InvalidHeader, MaxRetryError

from influx_secrets._client.messages import Answer
from influx_secrets._client.network_errors import Failure

#: A request and its retries end within so many seconds: the longest `Retry-After`, and a minute of work.
TOTAL_SECONDS = 180.0
#: A server that asks for a longer pause gets no second try: nobody waits for that at a terminal.
MAX_RETRY_AFTER_SECONDS = 120.0
#: The pause after the first failure; it doubles with each further one, up to `BACKOFF_MAX_SECONDS`.
BACKOFF_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 8.0
#: All that a preview waits for one request, in seconds.
HURRIED_SECONDS = 3.0

# 501 stays out: what a server does not implement now it will not a second later.
_STATUSES = frozenset({429, *range(500, 600)} - {501})


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be: attempts, the first included; seconds in all; seconds for each attempt's silences."""

    max_attempts: int
    total: float
    timeout: float


class Retry(urllib3.Retry):
    """urllib3's value of the attempts left, pausing from the first failure on, with a jitter passed in."""

    # urllib3 makes each next value from constructor arguments it knows: this one travels beside them.
    _rng: Callable[[], float] = staticmethod(random.random)

    @classmethod
    def of(cls, policy: Policy, rng: Callable[[], float]) -> "Retry":
        """Make the value for a request that was not tried yet; `rng` returns numbers from 0 up to 1."""
        retry = cls(
            total=policy.max_attempts - 1,
            allowed_methods=None,  # all: every call of this package is idempotent, PATCH and POST too
            status_forcelist=_STATUSES,
            backoff_factor=BACKOFF_SECONDS,
            backoff_max=BACKOFF_MAX_SECONDS,
        )
        retry._rng = rng
        return retry

    def new(self, **kw: Any) -> "Retry":  # noqa: ANN401 - urllib3's signature
        """Make the next value."""
        retry = super().new(**kw)
        retry._rng = self._rng  # noqa: SLF001 - of this class
        return retry

    def get_backoff_time(self) -> float:
        """Between half and the whole of a pause that doubles with each failure, in seconds."""
        pause = min(self.backoff_max, self.backoff_factor * 2 ** (len(self.history) - 1))
        return float(pause * (0.5 + self._rng() / 2))

    def after(self, method: str, path: str, outcome: Answer | Failure) -> "tuple[Retry, float] | None":
        """Return the next value and the pause in seconds before it; `None` when it is time to give up."""
        if not self.may_heal(method, outcome):
            return None
        try:
            following = self.increment(method, path)
        except MaxRetryError:
            return None
        pause = following.get_backoff_time()
        if isinstance(outcome, Answer) and outcome.status in self.RETRY_AFTER_STATUS_CODES:
            asked = self._asked(outcome)
            pause = pause if asked is None else asked
        return None if pause > MAX_RETRY_AFTER_SECONDS else (following, pause)

    def may_heal(self, method: str, outcome: Answer | Failure) -> bool:
        """Whether the same request may go better later, whatever is left of attempts and time."""
        if isinstance(outcome, Failure):
            return outcome.retry
        return self.is_retry(method, outcome.status)

    def _asked(self, answer: Answer) -> float | None:
        try:
            return float(self.parse_retry_after(answer.headers["retry-after"]))
        except OverflowError:
            return math.inf
        except (KeyError, InvalidHeader, ValueError):
            return None
