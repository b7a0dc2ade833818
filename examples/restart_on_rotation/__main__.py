"""Something downstream that has to act when a secret was rotated: here, a file that a service watches."""

from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic

import influx_secrets as influx


class MarkerProvider(dynamic.ResourceProvider):
    """Writes the versions into a file, anew whenever one of them changes."""

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        self._write(props)
        return dynamic.CreateResult(props["path"], props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        self._write(_news)
        return dynamic.UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        Path(_props["path"]).unlink(missing_ok=True)

    def _write(self, props: dict[str, Any]) -> None:
        lines = [f"{key} {version:.0f}\n" for key, version in sorted(props["versions"].items())]
        Path(props["path"]).write_text("".join(lines), encoding="utf-8")


class Marker(dynamic.Resource):
    """A file with the versions of some secrets."""

    def __init__(
        self, name: str, *, path: str, versions: pulumi.Input[dict[str, int]], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(MarkerProvider(), name, {"path": path, "versions": versions}, opts)


config = pulumi.Config()

mail = influx.OrgSecrets(
    "mail",
    org="acme",
    secrets={
        "SMTP_PASSWORD": config.require_secret("smtpPassword"),
        "SMTP_USER": config.require_secret("smtpUser"),
    },
)

# With a provider of its own: the engine's default one for dynamic resources keeps a copy of the whole stack config.
files = pulumi.ProviderResource("pulumi-python", "files", {})
Marker("mailer", path=config.require("marker"), versions=mail.versions, opts=pulumi.ResourceOptions(provider=files))
