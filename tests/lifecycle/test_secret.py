"""One secret through its life, in the real provider process, on the emulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lifecycle.provider_process import CallError, CheckError, Engine, ProviderProcess, calls, secret
from pulumi.runtime.rpc import UNKNOWN

from influx_secrets._model.keys import digest
from influx_secrets.emulator import Answer, Emulator, Fault, Page, Status

PLANTED = "hunter2-ß"


def test_secret_created_is_written_and_stored_without_value(engine: Engine, emulator: Emulator) -> None:
    """The server has the value; the state has the digest and version 1."""
    assert engine.up(secret("a", org="acme", key="A", value=PLANTED)) == {"a": "create"}
    assert emulator.secrets("acme") == {"A": PLANTED}
    org_id = emulator.org_id("acme")
    stored = engine.state["a"]
    assert stored.id == f"{org_id}/A"
    expected = {
        "org": "acme",
        "org_id": org_id,
        "key": "A",
        "version": 1.0,
        "digest": digest(org_id, "A", PLANTED),
        "overwrite": False,
        "server": emulator.url,
    }
    assert stored.inputs == stored.outputs == expected
    assert calls(emulator) == ["GET orgs", "GET secrets", "PATCH secrets"]


def test_secret_unchanged_makes_no_request(engine: Engine, emulator: Emulator) -> None:
    """Neither preview nor up asks the server anything when nothing changed."""
    declared = secret("a", org="acme", key="A", value=PLANTED)
    engine.up(declared)
    calls(emulator)
    assert engine.preview(declared) == {"a": "same"}
    assert engine.up(declared) == {"a": "same"}
    assert calls(emulator) == []


def test_secret_rotated_is_one_patch(engine: Engine, emulator: Emulator) -> None:
    """A new value is version 2 and one request."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    calls(emulator)
    assert engine.up(secret("a", org="acme", key="A", value="two")) == {"a": "update"}
    assert calls(emulator) == ["PATCH secrets"]
    assert engine.state["a"].outputs["version"] == 2
    assert emulator.secrets("acme") == {"A": "two"}


def test_secret_unknown_value_previews_unknown_version(engine: Engine) -> None:
    """A preview that does not know the value does not claim to know the version."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    checked = engine.checked(secret("a", org="acme", key="A", value=UNKNOWN))
    assert (checked["version"], checked["digest"]) == (UNKNOWN, UNKNOWN)
    assert engine.preview(secret("a", org="acme", key="A", value=UNKNOWN)) == {"a": "update"}
    assert engine.checked(secret("b", org="acme", key="B", value=UNKNOWN))["version"] == 1


def test_secret_unknown_org_or_key_previews_replacement(engine: Engine) -> None:
    """What names the secret is not known: it may have to move."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    assert engine.preview(secret("a", org=UNKNOWN, key="A", value="one")) == {"a": "replace"}
    assert engine.preview(secret("a", org="acme", key=UNKNOWN, value="one")) == {"a": "replace"}
    assert engine.preview(secret("b", org_id=UNKNOWN, key=UNKNOWN, value="one"))["b"] == "create"


def test_secret_other_key_is_a_replacement(engine: Engine, emulator: Emulator) -> None:
    """The new key is written before the old one goes."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    calls(emulator)
    assert engine.up(secret("a", org="acme", key="B", value="one")) == {"a": "replace"}
    assert f'removes the key "A" of the org "acme" ({emulator.org_id("acme")}): the program no longer' in engine.said
    assert emulator.secrets("acme") == {"B": "one"}
    assert calls(emulator) == ["GET secrets", "PATCH secrets", "DELETE A"]


def test_secret_other_org_is_a_replacement(engine: Engine, emulator: Emulator) -> None:
    """The secret moves; nothing stays behind."""
    emulator.create_org("beta")
    engine.up(secret("a", org="acme", key="A", value="one"))
    assert engine.up(secret("a", org="beta", key="A", value="one")) == {"a": "replace"}
    assert (emulator.secrets("acme"), emulator.secrets("beta")) == ({}, {"A": "one"})


def test_secret_renamed_without_alias_is_kept(engine: Engine, emulator: Emulator) -> None:
    """The engine creates the new name, then deletes the old one: the key lives on."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    assert engine.up(secret("b", org="acme", key="A", value="one")) == {"b": "create", "a": "delete"}
    assert emulator.secrets("acme") == {"A": "one"}
    assert "adopts the key" in engine.said


def test_secret_replaced_by_force_is_kept(engine: Engine, emulator: Emulator) -> None:
    """`up --replace` calls check without the old inputs, creates, then deletes the same key."""
    declared = secret("a", org="acme", key="A", value="one")
    engine.up(declared)
    assert engine.up(declared, replace=frozenset(["a"])) == {"a": "replace"}
    assert emulator.secrets("acme") == {"A": "one"}


def test_secrets_swapped_keep_both_keys(engine: Engine, emulator: Emulator) -> None:
    """Two resources exchange their keys, values with them."""
    engine.up(secret("a", org="acme", key="A", value="one"), secret("b", org="acme", key="B", value="two"))
    engine.up(secret("a", org="acme", key="B", value="two"), secret("b", org="acme", key="A", value="one"))
    assert emulator.secrets("acme") == {"A": "one", "B": "two"}


@pytest.mark.parametrize(
    ("org", "value", "says"),
    [
        ("acme", "two", 'cannot write the key "A" of the org'),
        ("acme", "", 'the value of the key "A" is empty'),
        ("nowhere", "one", "cannot look up the org"),
    ],
)
def test_secret_renamed_with_failed_create_is_kept(
    engine: Engine, emulator: Emulator, org: str, value: str, says: str
) -> None:
    """With --continue-on-error the old resource is deleted although the new one failed: its key stays."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    steps = engine.up(secret("b", org=org, key="A", value=value))
    assert steps["b"].startswith(f"failed: {says}")
    assert steps["a"] == "delete"
    assert emulator.secrets("acme") == {"A": "one"}


def test_secret_foreign_value_is_refused_in_the_preview(engine: Engine, emulator: Emulator) -> None:
    """A value that we did not write is not overwritten unasked; the message names the way out."""
    emulator.put_secret("acme", "A", "theirs")
    declared = secret("a", org="acme", key="A", value="ours")
    assert 'the key "A" of the org' in engine.preview(declared)["a"]
    assert "overwrite=True" in engine.up(declared)["a"]
    assert emulator.secrets("acme") == {"A": "theirs"}
    assert engine.up(secret("a", org="acme", key="A", value="ours", overwrite=True)) == {"a": "create"}
    assert "overwrites the key" in engine.said
    assert emulator.secrets("acme") == {"A": "ours"}


@pytest.mark.parametrize(
    ("declared", "there"),
    [
        ("abc\n", "abc"),
        ("abc", "abc\n"),
        ("abc", "abc\r\n"),
        (" abc", "abc"),
        ("abc\r\n", "abc\n"),
        ("a\nb", "a\r\nb\r\n"),
    ],
)
def test_foreign_value_that_differs_in_white_space_is_refused_with_that(
    engine: Engine, emulator: Emulator, declared: str, there: str
) -> None:
    """A value read from a file ends with a line break: overwriting would be the wrong advice."""
    emulator.put_secret("acme", "A", there)
    failed = engine.preview(secret("a", org="acme", key="A", value=declared))["a"]
    assert "its value differs from the declared value only in line breaks, or in spaces at the start or end." in failed
    engine.preview(secret("a", org="acme", key="A", value="abcd\n"))
    assert "only in line breaks" not in engine.preview(secret("a", org="acme", key="A", value=f"{declared}x\n"))["a"]


@pytest.mark.parametrize("drift", [False, True])
def test_secret_replaced_with_a_new_value_is_its_own(engine: Engine, emulator: Emulator, drift: bool) -> None:  # noqa: FBT001 (a parameter)
    """`replacement_trigger` and `replace_with` are how people rotate: nobody else wrote the old value."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    if drift:
        emulator.put_secret("acme", "A", "theirs")
        engine.refresh()
    declared = replace(secret("a", org="acme", key="A", value="two"), triggered=True)
    assert engine.preview(declared) == {"a": "replace"}
    assert engine.up(declared) == {"a": "replace"}
    assert emulator.secrets("acme") == {"A": "two"}


def test_secret_replaced_by_force_with_a_new_value_is_refused_with_a_way(engine: Engine, emulator: Emulator) -> None:
    """`--replace` and taint come without the old state: one of the two ways that the message names works."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    two = secret("a", org="acme", key="A", value="two")
    assert "change the value in a later run" in engine.up(two, replace=frozenset({"a"}))["a"]
    assert engine.up(secret("a", org="acme", key="A", value="one"), replace=frozenset({"a"})) == {"a": "replace"}
    assert engine.up(two) == {"a": "update"}
    three = secret("a", org="acme", key="A", value="three", overwrite=True)
    assert engine.up(three, replace=frozenset({"a"})) == {"a": "replace"}
    assert emulator.secrets("acme") == {"A": "three"}


def test_secret_equal_value_is_adopted_and_said(engine: Engine, emulator: Emulator) -> None:
    """A key that holds the declared value becomes ours, and the preview says so."""
    emulator.put_secret("acme", "A", "same")
    assert engine.preview(secret("a", org="acme", key="A", value="same")) == {"a": "create"}
    assert 'adopts the key "A" of the org' in engine.said
    assert engine.up(secret("a", org="acme", key="A", value="same")) == {"a": "create"}


def test_secret_ignored_value_is_left_alone(engine: Engine, emulator: Emulator) -> None:
    """`ignore_changes=["value"]` reaches check as a missing value: created once, then left alone."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    assert engine.up(secret("a", org="acme", key="A")) == {"a": "same"}
    emulator.put_secret("acme", "A", "theirs")
    assert engine.refresh() == {"a": "changed"}
    assert engine.state["a"].outputs["drift"] == "changed"
    assert engine.up(secret("a", org="acme", key="A")) == {"a": "same"}
    assert emulator.secrets("acme") == {"A": "theirs"}


def test_secret_whose_declaration_alone_is_ignored_is_refused(engine: Engine, emulator: Emulator) -> None:
    """A transform can do that, which no constructor sees: the value would be among the checked inputs."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    stored = engine.state["a"].inputs
    process = ProviderProcess(emulator.environment)
    with pytest.raises(CheckError, match='"declaration" is not an input'):
        process.check("Secret", stored, {**stored, "value": "planted"})
    process.stop()


def test_secret_ignored_value_with_other_key_says_what_is_missing(engine: Engine, emulator: Emulator) -> None:
    """A replacement needs the value: one line says so, and the old key stays."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    assert "ignore_changes hides the value" in engine.up(secret("a", org="acme", key="B"))["a"]
    assert emulator.secrets("acme") == {"A": "one"}


def test_secret_rotate_on_is_written_when_the_text_changes(engine: Engine, emulator: Emulator) -> None:
    """The value may differ in every run; only the text decides, and no digest is stored."""
    engine.up(secret("a", org="acme", key="A", value="one", rotate_on="2026-10"))
    assert engine.state["a"].inputs["digest"] == ""
    assert engine.up(secret("a", org="acme", key="A", value="two", rotate_on="2026-10")) == {"a": "same"}
    assert emulator.secrets("acme") == {"A": "one"}
    assert engine.up(secret("a", org="acme", key="A", value="three", rotate_on="2026-11")) == {"a": "update"}
    assert emulator.secrets("acme") == {"A": "three"}
    assert engine.state["a"].outputs["version"] == 2


def test_secret_removed_outside_is_created_again(engine: Engine, emulator: Emulator) -> None:
    """A refresh sees the key gone, the next up writes it."""
    declared = secret("a", org="acme", key="A", value="one")
    engine.up(declared)
    emulator.remove_secret("acme", "A")
    assert engine.refresh() == {"a": "gone"}
    assert engine.up(declared) == {"a": "create"}
    assert emulator.secrets("acme") == {"A": "one"}


def test_secret_changed_outside_is_repaired(engine: Engine, emulator: Emulator) -> None:
    """A refresh proves the value changed; the preview counts up, the up repairs, and then nothing is left to do."""
    declared = secret("a", org="acme", key="A", value="one")
    engine.up(declared)
    emulator.put_secret("acme", "A", "theirs")
    assert engine.refresh() == {"a": "changed"}
    assert engine.state["a"].inputs["drift"] == "changed"
    checked = engine.checked(declared)
    assert checked["version"] == 2
    assert "drift" not in checked
    assert engine.up(declared) == {"a": "update"}
    assert emulator.secrets("acme") == {"A": "one"}
    assert engine.refresh() == {"a": "same"}
    assert engine.up(declared) == {"a": "same"}


def test_secrets_refreshed_share_one_list_and_one_query(engine: Engine, emulator: Emulator) -> None:
    """Twenty resources of one org cost two requests."""
    engine.up(*(secret(f"s{n}", org="acme", key=f"K{n}", value=f"v{n}") for n in range(20)))
    calls(emulator)
    assert set(engine.refresh().values()) == {"same"}
    assert calls(emulator) == ["GET secrets", "POST query"]


def test_secret_declared_twice_is_refused_naming_both(engine: Engine) -> None:
    """One key has one owner."""
    steps = engine.preview(
        secret("first", org="acme", key="A", value="one"), secret("second", org="acme", key="A", value="two")
    )
    assert steps["first"] == "create"
    assert "is declared twice" in steps["second"]
    assert 'Secret "first"' in steps["second"]


@pytest.mark.parametrize("key", ["a/b", "a,b", "x=1&y", "ключ", "a b", "%2F", "..", ".", "a?b", "a#b", "😀", "__x"])
def test_secret_with_any_key_is_created_found_and_removed(engine: Engine, emulator: Emulator, key: str) -> None:
    """A key that a path cannot carry is removed all the same."""
    engine.up(secret("a", org="acme", key=key, value="one"))
    assert emulator.secrets("acme") == {key: "one"}
    assert engine.refresh() == {"a": "same"}
    engine.destroy()
    assert emulator.secrets("acme") == {}


@pytest.mark.parametrize(
    ("props", "reason"),
    [
        ({"key": "A", "value": "v"}, "no org is given. Add org=... or org_id=..."),
        ({"org": "nowhere", "key": "A", "value": "v"}, "nowhere"),
        ({"org": "0" * 16, "key": "A", "value": "v"}, "If 0000000000000000 is the id of an org, use org_id (--org-id)"),
        ({"org": "acme", "key": "A", "value": 5}, 'the value of the key "A" must be a string, not float'),
        ({"org": "acme", "key": 5, "value": "v"}, "key must be a string, not float"),
        ({"org": "acme", "key": "A", "value": "v", "rotate_on": 3}, "rotate_on must be a string, not float"),
        (
            {"org": "acme", "key": "A", "value": "v", "overwrite": "no"},
            "overwrite must be True or False, not the string",
        ),
    ],
)
def test_secret_wrong_declaration_fails_in_the_preview(
    engine: Engine, emulator: Emulator, props: dict[str, object], reason: str
) -> None:
    """Each bad input has one readable line, under no property's name, and nothing is written."""
    with pytest.raises(CheckError) as caught:
        engine.checked(secret("a", **props))
    ((name, said),) = caught.value.failures
    assert name == ""
    assert reason in said
    assert "\n" not in said
    assert emulator.secrets("acme") == {}


def test_org_id_in_capitals_is_the_same_org(engine: Engine, emulator: Emulator) -> None:
    """The state has small letters, a change of case is no difference, and a second resource declares the same key."""
    org_id = emulator.create_org("letters", "0123456789abcdef")
    small = secret("a", org_id=org_id, key="A", value="one")
    assert engine.up(secret("a", org_id=org_id.upper(), key="A", value="one")) == {"a": "create"}
    assert engine.state["a"].id == f"{org_id}/A"
    assert engine.state["a"].inputs["org_id"] == org_id
    assert engine.state["a"].inputs["digest"] == digest(org_id, "A", "one")
    assert engine.up(small) == {"a": "same"}
    assert "is declared twice" in engine.up(small, secret("b", org_id=org_id.upper(), key="A", value="one"))["b"]


def test_org_whose_name_looks_like_an_id_is_found_by_its_name(engine: Engine, emulator: Emulator) -> None:
    """Such a name is legal, and is never taken for an id."""
    org_id = emulator.create_org("FEDCBA9876543210", "0123456789abcdef")
    engine.up(secret("a", org="FEDCBA9876543210", key="A", value="one"))
    assert engine.state["a"].inputs["org_id"] == org_id


def test_secret_default_org_comes_from_the_settings(emulator: Emulator) -> None:
    """A resource that names no org uses the provider's."""
    engine = Engine(emulator.environment, config={"influx-secrets:org": "acme"})
    engine.up(secret("a", key="A", value="one"))
    assert engine.state["a"].inputs["org"] == "acme"
    by_id = Engine({**emulator.environment, "INFLUX_ORG_ID": emulator.org_id("acme")})
    by_id.up(secret("b", key="B", value="one"))
    assert by_id.state["b"].inputs["org_id"] == emulator.org_id("acme")
    assert emulator.secrets("acme") == {"A": "one", "B": "one"}


def test_preview_without_server_works_with_org_id(emulator: Emulator) -> None:
    """What could not be asked is said once, and the preview goes on."""
    gone = Engine({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "t"})
    org_id = emulator.org_id("acme")
    steps = gone.preview(
        secret("a", org_id=org_id, key="A", value="one"),
        secret("b", org_id=org_id, key="B", value="one"),
        secret("c", org="acme", key="C", value="one"),
    )
    assert steps == {"a": "create", "b": "create", "c": "create"}
    assert gone.said.count("cannot compare all keys with the server") == 1
    assert gone.said.count("\n") == 1


def test_preview_without_token_works_with_org_id(emulator: Emulator) -> None:
    """A reviewer needs no token to see which keys change; an up does."""
    engine = Engine({"INFLUX_HOST": emulator.url})
    declared = secret("a", org_id=emulator.org_id("acme"), key="A", value="one")
    assert engine.preview(declared, secret("b", org="acme", key="B", value="one")) == {"a": "create", "b": "create"}
    assert engine.said == (
        "influx-secrets: this preview cannot compare all keys with the server: there is no API token. Set "
        "INFLUX_TOKEN, or run `influx config NAME` to use a profile (IS201)\n"
    )
    assert "INFLUX_TOKEN" in engine.up(declared)["a"]
    assert calls(emulator) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"INFLUX_HOST": "https://{place}"}, "the server does not speak TLS on this port. Correct the port"),
        ({"INFLUX_HOST": "http://{place}/orgs/{org_id}"}, "INFLUX_HOST is the address of a page in the browser"),
        ({"INFLUX_HOST": "localhost:8086"}, "INFLUX_HOST must be a url such as http://localhost:8086, with "),
        ({"INFLUX_TOKEN": "two\nlines"}, "INFLUX_TOKEN must be the token alone. Remove line breaks"),
    ],
)
def test_preview_with_settings_that_cannot_work_fails(emulator: Emulator, change: dict[str, str], why: str) -> None:
    """The up would fail too: one line of the preview says why."""
    org_id = emulator.org_id("acme")
    place = emulator.url.removeprefix("http://")
    given = {name: value.format(place=place, org_id=org_id) for name, value in change.items()}
    engine = Engine({**emulator.environment, **given})
    declared = secret("a", org_id=org_id, key="A", value="one")
    for run in (engine.preview, engine.up):
        try:
            failed = run(declared)["a"]
        except CallError as error:
            failed = str(error)
        assert why in failed
        assert "\n" not in failed
        assert engine.said == ""


def test_preview_whose_answers_are_not_the_apis_fails(engine: Engine, emulator: Emulator) -> None:
    """Another program, or a page in the browser; a gateway's 502 says that the server behind it is down."""
    declared = secret("a", org="acme", key="A", value="one")
    emulator.inject(Fault(Page(404)))
    assert "does not come from the InfluxDB API" in engine.preview(declared)["a"]
    assert engine.said == ""
    emulator.clear_faults()
    emulator.inject(Fault(Page(502)))
    assert engine.preview(declared) == {"a": "create"}
    assert "cannot compare all keys with the server" in engine.said


@pytest.mark.parametrize(
    ("answer", "path", "says"),
    [
        (Answer(502, b'{"code": "bad gateway"}'), "/orgs?", 'look up the org named "acme": HTTP 502 from'),
        (Answer(200, b",error,reference\r\n,vault is sealed,\r\n"), "/query?", "compare values in the org "),
    ],
    ids=["gateway", "query"],
)
def test_preview_goes_on_where_the_server_may_answer_later(answer: Answer, path: str, says: str) -> None:
    """Whatever code a gateway names; and a query may fail after its 200."""
    with Emulator(("acme",), before=lambda _, asked: answer if path in asked else None) as emulator:
        emulator.put_secret("acme", "A", "theirs")
        engine = Engine(emulator.environment, {"influx-secrets:maxAttempts": "1"})
        declared = secret("a", org="acme", key="A", value="one")
        assert engine.preview(declared) == {"a": "create"}
        assert f"this preview cannot compare all keys with the server: cannot {says}" in engine.said
        assert f"cannot {says}" in engine.up(declared)["a"]


def test_preview_with_a_ca_file_that_cannot_be_read_fails(emulator: Emulator) -> None:
    """A server that is down may be up later; a setting that cannot work is an error at once."""
    engine = Engine({**emulator.environment, "INFLUXDB_V2_SSL_CA_CERT": "/no/such/file"})
    failed = engine.preview(secret("a", org_id=emulator.org_id("acme"), key="A", value="one"))["a"]
    assert failed.startswith("failed: ")
    assert "cannot read the CA file /no/such/file: No such file or directory. Correct" in failed


def test_up_without_server_fails_in_one_line(emulator: Emulator) -> None:
    """In an update what is new must be asked."""
    engine = Engine({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "t"}, {"influx-secrets:maxAttempts": "1"})
    failed = engine.up(secret("a", org_id=emulator.org_id("acme"), key="A", value="one"))["a"]
    assert failed.startswith("failed: ")
    assert "127.0.0.1:9" in failed
    assert "\n" not in failed


def test_call_that_fails_shows_one_line(engine: Engine, emulator: Emulator) -> None:
    """An error of ours has a name and a message, and no traceback; the org is named as the program named it."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    stored = engine.state["a"]
    process = ProviderProcess({**emulator.environment, "INFLUX_TOKEN": "wrong"})
    with pytest.raises(CallError) as caught:
        process.delete("Secret", stored.id, stored.outputs)
    process.stop()
    said = str(caught.value).removeprefix("influx_secrets.UnauthorizedError: ")
    assert said.startswith(f'cannot remove the secret "A" of the org "acme" ({emulator.org_id("acme")}): ')
    assert "\n" not in said


def test_get_of_missing_key_is_an_error(emulator: Emulator) -> None:
    """`Secret.get` reads with the id alone."""
    emulator.put_secret("acme", "A/B", "theirs")
    org_id = emulator.org_id("acme")
    process = ProviderProcess(emulator.environment)
    found = process.read("Secret", f"{org_id}/A/B", {})
    with pytest.raises(CallError, match=r"the org .* has no secret with the key"):
        process.read("Secret", f"{org_id}/C", {})
    process.stop()
    assert found[:2] == (f"{org_id}/A/B", {"org_id": org_id, "key": "A/B"})


def test_secret_unknown_value_of_existing_key_is_said(engine: Engine, emulator: Emulator) -> None:
    """A preview that cannot compare yet says what may happen in the update."""
    emulator.put_secret("acme", "A", "theirs")
    assert engine.preview(secret("a", org="acme", key="A", value=UNKNOWN)) == {"a": "create"}
    assert 'this preview cannot compare the key "A"' in engine.said
    assert engine.preview(secret("a", org="acme", key="A", value=UNKNOWN, overwrite=True)) == {"a": "create"}
    assert 'overwrites the key "A"' in engine.said


def test_secret_without_read_secrets_needs_overwrite(emulator: Emulator) -> None:
    """A token that may only write cannot look first."""
    token = emulator.create_token("acme", read_secrets=False)
    engine = Engine({**emulator.environment, "INFLUX_TOKEN": token})
    assert "read" in engine.up(secret("a", org="acme", key="A", value="one"))["a"]
    assert engine.up(secret("a", org="acme", key="A", value="one", overwrite=True)) == {"a": "create"}
    stored = engine.state["a"]
    assert engine.refresh() == {"a": "same"}
    cause = f'to read secrets of the org "acme" ({emulator.org_id("acme")}). Use a token with this permission (IS512)'
    assert engine.said.count(f"secrets cannot be checked: the token lacks the permission {cause}") == 1
    assert engine.state["a"] == stored
    engine.config = {"influx-secrets:verifyValues": "always"}
    with pytest.raises(CallError, match="HTTP 401"):
        engine.refresh()
    assert engine.state["a"] == stored


def test_refresh_with_wrong_token_is_an_error(engine: Engine, emulator: Emulator) -> None:
    """A wrong token must not look like a lack of permission, nor like a missing secret."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    engine.environ = {**emulator.environment, "INFLUX_TOKEN": "wrong"}
    with pytest.raises(CallError, match=r"cannot list the secret keys .* HTTP 401 .* The token is wrong, revoked"):
        engine.refresh()
    assert "a" in engine.state


def test_destroy_of_deleted_org_ends_and_says_so(engine: Engine, emulator: Emulator) -> None:
    """The server confirms that the org does not exist: no setting is needed."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    emulator.delete_org("acme")
    engine.destroy()
    assert engine.state == {}
    assert "does not exist any more" in engine.said


@pytest.mark.parametrize("config", [{}, {"influx-secrets:missingOrg": "gone"}])
def test_destroy_of_hidden_org_stops(engine: Engine, emulator: Emulator, config: dict[str, str]) -> None:
    """An org that exists and that the token may not read is never taken for gone."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    emulator.create_org("other")
    engine.environ = {**emulator.environment, "INFLUX_TOKEN": emulator.create_token("other")}
    engine.config = config
    for run in (engine.destroy, engine.refresh):
        with pytest.raises(CallError, match="the token has no permission to read this org"):
            run()
    changed = secret("a", org="acme", key="A", value="two")
    assert "The token has no permission to read this org" in engine.up(changed)["a"]
    emulator.inject(Fault(Status(400), path="*/me", times=None))
    # A question about the error that fails too is not the error.
    assert 'cannot write the secret "A" of the org "acme"' in engine.up(changed)["a"]
    assert "a" in engine.state
    assert emulator.secrets("acme") == {"A": "one"}


def test_state_without_server_follows_the_setting(engine: Engine, emulator: Emulator) -> None:
    """It does not say whether this server ever had the org: a 404 stops the destroy, unless missingOrg is gone."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    emulator.delete_org("acme")
    for bag in (engine.state["a"].inputs, engine.state["a"].outputs):
        del bag["server"]
    for run in (engine.refresh, engine.destroy):
        with pytest.raises(CallError, match="HTTP 404"):
            run()
    assert "influx-secrets:missingOrg gone" in engine.said
    engine.config = {"influx-secrets:missingOrg": "gone"}
    engine.destroy()
    assert engine.state == {}
    assert "the setting missingOrg is gone (IS614)" in engine.said


@pytest.mark.parametrize(("key", "value"), [("A", "v\n"), ("A", " v"), ("A ", "v")])
def test_white_space_at_an_end_is_said_when_it_is_written(
    engine: Engine, emulator: Emulator, key: str, value: str
) -> None:
    """And kept: a certificate ends with a line break."""
    line = (
        "influx-secrets: white space at the start or end of the value (or of the name) is kept for the key "
        f'"{key}". If the white space is a mistake, remove it from the value (IS601)\n'
    )
    engine.preview(secret("a", org="acme", key=key, value=value))
    assert line in engine.said
    engine.up(secret("a", org="acme", key=key, value=value))
    assert engine.said == line
    assert emulator.secrets("acme") == {key: value}
    engine.up(secret("a", org="acme", key=key, value=value))
    assert engine.said == ""
