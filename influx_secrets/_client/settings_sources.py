"""Where settings come from: finds each field's raw value and the name of its source; validates nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from influx_secrets._errors import SettingsError
from influx_secrets._model.setting_names import SETTINGS, known_inputs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: What an input may be: stack config sends text, a `Provider` also booleans and numbers.
Raw = str | bool | int | float

#: All that a profile of the CLI can tell; without need of these its file is not opened.
_PROFILE_FIELDS = ("url", "token", "org")


@dataclass(frozen=True, slots=True)
class Found:
    """A raw value and the name of the place it comes from, for messages."""

    value: Raw
    source: str

    def __repr__(self) -> str:
        return f"Found(source={self.source!r})"


def gather(inputs: Mapping[str, Raw | None], environ: Mapping[str, str]) -> dict[str, Found]:
    """Find each field on its own: in the inputs, else the environment, else the active profile of the CLI.

    `org` and `org_id` are one field here: the first source that names either has both, so that an id of one
    place never meets a name of another. Empty text counts as unset.
    """
    _refuse_unknown(inputs)
    sources = [_from_inputs(inputs), _from_environment(environ)]
    if any(_lacks(field, sources) for field in _PROFILE_FIELDS):
        sources.append(_from_profile(environ))
    found: dict[str, Found] = {}
    for source in sources:
        names_org = "org" in found or "org_id" in found
        for field, value in source.items():
            if field not in found and not (names_org and field in {"org", "org_id"}):
                found[field] = value
    return found


def _lacks(field: str, sources: list[dict[str, Found]]) -> bool:
    fields = ("org", "org_id") if field == "org" else (field,)
    return not any(name in source for source in sources for name in fields)


def _refuse_unknown(inputs: Mapping[str, Raw | None]) -> None:
    known = known_inputs()
    # `version` and names with two underscores are the engine's own additions.
    unknown = sorted(key for key in inputs if key not in known and key != "version" and not key.startswith("__"))
    if unknown:
        names = ", ".join(repr(key) for key in unknown)
        message = f"unknown setting {names}; known are {', '.join(known)}"
        raise SettingsError(message)


def _from_inputs(inputs: Mapping[str, Raw | None]) -> dict[str, Found]:
    found = {}
    for setting in SETTINGS:
        value = inputs.get(setting.input)
        if value is not None and value != "":
            found[setting.field] = Found(value, f"setting {setting.input!r}")
    return found


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


def _from_profile(environ: Mapping[str, str]) -> dict[str, Found]:
    """Read the profile that the influx CLI would use: `INFLUX_ACTIVE_CONFIG`, else the one marked active.

    The file is TOML, a table per profile with `url`, `token`, `org` and `active` (influx-cli 2.7,
    `config/config.go`). No file, or no active profile, is not an error, as for the CLI.
    """
    path = _profiles_path(environ)
    if path is None:
        return {}
    profiles = _read_toml(path)
    name = environ.get("INFLUX_ACTIVE_CONFIG") or _active(profiles, path)
    if name is None:
        return {}
    profile = profiles.get(name)
    if not isinstance(profile, dict):
        message = f"INFLUX_ACTIVE_CONFIG: {path} has no profile {name!r}"
        raise SettingsError(message)
    found = {}
    for field in _PROFILE_FIELDS:
        value = profile.get(field)
        if isinstance(value, str) and value:
            found[field] = Found(value, f"{field} of profile {name!r} in {path}")
    return found


def _profiles_path(environ: Mapping[str, str]) -> Path | None:
    if environ.get("INFLUX_CONFIGS_PATH"):
        return Path(environ["INFLUX_CONFIGS_PATH"])
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) / ".influxdbv2" / "configs" if home else None


def _read_toml(path: Path) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        message = f"cannot read the profiles of the influx CLI in {path}: {reason}"
        raise SettingsError(message) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        # Its text may quote the file, which holds tokens: only the place is passed on.
        place = re.search(r"at line \d+", str(exc))
        message = f"the profiles of the influx CLI in {path} are not TOML" + (f" ({place[0]})" if place else "")
    raise SettingsError(message)


def _active(profiles: Mapping[str, object], path: Path) -> str | None:
    active = [name for name, value in profiles.items() if isinstance(value, dict) and value.get("active") is True]
    if len(active) > 1:
        message = f"more than one profile is active in {path}: run `influx config NAME`"
        raise SettingsError(message)
    return active[0] if active else None
