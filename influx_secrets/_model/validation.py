"""What is wrong with a declaration, as far as no server is needed to tell."""

from __future__ import annotations

from collections.abc import Iterator

from influx_secrets._model.input_types import string_problem
from influx_secrets._model.keys import ENGINE_MARK, MAX_KEY_BYTES, ORG_GIVEN_TWICE, is_org_id, is_server_owned
from influx_secrets._model.resources import Declaration, InvalidValue, Unknown
from influx_secrets._text import is_utf8, quote


def problems(declared: Declaration) -> list[str]:
    """Return what is wrong with a declaration, a line each; nothing that is unknown is wrong."""
    if declared.invalid:
        return [*declared.invalid]
    found = [*_org_problems(declared)]
    if not declared.keys_known:
        return found
    for key in sorted(declared.keys):
        wrong = key_problem(key, overwrite=declared.overwrite), _value_problem(key, declared.values.get(key))
        found += [problem for problem in wrong if problem is not None]
    undeclared = sorted(set(declared.rotate_on) - declared.keys)
    found += [
        f"rotate_on names the key {quote(key)}, which secrets lacks: add the key, or correct rotate_on (IS131)"
        for key in undeclared
    ]
    if declared.exclusive is True and not declared.keys and not declared.keep:
        found.append(
            "exclusive=True with no secrets would remove every secret of the org: declare a secret, or list the keys "
            'that stay in keep, such as keep=["TEAM_*"] (IS107)'
        )
    return found


def _org_problems(declared: Declaration) -> Iterator[str]:
    if declared.org_id is not None and declared.org is not None:
        yield ORG_GIVEN_TWICE
    if isinstance(declared.org_id, str) and not is_org_id(declared.org_id):
        yield f"org_id {quote(declared.org_id)} is not 16 hexadecimal digits: for a name, use org=... (IS133)"
    if declared.org == "":
        yield 'org must not be empty: give the name of an org, such as org="acme" (IS134)'


def key_problem(key: str, *, overwrite: bool = False) -> str | None:
    if not key:
        return 'a key must not be empty: use a name such as "SLACK_TOKEN" (IS118)'
    if len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        return f"the key {quote(key)} is longer than {MAX_KEY_BYTES:,} bytes, InfluxDB's limit: shorten it (IS119)"
    if key == ENGINE_MARK:
        return f"the key {quote(key)} is a name that Pulumi reserves for itself: choose another key (IS121)"
    if not is_utf8(key):
        return f"the key {quote(key)} is not UTF-8: half of a character is missing. Correct how you read it (IS115)"
    if is_server_owned(key) and not overwrite:
        return (
            f"the key {quote(key)} holds the credential of a notification endpoint, which its alerts need: choose "
            "another key. To replace the credential, set overwrite=True (IS130)"
        )
    return None


def _value_problem(key: str, value: str | Unknown | InvalidValue | None) -> str | None:
    if isinstance(value, InvalidValue):
        unset = ": config.get_secret returns None for a name that is not set. Use config.require_secret"
        hint = unset if value.type_name == "None" else ""
        return f"the value of the key {quote(key)} must be a string, not {value.type_name}{hint} (IS108)"
    wrong = string_problem(value) if isinstance(value, str) else None
    if wrong is not None:
        return f"the value of the key {quote(key)} {wrong}"
    if value == "":
        return (
            f"the value of the key {quote(key)} is empty, and Flux cannot read an empty secret: "
            "give a value, or remove the key (IS117)"
        )
    return None
