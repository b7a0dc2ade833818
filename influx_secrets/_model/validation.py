"""What is wrong with a declaration, as far as no server is needed to tell."""

from __future__ import annotations

from collections.abc import Iterator

from influx_secrets._model.input_types import string_problem
from influx_secrets._model.keys import ENGINE_MARK, MAX_KEY_BYTES, ORG_GIVEN_TWICE, is_org_id, is_server_owned
from influx_secrets._model.resources import Declaration, InvalidValue, Unknown
from influx_secrets._text import quote


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
        f"rotate_on names the key {quote(key)}, but secrets lacks that key. Correct rotate_on, or add the key (IS131)"
        for key in undeclared
    ]
    if declared.exclusive is True and not declared.keys and not declared.keep:
        found.append(
            "secrets and keep are empty, so exclusive=True would remove the secrets of the org. Declare at least one "
            'secret, or name the keys to keep, such as keep=["TEAM_*"] (IS107)'
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
        return f"the key {quote(key)} is longer than {MAX_KEY_BYTES:,} bytes, InfluxDB's limit. Shorten the key (IS119)"
    if key == ENGINE_MARK:
        return f"the key {quote(key)} is a name that Pulumi reserves for itself: choose another key (IS121)"
    if wrong := string_problem(key):
        return f"the key {quote(key)} {wrong}"
    if is_server_owned(key) and not overwrite:
        return (
            f"the key {quote(key)} has the form of a key that InfluxDB uses for the credential of a notification "
            "endpoint. Use another key. To replace that credential, set overwrite=True for as long as the key is "
            "declared (IS130)"
        )
    return None


def _value_problem(key: str, value: str | Unknown | InvalidValue | None) -> str | None:
    given = string_problem(value) if isinstance(value, str) else None
    wrong = value.problem if isinstance(value, InvalidValue) else given
    if wrong is not None:
        return f"the value of the key {quote(key)} {wrong}"
    if value == "":
        return (
            f"the value of the key {quote(key)} is empty, and Flux cannot read an empty secret: "
            "give a value, or remove the key (IS117)"
        )
    return None
