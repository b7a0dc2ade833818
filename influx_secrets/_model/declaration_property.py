"""The property that a program adds for `check`, which removes it."""

from __future__ import annotations

from typing import Final

DECLARATION: Final = "declaration"
"""Its entries: `resource`, `preview`, and of an `OrgSecrets` also `keys`, `provider`, `resources` and `ignoring`."""
