"""Many secrets of one org through their life, in the real provider process, on the emulator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lifecycle.provider_process import CallError, CheckError, Declared, Engine, calls, org_secrets, secret
from pulumi.runtime.rpc import UNKNOWN

from influx_secrets.emulator import Emulator, Fault, Status

ENDPOINT = "0123456789abcdef-routing-key"


def shared(secrets: Any, name: str = "shared", **props: Any) -> Declared:  # noqa: ANN401 (wrong ones too)
    return org_secrets(name, secrets, org="acme", **props)


def test_org_secrets_created_is_one_list_and_one_patch(engine: Engine, emulator: Emulator) -> None:
    """However many keys there are."""
    values = {f"K{n}": f"v{n}" for n in range(500)}
    assert engine.up(shared(values)) == {"shared": "create"}
    assert calls(emulator) == ["GET orgs", "GET secrets", "PATCH secrets"]
    assert emulator.secrets("acme") == values
    stored = engine.state["shared"]
    assert stored.id == emulator.org_id("acme")
    assert stored.inputs["versions"] == dict.fromkeys(values, 1)
    assert stored.outputs == stored.inputs | {"drift": {}}


def test_org_secrets_rotate_one_remove_one_add_one(engine: Engine, emulator: Emulator) -> None:
    """The preview's map of versions names exactly the three; the up is one PATCH and one POST delete."""
    values = {f"K{n}": f"v{n}" for n in range(100)}
    engine.up(shared(values))
    before = engine.state["shared"].inputs["versions"]
    changed = {**values, "K1": "new", "ADDED": "x"}
    del changed["K2"]
    after = engine.checked(shared(changed))["versions"]
    assert {key: (before.get(key), after.get(key)) for key in before | after if before.get(key) != after.get(key)} == {
        "K1": (1, 2),
        "K2": (1, None),
        "ADDED": (None, 1),
    }
    calls(emulator)
    engine.up(shared(changed))
    assert calls(emulator) == ["GET secrets", "PATCH secrets", "POST delete"]
    assert emulator.secrets("acme") == changed


def test_org_secrets_several_removed_is_one_post(engine: Engine, emulator: Emulator) -> None:
    """More than one key goes in one transaction."""
    engine.up(shared({"A": "1", "B": "2", "C": "3"}))
    calls(emulator)
    engine.up(shared({"A": "1"}))
    assert calls(emulator) == ["POST delete"]
    assert emulator.secrets("acme") == {"A": "1"}


def test_removed_keys_are_said_all_of_them_ten_a_line(engine: Engine, emulator: Emulator) -> None:
    """A plain preview shows `[diff: ~versions]` alone; a key that another resource declares by now is not removed."""
    engine.up(shared({f"K{n:02}": "v" for n in range(13)}))
    moved, left = secret("moved", org="acme", key="K00", value="v"), shared({"K12": "v"})
    org_id = emulator.org_id("acme")
    ten = ", ".join(f'"K{n:02}"' for n in range(1, 11))
    org, why = f'of the org "acme" ({org_id})', "the program no longer declares the key"
    expected = (
        f"influx-secrets: the update removes the keys {ten} {org}: {why}s (IS607)\n"
        f'influx-secrets: the update removes the key "K11" {org}: {why} (IS607)\n'
    )
    for run in (engine.preview, engine.up):
        run(moved, left)
        assert engine.said.partition("influx-secrets: removes")[1:] == expected.partition("influx-secrets: removes")[1:]
    assert sorted(emulator.secrets("acme")) == ["K00", "K12"]
    engine.up(moved, left)
    assert engine.said == ""


def test_replaced_resource_keeps_its_keys_and_counts_no_prune(engine: Engine, emulator: Emulator) -> None:
    """By a trigger, with one new value, one key less, and one that is new and foreign: only that one is refused."""
    engine.up(shared({"A": "1", "B": "2"}, exclusive=True))
    emulator.put_secret("acme", "C", "theirs")
    declared = replace(shared({"A": "new"}, exclusive=True, keep=["C"]), triggered=True)
    refused = replace(shared({"A": "new", "C": "ours"}, exclusive=True), triggered=True)
    assert 'the key "C" of the org' in engine.preview(refused)["shared"]
    assert engine.preview(declared) == {"shared": "replace"}
    assert engine.said.count("\n") == 1
    assert 'removes the key "B"' in engine.said.replace("may remove", "removes")
    assert engine.up(declared) == {"shared": "replace"}
    assert engine.state["shared"].outputs["pruned"] == {}
    assert emulator.secrets("acme") == {"A": "new", "C": "theirs"}


def test_key_that_another_resource_may_declare_is_said_with_that(engine: Engine) -> None:
    """A preview does not know which keys an output of a map will have."""
    engine.up(shared({"A": "1", "B": "2"}))
    engine.preview(shared({"B": "2"}), org_secrets("later", UNKNOWN, org="acme"))
    assert engine.said.startswith('influx-secrets: the update may remove the key "A" of the org')


def test_keys_left_in_another_org_are_said(engine: Engine, emulator: Emulator) -> None:
    """A resource that goes to another org removes all its keys from the first one."""
    emulator.create_org("beta")
    engine.up(shared({"A": "1", "B": "2"}))
    engine.preview(org_secrets("shared", {"A": "1"}, org="beta"))
    assert engine.said.count("\n") == 1
    assert f'may remove the keys "A", "B" of the org "acme" ({emulator.org_id("acme")}): ' in engine.said


def test_org_secrets_unchanged_makes_no_request(engine: Engine, emulator: Emulator) -> None:
    """Nothing changed, nothing asked."""
    engine.up(shared({"A": "1"}))
    calls(emulator)
    assert engine.up(shared({"A": "1"})) == {"shared": "same"}
    assert calls(emulator) == []


def test_org_secrets_one_unknown_value_leaves_the_others_known(engine: Engine) -> None:
    """Each key stands alone in the preview."""
    engine.up(shared({"A": "1", "B": "2"}))
    assert engine.checked(shared({"A": UNKNOWN, "B": "2"}))["versions"] == {"A": UNKNOWN, "B": 1}


def test_org_secrets_unknown_map_previews_as_unknown(engine: Engine) -> None:
    """An Output of a map that is not there yet hides the keys, and nothing is claimed to be removed."""
    engine.up(shared({"A": "1"}))
    assert engine.checked(shared(UNKNOWN))["versions"] == UNKNOWN
    assert engine.preview(shared(UNKNOWN)) == {"shared": "update"}
    line = 'this preview cannot show whether keys are removed by OrgSecrets "shared": an input of the resource is not '
    line += "known yet, or the server could not be asked. `pulumi up` names each key that it removes (IS610)"
    assert engine.said == f"influx-secrets: {line}\n"


def test_org_secrets_whose_state_was_cut_are_repaired_by_an_update(engine: Engine, emulator: Emulator) -> None:
    """A refresh and a destroy say so."""
    engine.up(shared({"A": "1"}))
    for props in (engine.state["shared"].inputs, engine.state["shared"].outputs):
        del props["versions"]
    for run in (engine.refresh, engine.destroy):
        with pytest.raises(CallError, match=r"the state of this resource is incomplete: run `pulumi up`"):
            run()
    engine.up(shared({"A": "1"}))
    assert engine.refresh() == {"shared": "same"}
    assert emulator.secrets("acme") == {"A": "1"}


def test_org_secrets_value_that_is_no_string_is_refused(engine: Engine, emulator: Emulator) -> None:
    """The program refuses it, but a transformation can put it there: it is never read as "remove this key"."""
    engine.up(shared({"A": "1", "B": "2"}))
    with pytest.raises(CheckError, match='the value of the key "A" must be a string, not dict'):
        engine.checked(shared({"A": {"x": "hunter2"}, "B": "2"}))
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("props", "reason"),
    [
        ({"exclusive": "false"}, 'exclusive must be True or False, not the string "false": use config.get_bool'),
        ({"overwrite": "false"}, 'overwrite must be True or False, not the string "false": use config.get_bool'),
        ({"exclusive": True, "keep": "STRAY"}, 'keep must be a list of strings, such as ["TEAM_*"], not str'),
        (
            {"exclusive": True, "keep": ["STRAY", 3]},
            'keep must be a list of strings, such as ["TEAM_*"], but element 2 has the type float (IS111)',
        ),
        ({"rotate_on": "2026-11"}, 'rotate_on must be a map such as {"KEY": "2026-11"}, not str'),
        ({"rotate_on": {"A": 3}}, 'rotate_on of the key "A" must be a string, not float'),
        ({"org": 5}, "org must be a string, not float"),
        ({"secrets": ["A"]}, 'secrets must be a map such as {"KEY": value}, not list'),
        ({"secrets": {"A": "Bearer Calling __str__ on an Output[T] is not supported."}}, "contains an error text"),
    ],
)
def test_org_secrets_input_of_another_type_is_refused(
    engine: Engine, emulator: Emulator, props: dict[str, Any], reason: str
) -> None:
    """The program refuses it, but a transformation can put it there: a string for a switch would count as true."""
    emulator.put_secret("acme", "STRAY", "theirs")
    engine.up(shared({"A": "1"}))
    wrong = shared({"A": "1"})
    wrong.props.update(props)
    with pytest.raises(CheckError) as caught:
        engine.checked(wrong)
    ((name, said),) = caught.value.failures
    assert name == ""
    assert reason in said
    assert engine.up(wrong, secret("b", org="acme", key="B", value="1"))["b"] == "create"
    assert emulator.secrets("acme") == {"A": "1", "B": "1", "STRAY": "theirs"}


def test_org_secrets_ignored_key_is_left_alone(engine: Engine, emulator: Emulator) -> None:
    """`ignore_changes=["secrets.A"]` drops the entry from the map: neither rotated nor removed, and not pruned."""
    engine.up(shared({"A": "1", "B": "2"}))
    engine.up(shared({"B": "3"}, keys=["A", "B"]))
    assert emulator.secrets("acme") == {"A": "1", "B": "3"}
    assert engine.state["shared"].inputs["versions"] == {"A": 1, "B": 2}
    emulator.put_secret("acme", "NEW", "theirs")
    engine.up(shared({"B": "3"}, keys=["A", "B", "NEW"], exclusive=True))
    assert emulator.secrets("acme") == {"A": "1", "B": "3", "NEW": "theirs"}


def test_org_secrets_ignored_as_a_whole_is_left_alone(engine: Engine, emulator: Emulator) -> None:
    """`ignore_changes=["secrets"]` takes the whole map out."""
    engine.up(shared({"A": "1", "B": "2"}))
    assert engine.up(shared(None, keys=["C"])) == {"shared": "same"}
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}


def test_org_secrets_key_hidden_by_previews_is_stored_escaped(engine: Engine, emulator: Emulator) -> None:
    """The engine hides names that begin with two underscores; ours show."""
    engine.up(shared({"__x": "1", "\\y": "2"}))
    assert engine.state["shared"].inputs["versions"] == {"\\__x": 1, "\\\\y": 1}
    assert engine.up(shared({"__x": "1", "\\y": "2"})) == {"shared": "same"}
    assert engine.up(shared({"__x": "2", "\\y": "2"})) == {"shared": "update"}
    assert emulator.secrets("acme") == {"__x": "2", "\\y": "2"}


def test_org_secrets_exclusive_names_and_removes_strays_only(engine: Engine, emulator: Emulator) -> None:
    """Kept patterns and the server's own keys survive; what goes is counted under `pruned`."""
    for key in ("STRAY", "TEAM_x", ENDPOINT):
        emulator.put_secret("acme", key, "theirs")
    declared = shared({"A": "1"}, exclusive=True, keep=["TEAM_*"])
    assert engine.checked(declared)["pruned"] == {"STRAY": 1}
    org_id = emulator.org_id("acme")
    strays = f'the key "STRAY" of the org "acme" ({org_id})'
    said = f"influx-secrets: exclusive=True removes {strays}: nothing declares the key. To keep a key, list the key in"
    assert engine.said.endswith(f"{said} keep (IS609)\n")
    engine.up(declared)
    assert engine.said.endswith(f"{said} keep (IS609)\n")
    assert set(emulator.secrets("acme")) == {"A", "TEAM_x", ENDPOINT}
    calls(emulator)
    assert engine.up(declared) == {"shared": "same"}
    assert calls(emulator) == ["GET secrets"]
    emulator.put_secret("acme", "STRAY", "again")
    assert engine.checked(declared)["pruned"] == {"STRAY": 2}
    assert engine.up(declared) == {"shared": "update"}
    assert engine.up(declared) == {"shared": "same"}


def test_org_secrets_exclusive_spares_what_alerts_read(engine: Engine, emulator: Emulator) -> None:
    """What an endpoint names, and what the task of a rule goes on reading; all else is removed. Asked once."""
    for key in ("SLACK_TOKEN", "OLD", "STRAY"):
        emulator.put_secret("acme", key, "theirs")
    endpoint = emulator.put_notification_endpoint("acme", "slack", name="on-call", token="secret: OLD")
    emulator.put_notification_rule(endpoint, "disk full")
    emulator.put_notification_endpoint(
        "acme", "slack", endpoint_id=endpoint, name="on-call", token="secret: SLACK_TOKEN"
    )
    declared = shared({"A": "1"}, exclusive=True)
    assert engine.checked(declared)["pruned"] == {"STRAY": 1}
    calls(emulator)
    engine.up(declared)
    asked = calls(emulator)
    assert asked[1:4] == ["GET secrets", "GET notificationEndpoints", "GET notificationRules"]
    assert [call.partition(" ")[0] for call in asked[4:]] == ["GET", "PATCH", "POST"]
    assert set(emulator.secrets("acme")) == {"A", "SLACK_TOKEN", "OLD"}
    org = f'of the org "acme" ({emulator.org_id("acme")}), because alerts name the key:'
    assert f'keeps the key "OLD" {org} rule "disk full". To' in engine.said
    assert f'keeps the key "SLACK_TOKEN" {org} endpoint "on-call". To' in engine.said
    assert "perhaps alerts use" not in engine.said
    # They are looked at in each run: nothing tells that they are still read.
    assert engine.up(declared) == {"shared": "same"}
    assert len(calls(emulator)) == 4
    kept = shared({"A": "1"}, exclusive=True, keep=["SLACK_TOKEN", "OLD"])
    engine.up(kept)
    assert calls(emulator) == ["GET secrets"]
    assert "keeps" not in engine.said


@pytest.mark.parametrize("sees", ["nothing", "no rule"])
def test_org_secrets_exclusive_says_where_it_cannot_see_readers(engine: Engine, emulator: Emulator, sees: str) -> None:
    """An empty list may be a missing permission: what goes is named, and goes as the program says."""
    emulator.put_secret("acme", "SLACK_TOKEN", "theirs")
    emulator.put_secret("acme", "STRAY", "theirs")
    emulator.put_notification_endpoint("acme", "slack", token="secret: SLACK_TOKEN")
    if sees == "nothing":
        engine.environ = {**engine.environ, "INFLUX_TOKEN": emulator.create_token("acme")}
    declared = shared({"A": "1"}, exclusive=True)
    engine.checked(declared)
    named = '"STRAY"' if sees == "no rule" else '"SLACK_TOKEN", "STRAY"'
    kinds = "no rule with its task" if sees == "no rule" else "no endpoint and no rule with its task"
    (line,) = [line for line in engine.said.splitlines() if "perhaps alerts use" in line]
    assert f"exclusive=True removes the key{'s' * (sees == 'nothing')} {named} of the org" in line
    assert f"the server shows this token {kinds}. " in line
    engine.up(declared)
    assert set(emulator.secrets("acme")) == ({"A", "SLACK_TOKEN"} if sees == "no rule" else {"A"})


def test_org_secrets_exclusive_that_cannot_ask_for_readers_removes_nothing(engine: Engine, emulator: Emulator) -> None:
    """A preview does not know then what goes, and an update fails."""
    emulator.put_secret("acme", "STRAY", "theirs")
    declared = shared({"A": "1"}, exclusive=True)
    emulator.inject(Fault(Status(500), path="*/notificationRules", times=None))
    assert engine.checked(declared)["pruned"] == UNKNOWN
    engine.config = {"influx-secrets:maxAttempts": "1"}
    assert "cannot list the rules of the org" in engine.up(declared)["shared"]
    assert emulator.secrets("acme") == {"STRAY": "theirs"}


def test_org_secrets_exclusive_that_cannot_ask_previews_unknown(emulator: Emulator) -> None:
    """What could not be asked is unknown, not nothing."""
    engine = Engine(emulator.environment)
    declared = org_secrets("shared", {"A": "1"}, org_id=emulator.org_id("acme"), exclusive=True)
    engine.up(declared)
    engine.environ = {"INFLUX_HOST": emulator.url}
    assert engine.checked(declared)["pruned"] == UNKNOWN
    assert engine.preview(declared) == {"shared": "update"}
    unknown = org_secrets("shared", {"A": "1"}, org_id=UNKNOWN, exclusive=True)
    assert engine.checked(unknown)["pruned"] == UNKNOWN


@pytest.mark.parametrize(
    "options",
    [
        {"exclusive": UNKNOWN},
        {"exclusive": True, "keep": ["TEAM_*", UNKNOWN]},
        {"exclusive": True, "keep": UNKNOWN},
    ],
)
def test_org_secrets_exclusive_not_known_previews_unknown(
    engine: Engine, emulator: Emulator, options: dict[str, Any]
) -> None:
    """What may be kept is not named as removed, and no other resource is refused for it."""
    emulator.put_secret("acme", "STRAY", "x")
    checked = engine.checked(shared({"A": "1"}, **options))
    assert checked["pruned"] == UNKNOWN
    assert {name: checked[name] for name in options} in (options, {**options, "keep": [UNKNOWN]})
    beside = engine.preview(shared({"A": "1"}, **options), secret("b", org="acme", key="B", value="2"))
    assert (beside["b"] == "create") == (options["exclusive"] is UNKNOWN)


def test_org_secrets_unknown_rotations_leave_all_versions_open(engine: Engine) -> None:
    """Each key may be one that is written again; of texts one by one only those are."""
    engine.up(shared({"A": "1", "B": "2"}))
    assert engine.checked(shared({"A": "1", "B": "2"}, rotate_on=UNKNOWN))["versions"] == {"A": UNKNOWN, "B": UNKNOWN}
    one = engine.checked(shared({"A": "1", "B": "2"}, rotate_on={"A": UNKNOWN}))
    assert one["versions"] == {"A": UNKNOWN, "B": 1}


@pytest.mark.parametrize("first", ["exclusive", "other"])
def test_org_secrets_exclusive_beside_another_resource_is_refused(engine: Engine, first: str) -> None:
    """Whichever is checked first."""
    program = [shared({"A": "1"}, "everything", exclusive=True), secret("b", org="acme", key="B", value="2")]
    if first == "other":
        program.reverse()
    steps = engine.preview(*program)
    refused = steps[program[1].name]
    assert refused.startswith('failed: OrgSecrets "everything" has exclusive=True and must be the only resource of')
    assert all(f'"{one.name}"' in refused for one in program[:2])


def test_org_secrets_conflicts_are_named_and_counted(engine: Engine, emulator: Emulator) -> None:
    """At most ten lines, then how many more."""
    for n in range(15):
        emulator.put_secret("acme", f"K{n:02}", "theirs")
    with pytest.raises(CheckError) as caught:
        engine.checked(shared({f"K{n:02}": "ours" for n in range(15)}))
    reasons = [reason for _, reason in caught.value.failures]
    assert len(reasons) == 11
    assert 'the key "K00"' in reasons[0]
    assert reasons[-1] == "and 5 more like these"


def test_org_secrets_some_adopted_some_new(engine: Engine, emulator: Emulator) -> None:
    """A run that died after its PATCH heals itself."""
    emulator.put_secret("acme", "A", "1")
    assert engine.up(shared({"A": "1", "B": "2"})) == {"shared": "create"}
    assert 'adopts the key "A"' in engine.said
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(("value", "does"), [("theirs", "overwrites"), ("ours", "adopts")])
def test_org_secrets_names_all_keys_that_exist_already(
    engine: Engine, emulator: Emulator, value: str, does: str
) -> None:
    """Those that it overwrites and those that it adopts, however many; a line names ten."""
    values = {f"K{n:02}": "ours" for n in range(25)}
    for key in values:
        emulator.put_secret("acme", key, value)
    engine.preview(shared(values, overwrite=True))
    lines = [line for line in engine.said.splitlines() if does in line]
    assert [line.count('"K') for line in lines] == [10, 10, 5]
    assert all(f'"{key}"' in engine.said for key in values)


def test_org_secrets_without_proofs_needs_overwrite(emulator: Emulator) -> None:
    """Where values are not to be compared, an existing key is refused unless overwrite is set."""
    emulator.put_secret("acme", "A", "1")
    engine = Engine(emulator.environment, {"influx-secrets:verifyValues": "never"})
    refused = engine.preview(shared({"A": "1"}))["shared"]
    assert 'its value cannot be compared with the declared value (influx-secrets:verifyValues is "never")' in refused
    assert engine.up(shared({"A": "1"}, overwrite=True)) == {"shared": "create"}
    always = Engine(emulator.environment, {"influx-secrets:verifyValues": "always"})
    assert always.preview(shared({"A": "1"})) == {"shared": "create"}


def test_org_secrets_drift_is_named_and_repaired_in_one_patch(engine: Engine, emulator: Emulator) -> None:
    """A changed and a deleted key, each named; the next up writes both."""
    values = {f"K{n}": f"v{n}" for n in range(10)}
    engine.up(shared(values))
    emulator.put_secret("acme", "K1", "theirs")
    emulator.remove_secret("acme", "K2")
    calls(emulator)
    assert engine.refresh() == {"shared": "changed"}
    assert calls(emulator) == ["GET secrets", "POST query"]
    org = f'of the org "acme" ({emulator.org_id("acme")})'
    changed, removed = engine.said.splitlines()
    assert changed.startswith(f'influx-secrets: InfluxDB has another value than the state for the key "K1" {org}: ')
    assert changed.endswith("and declare that value (IS628)")
    lacks = f'influx-secrets: InfluxDB lacks the key "K2" {org}: '
    assert removed == f"{lacks}something removed the key. `pulumi up` writes declared keys again (IS629)"
    assert engine.state["shared"].outputs["drift"] == {"K1": "changed", "K2": "deleted"}
    checked = engine.checked(shared(values))
    assert "drift" not in checked
    assert (checked["versions"]["K1"], checked["versions"]["K2"], checked["versions"]["K3"]) == (2, 2, 1)
    calls(emulator)
    engine.up(shared(values))
    # The list: somebody else may have written the deleted key since.
    assert calls(emulator) == ["GET secrets", "PATCH secrets"]
    assert emulator.secrets("acme") == values
    assert engine.refresh() == {"shared": "same"}


def test_org_secrets_wiped_outside_is_said_and_restored(engine: Engine, emulator: Emulator) -> None:
    """`influx apply --secret` wipes an org: the user is told, and one PATCH restores everything."""
    engine.up(shared({"A": "1", "B": "2"}), secret("c", org="acme", key="C", value="3"))
    for key in "ABC":
        emulator.remove_secret("acme", key)
    assert engine.refresh() == {"shared": "changed", "c": "gone"}
    assert engine.said.count("\n") == engine.said.count("influx apply --secret") == 1
    engine.up(shared({"A": "1", "B": "2"}), secret("c", org="acme", key="C", value="3"))
    assert emulator.secrets("acme") == {"A": "1", "B": "2", "C": "3"}


def test_org_secrets_rotate_on_per_key(engine: Engine, emulator: Emulator) -> None:
    """A key with a text is written when its text changes; the others when their value does."""
    engine.up(shared({"A": "1", "B": "2"}, rotate_on={"A": "x"}))
    engine.up(shared({"A": "new", "B": "2"}, rotate_on={"A": "x"}))
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}
    engine.up(shared({"A": "new", "B": "2"}, rotate_on={"A": "y"}))
    assert emulator.secrets("acme") == {"A": "new", "B": "2"}


def test_org_secrets_refresh_with_empty_value_on_the_server(engine: Engine, emulator: Emulator) -> None:
    """Somebody emptied a key: Flux cannot read it, the query does not fail for the others, and it is repaired."""
    engine.up(shared({"A": "1", "B": "2", "C": "3"}))
    emulator.put_secret("acme", "B", "")
    assert engine.refresh() == {"shared": "changed"}
    assert engine.state["shared"].outputs["drift"] == {"B": "changed"}
    engine.up(shared({"A": "1", "B": "2", "C": "3"}))
    assert emulator.secrets("acme") == {"A": "1", "B": "2", "C": "3"}


def test_keys_moved_between_resources_are_never_missing(engine: Engine, emulator: Emulator) -> None:
    """From secrets to a map, between two maps, and back: no removal ever touches a key that moves."""
    values = {"A": "1", "B": "2", "C": "3"}
    programs = [
        [shared({"A": "1", "B": "2"}), secret("c", org="acme", key="C", value="3")],
        [shared({"A": "1"}), shared({"B": "2", "C": "3"}, "second")],
        [shared({"A": "1", "C": "3"}), shared({"B": "2"}, "second")],
        [*(secret(key.lower(), org="acme", key=key, value=value) for key, value in values.items())],
        [shared(values)],
    ]
    for program in programs:
        steps = engine.up(*program)
        assert not [step for step in steps.values() if step.startswith("failed")]
        assert emulator.secrets("acme") == values
    assert [request for request in emulator.requests if "delete" in f"{request.method} {request.path}".lower()] == []


def test_removal_waits_for_the_resource_that_claims_the_key(engine: Engine, emulator: Emulator) -> None:
    """The map that loses a key is updated before its new owner is even checked: the key stays there all the time."""
    engine.up(shared({"A": "1", "B": "2"}))
    emulator.clear_requests()
    slow = secret("b", org="acme", key="B", value="2")
    assert engine.up(shared({"A": "1"}), slow, pause=0.3) == {"shared": "update", "b": "create"}
    assert [request for request in emulator.requests if request.path.endswith("/delete")] == []
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}


def test_key_that_an_unchecked_resource_may_declare_is_not_removed(engine: Engine, emulator: Emulator) -> None:
    """A resource that is not checked (it depends on this one) is not waited for long, and keeps its keys."""
    engine.up(shared({"A": "1", "B": "2"}))
    assert engine.up(shared({"A": "1"}), resources=7) == {"shared": "update"}
    assert emulator.secrets("acme") == {"A": "1", "B": "2"}
    org_id = emulator.org_id("acme")
    assert (
        f'cannot remove the key "B" of the org "acme" ({org_id}): this run did not check another resource, '
        in engine.said
    )
    assert f"`influx secret delete --host {emulator.url} --org-id {org_id} --key KEY` (IS621)" in engine.said


def test_key_of_two_resources_is_reported_once(engine: Engine, emulator: Emulator) -> None:
    """That another resource declares it is the whole truth, also when it stands on the server already."""
    emulator.put_secret("acme", "A", "1")
    steps = engine.preview(secret("a", org="acme", key="A", value="1"), shared({"A": "2", "B": "2"}))
    assert steps["a"] == "create"
    assert "is declared twice" in steps["shared"]
    assert "already exists" not in steps["shared"]


def test_resource_whose_changes_are_all_ignored_is_left_alone(engine: Engine, emulator: Emulator) -> None:
    """Created once: nothing is asked, written or pruned, a drift stays, and its keys are not removed by another one."""

    def declared(value: str) -> list[Declared]:
        made = [shared({"A": value, "B": value}), secret("one", org="acme", key="C", value=value)]
        return [replace(item, ignored=True) for item in made]

    assert engine.up(*declared("1")) == {"shared": "create", "one": "create"}
    before = dict(engine.state)
    emulator.put_secret("acme", "A", "theirs")
    calls(emulator)
    assert engine.preview(*declared("2")) == {"shared": "same", "one": "same"}
    assert engine.up(*declared("2")) == {"shared": "same", "one": "same"}
    assert calls(emulator) == []
    assert engine.state == before

    engine.state |= {"renamed": before["one"], "left": before["shared"]}
    assert engine.up(*declared("2")) == {"shared": "same", "one": "same", "renamed": "delete", "left": "delete"}
    assert emulator.secrets("acme") == {"A": "theirs", "B": "1", "C": "1"}


def test_resource_whose_changes_are_all_ignored_is_not_written_to_another_server_in_silence(engine: Engine) -> None:
    """It is left alone, as the program asks; a notice says where it is."""
    made = replace(shared({"A": "1"}), ignored=True)
    engine.up(made)
    stored = engine.state["shared"]
    for bag in (stored.inputs, stored.outputs):
        bag["server"] = "http://old.example:8086"
    assert engine.preview(made) == {"shared": "same"}
    assert engine.said == (
        'influx-secrets: a resource with ignore_changes=["*"] has the key "A" on http://old.example:8086, but the url '
        "is {0} now: ignore_changes keeps the resource from writing to {0}. To write there, remove ignore_changes "
        "for one run (IS623)\n".format(engine.environ["INFLUX_HOST"])
    )


def test_exclusive_whose_changes_are_all_ignored_prunes_nothing(engine: Engine, emulator: Emulator) -> None:
    """Also where another resource of the org is refused for it."""
    made = replace(shared({"A": "1"}, exclusive=True), ignored=True)
    engine.up(made)
    emulator.put_secret("acme", "STRAY", "theirs")
    assert engine.up(made) == {"shared": "same"}
    steps = engine.up(made, secret("one", org="acme", key="C", value="3"))
    assert steps["shared"] == "same"
    assert "exclusive" in steps["one"]
    assert emulator.secrets("acme") == {"A": "1", "STRAY": "theirs"}
