"""How the inputs of a program leave it: checked, then public or secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import pulumi

from influx_secrets._errors import DeclarationError
from influx_secrets._model.input_types import (
    Problem,
    key_problem,
    name_problem,
    number_problem,
    patterns_problem,
    require,
    rotations_problem,
    string_problem,
    switch_problem,
)
from influx_secrets._model.keys import ORG_GIVEN_TWICE, escape_key
from influx_secrets._model.setting_names import SettingName
from influx_secrets._program import sdk
from influx_secrets._text import quote

T = TypeVar("T")
_KEEP_PROBLEM: Final = partial(patterns_problem, is_open=sdk.is_output)
Secrets = Mapping[str, pulumi.Input[str]]

_SETTING_PROBLEMS: Final[Mapping[str, Problem]] = {
    "text": string_problem,
    "name": name_problem,
    "flag": switch_problem,
    "number": number_problem,
}


class Inputs(NamedTuple):
    """The inputs of one resource or function: refused where they have a wrong type.

    Attributes:
        owner: The resource or function, as messages name it.
        is_late: Whether outputs are known by now. The line of the program that gave them is not on the stack any more,
            so the program ends with a message that names the owner, and without a traceback.
    """

    owner: str
    is_late: bool = False

    def org(self, org_id: pulumi.Input[str] | None, org: pulumi.Input[str] | None) -> dict[str, Any]:
        """Return the properties that name the org; at most one is given, and `org_id` is an output of it too."""
        if org_id is not None and org is not None:
            raise DeclarationError(ORG_GIVEN_TWICE)
        known: dict[str, Any] = {"org_id": None if org_id is None else self.string("org_id", org_id)}
        return known if org is None else {**known, "org": self.string("org", org)}

    def string(self, name: str, value: pulumi.Input[str], key: str | None = None) -> pulumi.Input[str]:
        """Return a string that a preview may show."""
        return self.public(name, value, string_problem, key)

    def switch(self, name: str, value: pulumi.Input[bool]) -> pulumi.Input[bool]:
        return self.public(name, value, switch_problem)

    def public(
        self, name: str, value: pulumi.Input[Any], problem: Problem, key: str | None = None
    ) -> pulumi.Input[Any]:
        """Return an input that a preview may show, whether the caller marked it secret or not."""
        found = self.checked(name, value, problem, key)
        return pulumi.Output.unsecret(sdk.untrack(found)) if isinstance(found, pulumi.Output) else found

    def secret(self, name: str, value: pulumi.Input[str], key: str | None = None) -> pulumi.Output[str]:
        """Return a string that is secret, whether the caller marked it or not."""
        found = self.checked(name, value, string_problem, key)
        return pulumi.Output.secret(found) if isinstance(found, pulumi.Output) else sdk.known_secret(found)

    def setting(self, setting: SettingName, value: pulumi.Input[Any]) -> pulumi.Input[Any]:
        """Return a setting as a string, which is what a stack's config holds too."""
        if setting.is_secret:
            return self.secret(setting.field, value)
        if setting.is_stored and sdk.is_output(value):
            advice = "If the url is not confidential, pass url=pulumi.Output.unsecret(url) (IS216)"
            value = self.stored(setting.field, value, advice)
        found = self.public(setting.field, value, _SETTING_PROBLEMS[setting.kind])
        return found.apply(_setting_text) if isinstance(found, pulumi.Output) else _setting_text(found)

    def stored(self, name: str, value: pulumi.Input[Any], advice: str) -> pulumi.Output[Any]:
        """Return an input that the state stores, or refuse it as soon as it is known to be secret."""
        title = partial(self._title, name)
        return as_output(self._plain(name, as_output(value, title), advice), title)

    def secret_values(self, secrets: Secrets | pulumi.Output[Secrets], *, with_known: bool = True) -> pulumi.Input[Any]:
        """Return a map of secret inputs, marked one by one: of one secret map, one unknown value would hide every key.

        Without the known values where `values_text` has them. Keys go out escaped: the SDK keeps names that begin with
        two underscores from a provider (seen with 3.216 to 3.230).
        """
        if isinstance(secrets, pulumi.Output):
            return secrets.apply(partial(self._late().secret_values, with_known=with_known))
        sent = {key: value for key, value in secrets.items() if with_known or sdk.is_output(value)}
        return {self._map_key(key): self.secret("the value of the key", value, key) for key, value in sent.items()}

    def values_text(self, secrets: Secrets | pulumi.Output[Secrets]) -> pulumi.Output[str]:
        """Return the values that are no outputs as one secret string, a JSON object: very many entries take long."""
        if isinstance(secrets, pulumi.Output):
            return secrets.apply(self._late().values_text)
        known = {key: value for key, value in secrets.items() if not sdk.is_output(value)}
        for key, value in known.items():
            self._map_key(key)
            self.checked("the value of the key", value, string_problem, key)
        return pulumi.Output.secret(json.dumps(known, ensure_ascii=False, separators=(",", ":")))

    def rotations(self, given: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Input[Any]:
        """Return the strings of `rotate_on`, one by one as the secrets, so that one unknown string hides no other."""
        found = self.checked("rotate_on", given, rotations_problem)
        if isinstance(found, pulumi.Output):
            return pulumi.Output.unsecret(found.apply(self._late().rotations))
        return {
            self._map_key(key): self.string("rotate_on of the key", text, key) for key, text in (found or {}).items()
        }

    def keep_patterns(self, given: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Input[Any]:
        found: Any = self.public("keep", given, _KEEP_PROBLEM)
        if isinstance(found, pulumi.Output):
            return found
        return [self.string(f"element {number} of keep", pattern) for number, pattern in enumerate(found or (), 1)]

    def checked(self, name: str, value: pulumi.Input[Any], problem: Problem, key: str | None = None) -> Any:  # noqa: ANN401 (an input)
        """Return an input that has the right type; refuse it as soon as it is known and `problem` finds something."""
        if sdk.is_output(value):
            output = as_output(value, partial(self._title, name, key))
            return output.apply(lambda known: self._late().checked(name, known, problem, key))
        found = problem(value)
        if found is None:
            return value
        if self.is_late:
            raise sdk.InputError(f"{self._title(name, key)} {found}")
        raise DeclarationError(f"{_named(name, key)} {found}")

    def _title(self, name: str, key: str | None = None) -> str:
        return f"{self.owner}: {_named(name, key)}"

    async def _plain(self, name: str, value: pulumi.Output[T], advice: str) -> pulumi.Output[T]:
        if await value.is_secret():
            raise sdk.InputError(f"{self.owner}: {name} is secret, but the state stores it in clear text. {advice}")
        return value

    def _map_key(self, key: str) -> str:
        if sdk.is_output(key):  # it cannot be awaited, as a value is
            require("a key", key, string_problem)
        self.checked("the key", key, string_problem, key)
        self.checked("the key", key, key_problem, key)
        return escape_key(key)

    def _late(self) -> Inputs:
        return self._replace(is_late=True)


def map_keys(secrets: Secrets | pulumi.Output[Secrets]) -> list[str] | pulumi.Output[list[str]]:
    """Return the keys of a map, which the engine may take entries out of (`ignore_changes`)."""
    in_order = partial(sorted, key=str)  # what is no string is refused, in words, where the values are read
    return pulumi.Output.unsecret(secrets.apply(in_order)) if isinstance(secrets, pulumi.Output) else in_order(secrets)


def _named(name: str, key: str | None) -> str:
    return name if key is None else f"{name} {quote(str(key))}"


def as_output(value: pulumi.Input[Any], title: Callable[[], str]) -> pulumi.Output[Any]:
    """Return an output of a value that may be an output, or may have to be awaited; errors begin with a title."""
    given = _uncancelled(value, title) if isinstance(value, Awaitable) else value
    return sdk.traceable(pulumi.Output.from_input(given), title)


async def _uncancelled(value: Awaitable[T], title: Callable[[], str]) -> T:
    try:
        return await value
    except asyncio.CancelledError as error:
        # The SDK would end the program with a traceback of its own lines.
        raise sdk.InputError(
            f"{title()} is a task or coroutine that was cancelled. Find what cancels it, such as a timeout (IS123)"
        ) from error


def _setting_text(known: object) -> str | None:
    if known is None:
        return None
    return str(known).lower() if isinstance(known, bool) else str(known)
