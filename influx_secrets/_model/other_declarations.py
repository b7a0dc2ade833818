"""What a program tells one resource about the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

DECLARATION: Final = "declaration"
"""The property that a program adds for `check`, which removes it: `resource`, `preview`, `keys`, `elsewhere`."""

OrgInputs: TypeAlias = tuple[str | None, str | None]
"""The inputs `org_id` and `org` of a resource."""


class OtherDeclarations(NamedTuple):
    """Keys that the other resources of one provider declare, as far as the program can compare their orgs.

    A named tuple: a program imports this, and a dataclass takes ten times as long to make.

    Attributes:
        certain: Keys that are declared on the same org.
        other_forms: Orgs that are given in another form than this resource's, by name there and by id here, to the keys
            declared there: only the server knows whether the org is the same.
        possible: Keys of resources whose org is not known yet; None where the keys of such a resource are not known.
        resources: Number of resources of the provider, this one included.
    """

    certain: frozenset[str] = frozenset()
    other_forms: Mapping[OrgInputs, frozenset[str]] = MappingProxyType({})
    possible: frozenset[str] | None = frozenset()
    resources: int = 0

    def encode(self) -> dict[str, Any]:
        """Return the property that goes from the program to `check`; lists are JSON, which costs the engine little."""
        other_forms = [[*org, sorted(keys)] for org, keys in self.other_forms.items()]
        return {
            "claimed": json.dumps(sorted(self.certain)),
            "otherwise": json.dumps(other_forms),
            "doubtful": json.dumps(sorted(self.possible or ())),
            "open": self.possible is None,
            "resources": self.resources,
        }

    @classmethod
    def decode(cls, props: Mapping[str, Any]) -> OtherDeclarations:
        """Undo `encode`; what is missing is empty."""
        other_forms = json.loads(props.get("otherwise", "[]"))
        return cls(
            certain=frozenset(json.loads(props.get("claimed", "[]"))),
            other_forms={(org_id, org): frozenset(keys) for org_id, org, keys in other_forms},
            possible=None if props.get("open") else frozenset(json.loads(props.get("doubtful", "[]"))),
            resources=int(props.get("resources", 0)),
        )
