"""How the engine calls a dynamic provider, and what becomes of its inputs."""

from __future__ import annotations

from facts.engine_lab import Runs
from facts.fact import Question

INPUTS = Question(
    "What does a dynamic provider get, and when?", "pulumi", "A dynamic provider is a Python class of the program."
)


@INPUTS.fact(
    known=[["check", "create"], ["check", "diff"], ["check", "diff", "update"], [1, 1], 1, "delete"],
    means="A provider has its values in `check` only. What it needs later it must keep in memory.",
    does="It keeps values in the memory of the process from `check` to `create`.",
)
def calls_come_in_this_order(runs: Runs) -> object:
    """A run calls `configure` once, then `check`, `diff` of what exists, and `create` or `update`, all in one process.

    Deletes come last. A preview calls `check` and `diff` only.
    """
    order = [runs.first.calls("a"), runs.same.calls("a"), runs.changed.calls("a")]
    processes = [len({note["process"] for note in one.notes}) for one in (runs.first, runs.changed)]
    return [*order, processes, runs.first.calls().count("configure"), runs.changed.calls()[-1]]


@INPUTS.fact(
    known=[False, False],
    means="A refresh cannot see what the program declares.",
    does="A refresh compares with the digests in the state.",
)
def refresh_and_destroy_check_nothing(runs: Runs) -> object:
    """`refresh` and `destroy` call no `check`."""
    return ["check" in one.calls() for one in (runs.refreshed, runs.destroyed)]


@INPUTS.fact(
    known=[["__quiet", "added", "counter", "fault", "items", "map", "name", "value", "whole"], "1.0"],
    means="A script that reads the state finds what the provider accepted, not what the program passed.",
    does="Its `check` returns what is stored.",
)
def create_gets_what_check_returned(runs: Runs) -> object:
    """`create` gets what `check` returned, without what it removed. Numbers come as floating point numbers."""
    (created,) = [note for note in runs.first.of("a") if note["call"] == "create"]
    return [sorted(created["props"]), str(created["props"]["counter"])]


@INPUTS.fact(
    known={"y": "1"},
    means="A config value that is missing looks like a key that was removed.",
    does="It refuses `None` in the program.",
)
def map_entry_without_a_value_is_dropped(runs: Runs) -> object:
    """An entry of a map whose value is `None` is dropped before the provider sees it."""
    return runs.first.of("a")[0]["news"]["map"]


@INPUTS.fact(
    known=[True, {"x": False, "y": True}],
    means="Mark values secret one by one.",
    does="It marks them one by one.",
)
def unknown_in_a_secret_map_hides_the_whole_map(runs: Runs) -> object:
    """In a preview one unknown value in `Output.secret({...})` makes the whole map unknown.

    If the values are marked one by one, only that one is unknown.
    """
    seen = [runs.preview.of(name)[0]["news"]["values"] for name in ("unknown-whole", "unknown-part")]
    return [
        "Unknown" in str(one) if isinstance(one, str) else {key: "Unknown" in str(value) for key, value in one.items()}
        for one in seen
    ]


@INPUTS.fact(
    known=[1.0, False],
    means="A provider can mistake an ignored input for a removal.",
    does="It takes a name without a value as: leave it alone.",
)
def ignored_property_is_the_old_one_or_missing(runs: Runs) -> object:
    """With `ignore_changes` the provider gets the old input.

    Where the old inputs do not have it, the provider gets none.
    """
    news = runs.changed.of("a")[0]["news"]
    return [news["whole"], "later" in news]


@INPUTS.fact(
    known=True,
    means="Use an alias when you rename a resource.",
    does="Its `delete` leaves a key that the same run declares.",
)
def renamed_resource_is_created_before_the_old_one_is_deleted(runs: Runs) -> object:
    """A resource that is renamed without an alias is created first. The old one is deleted last."""
    calls = [(note["call"], note.get("name")) for note in runs.changed.notes]
    return calls.index(("create", "new-name")) < calls.index(("delete", "old-name"))


@INPUTS.fact(
    known=[["read"], []],
    means="A resource that is gone on the server is created again by the next run.",
    does="A missing `Secret` is reported so; an `OrgSecrets` reports drift. The next run writes the key.",
)
def resource_that_read_calls_gone_leaves_the_state(runs: Runs) -> object:
    """If `read` returns an empty id, `refresh` removes the resource from the state."""
    stack = runs.other("gone")
    stack.write('Probe("gone", value="v")').noted("up", "--yes", "--skip-preview")
    refreshed = stack.noted("refresh", "--yes", "--skip-preview")
    return [refreshed.calls("gone"), [one["type"] for one in stack.exported() if "Probe" in one["type"]]]


@INPUTS.fact(
    known=[True, True],
    means="The run stops halfway. Start it again.",
    does="The page on interrupted runs shows how to repair this.",
)
def process_that_ends_is_not_started_again(runs: Runs) -> object:
    """A provider process that ends is not started again in the same run. Every later call fails."""
    body = 'Probe("x", fault="exit")'
    output = runs.attempt(body).run
    return [output.code != 0, "EOF" in output.output]


@INPUTS.fact(
    known=[["check", "diff", "check", "create", "delete"], [False, True]],
    means="A provider cannot see in the second call what the first one saw.",
    does="It keeps what the first call saw in the memory of the process.",
)
def replacement_checks_twice(runs: Runs) -> object:
    """A replacement that `diff` asks for calls `check` again, without the old inputs, before it creates."""
    checked = [not note["olds"] for note in runs.changed.of("rebuilt") if note["call"] == "check"]
    return [runs.changed.calls("rebuilt"), checked]


@INPUTS.fact(
    known=[0, [], False],
    means="Such a preview shows nothing that the provider would refuse, and does not report this.",
    does="`pulumi up` checks each resource before it writes.",
)
def preview_with_an_unknown_provider_checks_nothing(runs: Runs) -> object:
    """A preview in which an input of the provider is unknown does not call `check` for its resources."""
    body = """
first = Probe("first", value="v")
later = pulumi.ProviderResource("pulumi-python", "later", {"token": first.id})
Probe("x", ResourceOptions(provider=later), value="v")
"""
    seen = runs.attempt(body)
    return [seen.run.code, seen.calls("x"), "warning" in seen.run.output]


@INPUTS.fact(
    known=True,
    means="Do not use this name for a key.",
    does="It refuses the name.",
)
def name_of_the_engines_own_breaks_a_map(runs: Runs) -> object:
    """A map with the key `4dabf18193072939515e22adb298388d`, a mark of the engine's own, fails the run."""
    return runs.attempt('Probe("x", map={"4dabf18193072939515e22adb298388d": "v"})').run.code != 0
