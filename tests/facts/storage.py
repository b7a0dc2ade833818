"""What InfluxDB stores where, and for how long."""

from __future__ import annotations

import base64
import contextlib
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import requests
import trustme
from conformance.other_writers import post
from facts.answers import line
from facts.fact import Question
from facts.handshakes import count_flights
from servers import InfluxdServer
from wire import Wire

STORED = Question(
    "What is stored where, and for how long?",
    "influxd",
    "With the built-in store, which InfluxDB uses unless it is configured to use Vault.",
)
STARTED = Question("When does a server answer?", "influxd")

NewServer: TypeAlias = Callable[..., InfluxdServer]
"""Starts an influxd with options of its own."""


def _in_file(server: InfluxdServer, value: str) -> bool:
    """Return whether the store has a value, in the form in which it keeps values."""
    return base64.b64encode(value.encode()) in (server.folder / "influxd.bolt").read_bytes()


def _backup(server: InfluxdServer) -> bytes:
    return requests.get(f"{server.url}/api/v2/backup/metadata", headers=_operator(server), timeout=30).content


def _operator(server: InfluxdServer) -> dict[str, str]:
    return {"Authorization": f"Token {server.token}"}


@STORED.fact(
    known=True,
    means="Protect the file as you protect the values.",
    does="It cannot protect the file. SECURITY.md says so.",
    real="files",
)
def values_are_stored_in_base64(wire: Wire, influxd: InfluxdServer) -> object:
    """Values are in the file `influxd.bolt`, in base64 and not encrypted."""
    wire.put(k="marker-value-stored")
    return _in_file(influxd, "marker-value-stored")


@STORED.fact(
    known=[True, True],
    means="A rotated value can still be read from the file. Revoke it where it is used.",
    does="It cannot remove it. Rotate the credential itself.",
    real="files",
)
def rotated_and_deleted_values_stay_in_the_file(wire: Wire, influxd: InfluxdServer) -> object:
    """A value that was replaced or deleted stays in the free pages of the file until they are used again."""
    wire.put(k="marker-value-replaced")
    wire.put(k="marker-value-deleted")
    is_replaced_there = _in_file(influxd, "marker-value-replaced")
    wire.server.remove_secret(wire.org, "k")
    return [is_replaced_there, _in_file(influxd, "marker-value-deleted")]


@STORED.fact(
    known=[True, True],
    means="Delete the secrets before you delete their org.",
    does="`pulumi destroy` deletes the secrets. Run it before you delete the org.",
    real="files",
)
def values_of_a_deleted_org_stay_in_file_and_backup(wire: Wire, influxd: InfluxdServer) -> object:
    """Deleting an org deletes no secret. The values stay in the file, and in every backup."""
    wire.put(k="marker-value-of-deleted-org")
    wire.server.delete_org(wire.org)
    value = base64.b64encode(b"marker-value-of-deleted-org")
    return [_in_file(influxd, "marker-value-of-deleted-org"), value in _backup(influxd)]


@STORED.fact(
    known=[False, []],
    means="An org that is created again is another org. Write its secrets again.",
    does="`pulumi up --refresh` finds the new id, and writes the declared keys to the new org.",
)
def org_made_again_has_no_secrets(wire: Wire) -> object:
    """A new org with the name of a deleted one has another id and no secrets."""
    wire.put(k="v")
    wire.server.delete_org(wire.org)
    return [wire.server.create_org(wire.org) == wire.org_id, wire.server.keys(wire.org)]


@STORED.fact(
    known=[True, {"k": "v"}, True],
    means="A restored server has the same org ids, and old values are back.",
    does="At another address `refresh` and `destroy` stop, and `pulumi up` compares each key first.",
    real="files",
)
def restored_backup_brings_back_deleted_orgs(wire: Wire, influxd: InfluxdServer, new_server: NewServer) -> object:
    """After a full restore, ids and secrets are there again, and the values of deleted orgs are in the file."""
    wire.put(k="v")
    gone = f"{wire.org}-gone"
    wire.server.create_org(gone)
    wire.server.put_secret(gone, "k", "marker-value-of-a-gone-org")
    wire.server.delete_org(gone)
    backup = _backup(influxd)
    # The first part of several is the store.
    part = backup.split(backup.partition(b"\r\n")[0])[1]
    content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    other = new_server()
    answer = requests.post(f"{other.url}/api/v2/restore/kv", content, headers=_operator(other), timeout=30)
    answer.raise_for_status()
    return [
        other.org_id(wire.org) == wire.org_id,
        other.values(wire.org),
        _in_file(other, "marker-value-of-a-gone-org"),
    ]


@STORED.fact(
    known=True,
    means="Protect backups as you protect the values.",
    does="It cannot protect them.",
    real="files",
)
def backup_has_the_values(wire: Wire, influxd: InfluxdServer) -> object:
    """A backup contains the values of all orgs, not encrypted."""
    wire.put(k="marker-value-in-backup")
    return base64.b64encode(b"marker-value-in-backup") in _backup(influxd)


@STORED.fact(
    known=[False, True],
    means="Do not run a server at this level if its log is kept.",
    does="It sends secrets by PATCH alone, which is not logged.",
    real="files",
)
def debug_log_has_secrets_of_templates(new_server: NewServer) -> object:
    """With `--log-level=debug` the log has the bodies of templates, their secrets in clear.

    It has no body of a PATCH of secrets.
    """
    server = new_server("--log-level=debug")
    org_id = server.create_org("logged")
    server.put_secret("logged", "k", "marker-value-patched")
    post(server, "/api/v2/templates/apply", {"orgID": org_id, "secrets": {"k": "marker-value-applied"}})
    log = server.log_file.read_text("utf-8")
    return [f"marker-value-{what}" in log for what in ("patched", "applied")]


@STORED.fact(
    known=[True, {"k": "v"}, "200"],
    means="A copy of the files is a full copy of the secrets, and has the same org ids.",
    does="At another address `refresh` and `destroy` stop, and `pulumi up` compares each key first.",
    real="files",
)
def copied_files_are_the_same_orgs(new_server: NewServer) -> object:
    """A server that starts on a copy of the files has the same org ids, secrets and tokens."""
    server = new_server()
    org_id = server.create_org("copied")
    server.put_secret("copied", "k", "v")
    token = server.create_token("copied")
    copy = server.restored(server.folder.with_name("copy"))
    copy.start()
    try:
        return [
            copy.org_id("copied") == org_id,
            copy.values("copied"),
            line(Wire(copy, "copied", org_id).send("GET", "/api/v2/orgs/ORG/secrets", token=token)),
        ]
    finally:
        copy.stop()


@STARTED.fact(
    known=["/api/v2/setup 200", '/api/v2/setup 503 {"status":"starting"}', "/health 200"],
    means="Wait until `GET /api/v2/setup` is a 200, not for `/health`.",
    does="Its tests wait for that. A run tries again while a server starts.",
    before={"2.10": ["/api/v2/setup 200", "/health 200"]},
    real="health",
)
def server_answers_before_its_store_is_there(influxd_binary: Path, tmp_path: Path) -> object:
    """From 2.10 on a server answers before its store is there.

    `/health` is a 200 by then, everything else a 503 with `{"status":"starting"}`.
    """
    server = InfluxdServer(influxd_binary, tmp_path)
    seen: set[str] = set()
    is_up = threading.Event()

    def look() -> None:
        is_last = False
        while not is_last:
            is_last = is_up.is_set()
            for path in ("/api/v2/setup", "/health"):
                with contextlib.suppress(requests.ConnectionError):
                    answer = requests.get(server.url + path, timeout=5)
                    text = answer.text.strip() if answer.status_code == requests.codes.unavailable else ""
                    seen.add(f"{path} {answer.status_code} {text}".strip())

    looking = threading.Thread(target=look)
    looking.start()
    server.start()
    is_up.set()
    looking.join()
    server.stop()
    return sorted(seen)


@STARTED.fact(
    known=["200", "404"],
    means="Ask for `/health` exactly.",
    does="It does.",
    before={"2.10": ["200", "200"]},
)
def paths_below_health(wire: Wire) -> object:
    """`/health/anything` is a 404 from 2.10 on. Before, it was the same as `/health`."""
    return [str(wire.send("GET", path, token=None).status) for path in ("/health", "/health/anything")]


@STARTED.fact(
    known=[["checks", "message", "name", "status"], True],
    means="Read the version from the header.",
    does="It reads the version from the header where `/health` has none.",
    before={"2.10": [["checks", "commit", "message", "name", "status", "version"], True]},
    real="health",
)
def hardened_server_shows_its_version_in_a_header(new_server: NewServer) -> object:
    """With `--hardening-enabled`, `/health` of 2.10 shows neither version nor message to anyone but the operator.

    The header `X-Influxdb-Version` stays.
    """
    server = new_server("--hardening-enabled")
    answer = requests.get(f"{server.url}/health", timeout=30)
    return [sorted(answer.json()), bool(answer.headers.get("X-Influxdb-Version"))]


@STARTED.fact(
    known={"what OpenSSL begins with": 2, "prime256v1": 1, "secp384r1": 1, "secp521r1": 1, "X25519": "refused"},
    means="Each new connection to a distant server takes a round trip more.",
    does="It leaves the choice to OpenSSL.",
    real="tls",
)
def handshake_takes_a_round_trip_more(new_server: NewServer, tmp_path: Path) -> object:
    """With a certificate, a server accepts the curves P-256, P-384 and P-521 alone.

    A client of TLS 1.3 that offers a key of X25519 first, as OpenSSL does, must send a second ClientHello.
    """
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    issued.cert_chain_pems[0].write_to_path(files["cert"])
    issued.private_key_pem.write_to_path(files["key"])
    server = new_server(f"--tls-cert={files['cert']}", f"--tls-key={files['key']}", ca_file=files["ca"])
    seen: dict[str, object] = {}
    for curve in ("what OpenSSL begins with", "prime256v1", "secp384r1", "secp521r1", "X25519"):
        context = ssl.create_default_context(cafile=files["ca"])
        if " " not in curve:
            context.set_ecdh_curve(curve)
        try:
            seen[curve] = count_flights(server.url, context)
        except ssl.SSLError:
            seen[curve] = "refused"
    return seen
