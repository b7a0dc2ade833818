"""What the engine does with secrets, with a dynamic provider of the facts' own."""

from __future__ import annotations

import pytest
from facts.engine_lab import Runs
from facts.fact import Fact
from facts.outcomes import check
from facts.table import facts_about


@pytest.mark.fact
@pytest.mark.engine
@pytest.mark.timeout(400)
@pytest.mark.parametrize("fact", facts_about("pulumi"), ids=lambda fact: fact.name)
def test_fact(fact: Fact, runs: Runs, request: pytest.FixtureRequest) -> None:
    """What is known is seen."""
    if not fact.can_be_tried(runs.version):
        pytest.skip(f"needs Pulumi {fact.needs}")
    check(fact, runs.version, fact.see(runs), request.node)
