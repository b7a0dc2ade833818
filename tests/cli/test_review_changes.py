"""What happens to each key of a preview, where recordings of the engine do not reach."""

from __future__ import annotations

from typing import Any

import pytest
from cli.previews import ORG, PROVIDER, UNKNOWN, document, secret, shared, step, urn

from influx_secrets._client.readers import PERMISSIONS, FluxScript
from influx_secrets._errors import NotFoundError
from influx_secrets._notices import DESTINATION
from influx_secrets.cli.review.changes import Action
from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.report import Review
from influx_secrets.cli.review.report import review as review_of
from influx_secrets.cli.review.warnings import Kind
from influx_secrets.cli.review.wording import heading
from influx_secrets.cli.shared.untrusted import Untrusted
from influx_secrets.cli.usage.readers import Readers

EU = "urn:pulumi:dev::p::pulumi:providers:pulumi-python::eu"


def review(*steps: dict[str, Any], said: tuple[str, ...] = (), errors: tuple[str, ...] = ()) -> Review:
    return review_of(read_preview(document(*steps, said=said, errors=errors)))


def actions(found: Review) -> dict[str, Action]:
    return {str(one.key): one.action for org in found.orgs for one in org.changes}


def words(found: Review, kind: Kind) -> list[str]:
    return [
        "".join(one.text if isinstance(one, Untrusted) else one for one in warn.message)
        for warn in found.warnings
        if warn.kind is kind
    ]


def test_rest_of_a_failed_replacement_removes_no_key_that_lives() -> None:
    """A state that waits for its deletion has the URN and the keys of the one that took its place."""
    lives = secret("A", version=3)
    found = review(step("update", lives, secret("A", version=4)), step("delete", secret("A", state={"delete": True})))
    (change,) = found.orgs[0].changes
    assert (change.action, change.before, change.after) == (Action.ROTATE, 3, 4)
    assert found.gates == {}


@pytest.mark.parametrize("last", [False, True])
def test_rest_of_a_failed_replacement_counts_for_nothing_in_any_order(last: bool) -> None:  # noqa: FBT001 (which)
    """The engine lists the two as it likes."""
    rest = step("delete", secret("A", state={"delete": True}))
    kept = step("same", secret("A"), secret("A"))
    found = review(*((kept, rest) if last else (rest, kept)))
    assert found.counts[Action.KEEP] == 1
    assert actions(found) == {}


def test_released_key_that_exclusive_prunes_is_pruned() -> None:
    """`retain_on_delete` spares the key from the deletion of its resource, not from another that is exclusive."""
    found = review(
        step("delete", secret("A", state={"retainOnDelete": True})),
        step("update", shared(versions={"B": 1}), shared(versions={"B": 1}, exclusive=True, pruned={"A": 1})),
    )
    assert actions(found) == {"A": Action.PRUNE}


def test_removed_key_that_exclusive_prunes_too_is_counted_once() -> None:
    """One key, one row."""
    found = review(
        step("delete", secret("A")),
        step("create", new=shared(versions={"B": 1}, exclusive=True, pruned={"A": 1})),
    )
    assert actions(found) == {"A": Action.REMOVE, "B": Action.CREATE}


def test_earlier_prunes_are_not_new_ones() -> None:
    """The counts only grow: only one that grew is a removal of this run."""
    old = shared(exclusive=True, versions={"A": 1}, pruned={"X": 2, "Y": 1})
    found = review(step("update", old, shared(exclusive=True, versions={"A": 2}, pruned={"X": 3, "Y": 1})))
    assert actions(found) == {"X": Action.PRUNE, "A": Action.ROTATE}


def test_outputs_are_what_a_state_holds() -> None:
    """After an update that failed half-way the inputs are ahead of the server."""
    old = shared(versions={"A": 9}, state={"outputs": shared(versions={"A": 1}, drift={})["inputs"]})
    (change,) = review(step("update", old, shared(versions={"A": 2}))).orgs[0].changes
    assert (change.before, change.after) == (1, 2)


def test_orgs_of_two_providers_stay_apart() -> None:
    """The same id on two servers is two orgs."""
    found = review(step("delete", secret("A", provider=EU)), step("create", new=secret("B", "two")))
    assert [(org.provider, [one.key for one in org.changes]) for org in found.orgs] == [
        ("eu", ["A"]),
        ("influx-secrets", ["B"]),
    ]
    assert all(org.shows_provider for org in found.orgs)


def test_key_that_crosses_providers_is_a_warning() -> None:
    """Where processes share no folder, and both are one server, one writes the key and the other one removes it."""
    found = review(step("delete", secret("A", provider=EU)), step("create", new=secret("A", "two")))
    (said,) = words(found, Kind.LOST)
    assert said.startswith(
        "1 key goes from the provider eu to influx-secrets: on Windows it is lost if both are one server, "
    )
    assert found.gates == {Kind.REMOVE: 1}


def test_resource_that_changes_its_provider_takes_its_keys_along() -> None:
    """The engine neither writes nor removes them, which is worth a warning."""
    found = review(step("same", secret("A", provider=EU), secret("A")))
    assert found.counts[Action.KEEP] == 1
    assert len(words(found, Kind.SWITCHED)) == 1


def test_resource_that_leaves_the_provider_of_its_server_is_not_said_to_stay_there() -> None:
    """That provider removes its key."""
    old, new = ("http://a.example:80", "http://b.example:80")
    moved = step("update", secret("A", "A", server=old, provider=EU), secret("A", "A", server=new))
    assert all("nothing is removed" not in text for text in words(review(moved), Kind.SWITCHED))


def test_heading_names_the_server_and_another_address_is_a_warning() -> None:
    """Once for each org, also where nothing else changes; a state without a server says nothing."""
    old, new = ("http://a.example:80", "http://b.example:80")
    steps = [
        step("update", secret(key, key, server=before), secret(key, key, server=new))
        for key, before in {"A": old, "B": old, "C": new}.items()
    ]
    found = review(*steps, step("create", new=secret("D", "d", server=new)))
    assert [org.server for org in found.orgs] == [new]
    assert words(found, Kind.SWITCHED) == [
        f"the state has the server {old}, but the url is {new} now: nothing is removed from {old}"
    ]
    assert [heading(org)[-2:] for org in found.orgs] == [(" on ", Untrusted(new))]
    unknown = review(step("update", secret("A"), secret("A", version=2)), said=(f"{DESTINATION}{new} (IS625)",))
    assert ([org.server for org in unknown.orgs], unknown.warnings) == ([None], ())
    switched = review(step("update", secret("A", server=old), secret("A", server=new, provider=EU)))
    assert len(words(switched, Kind.SWITCHED)) == 1


def test_key_of_another_server_is_not_removed() -> None:
    """Only a process with its url does that: a mistaken url must not look like a removal."""
    old, new = secret("A", server="http://a.example:80"), secret("A", server="http://b.example:80", org_id="f" * 16)
    moved = review(step("replace", old, new))
    assert (moved.counts[Action.RELEASE], moved.counts[Action.REMOVE], moved.counts[Action.CREATE]) == (1, 0, 1)
    assert review(step("replace", old, {**new, "provider": f"{EU}::1"})).counts[Action.REMOVE] == 1


def test_provider_of_the_default_name_is_not_shown() -> None:
    """Nearly everybody has one server."""
    assert not review(step("create", new=secret("A"))).orgs[0].shows_provider
    assert review(step("create", new=secret("A", provider=EU))).orgs[0].shows_provider


def test_removed_key_may_be_declared_where_keys_are_not_known() -> None:
    """The map of another resource is an output: whether the key is in it is known in the update."""
    found = review(step("delete", secret("A")), step("create", new=shared(versions=UNKNOWN)))
    (gone, unknown) = found.orgs[0].changes
    assert gone.notes == ("unless a resource whose keys are not known yet declares it",)
    assert unknown.action is Action.UNKNOWN
    assert words(found, Kind.UNKNOWN) == ["which keys OrgSecrets shared has is not known yet"]


def test_org_by_name_is_the_org_by_id() -> None:
    """Resources give an org by name or by id; the id is in all of them, and the name is shown."""
    found = review(step("create", new=secret("A", org="acme")), step("create", new=secret("B", "two")))
    (org,) = found.orgs
    assert (org.name, org.place.org_id, len(org.changes)) == ("acme", ORG, 2)


def test_names_of_resources_below_components_are_read() -> None:
    """A URN holds the types of all parents, and a name may hold its separator."""
    nested = "urn:pulumi:dev::p::acme:Team$pulumi-python:dynamic/influxdb:Secret::a::b"
    (change,) = review(step("create", new=secret("A", state={"urn": nested}))).orgs[0].changes
    assert (change.resource.kind, change.resource.name) == ("Secret", "a::b")


def test_dangerous_rows_come_first() -> None:
    """A table that is cut, or read half, loses what matters least."""
    old = shared(versions={"REMOVED": 1, "ROTATED": 1, "KEPT": 1})
    new = shared(versions={"ROTATED": 2, "KEPT": 1, "A_NEW": 1}, exclusive=True, pruned={"PRUNED": 1})
    found = review(step("update", old, new))
    assert [one.key for one in found.orgs[0].changes] == ["REMOVED", "PRUNED", "ROTATED", "A_NEW"]
    assert found.orgs[0].kept == 1


def test_errors_of_others_are_counted_without_their_text() -> None:
    """An error of the program may hold anything, a value too."""
    found = review(
        errors=("Program failed with an unhandled exception:\nTraceback (most recent call last):\nX: hunter2",)
    )
    assert words(found, Kind.ERROR) == [
        "the preview failed, and not for a secret: its own output says why",
        "what follows is not complete, because the preview did not come to its end",
    ]
    assert found.gates == {Kind.ERROR: 1}


def test_errors_of_ours_in_a_program_are_shown_without_its_lines() -> None:
    """A traceback shows lines of the program, and a value may stand in one."""
    error = (
        "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
        '  influx.Secret("a", org="x", org_id="y", value="hunter2")\n'
        'influx_secrets.DeclarationError: Secret "a": org_id and org are both given'
    )
    assert words(review(errors=(error,)), Kind.ERROR)[0] == (
        'the preview failed: influx_secrets.DeclarationError: Secret "a": org_id and org are both given'
    )


def test_other_lines_of_the_provider_are_passed_on() -> None:
    """What it says about proofs and orgs is worth reading; what other programs print is not."""
    unchecked = "values cannot be compared, so changed values are not noticed: old (IS511)"
    said = (unchecked, "the org is not there")
    found = review(step("create", new=secret("A")), said=said)
    assert words(found, Kind.REMARK) == ["the provider says: the org is not there"]
    assert words(found, Kind.UNKNOWN) == [f"the provider says: {unchecked}"]
    assert found.gates == {Kind.UNKNOWN: 1}


def script(name: str, kind: str = "task", *, active: bool = True) -> FluxScript:
    return FluxScript(kind, "1", name, active, flux="")


class Asked:
    """Readers that remember what they were asked."""

    def __init__(
        self,
        by_key: dict[str, list[FluxScript]],
        error: Exception | None = None,
        unknown: tuple[FluxScript, ...] = (),
        possible: dict[str, tuple[FluxScript, ...]] | None = None,
    ) -> None:
        self.error, self.orgs = error, list[str]()
        shown = tuple(script("other", kind) for kind in PERMISSIONS)
        self.readers = Readers(shown, {key: tuple(some) for key, some in by_key.items()}, possible or {}, unknown)

    def __call__(self, org_id: str) -> Readers:
        self.orgs.append(org_id)
        if self.error is not None:
            raise self.error
        return self.readers


def test_removed_key_that_is_read_is_a_warning() -> None:
    """Asked once per org, and only for keys that go."""
    asked = Asked({"A": [script("nightly", active=False), script("disk", "check")], "B": [script("other")]})
    old, new = shared(versions={"A": 1, "B": 1, "C": 1}), shared(versions={"B": 2})
    found = review_of(read_preview(document(step("update", old, new))), asked)
    assert words(found, Kind.READ) == ["1 key is removed that is still read by check disk, task nightly (inactive)"]
    assert [warn.keys for warn in found.warnings if warn.kind is Kind.READ] == [("A",)]
    assert asked.orgs == [ORG]


def test_reader_that_may_read_any_key_is_a_warning() -> None:
    """Once per org, for it is the same for each key that goes."""
    old, new = shared(versions={"A": 1, "B": 1, "C": 1}), shared(versions={"B": 2})
    found = review_of(read_preview(document(step("update", old, new))), Asked({}, unknown=(script("vague"),)))
    assert words(found, Kind.READ) == [
        "keys are removed, and these read keys that their scripts do not spell out: task vague"
    ]


def test_removed_key_that_is_possibly_read_is_a_warning() -> None:
    """The script contains the key as a string, and reads something that it does not spell out."""
    old, new = shared(versions={"A": 1, "B": 1}), shared(versions={"B": 1})
    asked = Asked({}, unknown=(script("vague"),), possible={"A": (script("vague"),)})
    said = words(review_of(read_preview(document(step("update", old, new))), asked), Kind.READ)
    assert "1 key is removed that is possibly read, by its name in the script, by task vague" in said


def test_many_readers_are_counted() -> None:
    """Ten are named."""
    asked = Asked({"A": [script(f"{number:02}") for number in range(13)]})
    found = review_of(read_preview(document(step("delete", secret("A")))), asked)
    assert words(found, Kind.READ)[0].endswith("task 08, task 09 and 3 more")


def test_nobody_is_asked_where_nothing_goes() -> None:
    """A review must not need a server."""
    asked = Asked({})
    review_of(read_preview(document(step("create", new=secret("A")))), asked)
    assert asked.orgs == []


def test_readers_that_cannot_be_asked_are_a_warning() -> None:
    """The rest of the review is there all the same."""
    error = NotFoundError(
        "no such org", status=404, code="not found", op=None, method="GET", path="/api/v2/tasks", trace_id=None
    )
    found = review_of(read_preview(document(step("delete", secret("A")))), Asked({}, error))
    assert words(found, Kind.READ) == ["whether removed keys are still read could not be asked: no such org"]
    assert found.gates == {Kind.REMOVE: 1}


def test_urn_and_provider_of_the_helpers_are_the_real_ones() -> None:
    """These previews look like those of the engine."""
    state = read_preview(document(step("create", new=secret("A")))).steps[0].new
    assert state is not None
    assert (state.resource.urn, state.provider) == (urn("Secret", "one"), PROVIDER)
