"""Notices of the provider find their keys again, whatever these are called."""

from __future__ import annotations

import pytest
from cli.previews import ORG, document, secret, shared, step
from hypothesis import example, given
from hypothesis import strategies as st
from lifecycle.provider_process import Engine, org_secrets
from unit.test_growth import TWICE, calls

from influx_secrets._notices import LOSSES_UNKNOWN, Existing, existing_keys, readers_unseen, spared_keys
from influx_secrets._text import name_org
from influx_secrets.cli.review.changes import Action
from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.report import SOMEWHERE, Review
from influx_secrets.cli.review.report import review as review_of
from influx_secrets.cli.review.warnings import Kind
from influx_secrets.emulator import Emulator

ADOPTS, TAKES_OVER, CANNOT_COMPARE, *SHOWN_BY_STEPS = Existing
EU = "urn:pulumi:dev::p::pulumi:providers:pulumi-python::eu"
names = st.text(st.sampled_from('ab", \\`é\n') | st.characters(codec=None), min_size=1, max_size=6)


def review(keys: list[str], *said: str) -> Review:
    escaped = {("\\" + key if key.startswith(("__", "\\")) else key): 1 for key in keys}
    return review_of(read_preview(document(step("create", new=shared(versions=escaped)), said=said)))


def by_action(found: Review, action: Action) -> set[str]:
    return {str(one.key) for org in found.orgs for one in org.changes if one.action is action}


@given(st.sets(names, min_size=1, max_size=30), st.none() | names, st.data())
@example({'a", "b', "a", "b", f'a" of the org {ORG}: x', "k" * 2000}, f'a" ({ORG}): x', None)
def test_named_keys_are_found_whatever_they_are_called(
    keys: set[str], org: str | None, data: st.DataObject | None
) -> None:
    """Quotes, commas and the words of the sentence can stand in a key or a name; no key is cut, or only counted."""
    said = set(keys) if data is None else data.draw(st.sets(st.sampled_from(sorted(keys)), min_size=1))
    lines = list(existing_keys(ADOPTS, name_org(ORG, org), said))
    assert all(line.isprintable() for line in lines)
    assert by_action(review(sorted(keys), *lines), Action.ADOPT) == said


@pytest.mark.parametrize(
    ("opening", "code", "action"),
    [
        ("the update takes over", "IS604", Action.TAKE_OVER),
        ("already there, and not compared yet:", "IS611", Action.COMPARE),
    ],
)
def test_line_is_known_by_its_code(opening: str, code: str, action: Action) -> None:
    """The program's version of the package may have other words than the command's, as these of 0.1.0."""
    line = f'{opening} the key "A" of the org "acme" ({ORG}): other words ({code})'
    assert by_action(review(["A"], line), action) == {"A"}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("the server could not be asked, so this preview cannot show which keys exist: ... (IS410)", Kind.UNREACHABLE),
        ("values are not compared, only which keys exist: ... (IS511)", Kind.UNKNOWN),
        ("the TLS certificate of https://influx.example.com is not verified ... (IS437)", Kind.REMARK),
        ("words without a code", Kind.REMARK),
    ],
)
def test_reason_is_known_by_its_code(line: str, kind: Kind) -> None:
    assert [warn.kind for warn in review(["A"], line).warnings] == [kind]


def test_line_of_another_org_or_key_changes_nothing() -> None:
    """It belongs to a resource that the preview does not list, or that failed."""
    elsewhere = existing_keys(ADOPTS, "00000000000000aa", ["A"])
    assert by_action(review(["A"], *elsewhere, *existing_keys(ADOPTS, ORG, ["OTHER"])), Action.CREATE) == {"A"}


def test_undecided_key_is_adopted_or_refused() -> None:
    """Its value is known in the update."""
    assert by_action(review(["A", "B"], *existing_keys(CANNOT_COMPARE, ORG, ["A"])), Action.COMPARE) == {"A"}


def test_lines_about_readers_are_remarks() -> None:
    """All keys are named, ten in a line, and ten of their readers."""
    keys = [f"K{number:02}" for number in range(12)]
    said = [*spared_keys(ORG, keys, [f'rule "{number}"' for number in range(13)]), *readers_unseen(ORG, keys, ["rule"])]
    found = review(["A"], *said)
    assert {warn.kind for warn in found.warnings} == {Kind.REMARK}
    shown = ["".join(str(getattr(one, "text", one)) for one in warn.message) for warn in found.warnings]
    assert sorted(line.removeprefix("the provider says: ") for line in shown) == sorted(said)
    assert len(said) == 4
    assert (
        said[1]
        == f'exclusive=True keeps the keys "K10", "K11" of the org {ORG}, because alerts name the keys: '
        + ", ".join(f'rule "{number}"' for number in range(10))
        + " and 3 more. To end this notice, declare the keys, or list the keys in keep (IS605)"
    )


def test_key_that_goes_is_shown_once() -> None:
    """The steps have it: the line is for those who see no more than a plain preview."""
    said = [line for does in SHOWN_BY_STEPS for line in existing_keys(does, ORG, ["A"])]
    quiet, told = review(["A"]), review(["A"], *said)
    said.append(f'{LOSSES_UNKNOWN}OrgSecrets "shared" (IS610)')
    assert (told.orgs, told.warnings) == (quiet.orgs, quiet.warnings)


def test_moved_key_with_a_new_value_says_so() -> None:
    """The provider takes its own key over: it moves, and gets another value."""
    steps = (step("delete", secret("A")), step("create", new=secret("A", "two")))
    found = review_of(read_preview(document(*steps, said=[*existing_keys(TAKES_OVER, ORG, ["A"])])))
    (change,) = found.orgs[0].changes
    assert (change.action, change.notes) == (Action.MOVE, ("with a new value",))


def test_key_of_two_servers_is_adopted_on_one_of_them() -> None:
    """A line names the org's id, which two servers may have."""
    steps = (step("create", new=secret("A")), step("create", new=secret("A", "two", EU)))
    found = review_of(read_preview(document(*steps, said=[*existing_keys(ADOPTS, ORG, ["A"])])))
    assert [one.notes for org in found.orgs for one in org.changes] == [(SOMEWHERE,), (SOMEWHERE,)]


def test_key_of_two_servers_that_one_takes_over_is_a_warning() -> None:
    """Each server has its line, in any order; the more dangerous counts, and the other keys of both are found."""
    said = [*existing_keys(ADOPTS, ORG, ["A"]), *existing_keys(TAKES_OVER, ORG, ["A", "B"])]
    steps = (step("create", new=secret("A")), step("create", new=shared("two", versions={"A": 1, "B": 1}, provider=EU)))
    for lines in (said, said[::-1]):
        found = review_of(read_preview(document(*steps, said=lines)))
        assert by_action(found, Action.TAKE_OVER) == {"A", "B"}
        assert not by_action(found, Action.ADOPT)


@pytest.mark.parametrize("keys_of_a_line", [1, 10])
def test_twice_as_many_lines_cost_twice_as_much(keys_of_a_line: int) -> None:
    """A fleet has a line for each of its resources: 10,000 of them once took longer than anybody waits."""

    def work(number: int) -> None:
        keys = [f"K{one:05}" for one in range(number)]
        parts = [keys[first : first + keys_of_a_line] for first in range(0, number, keys_of_a_line)]
        said = [line for part in parts for line in existing_keys(ADOPTS, ORG, part)]
        found = review_of(read_preview(document(*(step("create", new=secret(key, key)) for key in keys), said=said)))
        assert by_action(found, Action.ADOPT) == set(keys)

    work(1)
    assert calls(lambda: work(2_000)) < TWICE * calls(lambda: work(1_000))


def test_lines_of_the_real_provider_are_understood(emulator: Emulator) -> None:
    """Were a word of them changed, a review would no longer tell what is adopted, taken over or undecided."""
    keys = {"same": "1", "other": "2", "new": "3"}
    emulator.put_secret("acme", "same", "1")
    emulator.put_secret("acme", "other", "theirs")
    engine = Engine(emulator.environment)
    engine.preview(org_secrets("shared", keys, org="acme", overwrite=True))
    lines = [line.removeprefix("influx-secrets: ") for line in engine.said.splitlines() if "influx-secrets: " in line]
    state = shared(versions=dict.fromkeys(keys, 1), org_id=emulator.org_id("acme"))
    found = review_of(read_preview(document(step("create", new=state), said=tuple(lines))))
    assert {one.key: one.action for one in found.orgs[0].changes} == {
        "same": Action.ADOPT,
        "other": Action.TAKE_OVER,
        "new": Action.CREATE,
    }
