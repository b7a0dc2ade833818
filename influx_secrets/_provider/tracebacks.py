"""What the user sees of an error in a call of the engine."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from influx_secrets._errors import InfluxSecretsError

_BUG_FRAMES: Final = 100

P = ParamSpec("P")
R = TypeVar("R")


def without_traceback(method: Callable[P, R]) -> Callable[P, R]:
    """Show the user our errors as one line; any other exception is a bug, and its traceback goes to stderr.

    The SDK shows what `traceback.format_exc` returns, which a provider process cuts to the last line (see `process`).
    """

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except InfluxSecretsError as error:
            raise error.with_traceback(None) from None
        except Exception:
            traceback.print_exc(limit=_BUG_FRAMES)
            raise

    return call
