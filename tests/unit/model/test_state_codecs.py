"""The stored formats, pinned: every state in the world holds them."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from pulumi.dynamic.dynamic import ResourceProvider, serialize_provider

import influx_secrets
from influx_secrets._model.resources import UNKNOWN, InvalidValue, ResourceState
from influx_secrets._model.state_codecs import CODECS, TYPE_PREFIX

ORG = "0123456789abcdef"
ONE, ALL = (CODECS[f"{TYPE_PREFIX}{kind}"] for kind in ("Secret", "OrgSecrets"))
TOLD = {"resource": "r", "preview": False}

SECRET = ResourceState(
    org_id=ORG,
    org="acme",
    digests={"K": "d"},
    versions={"K": 3},
    rotate_on={"K": "r"},
    overwrite=True,
    server="https://influx.example:8086",
)
SECRET_PROPS = {
    "org_id": ORG,
    "org": "acme",
    "key": "K",
    "digest": "d",
    "version": 3,
    "rotate_on": "r",
    "overwrite": True,
    "server": "https://influx.example:8086",
}
MANY = ResourceState(
    org_id=ORG,
    org="acme",
    digests={"__b": "2", "A": "1", "ключ": "3"},
    versions={"A": 1, "__b": 2, "ключ": 3},
    rotate_on={"__b": "r"},
    overwrite=False,
    exclusive=True,
    keep=("TEAM_*",),
    pruned={"\\stray": 1},
    server="http://localhost:8086",
)
MANY_PROPS = {
    "org_id": ORG,
    "org": "acme",
    "digests": '{"A":"1","__b":"2","ключ":"3"}',
    "versions": {"A": 1, "\\__b": 2, "ключ": 3},
    "rotate_on": {"\\__b": "r"},
    "overwrite": False,
    "exclusive": True,
    "keep": ["TEAM_*"],
    "pruned": {"\\\\stray": 1},
    "server": "http://localhost:8086",
}


def test_secret_inputs_and_outputs_are_pinned() -> None:
    """The outputs are the inputs again; a drift stands in both while there is one."""
    drifted = replace(SECRET, drift={"K": "changed"})
    assert ONE.encode_inputs(SECRET) == SECRET_PROPS
    assert ONE.encode_inputs(drifted) == SECRET_PROPS | {"drift": "changed"}
    assert ONE.only_outputs == {}
    assert ONE.id(SECRET) == f"{ORG}/K"


def test_secret_record_is_read_back() -> None:
    """Numbers come back as floats; what is absent has its default."""
    assert ONE.decode_state(SECRET_PROPS | {"version": 3.0}) == SECRET
    assert ONE.decode_state({"org_id": ORG, "key": "K", "digest": "d", "version": 1}) == ResourceState(
        org_id=ORG, digests={"K": "d"}, versions={"K": 1}
    )
    assert ONE.decode_state(SECRET_PROPS | {"drift": "changed"}) == replace(SECRET, drift={"K": "changed"})
    assert ONE.decode_state({}) is None
    assert ONE.decode_state({"org_id": ORG, "key": "K"}) is None


def test_secret_of_unknown_key_goes_out_and_in() -> None:
    """In a preview the key itself may not be known."""
    declared = ONE.decode_declaration({"key": UNKNOWN, "value": "v", "org": "acme", "declaration": TOLD}, None)
    assert (declared.keys, declared.keys_known, declared.named) == (frozenset(), False, frozenset())
    props = ONE.encode_inputs(ResourceState(org_id=ORG, keys_known=False))
    assert (props["key"], props["digest"], props["version"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    record = ONE.decode_state(props)
    assert record is not None
    assert not record.keys_known


def test_org_secrets_inputs_and_outputs_are_pinned() -> None:
    """Digests are one sorted text; names that a preview would hide are escaped; the output `drift` is always a map."""
    assert ALL.encode_inputs(MANY) == MANY_PROPS
    drifted = replace(MANY, drift={"__b": "deleted"})
    assert ALL.encode_inputs(drifted) == MANY_PROPS | {"drift": {"\\__b": "deleted"}}
    assert ALL.only_outputs == {"drift": {}}
    assert ALL.id(MANY) == ORG


def test_org_secrets_record_is_read_back() -> None:
    """Numbers come back as floats; what is absent has its default."""
    floats = {"versions": {"A": 1.0, "\\__b": 2.0, "ключ": 3.0}, "pruned": {"\\\\stray": 1.0}}
    assert ALL.decode_state(MANY_PROPS | floats) == MANY
    assert ALL.decode_state({}) is None
    assert ALL.decode_state({"org_id": ORG, "versions": {}}) == ResourceState(org_id=ORG)


def test_org_secrets_with_unknowns_goes_out_and_in() -> None:
    """One unknown digest makes the text unknown; the versions stand one by one."""
    props = ALL.encode_inputs(
        ResourceState(org_id=ORG, digests={"A": UNKNOWN}, versions={"A": UNKNOWN}, pruned_known=False)
    )
    assert (props["digests"], props["versions"], props["pruned"]) == (UNKNOWN, {"A": UNKNOWN}, UNKNOWN)
    record = ALL.decode_state(props)
    assert record is not None
    assert (record.digests, record.pruned_known) == ({"A": UNKNOWN}, False)
    assert ALL.encode_inputs(ResourceState(org_id=ORG, keys_known=False))["versions"] is UNKNOWN


def test_values_that_are_no_strings_are_named_by_their_type() -> None:
    """The value is forgotten: it may be a secret."""
    none = "None: to read a string from the config, use config.require or config.require_secret"
    number = "int: use str(...), or .apply(str) of an Output"
    for value, name in ((5, number), (None, none), ({"A": "hunter2"}, "dict")):
        news = {"key": "K", "value": value, "declaration": TOLD}
        found = ONE.decode_declaration(news, None).values
        assert found == {"K": InvalidValue(f"must be a string, not {name} (IS108)")}


@pytest.mark.parametrize(
    ("provider", "pickled"),
    [
        (influx_secrets.SecretProvider(), b"cinflux_secrets\nSecretProvider"),
        (influx_secrets.OrgSecretsProvider(), b"cinflux_secrets\nOrgSecretsProvider"),
    ],
)
def test_pickled_provider_is_a_bare_path(provider: ResourceProvider, pickled: bytes) -> None:
    """The state holds a reference to `influx_secrets.<name>` and nothing else, whatever file the class is in."""
    module, _, name = pickled[1:].partition(b"\n")
    data = base64.b64decode(serialize_provider(provider))
    expected = (
        b"\x80\x04\x95"
        + (len(module) + len(name) + 12).to_bytes(8, "little")
        + b"\x8c"
        + bytes([len(module)])
        + module
        + b"\x94"
        + b"\x8c"
        + bytes([len(name)])
        + name
        + b"\x94"
        + b"\x93\x94)\x81\x94."
    )
    assert data == expected
