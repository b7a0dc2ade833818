"""Sources of settings: inputs, environment, profiles of the influx CLI."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from influx_secrets._errors import SettingsError
from influx_secrets._model.input_types import name_problem
from influx_secrets._model.setting_names import INPUTS, SELECTORS, SETTINGS, SettingName, known_inputs, nearest
from influx_secrets._text import quote

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Raw = str | bool | int | float
"""What an input may be: stack config sends text, a `Provider` also booleans and numbers."""

_ACTIVE: Final = "INFLUX_ACTIVE_CONFIG"
_PROFILE_FIELDS: Final = ("url", "token", "org")
"""What a profile of the CLI can set. Its file is opened only if one of these is not set elsewhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """A raw value and the name of the place it comes from, for messages."""

    value: Raw = field(repr=False)
    source: str


Given = Mapping[str, Raw | Found | None]
"""Inputs by their names; one that is `Found` already says where it comes from."""


def gather(inputs: Given, environ: Mapping[str, str]) -> dict[str, Found]:
    """Find each field on its own: in the inputs, else the environment, else the active profile of the CLI.

    An input that names a variable or a profile ranks as an input, and nothing takes its place if it is empty there.
    `org` and `org_id` are one field here: the first source that names either has both, so that an id of one
    place never meets a name of another. Empty text counts as unset.
    """
    _refuse_unknown(inputs)
    sources = [_from_inputs(inputs), _from_selected(inputs, environ), _from_environment(environ)]
    known = {"org" if field == "org_id" else field for source in sources for field in source}
    needed = [field for field in _PROFILE_FIELDS if field not in known]
    if needed:
        sources.append(_from_profile(environ, needed))
    found: dict[str, Found] = {}
    for source in sources:
        names_org = "org" in found or "org_id" in found
        for name, value in source.items():
            if name not in found and not (names_org and name in {"org", "org_id"}):
                found[name] = value
    return found


def _refuse_unknown(inputs: Given) -> None:
    # `version` and names with two underscores are the engine's own additions.
    unknown = sorted(
        key for key in inputs if key not in known_inputs() and key != "version" and not key.startswith("__")
    )
    if unknown:
        near = nearest(unknown[0])
        hint = f"Use {quote(near)}" if near else f"Settings are {', '.join(known_inputs())}"
        raise SettingsError(f"unknown setting {quote(unknown[0])}. {hint} (IS215)")


def _from_inputs(inputs: Given) -> dict[str, Found]:
    found = {}
    for setting in SETTINGS:
        value = _given(inputs, setting.input)
        if value is not None:
            found[setting.field] = value if isinstance(value, Found) else Found(value, setting.title)
    return found


def _from_selected(inputs: Given, environ: Mapping[str, str]) -> dict[str, Found]:
    """Return what the inputs `tokenVariable` and `profile` lead to.

    Raises:
        SettingsError: There is nothing, or another input contradicts: another server's token must not be sent.
    """
    by_variable, by_profile = SELECTORS
    variable, name = (_selector(inputs, selector) for selector in SELECTORS)
    for one, others in ((by_variable, ("token", "profile")), (by_profile, ("url", "token"))):
        both = [two for two in INPUTS if two.input in others and inputs.get(one.input) and inputs.get(two.input)]
        if both:
            problem = f"{one.title} and {both[0].title} are both given"
            part = "url" if both[0].field == "url" else "token"
            raise SettingsError(f"{problem}, and each of them gives a {part}. Remove one (IS222)")
    if variable is not None:
        if not environ.get(variable):
            raise SettingsError(
                f"the environment variable {variable} is empty or missing. Set {variable} to the token, because "
                f"{by_variable.title} names this variable (IS221)"
            )
        return {"token": Found(environ[variable], variable)}
    if name is None:
        return {}
    path = _profiles_path(environ)
    if path is None:
        raise SettingsError(
            "cannot find the profiles of the influx CLI: HOME and INFLUX_CONFIGS_PATH are not set. Set "
            "INFLUX_CONFIGS_PATH to the path of the file of profiles, such as ~/.influxdbv2/configs (IS219)"
        )
    found = _profile(_read_profiles(path), name, path, by_profile.title, _PROFILE_FIELDS)
    missing = next((field for field in ("url", "token") if field not in found), None)
    if missing:
        raise SettingsError(f"profile {quote(name)} in {path} has no {missing}. Add a {missing} to the profile (IS218)")
    if any(_given(inputs, field) for field in ("org", "orgId")):
        found.pop("org", None)
    return found


def _selector(inputs: Given, selector: SettingName) -> str | None:
    value = _given(inputs, selector.input)
    if value is None:
        return None
    text = str(value.value if isinstance(value, Found) else value)
    problem = name_problem(text)
    if problem:
        raise SettingsError(f"{selector.title} {problem}")
    return text


def _given(inputs: Given, name: str) -> Raw | Found | None:
    value = inputs.get(name)
    return None if value == "" else value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Found]:
    found = {}
    for setting in SETTINGS:
        name = next((name for name in setting.variables if environ.get(name)), None)
        if name is not None:
            found[setting.field] = Found(environ[name], name)
    if "org_id" in found:
        # As in the influx CLI: both may be exported, and the id, being exact, wins.
        found.pop("org", None)
    return found


def _from_profile(environ: Mapping[str, str], needed: Collection[str]) -> dict[str, Found]:
    """Read the profile that the influx CLI would use.

    The file is TOML, a table per profile with `url`, `token`, `org` and `active`, in any case (influx-cli 2.8.0,
    `config/config.go`). No file is not an error, as for the CLI.
    """
    path = _profiles_path(environ)
    profiles = {} if path is None else _read_profiles(path)
    name = environ.get(_ACTIVE) or _active(profiles, f"in {path}", needed)
    if path is None or name is None:
        return {}
    return _profile(profiles, name, path, _ACTIVE, needed)


def _profile(
    profiles: Mapping[str, Mapping[str, object]], name: str, path: Path, selector: str, needed: Collection[str]
) -> dict[str, Found]:
    if name not in profiles:
        problem = f"the profile {quote(name)} does not exist in {path}"
        raise SettingsError(f"{problem}. Correct {selector}, or create the profile (IS217)")
    profile = profiles[name]
    if profile.get("cookie") and not profile.get("token") and "token" in needed:
        way = "Set INFLUX_TOKEN, or add" if selector == _ACTIVE else "Add"
        raise SettingsError(
            f"the profile {quote(name)} in {path} has a password and no token, but influx_secrets needs a token. "
            f"{way} a token to the profile (IS225)"
        )
    return {
        field: Found(value, f"{field} of profile {quote(name)} in {path}")
        for field in _PROFILE_FIELDS
        if isinstance(value := profile.get(field), str) and value
    }


def _active(profiles: Mapping[str, Mapping[str, object]], place: str, needed: Collection[str]) -> str | None:
    """Return the name of the active profile, or of the only one; the CLI would take any of several at each call."""
    for name, profile in profiles.items():
        if not isinstance(profile.get("active", False), bool):
            problem = f"the field active of profile {quote(name)} {place} must be true or false"
            raise SettingsError(f"{problem}. Write the word without quotes (IS224)")
    active = [name for name, profile in profiles.items() if profile.get("active")]
    if len(active) > 1:
        problem = f"more than one profile of the influx CLI is active {place}"
        raise SettingsError(f"{problem}. Run `influx config NAME`, which leaves one profile active (IS223)")
    if not active and len(profiles) > 1 and "token" in needed:
        problem = f"there is no API token, and no profile of the influx CLI is active {place}"
        raise SettingsError(f"{problem}. Set INFLUX_TOKEN, or run `influx config NAME` (IS223)")
    chosen = active or (list(profiles) if len(profiles) == 1 else [])
    return chosen[0] if chosen else None


def _profiles_path(environ: Mapping[str, str]) -> Path | None:
    if environ.get("INFLUX_CONFIGS_PATH"):
        return Path(environ["INFLUX_CONFIGS_PATH"])
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) / ".influxdbv2" / "configs" if home else None


def _read_profiles(path: Path) -> dict[str, dict[str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as exc:
        # Its text may quote the file, which holds tokens: only the place is passed on.
        place = re.search(r"at line \d+", str(exc))
        reason = "the file is not TOML" + (f" {place[0]}" if place else "")
    except (OSError, UnicodeDecodeError) as exc:
        reason = str(exc.strerror or exc) if isinstance(exc, OSError) else "the file is not UTF-8"
    else:
        tables = {name: table for name, table in document.items() if isinstance(table, dict)}
        return {name: {member.lower(): value for member, value in table.items()} for name, table in tables.items()}
    problem = f"cannot read the profiles of the influx CLI in {path}: {reason}"
    raise SettingsError(f"{problem}. Correct the file or its permissions, or change INFLUX_CONFIGS_PATH (IS226)")
