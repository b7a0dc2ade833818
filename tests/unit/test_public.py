"""The public interface: what it names, and that every part of it is documented."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import influx_secrets
from influx_secrets import _errors


def test_all_is_sorted_and_complete() -> None:
    """Every public name is listed, in order."""
    for name in influx_secrets.__all__:
        getattr(influx_secrets, name)  # some are imported when they are named for the first time
    other = {"cli", "emulator", "import_module", "TYPE_CHECKING", "Any", "annotations"}
    # pytest adds names of its own, which are no identifiers, to a package that brings a plugin along.
    named = {name for name in vars(influx_secrets) if name.isidentifier() and not name.startswith("_")}
    public = named - other
    assert influx_secrets.__all__ == sorted(influx_secrets.__all__)
    assert set(influx_secrets.__all__) == public - {"SecretProvider", "OrgSecretsProvider"}
    errors = {name for name, value in vars(_errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert errors <= set(influx_secrets.__all__)


@pytest.mark.parametrize("name", influx_secrets.__all__)
def test_public_name_is_documented_and_says_where_it_lives(name: str) -> None:
    """A user reads `influx_secrets.X`, never the name of a private file."""
    found = getattr(influx_secrets, name)
    assert inspect.getdoc(found)
    assert found.__module__ == "influx_secrets"
    if inspect.isclass(found):
        members = [member for key, member in vars(found).items() if not key.startswith("_")]
        assert all(inspect.getdoc(member) for member in members if callable(member) or isinstance(member, property))


def test_import_does_no_work() -> None:
    """Importing the package opens no file of the user's, no socket, and starts no thread."""
    watch = """
import sys
import pulumi, requests, yaml
import threading
threads = threading.active_count()
seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)))
import influx_secrets
assert threading.active_count() == threads
sockets = [event for event, _ in seen if event.startswith("socket.")]
assert not sockets, sockets
"""
    subprocess.run([sys.executable, "-c", watch], check=True, timeout=60)


def alone(program: str) -> str:
    """What a program prints in a Python of its own, where nothing was imported yet."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_client_needs_no_pulumi() -> None:
    """Whoever wants the API alone need not wait for Pulumi's SDK."""
    program = "import sys, influx_secrets; influx_secrets.SecretsClient, influx_secrets.Settings; print(*sys.modules)"
    assert not {"pulumi", "grpc"} & set(alone(program).split())


@pytest.mark.parametrize("name", ["SecretProvider", "OrgSecretsProvider"])
def test_provider_that_a_state_names_is_found_by_the_package_alone(name: str) -> None:
    """A state holds a pickle by reference, and whoever reads it has imported nothing before."""
    reference = f"cinflux_secrets\n{name}\n.".encode()
    program = f"import pickle; found = pickle.loads({reference!r}); print(found.__module__, found.__name__)"
    assert alone(program) == f"influx_secrets {name}\n"


def test_names_that_are_not_imported_yet_can_be_completed() -> None:
    """`dir` names them, as an editor or a shell shows it, and a star brings them."""
    assert set(influx_secrets.__all__) <= set(alone("import influx_secrets; print(*dir(influx_secrets))").split())
    assert set(influx_secrets.__all__) <= set(alone("from influx_secrets import *; print(*dir())").split())
