"""What the engine stores, shows and logs: checks on its state, its output and its own records."""

from __future__ import annotations

import base64
import json

from facts.engine_lab import UP, Runs
from facts.fact import Question

RECORDS = Question(
    "What does the engine store, show and log?", "pulumi", "Seen with the Python SDK 3.272.0 and a file backend."
)

_STORED = ["__quiet", "added", "counter", "fault", "items", "map", "name", "value", "whole"]
_CONFIG = {"e2e:plain": "marker-plain", "e2e:structured": '{"a":1}', "e2e:token": "marker-config"}
_VALUES = ("marker-value", "marker-hidden", "marker-config")


def _found(text: str) -> list[bool]:
    return [value in text for value in _VALUES]


@RECORDS.fact(
    known=[["__provider", *_STORED], "added-a", ["plaintext"], True],
    means="A secret that a provider removes in `check` is in no state.",
    does="Its `check` removes each value, and returns a digest and a counter.",
)
def state_has_what_check_returned(runs: Runs) -> object:
    """The state has the inputs that `check` returned.

    A property that `check` removed never reaches it. One that it added is in clear text, unless the program passed a
    secret of that name.
    """
    _ = runs.first
    stored = runs.in_state["a"]["inputs"]
    return [sorted(stored), stored["added"], sorted(stored["value"])[1:], "added-a" in runs.state_text]


@RECORDS.fact(
    known=[[False, False, False], [True, False, True]],
    means="Anyone with the passphrase reads the secrets of a state.",
    does="Its states have digests, never values.",
)
def state_is_encrypted_and_export_shows_it(runs: Runs) -> object:
    """Secrets are encrypted in the state file. `stack export --show-secrets` shows them in clear."""
    _ = runs.first
    return [_found(runs.state_text), _found(json.dumps(runs.in_state))]


@RECORDS.fact(
    known=[[*_CONFIG], _CONFIG],
    means="The state of a stack with a dynamic resource has all secrets of its config, of other packages too.",
    does="It makes a provider of its own, so that its resources cause no copy.",
)
def default_provider_stores_the_whole_config(runs: Runs) -> object:
    """A dynamic resource without a provider of its own makes the engine store the whole stack config, secrets too.

    It is stored as the inputs of a default provider. `configure` gets all of it, decrypted, and structured values as
    JSON.
    """
    (configured,) = [note for note in runs.first.notes if note["call"] == "configure"]
    return [sorted(runs.in_state["default"]["inputs"]), configured["config"]]


@RECORDS.fact(
    known=[["marker-config"], ["marker-config-2"], ["marker-config-3"]],
    means="Rotate such a token in the config and run `pulumi up` before you revoke it.",
    does="A token in the environment is read in each run, and is in no state.",
)
def refresh_uses_the_stored_config(runs: Runs) -> object:
    """After a token changed in the config, `refresh` configures the default provider with the old one from the state.

    `up` uses the new one, and so does
    `refresh --run-program`.
    """
    runs_in_turn = (runs.refreshed, runs.rotated, runs.refreshed_by_program)
    used = [{note["config"]["e2e:token"] for note in one.notes if note["call"] == "configure"} for one in runs_in_turn]
    return [sorted(tokens) for tokens in used]


@RECORDS.fact(
    known=[{"token": "given"}, True, False],
    means="Use such a provider for other dynamic resources as well.",
    does="Its default provider is such a resource.",
)
def explicit_provider_gets_its_inputs_alone(runs: Runs) -> object:
    """A `ProviderResource` for `pulumi-python` gets its own inputs and nothing of the config.

    It is a process of its own.
    """
    run, state = runs.special
    process = {name: run.of(name)[0]["process"] for name in ("default", "isolated")}
    configs = {note["process"]: note["config"] for note in run.notes if note["call"] == "configure"}
    stored = "marker-config" in json.dumps(state["isolated-provider"])
    return [configs[process["isolated"]], process["default"] != process["isolated"], stored]


@RECORDS.fact(
    known=True,
    means="Keep no token in an attribute of a provider. Read it from the environment in `configure`.",
    does="Its provider classes have no attributes.",
)
def attributes_of_a_provider_are_stored(runs: Runs) -> object:
    """The provider object is stored with each resource. A value in one of its attributes is in the state."""
    stored = runs.special[1]["keeping"]["inputs"]["__provider"]
    pickled = json.loads(stored["plaintext"]) if isinstance(stored, dict) else stored
    return b"marker-kept" in base64.b64decode(pickled)


@RECORDS.fact(
    known=["~ counter: 1 => 2", "value : [secret]"],
    means="A preview does not show that a secret changes. Add a counter that is not secret.",
    does="It adds a counter for each key, so that a preview names each key that is written.",
)
def preview_hides_a_changed_secret(runs: Runs) -> object:
    """`preview --diff` shows a changed secret as it shows an unchanged one, `[secret]`.

    A plain counter shows old and new value.
    """
    lines = [" ".join(line.split()) for line in runs.preview.run.output.splitlines()]
    return [line for line in lines if line.startswith(("value : [", "~ counter", "~ value"))]


@RECORDS.fact(
    known=False,
    means="A key of that form changes without a trace in the preview.",
    does="It stores such keys with a backslash before them.",
)
def preview_hides_names_with_two_underscores(runs: Runs) -> object:
    """A preview shows no property whose name begins with `__`, even if it changes."""
    return "quiet" in runs.preview.run.output


@RECORDS.fact(
    known=['~ [0]: "a" => "b"', '- [1]: "b"'],
    means="If you remove the first element of a list, all elements seem to change.",
    does="Its secrets are a map, not a list.",
)
def lists_are_compared_by_index(runs: Runs) -> object:
    """A preview compares lists by index. Where the first of two elements goes, it shows one change and one removal."""
    lines = [" ".join(line.split()) for line in runs.preview.run.output.splitlines()]
    return [line for line in lines if line.startswith(("~ [", "- ["))]


@RECORDS.fact(
    known=[[True, False, True]] * 3,
    means="A provider must not attach a failure to a secret property.",
    does="Its failures name no property.",
    before={"3.274": [[True, True, True], [True, False, True], [True, False, True]]},
)
def failure_on_a_secret_prints_its_value(runs: Runs) -> object:
    """On 3.216 and 3.259 a `CheckFailure` on a secret property prints the value in clear.

    With an empty name, or the name of no property, it prints the reason alone.
    """
    faults = ("on value", "on ", "on other")
    runs_of = [runs.attempt(f'Probe("x", value=secret("marker-failed"), fault="{fault}")') for fault in faults]
    return [
        [one.run.code != 0, "marker-failed" in one.run.output, "refused by the provider" in one.run.output]
        for one in runs_of
    ]


@RECORDS.fact(
    known=[True, True, True],
    means="An error of a provider can show what its code holds.",
    does="Its errors are one line.",
)
def exception_prints_its_traceback(runs: Runs) -> object:
    """An exception in a provider prints its whole traceback into the terminal."""
    output = runs.attempt('Probe("x", fault="raise")').run.output
    return ["raised by the provider" in output, "Traceback (most recent call last)" in output, "in check" in output]


@RECORDS.fact(
    known=[True, True],
    means="A provider can write a notice to the terminal, also in a preview.",
    does="Its notices go to stderr.",
)
def provider_output_is_shown(runs: Runs) -> object:
    """What a provider writes to stderr is shown under the diagnostics of the stack, in previews too."""
    return [any("printed by the provider" in text for text in one.run.diagnostics) for one in (runs.first, runs.same)]


@RECORDS.fact(
    known=[False, False, False],
    means="Remove `$PULUMI_HOME/logs` on shared machines.",
    does="SECURITY.md says how to keep no such log.",
    before={"3.259": [False, False, False], "3.274": [True, False, False]},
)
def automatic_log_has_values(runs: Runs) -> object:
    """The CLI writes a log of each run into `$PULUMI_HOME/logs`, encrypted.

    On 3.259 it has values, on 3.274 it has none.
    """
    _ = runs.changed
    return _found(runs.automatic_log)


@RECORDS.fact(
    known=[False, False, False],
    means="Do not use `-v9 --logtostderr` where the output is kept.",
    does="SECURITY.md says so.",
    before={"3.259": [True, True, False], "3.274": [True, True, True]},
)
def verbose_log_has_values(runs: Runs) -> object:
    """On 3.216 and 3.259 `-v9 --logtostderr` prints values in clear, those too that `check` removes."""
    return _found(runs.first.run.output)


@RECORDS.fact(
    known=[True, True, True],
    means="Do not set it where files are kept.",
    does="SECURITY.md says so.",
)
def grpc_file_has_values(runs: Runs) -> object:
    """The file of `PULUMI_DEBUG_GRPC` has values and config in clear."""
    _ = runs.first
    return _found(runs.grpc.read_text("utf-8"))


@RECORDS.fact(
    known=[True, True, True],
    means="Do not use it where files are kept.",
    does="SECURITY.md says so.",
)
def trace_has_values(runs: Runs) -> object:
    """The file of `--tracing` has values and config in clear."""
    _ = runs.first
    return _found(runs.trace.read_bytes().decode("utf-8", "replace"))


@RECORDS.fact(
    known=[[False, False, False]] * 2,
    means="These outputs may be kept.",
    does="Its tests search all of them for values.",
)
def event_log_and_preview_have_no_values(runs: Runs) -> object:
    """The event log and the output of `preview --diff` have no value of a secret."""
    return [_found(text) for text in (json.dumps(runs.first.run.events), runs.preview.run.output)]


@RECORDS.fact(
    known=[True, True, False, False],
    means="Treat the output of `up --plan` as a secret.",
    does="It stores digests, so that such a message shows no value.",
    before={"3.274": [True, True, True, True]},
)
def violated_plan_shows_values(runs: Runs) -> object:
    """On 3.216 and 3.259 the message of a violated plan (`up --plan`) shows stored secrets in clear."""
    stack = runs.other("planned")
    plan = f"{runs.folder / 'plan.json'}"
    stack.write('Probe("x", value=secret("marker-planned"))').noted("preview", f"--save-plan={plan}")
    run = stack.write('Probe("x", value=secret("marker-other"))').noted(*UP, f"--plan={plan}", fails=None).run
    return [run.code != 0, "violates plan" in run.output, "marker-planned" in run.output, "marker-other" in run.output]
