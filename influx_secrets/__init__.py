"""InfluxDB OSS v2 organization secrets as Pulumi resources: reviewed in the preview, never stored in the state."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from influx_secrets._errors import (
    APIError,
    ConflictError,
    DeclarationError,
    EmptyValueError,
    ForbiddenError,
    InfluxSecretsError,
    InternalError,
    InvalidError,
    MethodNotAllowedError,
    NoAnswerError,
    NotFoundError,
    NotSentError,
    ProofsUnavailableError,
    RateLimitedError,
    RequestTooLargeError,
    ResponseError,
    SecretNotFoundError,
    SettingsError,
    TransportError,
    UnauthorizedError,
    UnavailableError,
    UnimplementedError,
    UnprocessableEntityError,
    UnsupportedMediaTypeError,
)

if TYPE_CHECKING:
    from influx_secrets._client.client import Org, SecretsClient
    from influx_secrets._client.settings import Settings
    from influx_secrets._program.functions import get_org, get_org_output, list_secret_keys, list_secret_keys_output
    from influx_secrets._program.org_secrets import OrgSecrets
    from influx_secrets._program.provider import Provider
    from influx_secrets._program.secret import Secret
    from influx_secrets._provider.dynamic import OrgSecretsProvider as OrgSecretsProvider
    from influx_secrets._provider.dynamic import SecretProvider as SecretProvider

# The two providers above are no part of the public interface: the states of stacks name them, so they stand here.
__all__ = [
    "APIError",
    "ConflictError",
    "DeclarationError",
    "EmptyValueError",
    "ForbiddenError",
    "InfluxSecretsError",
    "InternalError",
    "InvalidError",
    "MethodNotAllowedError",
    "NoAnswerError",
    "NotFoundError",
    "NotSentError",
    "Org",
    "OrgSecrets",
    "ProofsUnavailableError",
    "Provider",
    "RateLimitedError",
    "RequestTooLargeError",
    "ResponseError",
    "Secret",
    "SecretNotFoundError",
    "SecretsClient",
    "Settings",
    "SettingsError",
    "TransportError",
    "UnauthorizedError",
    "UnavailableError",
    "UnimplementedError",
    "UnprocessableEntityError",
    "UnsupportedMediaTypeError",
    "get_org",
    "get_org_output",
    "list_secret_keys",
    "list_secret_keys_output",
]

_HOMES = {
    "_client.client": ("Org", "SecretsClient"),
    "_program.functions": ("get_org", "get_org_output", "list_secret_keys", "list_secret_keys_output"),
    "_provider.dynamic": ("OrgSecretsProvider", "SecretProvider"),
    "_program.org_secrets": ("OrgSecrets",),
    "_program.provider": ("Provider",),
    "_program.secret": ("Secret",),
    "_client.settings": ("Settings",),
}
"""Imported when they are named for the first time: a program does without HTTP, the command line without Pulumi."""
_LATER = {name: file for file, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:  # for a type checker any name would exist

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (of a module)
        """Import what is named for the first time."""
        if name not in _LATER:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        # Users read these names in tracebacks and documentation: the files behind them are our own business.
        found.__module__ = __name__
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        """Name also what is not imported yet, for whoever presses the tab key."""
        return sorted({*globals(), *_LATER})
