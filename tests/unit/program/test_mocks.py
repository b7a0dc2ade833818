"""A user's own unit test of a program with secrets: `pulumi.runtime.set_mocks`, no engine, no server, no request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pulumi
import pytest

import influx_secrets as influx


class Mocks(pulumi.runtime.Mocks):
    """Answers with the inputs, as users write it, and remembers what was declared."""

    def __init__(self) -> None:
        self.declared: dict[str, pulumi.runtime.MockResourceArgs] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.declared[args.name] = args
        return f"{args.name}-id", {**args.inputs, "org_id": "0123456789abcdef", "version": 1.0, "versions": {"A": 1.0}}

    def call(self, args: pulumi.runtime.MockCallArgs) -> NoReturn:
        raise AssertionError(f"nothing is to be called, but {args.token} was")


@pytest.fixture
def mocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mocks]:
    """The mocks of one test; a request would go where nobody listens, and fail."""
    monkeypatch.setenv("INFLUX_HOST", "http://127.0.0.1:9")
    made = Mocks()
    pulumi.runtime.set_mocks(made, preview=False)
    yield made
    pulumi.runtime.settings.reset_options()


@pytest.mark.usefixtures("mocks")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_program_under_mocks_has_the_outputs_of_the_mocks() -> pulumi.Output[None]:
    """The constructors work without a server, and outputs are what the mock says."""
    one = influx.Secret("one", org="acme", key="A", value="hunter2")
    many = influx.OrgSecrets("many", org="acme", secrets={"A": pulumi.Output.secret("hunter2")})

    def check(found: dict[str, Any]) -> None:
        assert found == {
            "id": "one-id",
            "org_id": "0123456789abcdef",
            "key": "A",
            "version": 1,
            "drift": None,
            "keys": ["A"],
            "versions": {"A": 1},
        }
        assert type(found["version"]) is int

    found = {
        "id": one.id,
        "org_id": one.org_id,
        "key": one.key,
        "version": one.version,
        "drift": one.drift,
        "keys": many.keys,
        "versions": many.versions,
    }
    return pulumi.Output.all(**found).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_program_under_mocks_declares_type_provider_and_inputs(mocks: Mocks) -> pulumi.Output[None]:
    """A test of a user's can look at what the program declares."""
    given = influx.Provider("given", url="https://eu.example.com:8086", token="t")
    default = influx.Secret("default", org="acme", key="A", value="hunter2")
    named = influx.Secret("named", org="acme", key="B", value="2", opts=pulumi.ResourceOptions(provider=given))

    def check(_: object) -> None:
        assert set(mocks.declared) == {"given", "influx-secrets", "default", "named"}
        assert mocks.declared["default"].typ == "pulumi-python:dynamic/influxdb:Secret"
        assert mocks.declared["default"].inputs["key"] == "A"
        assert mocks.declared["default"].inputs["org"] == "acme"
        used = {name: (mocks.declared[name].provider or "").split("::")[-2] for name in ("default", "named")}
        assert used == {"default": "influx-secrets", "named": "given"}
        assert mocks.declared["given"].inputs["influx-secrets:url"] == "https://eu.example.com:8086"

    return pulumi.Output.all(default.urn, named.urn).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_any_input_may_be_a_coroutine(mocks: Mocks) -> pulumi.Output[None]:
    """An `Input` may be anything that can be awaited, of which some can be awaited once only."""

    async def later(value: Any) -> Any:  # noqa: ANN401 (an input)
        return value

    one = influx.Secret("one", org_id=later("0123456789abcdef"), key=later("A"), value=later("1"))
    two = influx.Secret("two", org=later("acme"), key="B", value="2", overwrite=later(value=True), rotate_on=later("r"))
    many = influx.OrgSecrets(
        "many", org=later("acme"), secrets=later({"C": "3"}), exclusive=later(value=True), keep=later(["D"])
    )
    none = influx.OrgSecrets("none", org="acme", secrets={"D": "4"}, rotate_on=later(None))
    given = influx.Provider("given", url=later("https://eu.example.com:8086"), token=later("t"), timeout=later(3))

    def check(_: object) -> None:
        told = {name: declared.inputs for name, declared in mocks.declared.items()}
        assert {name: told["one"][name] for name in ("org_id", "key")} == {"org_id": "0123456789abcdef", "key": "A"}
        assert told["one"]["value"]["value"] == "1"  # as a secret goes over the wire
        assert told["two"]["org"] == "acme"
        assert (told["two"]["overwrite"], told["two"]["rotate_on"]) == (True, "r")
        assert told["many"]["org"] == "acme"
        assert set(told["many"]["secrets"]["value"]) == {"C"}
        assert (told["many"]["exclusive"], told["many"]["keep"]) == (True, ["D"])
        assert not told["none"].get("rotate_on")
        assert told["given"]["influx-secrets:timeout"] == "3"
        assert told["given"]["influx-secrets:url"] == "https://eu.example.com:8086"
        assert told["given"]["influx-secrets:token"]["value"] == "t"

    return pulumi.Output.all(one.urn, two.urn, many.urn, none.urn, given.urn).apply(check)


@pytest.mark.skipif(not hasattr(pulumi.Output, "_untrack"), reason="this version of the SDK waits for every output")
@pytest.mark.usefixtures("mocks")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_sdk_waits_for_one_output_of_each_resource() -> None:
    """Whenever one is there it looks at all that it waits for: with eight each it would look eight times as often."""
    made: list[pulumi.Resource] = [influx.Provider("provider", url="http://127.0.0.1:9")]
    for n in range(3):
        made.append(influx.Secret(f"one{n}", org="acme", key=f"A{n}", value="hunter2"))
        made.append(influx.OrgSecrets(f"many{n}", org="acme", secrets={f"B{n}": "hunter2"}))
    for one in made:
        assert [name for name, output in vars(one).items() if is_awaited(output)] == ["urn"]


def is_awaited(attribute: object) -> bool:
    """Whether the SDK waits for an output by itself, not as a part of something else."""
    return isinstance(attribute, pulumi.Output) and attribute._data in pulumi.runtime.settings.SETTINGS.outputs


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_provider_is_found_by_its_package_whatever_the_map_calls_it(mocks: Mocks) -> pulumi.Output[None]:
    """A secret must not go to the default server because of a word."""
    other = influx.Provider("other", url="http://127.0.0.1:8")
    opts = pulumi.ResourceOptions(providers={"influx": other})
    one = influx.Secret("one", org="acme", key="A", value="hunter2", opts=opts)

    def check(_: str) -> None:
        assert "::other::" in str(mocks.declared["one"].provider)

    return one.urn.apply(check)


@pytest.mark.usefixtures("mocks")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_list_of_dependencies_may_grow_afterwards() -> pulumi.Output[None]:
    """Each resource depends on those before it, not on itself, where a loop appends to one list."""
    done: list[pulumi.Resource] = []
    for n in range(3):
        opts = pulumi.ResourceOptions(depends_on=done)
        done.append(influx.Secret(f"one{n}", org="acme", key=f"A{n}", value="hunter2", opts=opts))

    def check(urns: list[str]) -> None:
        assert len(urns) == 3

    return pulumi.Output.all(*[one.urn for one in done]).apply(check)


class Answering(Mocks):
    """Mocks that answer calls too, and remember the arguments."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self._answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ANN401 (the SDK takes more than it declares)
        self.asked.append((args.token, args.args))
        return self._answer


def answering(answer: dict[str, Any]) -> Answering:
    made = Answering(answer)
    pulumi.runtime.set_mocks(made, preview=False)
    return made


@pytest.mark.usefixtures("mocks")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_functions_ask_the_mocks_and_no_server() -> pulumi.Output[None]:
    """The server of the environment may be a real one."""
    mocks = answering({"id": "0123456789abcdef", "keys": ["B", "A"]})
    assert influx.get_org("acme") == influx.Org("0123456789abcdef", "acme")
    assert influx.list_secret_keys(org="acme", settings=influx.Settings(token="t")) == ("A", "B")

    def check(found: list[Any]) -> None:
        assert found == [influx.Org("0123456789abcdef", "other"), ("A", "B")]
        assert sorted(mocks.asked, key=str) == [
            ("influx-secrets:index:getOrg", {"name": "acme"}),
            ("influx-secrets:index:getOrg", {"name": "other"}),
            ("influx-secrets:index:listSecretKeys", {"org_id": "0123456789abcdef", "org": None}),
            ("influx-secrets:index:listSecretKeys", {"org_id": None, "org": "acme"}),
        ]

    name = pulumi.Output.from_input("other")
    keys = influx.list_secret_keys_output(org_id="0123456789abcdef")
    return pulumi.Output.all(influx.get_org_output(name), keys).apply(check)


@pytest.mark.usefixtures("mocks")
def test_mocks_without_an_answer_are_told_how() -> None:
    """The error names the token and what to return."""
    answering({})
    with pytest.raises(influx.DeclarationError, match=r'return \{"id": .+ args.token is "influx-secrets:index:getOrg"'):
        influx.get_org("acme")
    with pytest.raises(influx.DeclarationError, match=r'return \{"keys": .+ args.token is "influx-secrets:index:list'):
        influx.list_secret_keys(org="acme")


@pytest.mark.usefixtures("mocks")
@pytest.mark.parametrize(
    ("exclusive", "keep", "is_said"),
    [(False, ["A"], True), (False, (), False), (True, ["A"], False), (False, pulumi.Output.from_input, True)],
)
def test_keep_without_exclusive_is_said_to_do_nothing(
    exclusive: bool,  # noqa: FBT001 (a value of the table)
    keep: Any,  # noqa: ANN401 (an input)
    is_said: bool,  # noqa: FBT001 (as above)
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whoever gives a list believes that keys are removed that are not in it."""
    given = keep(["A"]) if callable(keep) else keep
    influx.OrgSecrets("many", org="acme", secrets={"B": "v"}, exclusive=exclusive, keep=given)
    said = 'influx-secrets: OrgSecrets "many": keep has no effect without exclusive=True. Remove keep, or add '
    said += "exclusive=True, which removes the keys of the org that are neither declared nor in keep (IS602)\n"
    assert capfd.readouterr().err == (said if is_said else "")


@pytest.mark.usefixtures("mocks")
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_token_in_clear_text_in_the_config_is_reported(
    is_encrypted: bool,  # noqa: FBT001 (a value of the table)
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With the command that encrypts it, once in a run, and without the token."""
    names = ["influx-secrets:token", "influx-secrets:extraHttpHeader"]
    pulumi.runtime.set_all_config(dict.fromkeys(names, "a: hunter2"), names if is_encrypted else [])
    influx.Secret("one", org="acme", key="A", value="1")
    influx.Secret("two", org="acme", key="B", value="2")
    pulumi.runtime.set_all_config({})
    found = [
        line.partition(" is not encrypted in the stack's config: run ")[::2]
        for line in capfd.readouterr().err.splitlines()
    ]
    assert found == [
        (
            f"influx-secrets: the setting {name}",
            f"`pulumi config set --secret {name}`. If others may have seen the value, use a new value (IS627)",
        )
        for name in names
        if not is_encrypted
    ]
