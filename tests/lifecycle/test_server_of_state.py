"""Which server and org a run is about: what a preview says of them, and which answers count as an absence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

import pytest
from lifecycle.provider_process import CallError, Engine, org_secrets, secret

from influx_secrets.emulator import Answer, Emulator

FIRST, SECOND = "00000000000000a1", "00000000000000b2"
CODE = {"X-Platform-Error-Code": "not found"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", ""], ids=["no-server", "no-such-org"])
def test_server_that_is_mistaken_is_named_beside_the_right_one(url: str, engine: Engine, emulator: Emulator) -> None:
    """The preview shows a replacement, and who does not know the server would take it for a removal."""
    engine.up(secret("a", org="acme", key="A", value="one"))
    with Emulator(("other",)) as another:
        elsewhere = {**another.environment, **({"INFLUX_HOST": url} if url else {})}
        mistaken = replace(engine, environ=elsewhere, config={"influx-secrets:maxAttempts": "1"})
        mistaken.preview(secret("a", org="acme", key="A", value="one"))
    assert f"nothing is removed on {emulator.url}" in mistaken.said


def test_preview_names_the_server_once_where_something_is_new(engine: Engine, emulator: Emulator) -> None:
    """However many resources and orgs are new; a run that only repairs says nothing of it, nor does an update."""
    emulator.create_org("other")
    new = [secret(f"{org} {key}", org=org, key=key, value="v") for org in ("acme", "other") for key in ("A", "B")]
    engine.preview(*new)
    assert engine.said == f"influx-secrets: new secrets are written to {emulator.url} (IS625)\n"
    engine.up(*new)
    assert engine.said == ""
    many = org_secrets("many", {"C": "v"}, org="acme")
    engine.up(*new, many)
    emulator.remove_secret("acme", "C")
    engine.refresh()
    engine.preview(*new, many)
    assert "new secrets" not in engine.said


def test_org_that_was_renamed_while_another_took_its_name_is_said(engine: Engine, emulator: Emulator) -> None:
    """Where something is asked anyway; the stack stays with the id, and an unchanged one costs no request."""
    emulator.reset({"acme": FIRST})
    old, new = (org_secrets("o", dict.fromkeys(keys, "v"), org="acme") for keys in ("A", "AB"))
    engine.up(old)
    emulator.reset({"acme": SECOND, "acme-before": FIRST})
    emulator.put_secret("acme-before", "A", "v")
    assert engine.preview(old) == {"o": "same"}
    assert (engine.said, emulator.requests) == ("", ())
    engine.preview(new)
    assert f'the name "acme" belongs to the org {SECOND} now. This stack stays with the org {FIRST}' in engine.said
    engine.up(new)
    assert (emulator.secrets("acme-before"), emulator.secrets("acme")) == ({"A": "v", "B": "v"}, {})


@pytest.mark.parametrize("orgs", [{"acme": SECOND, "acme-before": FIRST}, {"acme-before": FIRST}])
def test_stack_follows_the_id_to_another_address(engine: Engine, emulator: Emulator, orgs: dict[str, str]) -> None:
    """The same server or a copy, where the org has another name by now, and perhaps another org its name."""
    emulator.reset({"acme": FIRST})
    one = secret("a", org="acme", key="A", value="v")
    engine.up(one)
    with Emulator(orgs) as copy:
        engine.environ = copy.environment
        engine.preview(one)
        assert (f'the name "acme" belongs to the org {SECOND}' in engine.said) is (len(orgs) > 1)
        assert engine.up(one) == {"a": "update"}
        assert copy.secrets("acme-before") == {"A": "v"}
        assert engine.state["a"].outputs["org_id"] == FIRST


@pytest.mark.parametrize(
    ("body", "headers", "part"),
    [
        ('{"message": "no such route"}', {}, ""),
        ('{"code": "not found", "message": "organization not found"}', {}, ""),
        ('{"message": "organization not found"}', CODE, ""),
        ("organization not found", CODE, ""),
        ('{"code": "not found", "message": "404 page not found"}', CODE, "/secrets"),
    ],
    ids=["own-json", "no-header", "no-code", "text", "secrets-alone"],
)
@pytest.mark.parametrize("knows_server", [True, False])
def test_answer_that_is_not_influxdbs_is_no_absence(
    body: str, headers: dict[str, str], part: str, *, knows_server: bool
) -> None:
    """A gateway at the stored address, and `missingOrg: gone`: refresh and destroy fail, and forget nothing."""
    is_down: list[bool] = []

    def gateway(_: str, path: str) -> Answer | None:
        answers = bool(is_down) and part in path
        found = Answer(HTTPStatus.NOT_FOUND, body.encode(), {"Content-Type": "application/json", **headers})
        return found if answers else None

    with Emulator(before=gateway) as emulator:
        engine = Engine(emulator.environment, {"influx-secrets:missingOrg": "gone"})
        engine.up(secret("a", org="acme", key="A", value="v"), org_secrets("o", {"B": "v"}, org="acme"))
        if not knows_server:
            for one in engine.state.values():
                del one.inputs["server"], one.outputs["server"]
        before = dict(engine.state)
        is_down.append(True)
        runs: list[Callable[[], object]] = [engine.refresh, engine.destroy]
        for run in runs:
            with pytest.raises(CallError):
                run()
        assert engine.state == before
        assert emulator.secrets("acme") == {"A": "v", "B": "v"}


def test_path_that_is_wrong_is_another_server(engine: Engine, emulator: Emulator) -> None:
    """Whatever answers there, and whatever `missingOrg` says."""
    engine.up(secret("a", org="acme", key="A", value="v"))
    engine.config = {"influx-secrets:missingOrg": "gone"}
    engine.environ = {**emulator.environment, "INFLUX_HOST": f"{emulator.url}/wrong"}
    runs: list[Callable[[], object]] = [engine.refresh, engine.destroy]
    for run in runs:
        with pytest.raises(CallError, match=f"this stack has secrets on {emulator.url}, but the url is .*/wrong now"):
            run()
    assert "a" in engine.state


@pytest.mark.parametrize(("key", "value"), [("A", "new"), ("B", "v")], ids=["written by update", "listed by check"])
def test_plain_up_on_an_org_that_is_gone_says_what_helps(
    engine: Engine, emulator: Emulator, key: str, value: str
) -> None:
    """The advice works: first to make the org again, then to refresh in the same run."""
    engine.up(org_secrets("o", {"A": "v"}, org="acme"))
    changed = org_secrets("o", {"A": "v", key: value}, org="acme")
    emulator.delete_org("acme")
    assert 'Create the org "acme" again, then run `pulumi up --refresh`' in engine.up(changed)["o"]
    emulator.create_org("acme")
    assert "but another org has its name. Run `pulumi up --refresh` to write to that org" in engine.up(changed)["o"]
    engine.refresh()
    engine.up(changed)
    assert emulator.secrets("acme") == {"A": "v", key: value}


def test_org_id_that_another_server_does_not_know_is_refused(engine: Engine, emulator: Emulator) -> None:
    """In one line that names both servers; the same on a server that lost it."""
    org_id = emulator.org_id("acme")
    one = secret("a", org_id=org_id, key="A", value="v")
    engine.up(one)
    with Emulator(("acme",)) as other:
        engine.environ = other.environment
        for run in (engine.preview, engine.up):
            said = f"failed: the org {org_id} does not exist on {other.url}, but this stack has secrets of that org on "
            assert run(one)["a"].startswith(said)
            assert emulator.url in run(one)["a"]
        assert other.writes == ()
    engine.environ = emulator.environment
    emulator.reset(())
    assert "Correct org_id" in engine.up(secret("a", org_id=org_id, key="A", value="new"))["a"]


def test_another_address_of_the_same_server_is_asked_once(engine: Engine, emulator: Emulator) -> None:
    """One look-up, one list and one query for all resources of the org, nothing written, and no later run asks."""
    emulator.reset({"acme": FIRST})
    program = [secret("a", org="acme", key="A", value="v"), org_secrets("o", {"B": "v", "C": "v"}, org="acme")]
    engine.up(*program)
    with Emulator({"acme": FIRST}) as copy:
        for key in "ABC":
            copy.put_secret("acme", key, "v")
        engine.environ = copy.environment
        assert engine.up(*program) == {"a": "update", "o": "update"}
        assert [(one.method, one.path.rpartition("/")[2].partition("?")[0]) for one in copy.requests] == [
            ("GET", "orgs"),
            ("GET", "secrets"),
            ("POST", "query"),
        ]
        copy.clear_requests()
        assert engine.up(*program) == {"a": "same", "o": "same"}
        assert copy.requests == ()


def test_key_that_goes_at_another_address_of_the_same_server_is_named(engine: Engine, emulator: Emulator) -> None:
    """It is removed there, which may be the old address too; a key with a value of others stays."""
    emulator.reset({"acme": FIRST})
    engine.up(org_secrets("o", dict.fromkeys("ABC", "v"), org="acme"))
    with Emulator({"acme": FIRST}) as copy:
        for key, value in {"A": "v", "B": "v", "C": "theirs"}.items():
            copy.put_secret("acme", key, value)
        engine.environ = copy.environment
        for run in (engine.preview, engine.up):
            run(org_secrets("o", {"A": "v"}, org="acme"))
            assert 'the update may remove the key "B" of the org "acme"' in engine.said
            assert 'This run does not remove the key "C", because others' in engine.said
            assert f"This run asks and changes only {copy.url} (IS619)" in engine.said
        assert copy.secrets("acme") == {"A": "v", "C": "theirs"}


def test_every_key_that_stays_on_another_server_is_named(engine: Engine, emulator: Emulator) -> None:
    """The state forgets them: none is only counted, and the command that removes one names the server."""
    engine.up(org_secrets("o", {f"K{n:02}": "v" for n in range(12)}, org="acme"))
    place = f"--host {emulator.url} --org-id {emulator.org_id('acme')} --key KEY` (IS622)"
    with Emulator(("acme",)) as other:
        engine.environ = other.environment
        engine.up(secret("a", org="acme", key="A", value="v"))
    stay = [line for line in engine.said.splitlines() if line.endswith(place)]
    assert [line.count('"K') for line in stay] == [10, 2]
