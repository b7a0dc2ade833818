"""The keys and values that every subject writes; set by the environment, so that no program text changes."""

import os

ORG_ID = os.environ.get("BENCH_ORG_ID", "")
"""The org that this subject writes to."""

URL, TOKEN = os.environ.get("INFLUX_HOST", ""), os.environ.get("INFLUX_TOKEN", "")
"""InfluxDB, in the variables of its own tools."""


def values() -> dict[str, str]:
    """Return key to value: `BENCH_KEYS` of them, of the generation `BENCH_ALL`, the first one of `BENCH_FIRST`."""
    keys = int(os.environ["BENCH_KEYS"])
    found = {f"KEY_{n:06}": f"{os.environ['BENCH_ALL']}-value-of-key-{n:06}" for n in range(keys)}
    return {**found, first_key(): f"{os.environ['BENCH_FIRST']}-value-of-the-first-key"}


def first_key() -> str:
    """Return the key that "rotate 1" changes."""
    return "KEY_000000"
