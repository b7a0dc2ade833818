"""The resource `OrgSecrets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import dynamic

from influx_secrets._model.input_types import DECLARATION, secrets_problem
from influx_secrets._model.keys import unescape_key
from influx_secrets._program import options, sdk
from influx_secrets._program.inputs import Inputs, Secrets, map_keys
from influx_secrets._program.run import Run
from influx_secrets._provider.dynamic import OrgSecretsProvider


class OrgSecrets(dynamic.Resource, module="influxdb", name="OrgSecrets"):
    """Many secrets of one org, changed in one transaction; a first write of more than 10,000 keys is several.

    Args:
        resource_name: Pulumi's logical name.
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the default org of the provider.
        org: Name of the org, looked up when the resource is created.
        secrets: Map of key to value. Pass a map with outputs as values rather than an output of a map: then a preview
            can name each key, even where a value is not known yet. An empty value or None is refused; it never means
            "remove".
        exclusive: Remove keys of the org that are not declared here, except those that match `keep` and the credentials
            that the server itself keeps there. Then nothing else in the program may declare keys of the org.
        keep: List of shell patterns of keys that `exclusive` leaves alone, such as `["TEAM_*"]`.
        overwrite: Take keys over that exist with another value, instead of refusing.
        rotate_on: Map of key to a string: such a key is written again when its string changes, and only then.
        opts: Options of the resource.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or an option cannot work.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        secrets: pulumi.Input[Secrets],
        org_id: pulumi.Input[str] | None = None,
        org: pulumi.Input[str] | None = None,
        exclusive: pulumi.Input[bool] = False,
        keep: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        overwrite: pulumi.Input[bool] = False,
        rotate_on: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f'OrgSecrets "{resource_name}"'
        inputs = Inputs(name)
        given = inputs.org(org_id, org)
        opts = options.escape_ignore_changes(options.validated(opts, inputs, given))
        provider = options.resolve_provider(opts, self)
        # Awaited more than once, which a coroutine cannot be.
        entries: Secrets | pulumi.Output[Secrets] = inputs.checked("secrets", secrets, secrets_problem)
        names = map_keys(entries)
        run = Run.current()
        told: dict[str, Any]
        if sdk.is_untouched(opts) and run.is_checked(provider):
            values, told = inputs.secret_values(entries, with_known=False), {"values": inputs.values_text(entries)}
        else:
            values, told = inputs.secret_values(entries), {"keys": names}
            told["ignoring"] = any(path == "*" or path.startswith("secrets") for path in opts.ignore_changes or ())
        if keep and not exclusive:  # outputs are true
            from influx_secrets._notices import say_on_stderr  # noqa: PLC0415 (few programs need it)

            say_on_stderr(
                f"{name}: keep has no effect without exclusive=True. Remove keep, or add exclusive=True, which removes "
                "the keys of the org that are neither declared nor in keep (IS602)"
            )
        declared = run.declare(name, provider, given, names)
        props = {
            **given,
            "secrets": values,
            "digests": run.no_digest,
            "exclusive": inputs.switch("exclusive", exclusive),
            "keep": inputs.keep_patterns(keep),
            "overwrite": inputs.switch("overwrite", overwrite),
            "versions": None,
            "pruned": None,
            "drift": None,
            DECLARATION: {**declared, **told, "provider": run.number(provider), "resources": run.resource_counts},
        }
        if rotate_on is not None:
            props["rotate_on"] = inputs.rotations(rotate_on)
        super().__init__(OrgSecretsProvider(), resource_name, props, options.with_provider(opts, provider))
        sdk.await_registration(self)
        sent = ("org", "secrets", "digests", "overwrite", "rotate_on", "exclusive", "keep", "pruned", DECLARATION)
        sdk.forget_inputs(self, *sent)

    @property
    def org_id(self) -> pulumi.Output[str]:
        """Id of the org, 16 hexadecimal digits."""
        return sdk.output(self, "org_id")

    @property
    def keys(self) -> pulumi.Output[list[str]]:
        """Keys that the resource manages, sorted."""
        return self.versions.apply(sorted)

    @property
    def versions(self) -> pulumi.Output[dict[str, int]]:
        """Map of key to the number of times it was written, sorted by key."""
        return sdk.output(self, "versions").apply(
            lambda versions: {key: int(count) for key, count in sorted(_unescaped(versions).items())}
        )

    @property
    def drift(self) -> pulumi.Output[dict[str, str]]:
        """Map of key to `changed` or `deleted`, for keys that a refresh found changed; the next run repairs them."""
        return sdk.output(self, "drift").apply(_unescaped)


def _unescaped(entries: Mapping[str, Any] | None) -> dict[str, Any]:
    return {unescape_key(name): value for name, value in (entries or {}).items()}
