"""Runs state machines, each example of which is a life of a stack."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def live(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, repeatable: bool, **on: object) -> None:
    """Let so many stacks live on these servers; `repeatable` ones are the same every time."""
    run_state_machine_as_test(
        type(f"{machine.__name__}OnServers", (machine,), on),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.generate,),  # a life takes seconds: to shrink a failure would take hours
            derandomize=repeatable,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
