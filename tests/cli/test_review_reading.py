"""Reading what the engine printed: both forms, whatever wrote the file, and what is no preview at all."""

from __future__ import annotations

import json

import pytest
from cli.previews import document, secret, shared, step
from hypothesis import given
from hypothesis import strategies as st

from influx_secrets._model.resources import UNKNOWN
from influx_secrets.cli.review.preview import PreviewError
from influx_secrets.cli.review.preview_parser import read_preview
from influx_secrets.cli.review.report import review
from influx_secrets.cli.review.warnings import Kind

EVENTS: list[dict[str, object]] = [
    {"resourcePreEvent": {"metadata": {"op": "create", "urn": secret("A")["urn"], "old": None, "new": secret("A")}}},
    {"summaryEvent": {"resourceChanges": {"create": 1}, "result": "succeeded"}},
    {"cancelEvent": {}},
]


def lines(*events: dict[str, object]) -> bytes:
    return "".join(f"{json.dumps(event)}\n" for event in events).encode()


def test_document_and_events_are_told_apart() -> None:
    """Nobody has to say which form a file has."""
    from_document = read_preview(document(step("create", new=secret("A"))))
    from_events = read_preview(lines(*EVENTS))
    assert from_document.steps == from_events.steps
    assert from_events.complete


def test_counters_that_an_option_hides_are_those_of_the_inputs() -> None:
    """`additional_secret_outputs=["version", "drift"]`: the preview has `[secret]` in their place."""
    for made, later in ((secret("A"), secret("A", version=2)), (shared(versions={"A": 1}), shared(versions={"A": 2}))):
        hidden = {"outputs": {**made["inputs"], "version": "[secret]", "versions": "[secret]", "drift": "[secret]"}}
        printed = document(step("update", {**made, **hidden}, later))
        assert read_preview(printed).steps == read_preview(document(step("update", made, later))).steps


def test_preview_without_its_closing_summary_has_failed() -> None:
    """A policy pack that does not start leaves `{}` (Pulumi 3.259.0), another engine a document without a summary."""
    for printed in (b"{}", b'{"config": {}}', b'{"steps": []}'):
        found = review(read_preview(printed))
        assert (found.preview.complete, dict(found.gates)) == (False, {Kind.ERROR: 1})
    assert review(read_preview(b'{"duration": 1}')).preview.complete


def test_text_around_the_json_is_skipped_and_counted() -> None:
    """The CLI writes about packs and plugins that it installs before it, and about a saved plan after it."""
    around = (
        b"Installing policy pack...\n\n[resource plugin x-1.0.0] installing\n%sUpdate plan written to 'plan.json'\n"
    )
    for printed in (document(step("create", new=secret("A"))) + b"\n", lines(*EVENTS)):
        found = read_preview(around % printed)
        assert (found.steps, found.complete, found.skipped_lines) == (read_preview(printed).steps, True, 3)
        assert [one.message for one in review(found).warnings] == [
            ("not read, because it is not JSON: 3 lines around the preview",)
        ]


def test_several_previews_are_read_as_one() -> None:
    """Documents or events of several stacks, one after the other; one that did not end counts."""
    indented = json.dumps(json.loads(document(step("create", new=secret("A")))), indent=4).encode()
    other = document(step("delete", secret("B", "two")))
    assert len(read_preview(indented + b"\n" + other).steps) == 2
    first, *rest = ({"sequence": number, **event} for number, event in enumerate(EVENTS))
    assert read_preview(lines(first, *rest) + other).complete
    assert not read_preview(lines(first) + lines(first, *rest)).complete


def test_single_event_is_no_document() -> None:
    """A run that was ended at once leaves one line."""
    found = read_preview(lines({"sequence": 0, "preludeEvent": {"config": {}}}))
    assert (found.steps, found.complete) == ([], False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_file_of_any_shell_is_read(encoding: str) -> None:
    """PowerShell 5 writes UTF-16 with a mark at the beginning."""
    plain = document(step("create", new=secret("ключ")))
    (only,) = read_preview(plain.decode().encode(encoding)).steps
    assert only.new is not None
    assert only.new.state.keys == {"ключ"}


def test_events_without_an_end_are_not_complete() -> None:
    """The engine was killed, or the file is still being written."""
    assert not read_preview(lines(EVENTS[0])).complete
    assert review(read_preview(lines(EVENTS[0]))).gates


@pytest.mark.parametrize("result", [{"result": "failed"}, {"result": "canceled"}])
def test_events_of_a_failed_preview_are_not_complete(result: dict[str, object]) -> None:
    """Newer engines say how it ended."""
    assert not read_preview(lines(EVENTS[0], {"summaryEvent": result})).complete


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the input is empty"),
        (" \n", "the input is empty"),
        ("error: no stack selected", "the input is not complete JSON"),
        ('{"steps": [', "the input is not complete JSON"),
        ('{"sequence": 0, "preludeEvent": {}}\n{"sequ', "the input is not complete JSON"),
        ('{"steps": [], "changeSummary": {}}\n{"steps": [', "the input is not complete JSON"),
        ("[" * 100_000, "the input is not complete JSON"),
        ("[]", "the input is JSON, but not a preview"),
        ("3", "the input is not complete JSON"),
        ('{"version": 3, "deployment": {}}', "the input is JSON, but not a preview"),
    ],
)
def test_other_text_is_refused_in_one_line(text: str, says: str) -> None:
    """With a message that repeats nothing of it: it may be a state with secrets shown."""
    with pytest.raises(PreviewError, match=says) as refused:
        read_preview(text.encode())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "broken",
    [
        {"steps": [{"op": "create"}]},
        {"steps": [{"op": "create", "urn": secret("A")["urn"], "newState": {"inputs": {}}}]},
        {"steps": [step("create", new=shared(versions=["hunter2"]))]},
        {"steps": [step("create", new=shared(versions={"A": "hunter2"}))]},
        {"steps": [step("create", new=secret("A", org_id=None) | {"inputs": {"key": "A", "version": 1}})]},
        {"steps": "hunter2"},
        {"diagnostics": [{"text": "hunter2"}]},
        {"resourcePreEvent": {"metadata": "hunter2"}},
    ],
)
def test_unknown_form_is_refused_without_its_text(broken: dict[str, object]) -> None:
    """A later version may store something else; nothing of it is repeated, for a value can stand anywhere."""
    with pytest.raises(PreviewError, match="cannot review the preview: a step") as refused:
        read_preview(json.dumps(broken).encode())
    assert "hunter2" not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values | st.fixed_dictionaries({"steps": json_values}) | st.fixed_dictionaries({"fooEvent": json_values}))
def test_any_json_is_read_or_refused(value: object) -> None:
    """Never a traceback."""
    try:
        review(read_preview(json.dumps(value).encode()))
    except PreviewError as error:
        assert str(error)  # noqa: PT017 (both ends are fine)


def test_escaped_keys_are_read_as_written_in_the_program() -> None:
    """States hold a backslash before a key that begins with two underscores or a backslash."""
    versions = {"\\__A": 1, "\\\\B": 1, "C": 1}
    new = shared(versions=versions, exclusive=True, pruned={"\\__P": 1}, drift={"\\\\B": "changed"})
    (only,) = read_preview(document(step("create", new=new))).steps
    assert only.new is not None
    state = only.new.state
    assert state.keys == {"__A", "\\B", "C"}
    assert state.pruned == {"__P": 1}
    assert state.drift == {"\\B": "changed"}


def test_digests_are_not_read() -> None:
    """Whatever stands there."""
    (only,) = read_preview(document(step("create", new=secret("A", digest="d" * 64)))).steps
    assert only.new is not None
    assert only.new.state.digests == {"A": ""}


def test_unknown_numbers_are_known_as_unknown() -> None:
    """The engine writes a mark for what is not known yet."""
    mark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    (only,) = read_preview(document(step("create", new=secret("A", version=mark, org_id=mark)))).steps
    assert only.new is not None
    assert (only.new.state.versions, only.new.state.org_id) == ({"A": UNKNOWN}, UNKNOWN)


def test_secret_that_was_looked_up_is_nobodys() -> None:
    """`Secret.get` changes nothing, and other types of the same module name are not ours."""
    found = secret("A", state={"external": True})
    other = secret("B", state={"urn": "urn:pulumi:dev::p::pulumi-python:dynamic/influxdb:Bucket::b"})
    preview = read_preview(document(step("read", new=found), step("create", new=other)))
    assert (preview.steps, dict(preview.others)) == ([], {"create": 1})


def test_replacement_of_another_type_is_counted_once() -> None:
    """Events tell it in three steps."""
    other = {"urn": "urn:pulumi:dev::p::aws:s3:Bucket::b", "inputs": {}}
    ops = ("create-replacement", "replace", "delete-replaced")
    preview = read_preview(document(*(step(op, other, other) for op in ops)))
    assert dict(preview.others) == {"replace": 1}
