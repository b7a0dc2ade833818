"""The InfluxDB of the sample: the emulator, or the server of `INFLUX_HOST`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from influx_secrets import SecretsClient, Settings
from influx_secrets.emulator import Emulator
from toolchain._errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

EMULATED_ORGS = ("acme", "acme-labs")
EMULATOR_STACK = "demo"

_OURS = ("INFLUX_", "INFLUXDB_V2_")
_SHOWN_ORGS = 20


@dataclass(frozen=True, slots=True)
class Server:
    """An InfluxDB under the sample stack.

    Attributes:
        title: What to call it.
        stack: The name of the stack that holds what was applied to it. One stack per server, as a stack that met
            another server would replace everything.
        orgs: The orgs to write to; only a new stack, or `INFLUX_ORG`, looks at them.
        environment: What the package needs to reach it.
        keys: Lists the secret keys of an org.
        requests: Returns how many requests it has answered so far; `None` where they are not counted.
        named: Whether `INFLUX_HOST` named it.
    """

    title: str
    stack: str
    orgs: Callable[[], tuple[str, ...]]
    environment: dict[str, str]
    keys: Callable[[str], tuple[str, ...]]
    requests: Callable[[], int] | None = None
    named: bool = False


def stack_name(environ: Mapping[str, str]) -> str:
    """Return the name of the stack for the server that the environment names."""
    url = environ.get("INFLUX_HOST", "")
    return f"{EMULATOR_STACK}-{_slug(url)}" if url else EMULATOR_STACK


@contextmanager
def serving(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """Provide the server while a command runs.

    Args:
        folder: Where the emulator keeps its state, between the commands too.
        environ: `INFLUX_HOST` and `INFLUX_TOKEN` name a server; without the former the emulator is started.

    Raises:
        ToolchainError: The emulator's file is in use, or the variables do not name a server and an org.
        InfluxSecretsError: The settings cannot work.
    """
    if environ.get("INFLUX_HOST"):
        with _named_server(environ) as server:
            yield server
    else:
        with _locked(folder), _emulator(folder, environ) as server:
            yield server


@contextmanager
def _emulator(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    # States name the address of their server, so the emulator has to be where it was the last time.
    kept = folder / "port"
    port = _free_or_any(int(kept.read_text("ascii"))) if kept.exists() else 0
    with Emulator(orgs=EMULATED_ORGS, file=folder / "influxdb.json", port=port) as emulator:
        kept.write_text(emulator.url.rpartition(":")[2], "ascii")
        env = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
        env |= emulator.environment
        # The profile of a real server must not mix with the emulator's settings.
        env["INFLUX_CONFIGS_PATH"] = os.devnull
        yield Server(
            title=f"the emulator (its data: {folder.name}/influxdb.json)",
            stack=EMULATOR_STACK,
            orgs=lambda: EMULATED_ORGS,
            environment=env,
            keys=lambda org: tuple(sorted(emulator.secrets(org))),
            requests=lambda: len(emulator.requests),
        )


def _free_or_any(port: int) -> int:
    """Return the port, or 0 if another program listens there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


@contextmanager
def _named_server(environ: Mapping[str, str]) -> Iterator[Server]:
    if not environ.get("INFLUX_TOKEN"):
        # A token of another source, such as the profile of the influx CLI, may be meant for another server.
        raise ToolchainError(
            "INFLUX_HOST is set, so INFLUX_TOKEN is needed too; or leave SERVER=env out for the emulator"
        )
    settings = Settings.resolve({}, environ=environ)
    with SecretsClient(settings) as client:
        yield Server(
            title=settings.url,
            stack=stack_name(environ),
            orgs=lambda: (environ.get("INFLUX_ORG") or _only_org(settings),),
            environment=dict(environ),
            keys=lambda org: client.list_secret_keys(client.find_org(org).id),
            named=True,
        )


def _only_org(settings: Settings) -> str:
    """Return the one org that the token sees; never a guess, and never all of them."""
    url = f"{settings.url}/api/v2/orgs?limit={_SHOWN_ORGS}"
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.skip_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = Request(url)  # noqa: S310 (settings accept http and https only)
    # A redirect does not get the token.
    request.add_unredirected_header("Authorization", f"Token {settings.token}")
    try:
        with urlopen(request, timeout=settings.timeout, context=context) as response:  # noqa: S310 (as above)
            names = sorted(org["name"] for org in json.load(response)["orgs"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        problem = f"{settings.url} does not list its orgs ({type(error).__name__})"
        raise ToolchainError(f"{problem}; set INFLUX_ORG to the name of one") from None
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise ToolchainError("the token of INFLUX_TOKEN sees no org; set INFLUX_ORG to the name of one")
    raise ToolchainError(f"say which org to use, for example: INFLUX_ORG={names[0]!r}; there are: {', '.join(names)}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Two emulators on one file would undo each other's writes.
            raise ToolchainError("another make up, preview, down or shell is running; end it first") from None
        yield


def _slug(url: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^https?://", "", url.lower())).strip("-")
