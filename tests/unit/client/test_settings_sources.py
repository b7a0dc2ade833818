"""Where each setting comes from: inputs, environment, the profiles of the influx CLI."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme

from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Found
from influx_secrets._errors import SettingsError

TOKEN = "planted-token=="
ORG_ID = "0123456789abcdef"


def profile(path: Path, text: str) -> dict[str, str]:
    """An environment whose influx CLI profiles are this text."""
    path.write_text(text)
    return {"INFLUX_CONFIGS_PATH": str(path)}


TWO_PROFILES = """
[default]
  url = "https://one.example.com"
  token = "token-one"
  org = "one"
  active = false

[eu]
  url = "https://two.example.com"
  token = "token-two"
  org = "two"
  active = true
"""


def test_found_shown_hides_its_value() -> None:
    """A raw value may be a token: its text form is that of its source alone."""
    assert repr(Found(TOKEN, "INFLUX_TOKEN")) == "Found(source='INFLUX_TOKEN')"


def test_resolve_inputs_as_text_are_parsed() -> None:
    """Stack config sends text: every field understands it."""
    inputs = {
        "url": "http://h",
        "token": TOKEN,
        "orgId": ORG_ID,
        "skipVerify": "true",
        "timeout": "2.5",
        "maxAttempts": "3",
        "verifyValues": "never",
        "missingOrg": "gone",
        "allowInsecure": "TRUE",
        "traceSpan": "span",
        "extraHttpHeader": "X-Key: a",
    }
    assert Settings.resolve(inputs, environ={}) == Settings(
        url="http://h",
        token=TOKEN,
        org_id=ORG_ID,
        skip_verify=True,
        timeout=2.5,
        max_attempts=3,
        verify_values="never",
        missing_org="gone",
        allow_insecure=True,
        trace_span="span",
        extra_http_header="X-Key: a",
    )


def test_resolve_inputs_as_booleans_and_numbers_are_taken() -> None:
    """A `Provider` may send booleans, and numbers as floats."""
    settings = Settings.resolve({"skipVerify": False, "timeout": 3.0, "maxAttempts": 2.0}, environ={})
    assert (settings.skip_verify, settings.timeout, settings.max_attempts) == (False, 3.0, 2)
    assert isinstance(settings.max_attempts, int)


@pytest.mark.parametrize(
    ("inputs", "field", "says"),
    [
        ({"skipVerify": "maybe"}, "skip_verify", "must be true or false (IS211)"),
        ({"timeout": "soon"}, "timeout", "must be a number without a unit, such as 30 (IS211)"),
        ({"timeout": True}, "timeout", "must be a number without a unit, such as 30 (IS211)"),
        ({"maxAttempts": "0"}, "max_attempts", "must be a whole number, 1 or more (IS211)"),
        ({"url": True}, "url", "must be a string, not bool (IS211)"),
        ({"url": "nonsense"}, "url", "must be a url such as "),
    ],
)
def test_resolve_bad_input_names_its_setting(inputs: dict[str, Any], field: str, says: str) -> None:
    """The message begins with the names of the input in the stack's config and in a program."""
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(inputs, environ={})
    assert str(caught.value).startswith(f"influx-secrets:{next(iter(inputs))} ({field} in a Provider) {says}")


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"INFLUX_HOST": "nonsense"}, "INFLUX_HOST"),
        ({"INFLUXDB_V2_URL": "nonsense"}, "INFLUXDB_V2_URL"),
        ({"INFLUX_HOST": "http://example.com"}, "INFLUX_HOST"),
        ({"INFLUX_TOKEN": "planted\n"}, "INFLUX_TOKEN"),
        ({"INFLUX_SKIP_VERIFY": "perhaps"}, "INFLUX_SKIP_VERIFY"),
        ({"INFLUXDB_V2_SSL_CA_CERT": "nul\0"}, "INFLUXDB_V2_SSL_CA_CERT"),
        ({"INFLUX_ORG_ID": "acme"}, "INFLUX_ORG_ID"),
    ],
)
def test_resolve_bad_variable_is_named(environ: dict[str, str], name: str) -> None:
    """The message begins with the environment variable that is to be mended."""
    with pytest.raises(SettingsError, match=f"^{name} must ") as caught:
        Settings.resolve(environ=environ)
    assert "planted" not in str(caught.value)


def test_resolve_unknown_input_is_refused_naming_the_nearest() -> None:
    """A misspelt name is an error that names the nearest one; the engine's own additions are ignored."""
    with pytest.raises(SettingsError, match=r'unknown setting "Url"\. Use "url" \(IS215\)$'):
        Settings.resolve({"Url": "x"}, environ={})
    assert Settings.resolve({"version": "1", "__internal": "x"}, environ={}) == Settings()


def test_resolve_each_variable_fills_its_field(tmp_path: Path) -> None:
    """Telegraf's names are read where those of the CLI are not set, which win."""
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca))
    second = {"INFLUXDB_V2_URL": "https://b", "INFLUXDB_V2_TOKEN": "b", "INFLUXDB_V2_ORG": "b"}
    tls = {"INFLUX_SKIP_VERIFY": "1", "INFLUXDB_V2_SSL_CA_CERT": str(ca)}
    expected = Settings(url="https://b", token="b", org="b", skip_verify=True, ca_file=str(ca))
    assert Settings.resolve(environ=second | tls) == expected
    first = {"INFLUX_HOST": "https://a", "INFLUX_TOKEN": "a", "INFLUX_ORG": "a"}
    assert Settings.resolve(environ=second | first) == Settings(url="https://a", token="a", org="a")
    by_id = Settings.resolve(environ=second | first | {"INFLUX_ORG_ID": ORG_ID})
    assert (by_id.org, by_id.org_id) == (None, ORG_ID)


def test_resolve_no_environ_given_reads_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `environ` the variables of the process decide."""
    monkeypatch.setenv("INFLUX_HOST", "https://from-process")
    assert Settings.resolve().url == "https://from-process"


def test_resolve_each_field_on_its_own_input_before_variable_before_profile(tmp_path: Path) -> None:
    """Url, token and org may come from three sources; the earlier source wins."""
    environ = profile(tmp_path / "configs", TWO_PROFILES)
    settings = Settings.resolve({"url": "https://in"}, environ=environ | {"INFLUX_TOKEN": "env"})
    assert (settings.url, settings.token, settings.org) == ("https://in", "env", "two")
    all_set = {"INFLUX_HOST": "https://env", "INFLUX_TOKEN": "env", "INFLUX_ORG": "env"}
    won = Settings.resolve({"url": "https://in", "token": "in", "org": "in"}, environ=environ | all_set)
    assert (won.url, won.token, won.org) == ("https://in", "in", "in")


@pytest.mark.parametrize(
    ("inputs", "environ", "expected"),
    [
        ({"orgId": ORG_ID}, {"INFLUX_ORG": "env"}, (None, ORG_ID)),
        ({"org": "in"}, {"INFLUX_ORG_ID": ORG_ID}, ("in", None)),
        ({}, {"INFLUX_ORG_ID": ORG_ID}, (None, ORG_ID)),
        ({"org": "", "orgId": None}, {"INFLUX_ORG": "env"}, ("env", None)),
        ({}, {"INFLUX_ORG": ""}, ("two", None)),
    ],
)
def test_resolve_org_comes_from_the_first_source_that_names_it(
    tmp_path: Path, inputs: dict[str, Any], environ: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    """A name of one source never meets an id of another; empty text counts as unset."""
    settings = Settings.resolve(inputs, environ=profile(tmp_path / "configs", TWO_PROFILES) | environ)
    assert (settings.org, settings.org_id) == expected


def test_profile_named_by_variable_wins_over_the_active(tmp_path: Path) -> None:
    """`INFLUX_ACTIVE_CONFIG` chooses the profile, as for the CLI; a wrong name is an error."""
    environ = profile(tmp_path / "configs", TWO_PROFILES)
    assert Settings.resolve(environ=environ | {"INFLUX_ACTIVE_CONFIG": "default"}).token == "token-one"
    with pytest.raises(SettingsError, match=r'"us" does not exist in .* Correct INFLUX_ACTIVE_CONFIG'):
        Settings.resolve(environ=environ | {"INFLUX_ACTIVE_CONFIG": "us"})


@pytest.mark.parametrize("text", ["", "# only a comment", "active = true\n"])
def test_profile_file_without_profiles_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    """Without a profile the file says nothing."""
    assert Settings.resolve(environ=profile(tmp_path / "configs", text)) == Settings()


@pytest.mark.parametrize("active", ["", "active = false"])
def test_profile_alone_is_taken_without_being_active(tmp_path: Path, active: str) -> None:
    """As the CLI does (2.8.0), which reads members in any case, too."""
    environ = profile(tmp_path / "configs", f'[only]\nURL = "https://a"\nToken = "t"\n{active}\n')
    assert Settings.resolve(environ=environ) == Settings(url="https://a", token="t")


SEVERAL = '[a]\nurl = "https://a"\n[b]\nurl = "https://b"\n'


def test_profile_of_several_must_be_active(tmp_path: Path) -> None:
    """Of several, the CLI takes another one at each call: an error names the way out, where a profile is needed."""
    environ = profile(tmp_path / "configs", SEVERAL)
    with pytest.raises(SettingsError, match=r"no profile of the influx CLI is active in .*\. Set INFLUX_TOKEN"):
        Settings.resolve(environ=environ)
    assert Settings.resolve({"url": "https://c", "token": "t"}, environ=environ).url == "https://c"


def test_profile_with_a_login_and_no_token_is_named(tmp_path: Path) -> None:
    """Its cookie opens a session of the CLI's: only a token of another source can stand in for it."""
    environ = profile(tmp_path / "configs", '[a]\nurl = "https://a"\ncookie = "planted"\nactive = true\n')
    with pytest.raises(
        SettingsError, match=r'profile "a" in .* has a password and no token, .* Set INFLUX_TOKEN, or add a token'
    ):
        Settings.resolve(environ=environ)
    assert Settings.resolve(environ=environ | {"INFLUX_TOKEN": "t"}) == Settings(url="https://a", token="t")


def test_profile_fields_empty_or_of_another_type_count_as_unset(tmp_path: Path) -> None:
    """A profile without a token, or with nonsense for one, leaves the default."""
    text = '[a]\nurl = "https://a"\ntoken = ""\norg = 5\nactive = true\n'
    assert Settings.resolve(environ=profile(tmp_path / "configs", text)) == Settings(url="https://a")


@pytest.mark.parametrize("home", ["HOME", "USERPROFILE"])
def test_profile_without_path_is_sought_in_the_home_folder(tmp_path: Path, home: str) -> None:
    """The CLI's own place, `~/.influxdbv2/configs`, is read where no path is set."""
    (tmp_path / ".influxdbv2").mkdir()
    (tmp_path / ".influxdbv2" / "configs").write_text(TWO_PROFILES)
    assert Settings.resolve(environ={home: str(tmp_path)}).token == "token-two"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[a]\ntoken = "planted" x', "the file is not TOML at line 2"),
        ("planted", "the file is not TOML"),
        ("[a]\nactive = true\n[b]\nactive = true\n", "more than one profile of the influx CLI is active"),
        ('[a]\nactive = "true"\n', "must be true or false. Write the word without quotes"),
        ("[a]\nactive = 1\n[b]\nactive = true\n", "must be true or false. Write the word without quotes"),
        ('[a]\nurl = "nonsense"\nactive = true\n', 'url of profile "a" in '),
    ],
)
def test_profile_broken_is_refused_without_its_text(tmp_path: Path, text: str, says: str) -> None:
    """A broken file is named, with the place of the fault; nothing of it is quoted, as it holds tokens."""
    path = tmp_path / "configs"
    with pytest.raises(SettingsError, match=re.escape(says)) as caught:
        Settings.resolve(environ=profile(path, text))
    assert str(path) in str(caught.value)
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None


def test_profile_unreadable_is_refused_unless_not_needed(tmp_path: Path) -> None:
    """The file is only opened for a field that no other source has."""
    environ = {"INFLUX_CONFIGS_PATH": str(tmp_path)}
    with pytest.raises(SettingsError, match="Is a directory"):
        Settings.resolve(environ=environ)
    inputs = {"url": "https://a", "token": "t", "orgId": ORG_ID}
    assert Settings.resolve(inputs, environ=environ).url == "https://a"
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        Settings.resolve(environ={"INFLUX_CONFIGS_PATH": str(tmp_path / "latin")})


# Inputs that name where a setting is.


def test_token_variable_is_the_only_source_of_the_token() -> None:
    """The common token must not go to that server."""
    environ = {"INFLUX_TOKEN": "common", "EU": TOKEN}
    assert Settings.resolve({"tokenVariable": "EU"}, environ=environ).token == TOKEN


@pytest.mark.parametrize("environ", [{}, {"EU": ""}], ids=["not-set", "empty"])
def test_token_variable_without_a_token_is_an_error(environ: dict[str, str]) -> None:
    """And never the common token."""
    with pytest.raises(SettingsError, match="the environment variable EU is empty or missing"):
        Settings.resolve({"tokenVariable": "EU"}, environ={"INFLUX_TOKEN": "common", **environ})


@pytest.mark.parametrize("name", ["tokenVariable", "profile"])
def test_token_in_place_of_a_name_is_not_repeated(name: str) -> None:
    """It would be in the state too, as any input that is not secret."""
    with pytest.raises(SettingsError, match=f"^influx-secrets:{name} .* must be a name") as caught:
        Settings.resolve({name: TOKEN}, environ={})
    assert TOKEN not in str(caught.value)


def test_profile_gives_url_and_token_together(tmp_path: Path) -> None:
    """Whatever the environment says, and whichever profile is active."""
    environ = {**profile(tmp_path / "configs", TWO_PROFILES), "INFLUX_HOST": "http://h", "INFLUX_TOKEN": "common"}
    found = Settings.resolve({"profile": "default"}, environ={**environ, "INFLUX_ORG_ID": ORG_ID})
    assert (found.url, found.token, found.org, found.org_id) == ("https://one.example.com", "token-one", "one", None)
    found = Settings.resolve({"profile": "default", "orgId": ORG_ID}, environ=environ)
    assert (found.org, found.org_id) == (None, ORG_ID)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO_PROFILES, '"us" does not exist in .*configs. Correct influx-secrets:profile'),
        ('[us]\ntoken = "t"', 'profile "us" in .*configs has no url'),
        ('[us]\nurl = "http://h"', 'profile "us" in .*configs has no token'),
        ('[us]\nurl = "http://h"\ncookie = "c"', r"influx_secrets needs a token\. Add a token to the profile"),
    ],
)
def test_profile_that_lacks_something_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """Nothing takes its place."""
    environ = {**profile(tmp_path / "configs", text), "INFLUX_HOST": "http://h", "INFLUX_TOKEN": "common"}
    with pytest.raises(SettingsError, match=message):
        Settings.resolve({"profile": "us"}, environ=environ)


def test_profile_without_a_home_folder_is_an_error() -> None:
    """There is no file to look in."""
    with pytest.raises(SettingsError, match="cannot find the profiles of the influx CLI: HOME and"):
        Settings.resolve({"profile": "us"}, environ={"INFLUX_TOKEN": "common"})


@pytest.mark.parametrize(
    ("one", "other"),
    [("tokenVariable", "token"), ("tokenVariable", "profile"), ("profile", "url"), ("profile", "token")],
)
def test_two_sources_of_one_setting_are_refused(one: str, other: str) -> None:
    """Which of them holds would be a guess."""
    with pytest.raises(SettingsError, match=f":{one} .* and influx-secrets:{other} .* are both given"):
        Settings.resolve({one: "A", other: "B"}, environ={"A": "t"})
