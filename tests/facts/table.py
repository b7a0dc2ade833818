"""All facts, by the question that they answer."""

from __future__ import annotations

from facts.engine_inputs import INPUTS
from facts.engine_options import OPTIONS
from facts.engine_records import RECORDS
from facts.fact import Fact
from facts.scripts import BATCH, MISSING, VALUES
from facts.storage import STARTED, STORED
from facts.tokens import TOKENS
from facts.writers import READERS, WRITERS
from facts.writing import WRITING

QUESTIONS = (STORED, READERS, WRITERS, TOKENS, WRITING, BATCH, MISSING, VALUES, STARTED, RECORDS, INPUTS, OPTIONS)


def facts_about(subject: str) -> list[Fact]:
    """Return the facts about `influxd` or `pulumi`."""
    return [fact for question in QUESTIONS if question.subject == subject for fact in question.facts]
