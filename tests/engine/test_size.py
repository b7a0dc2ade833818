"""A program with very many secrets."""

from __future__ import annotations

import json

import pytest
from engine.stack import Stack
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

COUNT = 3_000
THREADS = 4


@pytest.mark.timeout(600)
def test_three_thousand_secrets_in_one_program(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """No recursion error, each secret written once, and no more connections than the provider has threads."""
    # Without them the engine writes the whole state after every step, which takes minutes and is not ours.
    stack.environment |= {"PULUMI_SKIP_CHECKPOINTS": "true"}
    stack.program(f"""
        for n in range({COUNT}):
            influx.Secret(f"s{{n}}", org=ORG, key=f"K{{n}}", value=f"value {{n}}")
    """)
    done = stack.up()
    assert influxd.values(acme) == {f"K{n}": f"value {n}" for n in range(COUNT)}
    written = [key for one in proxy.exchanges if one.method == "PATCH" for key in json.loads(one.body)]
    assert len(written) == len(set(written)) == COUNT
    assert sum(one.method == "GET" for one in proxy.exchanges) == 2
    assert proxy.connections <= THREADS
    assert "RecursionError" not in done.output
    assert done.debug_messages("influxdb:Secret") == []
