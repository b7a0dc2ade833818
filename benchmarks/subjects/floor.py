"""A dynamic resource that does nothing: what the engine, the SDK and the state cost, whatever a provider does.

The provider is as light as one can be: in a module of its own, so that the state names it instead of holding its
code, without attributes, and not encrypted again for each resource.
"""

from typing import Any

from pulumi import dynamic


class FloorProvider(dynamic.ResourceProvider):
    """Compares, and stores what it is given."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Tell whether anything changed."""
        return dynamic.DiffResult(changes=_olds != _news)

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Send nothing."""
        return dynamic.CreateResult("floor", props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Send nothing."""
        return dynamic.UpdateResult(_news)


class Floor(dynamic.Resource, module="bench", name="Floor"):
    """Its inputs come back as outputs."""

    def __init__(self, name: str, props: dict[str, Any]) -> None:
        super().__init__(FloorProvider(), name, props)


class LightFloorProvider(dynamic.ResourceProvider):
    """Stores nothing, and never finds a change."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare nothing."""
        return dynamic.DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Send nothing, and give nothing back."""
        del props
        return dynamic.CreateResult("floor", {})


class LightFloor(dynamic.Resource, module="bench", name="LightFloor"):
    """Its inputs are stored once, and there are no outputs."""

    def __init__(self, name: str, props: dict[str, Any]) -> None:
        super().__init__(LightFloorProvider(), name, props)
