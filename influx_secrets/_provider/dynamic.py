"""The dynamic provider classes, which states name.

They are thin, because every program imports them; `handlers` has what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pulumi import dynamic

from influx_secrets._model.setting_names import INPUTS

if TYPE_CHECKING:
    from influx_secrets._provider.handlers import Handlers


class _Provider(dynamic.ResourceProvider):
    """What both providers share. An instance has no attribute until it is configured: the state holds its pickle."""

    serialize_as_secret_always = False

    _kind: ClassVar[Literal["Secret", "OrgSecrets"]]
    _handlers: Handlers

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        # Here and not above: a program, which is never configured, starts a tenth of `import pulumi` earlier.
        from influx_secrets._provider.process import configure  # noqa: PLC0415

        given = {setting.input: req.config.get(setting.config_key) for setting in INPUTS}
        self._handlers = configure(self._kind, {name: value for name, value in given.items() if value is not None})

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        return self._handlers.check(olds, news)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        return self._handlers.diff(_olds, _news)

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        return self._handlers.create(props)

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        return self._handlers.read(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        return self._handlers.update(_olds, _news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._handlers.delete(_props)


class SecretProvider(_Provider):
    _kind = "Secret"


class OrgSecretsProvider(_Provider):
    _kind = "OrgSecrets"


for _class in (SecretProvider, OrgSecretsProvider):
    # Every state holds this path, as a pickle by reference: the file behind it is our own business.
    _class.__module__ = "influx_secrets"
