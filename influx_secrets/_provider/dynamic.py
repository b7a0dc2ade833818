"""The two dynamic providers that states name: thin, for a program brings them along; `_calls` has what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from influx_secrets._model.setting_names import SETTINGS

if TYPE_CHECKING:
    from influx_secrets._provider.handlers import Calls


class _Provider(ResourceProvider):
    """What both providers share. An instance has no attribute until it is configured: the state holds its pickle."""

    serialize_as_secret_always = False

    _kind: ClassVar[Literal["Secret", "OrgSecrets"]]
    _calls: Calls

    def configure(self, req: ConfigureRequest) -> None:
        """Find the settings; no request."""
        # Here and not above: a program, which is never configured, starts a tenth of `import pulumi` earlier.
        from influx_secrets._provider.process import calls  # noqa: PLC0415

        given = {setting.input: req.config.get(setting.config_key) for setting in SETTINGS}
        self._calls = calls(self._kind, {name: value for name, value in given.items() if value is not None})

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Put digests and versions where the values were."""
        return self._calls.check(olds, news)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare what is stored with what is wanted."""
        return self._calls.diff(_olds, _news)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write every key."""
        return self._calls.create(props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Compare the server with what was written."""
        return self._calls.read(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Write the keys that changed, remove those that left."""
        return self._calls.update(_olds, _news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove what the state names."""
        self._calls.delete(_props)


class SecretProvider(_Provider):
    """Behind `Secret`."""

    _kind = "Secret"


class OrgSecretsProvider(_Provider):
    """Behind `OrgSecrets`."""

    _kind = "OrgSecrets"


for _class in (SecretProvider, OrgSecretsProvider):
    # Every state holds this path, as a pickle by reference: the file behind it is our own business.
    _class.__module__ = "influx_secrets"
