"""The command as a module: `python -m influx_secrets.cli`."""

from influx_secrets.cli import main

main()
