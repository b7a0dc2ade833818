"""What options of a resource do to a dynamic resource."""

from __future__ import annotations

from facts.engine_lab import UP, Runs
from facts.fact import Question

OPTIONS = Question("What do resource options do to a dynamic resource?", "pulumi")


@OPTIONS.fact(
    known=[[["check", "create", "delete"], []]] * 2,
    means="After `--replace` or a taint a provider cannot know what it wrote.",
    does="It proves the value on the server, and adopts its own key.",
)
def forced_replacement_checks_once_without_old_inputs(runs: Runs) -> object:
    """`--replace` and a taint call `check` once, without the old inputs, and no `diff`.

    Then they create, and delete.
    """
    return [[one.calls("new-name"), one.of("new-name")[0]["olds"]] for one in (runs.replaced, runs.tainted)]


@OPTIONS.fact(
    known=["diff", "update"],
    means="Use `rotate_on`, or a new name, to have something written again.",
    does="It has `rotate_on` for this.",
)
def replace_on_changes_has_no_effect(runs: Runs) -> object:
    """`replace_on_changes` has no effect on a dynamic resource. The provider alone decides."""
    return [call for call in runs.changed.calls("a") if call != "check"]


@OPTIONS.fact(
    known=[True, True, 0, [], ["delete"]],
    means="They protect a resource as a whole, not its keys.",
    does="They work on its resources.",
)
def protect_refuses_and_retain_leaves(runs: Runs) -> object:
    """`protect` makes `destroy` fail.

    `retain_on_delete` removes the resource from the state, without a call of `delete`.
    """
    return [
        runs.refused.run.code != 0,
        "protect" in runs.refused.run.output,
        runs.destroyed.run.code,
        runs.destroyed.calls("left"),
        runs.destroyed.calls("kept"),
    ]


@OPTIONS.fact(
    known=True,
    means="Use what the provider offers to adopt existing things.",
    does="It adopts a key whose value is equal.",
)
def import_does_not_work(runs: Runs) -> object:
    """`import_` fails with a `KeyError` of the SDK."""
    return runs.attempt('Probe("x", ResourceOptions(import_="some-id"), value="v")').tells("KeyError: '__provider'")


@OPTIONS.fact(
    known=[["read"], "marker-read", True],
    means="Never pass a value to a resource with `id`: it is in the state.",
    does="It refuses `id` on its resources.",
)
def resource_with_an_id_is_read_and_stores_its_inputs(runs: Runs) -> object:
    """A resource with `ResourceOptions(id=…)` is read and never checked. Its inputs are stored in clear text."""
    run, state = runs.special
    return [run.calls("read"), state["read"]["inputs"].get("value"), state["read"]["external"]]


@OPTIONS.fact(
    known=["__provider", "added", "name", "value"],
    means="A hook is no way to see a value that the provider hides.",
    does="A hook sees its digests, never values.",
)
def hook_sees_what_check_returned(runs: Runs) -> object:
    """A hook before `create` sees the inputs that `check` returned, not those that it removed."""
    run, _ = runs.special
    return [name for note in run.of("hooked") if note["call"] == "hook" for name in note["seen"]]


@OPTIONS.fact(
    known=[True, ["check", "check", "create", "delete"]],
    means="Do not pass a secret as a trigger.",
    does="It refuses it, and offers `rotate_on`.",
    before={"3.259": [True, ["check", "check", "create", "delete"]], "3.274": [False, ["check", "diff"]]},
)
def secret_trigger_is_stored(runs: Runs) -> object:
    """A secret `replacement_trigger` is stored in the state, and a new value replaces.

    On 3.259 it is stored as nothing and replaces nothing.
    """
    stack = runs.other("trigger")
    body = 'Probe("x", ResourceOptions(replacement_trigger=secret("marker-trigger-{}")), value="v")'
    stack.write(body.format(1)).noted(*UP)
    first = "marker-trigger-1" in stack.pulumi("stack", "export", "--show-secrets").output
    return [first, stack.write(body.format(2)).noted(*UP).calls("x")]


@OPTIONS.fact(
    known=[["marker-mapped"], ["common"], False],
    means="Check that the variable is set. Otherwise the provider uses the common one, without a message.",
    does="A variable that `token_variable` names and that is not set is an error.",
    before={"3.259": [["common"], ["common"], False]},
)
def environment_mapping_renames_variables(runs: Runs) -> object:
    """`env_var_mappings` on a provider passes a variable under another name.

    The state has no value. A variable that is not set is left out in silence. CLI 3.216 ignores the mapping.
    """
    stack = runs.other("mapped", SOURCE="marker-mapped", MAPPED="common")
    body = """
provider = pulumi.ProviderResource("pulumi-python", "p", {}, ResourceOptions(env_var_mappings={"SOURCE": "MAPPED"}))
Probe("x", ResourceOptions(provider=provider), value="v")
"""
    seen = []
    for value in ("marker-mapped", ""):
        if not value:
            del stack.environment["SOURCE"]
        run = stack.write(body).noted(*UP)
        seen.append([note["mapped"] for note in run.notes if note["call"] == "configure"])
    return [*seen, "marker-mapped" in stack.pulumi("stack", "export", "--show-secrets").output]


@OPTIONS.fact(
    known=[["check", "diff", "update"], []],
    means="A target can hide a conflict between resources.",
    does="The limits name what it cannot see then.",
)
def resources_outside_of_a_target_are_not_checked(runs: Runs) -> object:
    """With `--target` no other resource is checked."""
    stack = runs.other("target")
    body = 'Probe("x", value="{0}")\nProbe("y", value="{0}")'
    stack.write(body.format(1)).noted(*UP)
    run = stack.write(body.format(2)).noted(*UP, "--target=**x")
    return [run.calls("x"), run.calls("y")]


@OPTIONS.fact(
    known=[True, True, 0],
    means="With such a hook, destroy with `--run-program`.",
    does="It registers no hooks.",
)
def delete_hook_makes_destroy_run_the_program(runs: Runs) -> object:
    """`destroy` fails for a resource with a delete hook, and names `--run-program`, with which it works."""
    _ = runs.special
    stack = runs.special_stack
    options = ("destroy", "--yes", "--skip-preview")
    refused = stack.noted(*options, fails=None).run
    return [
        refused.code != 0,
        "--run-program" in refused.output,
        stack.noted(*options, "--run-program", fails=None).run.code,
    ]
