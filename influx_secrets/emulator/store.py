"""Orgs, tokens, secrets and alerts of the emulated server.

One lock guards everything, because requests, outside writers and assertions come from several threads. With a file,
every change replaces it as a whole: a reader always sees a complete state.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TypeAlias

MAX_KEY_BYTES = 32_752
"""Longest key: the 32,768 bytes that bolt allows, less the 16 of the org's id in front of it."""

_FORMAT = 1

Permission: TypeAlias = Literal["read_org", "read_secrets", "write_secrets", "read_alerts"]
"""What a token may do; to see endpoints, rules and tasks, none but the operator's may."""


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as the server writes it, with microseconds for its nanoseconds."""
    return moment.isoformat().replace("+00:00", "Z")


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path`, as a whole, by one with this text that its owner alone may read."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class Org:
    """An organization; `created` has the server's format."""

    id: str
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do in one org; `org_id` None: everything, in every org.

    An inactive token may do nothing, but is not unknown: calls that need no permission are answered (influxd 2.9.1).
    """

    org_id: str | None
    read_org: bool = True
    read_secrets: bool = True
    write_secrets: bool = True
    active: bool = True

    def may(self, permission: Permission, org_id: str) -> bool:
        """Whether the token has a permission on an org; without `read_org` it does not see the org at all."""
        return self.active and (self.org_id is None or (self.org_id == org_id and getattr(self, permission, False)))

    def refusal(self, action: str, resource: str) -> str:
        """Return the server's message for a permission that the token lacks."""
        return f"{action}:{resource} is unauthorized" if self.active else "token is inactive"


class Store:
    """Orgs by id, grants by token, secrets by org and key, endpoints, rules and tasks; kept in `file` when given."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._file = file
        self._orgs: dict[str, Org] = {}
        self._grants: dict[str, Grant] = {}
        self._secrets: dict[str, dict[str, str]] = {}
        self._items: dict[str, dict[str, dict[str, Any]]] = {}
        if file is not None and file.exists():
            self._load(file)

    def operator_token(self, wanted: str | None) -> str:
        """Return the token that may do everything: `wanted`, else the stored one, else a new one."""
        with self._lock:
            stored = [token for token, grant in self._grants.items() if grant.org_id is None]
            token = wanted or (stored[0] if stored else secrets.token_hex(32))
            if stored != [token]:
                for old in stored:
                    del self._grants[old]
                self._grants[token] = Grant(None)
                self._save()
            return token

    def orgs(self) -> list[Org]:
        """Return all orgs, in the server's order."""
        with self._lock:
            return sorted(self._orgs.values(), key=lambda org: org.id)

    def org(self, org_id: str) -> Org | None:
        """Return the org with this id."""
        with self._lock:
            return self._orgs.get(org_id)

    def org_named(self, name: str) -> Org | None:
        """Return the org with this name; white space at its ends is ignored, as influxd 2.9.1 does."""
        with self._lock:
            return next((org for org in self._orgs.values() if org.name.strip() == name.strip()), None)

    def create_org(self, name: str, org_id: str | None = None) -> Org:
        """Add an org."""
        with self._lock:
            org_id = org_id or self.new_id()
            if self.org_named(name) or org_id in self._orgs:
                raise ValueError(f"organization with name {name} already exists")
            org = self._orgs[org_id] = Org(org_id, name, timestamp(datetime.now(timezone.utc)))
            self._secrets[org_id] = {}
            self._save()
            return org

    @staticmethod
    def new_id() -> str:
        """Return a random id; orgs are listed in the order of their ids."""
        return f"{secrets.randbits(64) | 1 << 60:016x}"

    def successor(self) -> Store:
        """Return an empty store for the same file, which this store no longer writes."""
        empty = Store()
        with self._lock:
            empty._file, self._file = self._file, None
        return empty

    def delete_org(self, org_id: str) -> None:
        """Remove an org and its secrets; tokens for it stay valid, and show nothing (influxd 2.9.1)."""
        with self._lock:
            del self._orgs[org_id], self._secrets[org_id]
            self._save()

    def add_token(self, grant: Grant) -> str:
        """Return a new token with these permissions."""
        with self._lock:
            token = secrets.token_hex(32)
            self._grants[token] = grant
            self._save()
            return token

    def revoke_token(self, token: str) -> None:
        """Revoke a token."""
        with self._lock:
            if self._grants.pop(token, None) is None:
                raise KeyError("no such token")
            self._save()

    def grant(self, token: str) -> Grant | None:
        """Return what a token may do; None: the token is unknown."""
        with self._lock:
            return self._grants.get(token)

    def secrets(self, org_id: str) -> dict[str, str]:
        """Return a copy of the org's secrets."""
        with self._lock:
            return dict(self._secrets[org_id])

    def patch(self, org_id: str, changes: Mapping[str, str]) -> bool:
        """Set all of `changes`, or none if a key is too long. Return whether they were set."""
        if any(len(key.encode()) > MAX_KEY_BYTES for key in changes):
            return False
        with self._lock:
            self._secrets[org_id].update(changes)
            if changes:
                self._save()
        return True

    def delete(self, org_id: str, keys: Iterable[str]) -> None:
        """Remove keys; missing ones are ignored."""
        with self._lock:
            held = self._secrets[org_id]
            if [key for key in keys if held.pop(key, None) is not None]:
                self._save()

    def put_item(self, resource: str, item: dict[str, Any]) -> None:
        """Add an item to what the API lists under `resource`, or replace the one with this id."""
        with self._lock:
            self._items.setdefault(resource, {})[item["id"]] = item
            self._save()

    def items(self, resource: str) -> list[dict[str, Any]]:
        """Return the items of all orgs that still exist, in the server's order."""
        with self._lock:
            found = self._items.get(resource, {}).values()
            return sorted((item for item in found if item["orgID"] in self._orgs), key=lambda item: str(item["id"]))

    def _load(self, file: Path) -> None:
        try:
            state: dict[str, Any] = json.loads(file.read_text("utf-8"))
            known = state["format"] == _FORMAT
        except (ValueError, TypeError, KeyError):
            known = False
        if not known:
            raise ValueError(f"{file} does not hold the state of an emulator: name another file, or remove it")
        self._orgs = {org["id"]: Org(**org) for org in state["orgs"]}
        self._grants = {token: Grant(**grant) for token, grant in state["tokens"].items()}
        self._secrets = {org_id: dict(state["secrets"].get(org_id, {})) for org_id in self._orgs}
        self._items = state.get("alerts", {})

    def _save(self) -> None:
        if self._file is None:
            return
        state = {
            "format": _FORMAT,
            "orgs": [asdict(org) for org in self.orgs()],
            "tokens": {token: asdict(grant) for token, grant in self._grants.items()},
            "secrets": self._secrets,
            "alerts": self._items,
        }
        write_private(self._file, json.dumps(state, ensure_ascii=False, indent=1))
