"""Entry point of `python -m influx_secrets.cli`."""

from __future__ import annotations

from influx_secrets.cli import main

main()
