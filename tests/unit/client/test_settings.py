"""Settings: what is refused, where each field comes from, and what is shown of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Found
from influx_secrets._errors import SettingsError

TOKEN = "planted-token=="
ORG_ID = "0123456789abcdef"

build: Callable[..., Settings] = Settings
"""The class as a program without type checks sees it."""


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
    assert "extra_http_header='***'" in text(Settings(extra_http_header="X-Key: planted"))


def test_settings_equal_have_one_hash_and_survive_pickle() -> None:
    """Settings serve as keys of a dict, and travel to other processes."""
    settings = Settings(token=TOKEN, org_id=ORG_ID.upper(), url="https://h/")
    assert {settings: 1}[Settings(token=TOKEN, org_id=ORG_ID, url="https://h")] == 1
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 (made one line above)


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
    with pytest.raises(
        SettingsError,
        match=r"^url must be a url such as http://localhost:8086, with http:// .* without spaces \(IS203\)$",
    ):
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
    with pytest.raises(SettingsError, match=r"^url must begin with https:"):
        Settings(url=url)
    assert Settings(url=url, allow_insecure=True).url == url


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("token", "planted ", "must be the token alone"),
        ("token", "planted\n", "must be the token alone"),
        ("token", "planted\0", "must be the token alone"),
        ("token", "planted\ud800", "must be the token alone"),
        ("token", "", "must be the token alone"),
        ("token", 5, "must be the token alone"),
        ("org", "", "must be the name of an org"),
        ("org", 5, "must be the name of an org"),
        ("org_id", "123", "16 hexadecimal digits"),
        ("org_id", f"{ORG_ID}\n", "16 hexadecimal digits"),
        ("org_id", 5, "16 hexadecimal digits"),
        ("ca_file", 5, "path of a file of certificates"),
        ("ca_file", "nul\0", "path of a file of certificates"),
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
        ("extra_http_header", "planted", 'must be "Name: value"'),
        ("extra_http_header", "X-A: planted, planted", 'must be "Name: value"'),
        ("extra_http_header", "X A: planted", 'must be "Name: value"'),
        ("extra_http_header", "X-A:", 'must be "Name: value"'),
        ("extra_http_header", "X-A: plan\nted", 'must be "Name: value"'),
        ("extra_http_header", 5, 'must be "Name: value"'),
        (
            "extra_http_header",
            "X-A: a, authorization: planted",
            "must not set authorization, which carries the token",
        ),
        ("extra_http_header", "Content-Length: 5", "must not set Content-Length, which influx_secrets sets"),
    ],
)
def test_field_unusable_is_refused_in_one_line(field: str, value: object, says: str) -> None:
    """Each unusable value is refused in a line that begins with the field and never repeats a token."""
    with pytest.raises(SettingsError) as caught:
        build(**{field: value})
    text = str(caught.value)
    assert text.startswith(f"{field} must ")
    assert says in text
    assert "\n" not in text
    assert "planted" not in text


@pytest.mark.parametrize(
    ("source", "instead"),
    [("INFLUX_ORG_ID", "INFLUX_ORG"), ("--org-id", "--org"), ("influx-secrets:orgId in", "influx-secrets:org in")],
)
def test_org_id_that_is_a_name_leads_to_the_setting_for_names(source: str, instead: str) -> None:
    """The one of the same place: another place may rank lower."""
    with pytest.raises(SettingsError, match=rf"^{source} must .* For a name, use {instead} instead \(IS209\)$"):
        Settings.resolve({"orgId": Found("acme", source)}, environ={})


def test_org_and_org_id_both_are_refused() -> None:
    """A default org has a name or an id, not both."""
    with pytest.raises(SettingsError, match="org_id and org are both given: remove one of them"):
        Settings(org="a", org_id=ORG_ID)
    with pytest.raises(SettingsError, match=r"influx-secrets:orgId .* and influx-secrets:org .* are both given"):
        Settings.resolve({"org": "a", "orgId": ORG_ID}, environ={})
