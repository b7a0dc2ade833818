"""What an `OrgSecrets` sends to the engine: known values as one text, unless something acts on the map."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from monitor import sent
from pulumi import ComponentResource, Output, ResourceOptions

import influx_secrets as influx

VALUES = {f"KEY_{n:04}": f'"value" {n}' for n in range(1_000)}
SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""The engine's mark of a secret, as a value."""


def declare(secrets: Any = VALUES, **options: Any) -> None:  # noqa: ANN401 (inputs)
    influx.OrgSecrets("all", org="acme", secrets=secrets, opts=ResourceOptions(**options))


def values_of(bag: dict[str, Any]) -> dict[str, str]:
    """Return what goes as one text, which is marked secret; nothing where it all goes in the map."""
    text = bag["declaration"].get("values")
    if text is None:
        return {}
    assert SECRET in text.values()
    found: dict[str, str] = json.loads(text["value"])
    return found


def seen(_: Any) -> None:  # noqa: ANN401 (of either kind)
    """Look at a resource, and leave it as it is: what a transform does."""


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("make", [dict, Output.from_input, Output.secret], ids=["map", "output", "secret output"])
def test_known_values_are_one_text(make: Callable[[Any], Any], preview: bool) -> None:  # noqa: FBT001 (of the test)
    """However many: a property for each would be most of what a run with very many keys costs."""
    bag = sent(lambda: declare(make(VALUES)), preview=preview)["all"]
    assert values_of(MessageToDict(bag)) == VALUES
    assert bag.ByteSize() < len(json.dumps(json.dumps(VALUES))) + 1_000
    assert "KEY_" not in str(MessageToDict(bag)["secrets"])


def test_values_that_are_outputs_go_by_themselves() -> None:
    """A preview can then name each key, of which some are not known."""

    def program() -> None:
        declare({"A": "1", "__B": "2", "__C": Output.from_input("3")})

    bag = MessageToDict(sent(program, preview=True)["all"])
    assert values_of(bag) == {"A": "1", "__B": "2"}
    assert {key: value["value"] for key, value in bag["secrets"].items()} == {r"\__C": "3"}


def with_transform_of_the_stack() -> None:
    pulumi.runtime.register_resource_transform(seen)
    declare()


def with_transformation_of_the_stack() -> None:
    pulumi.runtime.register_stack_transformation(seen)
    declare()


ACTING: dict[str, Callable[[], None]] = {
    "ignore_changes": lambda: declare(ignore_changes=["secrets.KEY_0000"]),
    "transforms": lambda: declare(transforms=[seen]),
    "transformations": lambda: declare(transformations=[seen]),
    "a transform of the stack": with_transform_of_the_stack,
    "a transformation of the stack": with_transformation_of_the_stack,
    "a parent": lambda: declare(parent=ComponentResource("acme:index:App", "app")),
}


@pytest.mark.parametrize("program", ACTING.values(), ids=ACTING)
def test_map_stays_a_map_where_something_may_act_on_it(program: Callable[[], None]) -> None:
    """What acts on a map by its keys finds each, with its value, and `check` is told all names."""
    bag = MessageToDict(sent(program)["all"])
    assert values_of(bag) == {}
    assert {key: value["value"] for key, value in bag["secrets"].items()} == VALUES
    assert bag["declaration"]["keys"] == sorted(VALUES)


def test_preview_with_a_provider_of_the_program_sends_the_map() -> None:
    """Where an input of that provider is unknown, the engine (3.274.1) skips `check`, and shows what was sent."""

    def program() -> None:
        declare(provider=influx.Provider("mine"))

    assert values_of(MessageToDict(sent(program, preview=True)["all"])) == {}
    assert values_of(MessageToDict(sent(program)["all"])) == VALUES


@pytest.mark.parametrize("make", [dict, Output.from_input], ids=["map", "output"])
def test_wrong_value_is_refused_before_anything_is_sent(make: Callable[[Any], Any]) -> None:
    """As in a map: in the program, with the key and without the value."""
    with pytest.raises((influx.DeclarationError, pulumi.RunError), match='the value of the key "B" must be a string'):
        sent(lambda: declare(make({"A": "1", "B": 4711})))
