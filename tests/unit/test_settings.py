"""Settings: what is refused, where each field comes from, and what is shown of it."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from influx_secrets._errors import SettingsError
from influx_secrets._settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "planted-token=="
ORG_ID = "0123456789abcdef"

#: The class as a program without type checks sees it.
build: Callable[..., Settings] = Settings


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


def test_settings_nothing_given_has_documented_defaults() -> None:
    """The defaults are those of the documentation."""
    settings = Settings()
    assert settings.url == "http://localhost:8086"
    assert (settings.token, settings.org, settings.org_id) == (None, None, None)
    assert (settings.timeout, settings.max_attempts) == (10.0, 5)
    assert (settings.verify_values, settings.missing_org) == ("auto", "error")
    assert (settings.skip_verify, settings.allow_insecure) == (False, False)
    assert Settings.resolve(environ={"HOME": "/nowhere"}) == settings


@pytest.mark.parametrize("text", [repr, str, lambda s: repr([s]), lambda s: f"{s}"])
def test_settings_shown_mask_the_token(text: Callable[[Settings], str]) -> None:
    """No text form of the settings holds the token, yet says that there is one."""
    shown = text(Settings(token=TOKEN))
    assert TOKEN not in shown
    assert "token='***'" in shown
    assert "token=None" in text(Settings())


def test_settings_equal_have_one_hash_and_survive_pickle() -> None:
    """Settings serve as keys of a dict, and travel to other processes."""
    settings = Settings(token=TOKEN, org_id=ORG_ID.upper(), url="https://h/")
    assert {settings: 1}[Settings(token=TOKEN, org_id=ORG_ID, url="https://h")] == 1
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - made one line above


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://localhost:8086/", "http://localhost:8086"),
        ("https://h.example.com/influx/", "https://h.example.com/influx"),
        ("http://127.0.0.2:1", "http://127.0.0.2:1"),
        ("http://[::1]:8086", "http://[::1]:8086"),
        ("http://db.localhost", "http://db.localhost"),
        ("HTTPS://H", "HTTPS://H"),
    ],
)
def test_url_usable_is_kept_without_trailing_slash(url: str, kept: str) -> None:
    """Path prefixes stay; loopback needs no TLS."""
    assert Settings(url=url).url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8086",
        "ftp://h",
        "http://",
        "https://h:99999",
        "https://h:0",
        "https://[::1",
        "https://h x",
        "https://h\n",
        "https://h\\x",
        7,
    ],
)
def test_url_malformed_is_refused(url: object) -> None:
    """A malformed url is a one-line error that says what a url looks like."""
    with pytest.raises(SettingsError, match=r"^url: must be a url such as http://localhost:8086$"):
        build(url=url)


@pytest.mark.parametrize(
    "url", ["https://user:hunter2@h", "https://hunter2@h", "https://h/?token=hunter2", "https://h/#hunter2"]
)
def test_url_with_credentials_or_query_is_refused_unseen(url: str) -> None:
    """A url may hold no password and no query, and the error does not repeat it."""
    with pytest.raises(SettingsError) as caught:
        Settings(url=url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://influx.example.com", "http://10.0.0.1:8086", "HTTP://h"])
def test_url_plain_http_elsewhere_is_refused_unless_allowed(url: str) -> None:
    """Plain http to another machine needs `allow_insecure`."""
    with pytest.raises(SettingsError, match="use https, or"):
        Settings(url=url)
    assert Settings(url=url, allow_insecure=True).url == url


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("token", "planted token", "the token has a space"),
        ("token", "planted\n", "the token has a space"),
        ("token", "plantéd-ключ", "the token has a space"),
        ("token", "", "the token has a space"),
        ("token", 5, "the token has a space"),
        ("org", "", "must be the name of an org"),
        ("org", 5, "must be the name of an org"),
        ("org_id", "123", "16 hex digits"),
        ("org_id", f"{ORG_ID}\n", "16 hex digits"),
        ("org_id", 5, "16 hex digits"),
        ("ca_file", 5, "path of a PEM file"),
        ("ca_file", "/no/such/file", "No such file"),
        ("ca_file", "nul\0", "cannot read the CA file"),
        ("skip_verify", "yes", "true or false"),
        ("allow_insecure", 1, "true or false"),
        ("timeout", 0, "above 0"),
        ("timeout", -1.0, "above 0"),
        ("timeout", float("inf"), "above 0"),
        ("timeout", float("nan"), "above 0"),
        ("timeout", True, "above 0"),
        ("timeout", "1", "above 0"),
        ("max_attempts", 0, "whole number"),
        ("max_attempts", 1.5, "whole number"),
        ("max_attempts", float("inf"), "whole number"),
        ("max_attempts", True, "whole number"),
        ("max_attempts", "1", "whole number"),
        ("verify_values", "sometimes", "one of auto, always, never"),
        ("missing_org", "ignore", "one of error, gone"),
        ("trace_span", "a\nb", "printable ASCII"),
        ("trace_span", "", "printable ASCII"),
        ("trace_span", 5, "printable ASCII"),
    ],
)
def test_field_unusable_is_refused_in_one_line(field: str, value: object, says: str) -> None:
    """Each unusable value is refused in a line that begins with the field and never repeats a token."""
    with pytest.raises(SettingsError) as caught:
        build(**{field: value})
    text = str(caught.value)
    assert text.startswith(f"{field}: ")
    assert says in text
    assert "\n" not in text
    assert "planted" not in text


def test_ca_file_readable_is_kept_and_garbage_refused(tmp_path: Path) -> None:
    """A PEM file passes; a file without a certificate is refused by name."""
    good = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(good))
    assert Settings(ca_file=str(good)).ca_file == str(good)
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    with pytest.raises(SettingsError, match=r"bad\.pem holds no certificate"):
        Settings(ca_file=str(bad))
    with pytest.raises(SettingsError, match="Is a directory"):
        Settings(ca_file=str(tmp_path))


def test_org_and_org_id_both_are_refused() -> None:
    """A default org has a name or an id, not both."""
    with pytest.raises(SettingsError, match="not both"):
        Settings(org="a", org_id=ORG_ID)
    with pytest.raises(SettingsError, match="setting 'org' and setting 'orgId' are both set"):
        Settings.resolve({"org": "a", "orgId": ORG_ID}, environ={})


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
    )


def test_resolve_inputs_as_booleans_and_numbers_are_taken() -> None:
    """A `Provider` may send booleans, and numbers as floats."""
    settings = Settings.resolve({"skipVerify": False, "timeout": 3.0, "maxAttempts": 2.0}, environ={})
    assert (settings.skip_verify, settings.timeout, settings.max_attempts) == (False, 3.0, 2)
    assert isinstance(settings.max_attempts, int)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"skipVerify": "maybe"}, "setting 'skipVerify': must be true or false"),
        ({"timeout": "soon"}, "setting 'timeout': must be a number"),
        ({"timeout": True}, "setting 'timeout': must be a number"),
        ({"maxAttempts": "0"}, "setting 'maxAttempts': must be a whole number, 1 or more"),
        ({"url": True}, "setting 'url': must be text"),
        ({"url": "nonsense"}, "setting 'url': must be a url such as http://localhost:8086"),
    ],
)
def test_resolve_bad_input_names_its_setting(inputs: dict[str, Any], says: str) -> None:
    """The message begins with the name of the input."""
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(inputs, environ={})
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"INFLUX_HOST": "nonsense"}, "INFLUX_HOST"),
        ({"INFLUXDB_V2_URL": "nonsense"}, "INFLUXDB_V2_URL"),
        ({"INFLUX_HOST": "http://example.com"}, "INFLUX_HOST"),
        ({"INFLUX_TOKEN": "planted\n"}, "INFLUX_TOKEN"),
        ({"INFLUX_SKIP_VERIFY": "perhaps"}, "INFLUX_SKIP_VERIFY"),
        ({"INFLUXDB_V2_SSL_CA_CERT": "/no/such"}, "INFLUXDB_V2_SSL_CA_CERT"),
        ({"INFLUX_ORG_ID": "acme"}, "INFLUX_ORG_ID"),
    ],
)
def test_resolve_bad_variable_is_named(environ: dict[str, str], name: str) -> None:
    """The message begins with the environment variable that is to be mended."""
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        Settings.resolve(environ=environ)
    assert "planted" not in str(caught.value)


def test_resolve_unknown_input_is_refused_naming_the_known() -> None:
    """A misspelt name is an error that lists the right ones; the engine's own additions are ignored."""
    with pytest.raises(
        SettingsError, match=r"unknown setting 'Url'; known are allowInsecure, caFile, .*, verifyValues"
    ):
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
    with pytest.raises(SettingsError, match=r"INFLUX_ACTIVE_CONFIG: .* has no profile 'us'"):
        Settings.resolve(environ=environ | {"INFLUX_ACTIVE_CONFIG": "us"})


@pytest.mark.parametrize("text", ["", "# only a comment", '[a]\nurl = "https://a"\n', "active = true\n[a]\nactive = 1"])
def test_profile_none_active_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    """Without an active profile the file says nothing."""
    assert Settings.resolve(environ=profile(tmp_path / "configs", text)) == Settings()


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
        ('[a]\ntoken = "planted" x', "are not TOML (at line 2)"),
        ("planted", "are not TOML"),
        ("[a]\nactive = true\n[b]\nactive = true\n", "more than one profile is active"),
        ('[a]\nurl = "nonsense"\nactive = true\n', "url of profile 'a' in "),
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
