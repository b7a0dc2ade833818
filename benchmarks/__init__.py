"""Measures `influx_secrets` against what else could be done, on a real engine and a real influxd: `make bench`."""

from __future__ import annotations

import sys
from pathlib import Path

# The servers of the tests serve here too.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
