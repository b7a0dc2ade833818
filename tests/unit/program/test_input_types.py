"""Each input of the public interface refuses a value of another type, in one line that names both."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pytest

import influx_secrets as influx


def with_one_org(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "org" or "org_id" not in given}


pytestmark = pytest.mark.usefixtures("mocks")
SECRET: Mapping[str, Any] = {"org": "acme", "key": "A", "value": "v"}
ORG_SECRETS: Mapping[str, Any] = {"org": "acme", "secrets": {"A": "v"}}
DECLARED: Mapping[str, Callable[..., Any]] = {
    "Secret": lambda **more: influx.Secret("a", **with_one_org({**SECRET, **more})),
    "Secret.get": lambda **more: influx.Secret.get("a", **{"id": "0123456789abcdef/A", **more}),
    "OrgSecrets": lambda **more: influx.OrgSecrets("a", **with_one_org({**ORG_SECRETS, **more})),
    "Provider": lambda **more: influx.Provider("a", **more),
    "get_org": lambda **more: influx.get_org(**{"name": "acme", **more}),
    "get_org_output": lambda **more: influx.get_org_output(**{"name": "acme", **more}),
    "list_secret_keys": lambda **more: influx.list_secret_keys(**with_one_org({"org": "acme", **more})),
    "list_secret_keys_output": lambda **more: influx.list_secret_keys_output(**with_one_org({"org": "acme", **more})),
}
"""What calls each function or class, with inputs that are right but for those that are given."""

STRING = ("must be a string, not ", [5, True, 2.5, [], {}, b"raw"])
SWITCH = ("must be True or False, not ", [0, 1, "", "false", "hunter2", [], {}])
NUMBER = ("must be a number, not ", ["5", True, [], {}])
LIST = ('must be a list of strings, such as ["TEAM_*"]', ["TEAM_A", 5, {"A": 1}, ["A", 5], [None]])
MAP = ('must be a map such as {"KEY": ', ["2026-11", 3, [], True])
OPTIONS = ("must be pulumi.", [{"provider": None}, "a", 5])
SETTINGS = ("must be influx_secrets.Settings(...), not ", [{"url": "http://127.0.0.1:9"}, "a", 5])
TYPES: Mapping[str, tuple[str, list[Any]]] = {
    **dict.fromkeys(("key", "value", "org", "org_id", "id", "name", "url", "token", "ca_file"), STRING),
    **dict.fromkeys(("verify_values", "missing_org", "trace_span", "extra_http_header"), STRING),
    **dict.fromkeys(("token_variable", "profile"), STRING),
    **dict.fromkeys(("overwrite", "exclusive", "skip_verify", "allow_insecure"), SWITCH),
    **dict.fromkeys(("timeout", "max_attempts"), NUMBER),
    "keep": LIST,
    "secrets": MAP,
    "rotate_on": STRING,
    "OrgSecrets.rotate_on": MAP,
    "opts": OPTIONS,
    "settings": SETTINGS,
}
"""The name of a parameter to what is said of a wrong value, and such values."""

PLAIN = {"id", "opts", "settings"}
"""No input of Pulumi's: outputs are refused as well."""


def parameters() -> Iterator[tuple[str, str]]:
    """Yield each parameter of each function and class that a program calls, but the name, which is Pulumi's."""
    for name in DECLARED:
        owner, _, method = name.partition(".")
        called = getattr(getattr(influx, owner), method) if method else getattr(influx, owner)
        for parameter in inspect.signature(called).parameters:
            if parameter != "resource_name":
                yield name, parameter


def wrong_values() -> list[Any]:
    found: list[Any] = []
    for owner, parameter in parameters():
        said, values = TYPES.get(f"{owner}.{parameter}", TYPES[parameter])
        found += [pytest.param(owner, parameter, value, said, id=f"{owner}-{parameter}-{value!r}") for value in values]
    return found


def error_of(declare: Callable[[], object]) -> influx.InfluxSecretsError:
    """Return the error with which a program ends."""

    def program() -> None:
        declare()

    with pytest.raises(influx.InfluxSecretsError) as caught:
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("owner", "parameter", "value", "said"), wrong_values())
def test_value_of_another_type_is_refused_where_the_program_gives_it(
    owner: str, parameter: str, value: object, said: str
) -> None:
    """The line names the parameter, what it must be, and the type that it has; Python shows the user's line."""
    error = error_of(lambda: DECLARED[owner](**{parameter: value}))
    assert str(error).startswith(f"{parameter} {said}")
    assert isinstance(error, influx.DeclarationError)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(("owner", "parameter", "value", "said"), wrong_values())
def test_output_of_another_type_is_refused_when_it_is_known(
    owner: str, parameter: str, value: object, said: str
) -> None:
    """A preview shows the message alone, so that names the resource; where no output may be, it is refused at once."""
    error = error_of(lambda: DECLARED[owner](**{parameter: pulumi.Output.from_input(value)}))
    if owner in {"get_org", "list_secret_keys"} or parameter in PLAIN:
        assert re.search(r"not Output \(IS\d+\)$", str(error))
    else:
        label = owner if owner.endswith("_output") else f'{owner} "a"'
        assert str(error).startswith(f"{label}: {parameter} {said}")
        assert isinstance(error, pulumi.RunError)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={}, exclusive="False"),  # type: ignore[arg-type]
            'exclusive must be True or False, not the string "False": use config.get_bool',
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"A": None}),  # type: ignore[dict-item]
            'the value of the key "A" must be a string, not None: to read a string from the config, use config.require',
        ),
        (lambda: influx.OrgSecrets("a", org="acme", secrets={5: "v"}), 'the key "5" must be a string, not int'),  # type: ignore[dict-item]
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"A": "v", None: "w"}),  # type: ignore[dict-item]
            "the key must be a string, not None",
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={pulumi.Output.from_input("A"): "v"}),  # type: ignore[dict-item]
            "a key must be a string, not Output",
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"A": "v"}, keep=["A", pulumi.Output.from_input(5)]),  # type: ignore[arg-type]
            'OrgSecrets "a": element 2 of keep must be a string, not int: use str(...), or .apply(str) of an Output',
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"A": "v"}, rotate_on={"A": 11}),  # type: ignore[dict-item]
            'rotate_on of the key "A" must be a string, not int',
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets=pulumi.Output.from_input({"A": 5})),  # type: ignore[dict-item]
            'OrgSecrets "a": the value of the key "A" must be a string, not int',
        ),
        (
            lambda: influx.Secret("a", org="acme", key="A", value=f"Bearer {pulumi.Output.secret('t')}"),
            "value contains an error text: str and f-strings cannot read Outputs. Use pulumi.Output.concat",
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"A": str(pulumi.Output.secret("t"))}),
            'the value of the key "A" contains an error text: str and f-strings cannot read Outputs',
        ),
        (
            lambda: influx.Provider("a", url=f"https://{pulumi.Output.from_input('host')}:8086"),
            "url contains an error text: str and f-strings cannot read Outputs",
        ),
        (lambda: influx.Secret("a", org="acme", key="\ud800", value="v"), "key cannot be sent as UTF-8"),
        (lambda: influx.Secret("a", org="acme", key="A", value="\ud800"), "value cannot be sent as UTF-8"),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"4dabf18193072939515e22adb298388d": "v"}),
            'the key "4dabf18193072939515e22adb298388d" is a name that Pulumi reserves for itself',
        ),
        (
            lambda: influx.OrgSecrets("a", org="acme", secrets={"_" * 16_383: "v"}),
            f'the key "{"_" * 80}…" is longer than 16,383 bytes, too long for OrgSecrets: declare',
        ),
    ],
)
def test_wrong_value_is_named(declare: Callable[[], object], said: str) -> None:
    """With its key, where it has one."""
    assert str(error_of(declare)).startswith(said)


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_none_stands_for_the_default() -> pulumi.Output[None]:
    """What `config.get_bool` and `config.get_object` return where nothing is configured, as an output too."""
    none: Any = None
    declared = [
        influx.OrgSecrets(f"a{n}", org="acme", secrets={"A": "v"}, exclusive=given, keep=given, rotate_on=given)
        for n, given in enumerate((none, pulumi.Output.from_input(none)))
    ]
    declared.append(influx.OrgSecrets("b", org="acme", secrets={"A": "v"}, overwrite=none))

    def check(urns: list[str]) -> None:
        assert len(urns) == 3

    return pulumi.Output.all(*[one.urn for one in declared]).apply(check)


def test_texts_are_legal_in_the_config_of_a_stack() -> None:
    """It holds nothing else."""
    pulumi.runtime.set_config("influx-secrets:skipVerify", "true")
    pulumi.runtime.set_config("influx-secrets:timeout", "5")
    influx.Secret("a", org="acme", key="A", value="v")
