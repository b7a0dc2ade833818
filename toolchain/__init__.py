"""Finds, fetches or builds the programs that the sample and the tests run.

Not part of the wheel. Each program (Pulumi, influxd, influxd 2.6, toxiproxy, actionlint, influx) is looked for in this
order: the environment variable that names it, the search path, the cache folder of the user. Only `ensure` then
provides it: as the vendor's archive, by the vendor's installer, or by a build.

```python
import toolchain

influxd = toolchain.find("influxd")  # a path, or None: never builds, never touches the network
pulumi = toolchain.ensure("pulumi")  # builds it if need be, or raises ToolchainError
env = toolchain.environment(folder)  # what a Pulumi run with a local file backend needs
```
"""

from __future__ import annotations

from toolchain._ensure import ensure
from toolchain._environment import environment
from toolchain._errors import ToolchainError
from toolchain._find import find

__all__ = ["ToolchainError", "ensure", "environment", "find"]
