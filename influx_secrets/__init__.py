"""InfluxDB OSS v2 organization secrets as Pulumi resources: reviewed in the preview, never stored in the state."""

from influx_secrets._client import Org, SecretsClient
from influx_secrets._errors import (
    APIError,
    ConflictError,
    DeclarationError,
    EmptyValueError,
    ForbiddenError,
    InfluxSecretsError,
    InternalError,
    InvalidError,
    KeyConflictError,
    MethodNotAllowedError,
    NoAnswerError,
    NotFoundError,
    NotSentError,
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
from influx_secrets._functions import get_org, get_org_output, list_secret_keys, list_secret_keys_output
from influx_secrets._proofs import ProofsUnavailableError
from influx_secrets._providers import OrgSecretsProvider as OrgSecretsProvider
from influx_secrets._providers import SecretProvider as SecretProvider
from influx_secrets._resources import OrgSecrets, Provider, Secret
from influx_secrets._settings import Settings

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
    "KeyConflictError",
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

for _name in __all__:
    # Users read these names in tracebacks and documentation: the files behind them are our own business.
    globals()[_name].__module__ = __name__
