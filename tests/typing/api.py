"""The public interface as type checkers see it. Never run: mypy and basedpyright read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

import influx_secrets as influx

if TYPE_CHECKING:
    from typing_extensions import assert_type

    config = pulumi.Config()
    value: pulumi.Output[str] = config.require_secret("value")
    plain: dict[str, str] = {"A": "1"}
    mixed: Mapping[str, pulumi.Input[str]] = {"A": "1", "B": value}

    one = influx.Secret("one", org="acme", key="A", value=value)
    influx.Secret("two", org_id=value, key=value, value="text", overwrite=True, rotate_on="2026-11")
    influx.Secret("bad", org="acme", key="A", value=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    influx.Secret("bad", org="acme", value="v")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(one.id, pulumi.Output[str])
    assert_type(one.org_id, pulumi.Output[str])
    assert_type(one.key, pulumi.Output[str])
    assert_type(one.version, pulumi.Output[int | None])
    assert_type(one.drift, pulumi.Output[str | None])
    assert_type(influx.Secret.get("found", "0123456789abcdef/A"), influx.Secret)

    many = influx.OrgSecrets("many", org="acme", secrets={"A": "1", "B": value})
    influx.OrgSecrets("plain", org="acme", secrets=plain, exclusive=True, keep=["TEAM_*"], rotate_on={"A": "1"})
    influx.OrgSecrets("mixed", org="acme", secrets=mixed, keep=("TEAM_*", value))
    influx.OrgSecrets("output", org="acme", secrets=pulumi.Output.all(A=value))
    influx.OrgSecrets("bad", org="acme", secrets={"A": None})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    assert_type(many.keys, pulumi.Output[list[str]])
    assert_type(many.versions, pulumi.Output[dict[str, int]])
    assert_type(many.drift, pulumi.Output[dict[str, str]])

    provider = influx.Provider("eu", url=value, token=value, timeout=5, skip_verify=False)
    influx.Secret("eu", org="acme", key="A", value="v", opts=pulumi.ResourceOptions(provider=provider))

    assert_type(influx.get_org("acme"), influx.Org)
    assert_type(influx.get_org_output(value), pulumi.Output[influx.Org])
    assert_type(influx.list_secret_keys(org="acme"), tuple[str, ...])
    assert_type(influx.list_secret_keys_output(org_id=value), pulumi.Output[tuple[str, ...]])

    with influx.SecretsClient(influx.Settings(url="http://localhost:8086", token="t")) as client:
        assert_type(client.list_secret_keys("0123456789abcdef"), tuple[str, ...])
        assert_type(client.find_org("acme").id, str)
