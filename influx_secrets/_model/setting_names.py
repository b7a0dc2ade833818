"""The one table of settings: their names everywhere, and their kinds."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

NAMESPACE: Final = "influx-secrets"
"""Of the settings, in a stack's config and in the inputs of a provider."""


class SettingName(NamedTuple):
    """What one setting is called in each place; `Settings` checks its value.

    Attributes:
        field: Of `Settings`, and the argument of `Provider`.
        input: In a stack's config and in the inputs of a provider, after the namespace.
        variables: Environment variables. The `influx` CLI's come first, then those of Telegraf's and Terraform's users.
        kind: What a string from a stack's config or the environment becomes.
        is_secret: Whether the state must hold it encrypted, and no text form may show it.
        is_stored: Whether each resource's state holds it in clear, so that it must not be secret.
    """

    field: str
    input: str
    variables: tuple[str, ...] = ()
    kind: Literal["text", "name", "flag", "number"] = "text"
    is_secret: bool = False
    is_stored: bool = False

    @property
    def config_key(self) -> str:
        """The full name, the same in a stack's config and in a provider's inputs."""
        return f"{NAMESPACE}:{self.input}"

    @property
    def title(self) -> str:
        """What messages of a provider process call it, which cannot know where the user wrote it."""
        return f"{self.config_key} ({self.field} in a Provider)"


SETTINGS: Final = (
    SettingName("url", "url", ("INFLUX_HOST", "INFLUXDB_V2_URL"), is_stored=True),
    SettingName("token", "token", ("INFLUX_TOKEN", "INFLUXDB_V2_TOKEN"), is_secret=True),
    SettingName("org", "org", ("INFLUX_ORG", "INFLUXDB_V2_ORG")),
    SettingName("org_id", "orgId", ("INFLUX_ORG_ID",)),
    SettingName("ca_file", "caFile", ("INFLUXDB_V2_SSL_CA_CERT",)),
    SettingName("skip_verify", "skipVerify", ("INFLUX_SKIP_VERIFY",), kind="flag"),
    SettingName("timeout", "timeout", kind="number"),
    SettingName("max_attempts", "maxAttempts", kind="number"),
    SettingName("verify_values", "verifyValues"),
    SettingName("missing_org", "missingOrg"),
    SettingName("allow_insecure", "allowInsecure", kind="flag"),
    SettingName("trace_span", "traceSpan"),
    SettingName("extra_http_header", "extraHttpHeader", ("INFLUX_EXTRA_HTTP_HEADER",), is_secret=True),
)
"""Every setting; a new one needs a line here, a field and a check in `Settings`, and an argument of `Provider`."""

SELECTORS: Final = (
    SettingName("token_variable", "tokenVariable", kind="name"),
    SettingName("profile", "profile", kind="name"),
)
"""Inputs that name where settings are: the provider process reads them there in each run, so no state has the token."""

INPUTS: Final = (*SETTINGS, *SELECTORS)
"""What a stack's config and a provider's inputs may hold."""


def known_inputs() -> tuple[str, ...]:
    """Return their names, sorted, as messages list them."""
    return tuple(sorted(setting.input for setting in INPUTS))


def nearest(name: str) -> str | None:
    """Return the input that a misspelt name is like; None for none."""
    from difflib import get_close_matches  # noqa: PLC0415 (few programs need it)

    return next(iter(get_close_matches(name, known_inputs(), 1)), None)
