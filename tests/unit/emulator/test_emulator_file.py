"""The file in which the emulator keeps its state: what it keeps, who may read it, what it is not mistaken for."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import requests
from asking import secrets_url

from influx_secrets.emulator import Emulator

VALUE = "planted-value-7f3a"


def test_file_keeps_orgs_ids_tokens_secrets_and_alerts(tmp_path: Path) -> None:
    """A new emulator on the same file goes on where the old one ended."""
    file = tmp_path / "state.json"
    with Emulator(("acme",), file=file) as first:
        first.put_secret("acme", "ключ", VALUE)
        first.put_secret("acme", "gone", VALUE)
        first.remove_secret("acme", "gone")
        rule_id = first.put_notification_rule(first.put_notification_endpoint("acme", "slack", token="secret: A"))
        limited = first.create_token("acme", write_secrets=False)
    with Emulator(("acme", "beta"), file=file) as second:
        assert (second.org_id("acme"), second.token) == (first.org_id("acme"), first.token)
        assert second.secrets("acme") == {"ключ": VALUE}
        assert set(second.orgs) == {"acme", "beta"}
        rules = f"{second.url}/api/v2/notificationRules?orgID={second.org_id('acme')}"
        listed = requests.get(rules, headers={"Authorization": f"Token {second.token}"}, timeout=5).json()
        assert [rule["id"] for rule in listed["notificationRules"]] == [rule_id]
        headers = {"Authorization": f"Token {limited}"}
        assert requests.get(secrets_url(second), headers=headers, timeout=5).status_code == 200
        assert requests.patch(secrets_url(second), json={}, headers=headers, timeout=5).status_code == 401


def test_file_with_another_operator_token_takes_the_new_one(tmp_path: Path) -> None:
    """A token that is given replaces the stored operator token; the old one is worthless."""
    file = tmp_path / "state.json"
    old = Emulator(file=file, token="old").token
    with Emulator(file=file, token="new") as emulator:
        headers = {"Authorization": f"Token {old}"}
        assert requests.get(secrets_url(emulator), headers=headers, timeout=5).status_code == 401
    assert Emulator(file=file).token == "new"


def test_file_is_readable_by_its_owner_alone_and_always_whole(tmp_path: Path) -> None:
    """It holds values: mode 0600 from the start, nothing left beside it."""
    file = tmp_path / "state.json"
    emulator = Emulator(file=file)
    for number in range(5):
        emulator.put_secret("acme", f"k{number}", VALUE)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(json.loads(file.read_text("utf-8"))["secrets"][emulator.org_id("acme")]) == number + 1
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"format": 99}', "not json"])
def test_file_of_something_else_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    """A file that is not the emulator's own is not overwritten."""
    file = tmp_path / "other.json"
    file.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="does not hold the state of an emulator"):
        Emulator(file=file)
    assert file.read_text("utf-8") == content
