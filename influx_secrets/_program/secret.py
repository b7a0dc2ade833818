"""The resource `Secret`."""

from __future__ import annotations

import pulumi
from pulumi import dynamic

from influx_secrets._model.input_types import DECLARATION, optional_string_problem, require, string_problem
from influx_secrets._model.keys import parse_secret_id, secret_id
from influx_secrets._program import options, sdk
from influx_secrets._program.inputs import Inputs
from influx_secrets._program.run import Run
from influx_secrets._provider.dynamic import SecretProvider


class Secret(dynamic.Resource, module="influxdb", name="Secret"):
    """One secret of an org. Its value goes to the server alone: the state holds a digest and a counter.

    Args:
        resource_name: Pulumi's logical name; the secret's own name is `key`.
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the default org of the provider.
        org: Name of the org, looked up when the secret is created.
        key: Name of the secret, as Flux reads it: `secrets.get(key: "...")`. At most 32,752 bytes in UTF-8.
        value: Any string that is not empty; marked secret whether the caller did or not.
        overwrite: Take the key over where it exists with another value, instead of refusing.
        rotate_on: Write the value again when this string changes, and only then; for values made anew on every run.
            Then not even a digest is stored, and a value that was changed outside Pulumi is not noticed.
        opts: Options of the resource.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or an option cannot work.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        key: pulumi.Input[str],
        value: pulumi.Input[str],
        org_id: pulumi.Input[str] | None = None,
        org: pulumi.Input[str] | None = None,
        overwrite: pulumi.Input[bool] = False,
        rotate_on: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f'Secret "{resource_name}"'
        inputs = Inputs(name)
        given = inputs.org(org_id, org)
        opts = options.validated(opts, inputs, given)
        provider = options.resolve_provider(opts, self)
        sent = {**given, "key": inputs.string("key", key), "value": inputs.secret("value", value)}
        # Every property costs the SDK a tenth of a millisecond: what is not given is not sent.
        if overwrite is not False:
            sent["overwrite"] = inputs.switch("overwrite", overwrite)
        if rotate_on is not None:
            sent["rotate_on"] = inputs.public("rotate_on", rotate_on, optional_string_problem)
        run = Run.current()
        declared = run.declare(name, provider, given, sent["key"])
        # The turn is the first property: the SDK prepares those behind it when it has come.
        turn = {DECLARATION: run.turns.take(provider, declared)}
        props = {**turn, **sent, "digest": run.no_digest, "version": None, "drift": None}
        with sdk.logging_to(run.quiet_engine):
            super().__init__(SecretProvider(), resource_name, props, options.with_provider(opts, provider))
        sdk.await_registration(self)
        sdk.forget_inputs(self, "org", "value", "digest", "overwrite", "rotate_on", DECLARATION)

    @classmethod
    def get(cls, resource_name: str, id: str, opts: pulumi.ResourceOptions | None = None) -> Secret:  # noqa: A002 (Pulumi's)
        """Look up a secret that something else manages. Its value cannot be read, and its `version` is None.

        Args:
            resource_name: Pulumi's logical name.
            id: `<org id>/<key>`, such as `0123456789abcdef/SLACK_TOKEN`.
            opts: Options of the resource.

        Raises:
            DeclarationError: The id is malformed. A key that does not exist is an error of the deployment.
        """
        require("id", id, string_problem)
        id = secret_id(*parse_secret_id(id))  # noqa: A001 (Pulumi's)
        secret = cls.__new__(cls)
        props = dict.fromkeys(("org_id", "org", "key", "overwrite", "rotate_on", "version", "drift"))
        opts = options.validated(opts, Inputs(f'Secret "{resource_name}"'), {})
        found = options.with_provider(opts, options.resolve_provider(opts, secret), id=id)
        dynamic.Resource.__init__(secret, SecretProvider(), resource_name, props, found)
        return secret

    @property
    def org_id(self) -> pulumi.Output[str]:
        """Id of the org, 16 hexadecimal digits."""
        return sdk.output(self, "org_id")

    @property
    def key(self) -> pulumi.Output[str]:
        """Key of the secret."""
        return sdk.output(self, "key")

    @property
    def version(self) -> pulumi.Output[int | None]:
        """Number of times the secret was written: 1 when created, None for one that was only looked up."""
        # The engine's numbers are all floating.
        return sdk.output(self, "version").apply(lambda count: None if count is None else int(count))

    @property
    def drift(self) -> pulumi.Output[str | None]:
        """`changed` while the server holds another value than was written, after a refresh; else None."""
        return sdk.output(self, "drift")
