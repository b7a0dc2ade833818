"""The error tree: names, attributes, pickles."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import pytest

import influx_secrets
from influx_secrets import _errors as errors

FOURTEEN_CODES = (
    "internal error",
    "not implemented",
    "not found",
    "conflict",
    "invalid",
    "unprocessable entity",
    "empty value",
    "unavailable",
    "forbidden",
    "too many requests",
    "unauthorized",
    "method not allowed",
    "request too large",
    "unsupported media type",
)
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def made(kind: type[errors.InfluxSecretsError]) -> errors.InfluxSecretsError:
    """An error of the class, with every attribute set."""
    where: dict[str, Any] = {"method": "GET", "path": "/p"}
    if issubclass(kind, errors.APIError):
        told: dict[str, Any] = {"code": "invalid", "op": "o", "trace_id": "t", "server_message": "m", "is_own": True}
        return kind("text", **where, status=400, **told)
    if issubclass(kind, errors.ResponseError):
        return kind("text", **where, status=502, content_type="text/html")
    if issubclass(kind, errors.TransportError):
        return kind("text", **where, attempts=3)
    if issubclass(kind, errors.SecretNotFoundError):
        return kind("text", org_id="0123456789abcdef", key="K")
    return kind("text")


def test_tree_docstring_names_every_class() -> None:
    """The tree drawn in the file is the tree in the code: every class stands in it, once."""
    drawn = errors.__doc__ or ""
    lines = [line.strip("│├└─ ").split(" ")[0] for line in drawn.splitlines()]
    for kind in CLASSES:
        assert lines.count(kind.__name__) == 1


@pytest.mark.parametrize("kind", CLASSES)
def test_error_any_has_public_module(kind: type[errors.InfluxSecretsError]) -> None:
    """A traceback names the package, not the private file."""
    assert kind.__module__ == "influx_secrets"
    assert traceback.format_exception_only(made(kind)) == [f"influx_secrets.{kind.__name__}: text\n"]


@pytest.mark.parametrize("kind", CLASSES)
def test_error_any_survives_pickle_and_copy(kind: type[errors.InfluxSecretsError]) -> None:
    """A pickled or copied error has its class, text and attributes, and is found at the package itself."""
    error = made(kind)
    assert getattr(influx_secrets, kind.__name__) is kind
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 (made one line above)
        assert (type(twin), str(twin), vars(twin)) == (kind, "text", vars(error))


def test_codes_all_fourteen_have_a_class_each() -> None:
    """The fourteen codes of the API's specification map to fourteen classes under `APIError`."""
    assert tuple(errors.ERROR_BY_CODE) == FOURTEEN_CODES
    assert set(errors.ERROR_BY_CODE.values()) == set(errors.APIError.__subclasses__())
    assert len(set(errors.ERROR_BY_CODE.values())) == 14


@pytest.mark.parametrize("kind", [errors.SettingsError, errors.DeclarationError])
def test_error_before_any_request_is_a_value_error(kind: type[errors.InfluxSecretsError]) -> None:
    """Mistakes of the caller can be caught as `ValueError`."""
    assert issubclass(kind, ValueError)
