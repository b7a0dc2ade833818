"""The search for planted values finds each form of one, and no other text."""

from __future__ import annotations

import base64
import json

from engine.leaks import forms, leaks

PLANTED = 'hunter2 "grüße" \\ 100%/ключ'


def test_search_finds_a_value_however_it_is_written() -> None:
    """Each form is found, base64 at any offset and within longer text."""
    for around in ("", "x", "xy", "xyz"):
        text = f"{around}{PLANTED}{around}"
        written = {
            "raw": text.encode(),
            "JSON": json.dumps({"value": text}).encode(),
            "JSON in JSON": json.dumps(json.dumps({"value": text})).encode(),
            "UTF-8": json.dumps(json.dumps({"value": text}, ensure_ascii=False), ensure_ascii=False).encode(),
            "base64": base64.b64encode(text.encode()),
            "hex": text.encode().hex().encode(),
        }
        assert {leak.place for leak in leaks(PLANTED, written)} == set(written), around
    assert leaks(PLANTED, {"nothing": b"hunter2 and no more", "empty": b""}) == []


def test_search_has_no_form_that_is_found_everywhere() -> None:
    """A form of a few letters would be found by chance."""
    assert min(map(len, forms(PLANTED).values())) > len(PLANTED) / 2
