"""An InfluxDB secrets server for tests and trials: a verified fake of influxd's secrets API on a real socket.

```python
from influx_secrets.emulator import Emulator

with Emulator(orgs=("acme",)) as influxdb:
    ...  # influxdb.url, influxdb.token, influxdb.environment
    assert influxdb.secrets("acme") == {"SLACK_TOKEN": "..."}
```

For pytest the package brings it along as the fixture `influxdb`; from a shell: `python -m influx_secrets.emulator`.
It needs the extra `emulator` of the package (aiohttp), and shares no code with the client, so that one cannot hide a
mistake of the other. The same tests run against it and the real server; where the two differ is listed in
`tests/conformance/divergences.py`.
"""

from __future__ import annotations

from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.emulator import Emulator
from influx_secrets.emulator.faults import Cut, Delay, Drip, Effect, Fault, Page, Reset, Status, parse_fault
from influx_secrets.emulator.server.service import Hook, Request

__all__ = [
    "Answer",
    "Cut",
    "Delay",
    "Drip",
    "Effect",
    "Emulator",
    "Fault",
    "Hook",
    "Page",
    "Request",
    "Reset",
    "Status",
    "parse_fault",
]
