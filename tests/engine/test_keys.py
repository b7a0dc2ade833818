"""Keys that a url cannot carry as they are: written, seen and removed all the same, on influxd."""

from __future__ import annotations

from engine.stack import Stack
from servers import InfluxdServer

KEYS = ["a/b", "a,b", "x=1&y", "ключ", "a b", "%2F", "..", "__hidden", "quote\"'\\", "$HOME ${x}", "😀"]


def test_keys_of_any_characters_are_created_found_and_removed(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Every key holds its own value; a refresh misses just the one removed outside; dropping them removes them."""
    stack.program(f"""
        for number, key in enumerate({KEYS!r}):
            influx.Secret(f"s{{number}}", org=ORG, key=key, value=f"value of {{key}}")
    """)
    expected = {key: f"value of {key}" for key in KEYS}
    stack.up()
    assert influxd.values(acme) == expected

    influxd.remove_secret(acme, "a,b")
    refreshed = stack.refresh()
    assert {name for name, step in refreshed.results.items() if step == "delete"} == {"s1"}
    assert stack.up().steps == {f"s{n}": "create" if n == 1 else "same" for n in range(len(KEYS))}
    assert influxd.values(acme) == expected

    stack.program("").up()
    assert influxd.keys(acme) == []
