"""The words that the documents avoid."""

from __future__ import annotations

from toolchain.prose import findings


def test_avoided_word_is_found_with_its_line() -> None:
    """In a paragraph, a list and a table, in capitals too."""
    page = "# Title\n\nOne line,\nthen it waits in vain.\n\n- Whoever asks\n\n| a |\n|---|\n| anew |\n"
    assert [(line, word) for line, word, _ in findings(page)] == [(4, "in vain"), (6, "Whoever"), (10, "anew")]


def test_code_may_have_any_word() -> None:
    """Output of commands, and names in a sentence, stay as they are."""
    assert not list(findings("The text `anew`.\n\n```console\n$ echo in vain\n```\n\n    anew\n"))
