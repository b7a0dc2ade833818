"""The resources that a program declares: `Provider`, `Secret`, `OrgSecrets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import dynamic

from influx_secrets._model.keys import parse_secret_id, unescape_key
from influx_secrets._model.state import DECLARATION
from influx_secrets._program import inputs, options, outputs
from influx_secrets._program.run import PACKAGE, Declared, Run, setting
from influx_secrets._provider.dynamic import OrgSecretsProvider, SecretProvider


class Provider(pulumi.ProviderResource):
    """One InfluxDB server, for resources that name it in `opts.provider`, or inherit it from a component.

    A setting that is not given is looked for in the environment and in the active profile of the `influx` CLI, each
    on its own. A token that comes from there is in no state; one given here is stored, encrypted, with the stack.

    Args:
        resource_name: Pulumi's logical name.
        url: Of the server, such as `https://eu.example.com:8086`; may be an output of the same program.
        token: Needs read on the org, read and write on its secrets.
        org: Name of the org for resources that name none.
        org_id: Id of the org for resources that name none.
        ca_file: A file of certificates to trust, in PEM.
        skip_verify: Accept any certificate.
        timeout: Of one attempt, in seconds; 10 by default.
        max_attempts: Of one request, the first one included; 5 by default.
        verify_values: `auto` compares values where the server can, `always` fails where it cannot, `never` is silent.
        missing_org: `gone` lets `pulumi destroy` go on where the org is not there any more; `error` stops, by default.
        allow_insecure: Send the token over plain http to another machine.
        trace_span: Text of the header `Zap-Trace-Span`.
        opts: Options of the resource.
    """

    def __init__(  # noqa: PLR0913 (each is a setting, by keyword)
        self,
        resource_name: str,
        *,
        url: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        org: pulumi.Input[str] | None = None,
        org_id: pulumi.Input[str] | None = None,
        ca_file: pulumi.Input[str] | None = None,
        skip_verify: pulumi.Input[bool] | None = None,
        timeout: pulumi.Input[float] | None = None,
        max_attempts: pulumi.Input[int] | None = None,
        verify_values: pulumi.Input[str] | None = None,
        missing_org: pulumi.Input[str] | None = None,
        allow_insecure: pulumi.Input[bool] | None = None,
        trace_span: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given: dict[str, pulumi.Input[Any] | None] = {
            "url": url,
            "org": org,
            "orgId": org_id,
            "caFile": ca_file,
            "skipVerify": skip_verify,
            "timeout": timeout,
            "maxAttempts": max_attempts,
            "verifyValues": verify_values,
            "missingOrg": missing_org,
            "allowInsecure": allow_insecure,
            "traceSpan": trace_span,
        }
        props = {setting(name): inputs.setting_text(value) for name, value in given.items() if value is not None}
        if token is not None:
            props[setting("token")] = pulumi.Output.secret(token)
        super().__init__(PACKAGE, resource_name, props, opts)
        outputs.follow(self)


class Secret(dynamic.Resource, module="influxdb", name="Secret"):
    """One secret of an org. Its value goes to the server alone: the state holds a digest and a counter.

    Args:
        resource_name: Pulumi's logical name; the secret's own name is `key`.
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the default org of the provider.
        org: Name of the org, looked up when the secret is created.
        key: As Flux reads it: `secrets.get(key: "...")`.
        value: Any text but an empty one; marked secret whether the caller did or not.
        overwrite: Take the key over where it exists with another value, instead of refusing.
        rotate_on: Write the value again when this text changes, and only then; for values made anew on every run.
            Then not even a digest is stored, and a value changed outside is not seen.
        opts: Options of the resource.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or an option is one that cannot work.
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
        opts = options.checked(opts)
        provider = options.provider_of(opts, self)
        given = inputs.org_inputs(org_id, org)
        sent_key = inputs.key(key)
        run = Run.current()
        declared = run.declare(f'Secret "{resource_name}"', provider, given, sent_key)
        props = {
            **given,
            "key": sent_key,
            "value": inputs.hidden(value),
            "digest": run.no_digest,
            "version": None,
            "drift": None,
            DECLARATION: _told(declared),
        }
        # Every property costs the SDK a tenth of a millisecond: what is not given is not sent.
        if overwrite is not False:
            props["overwrite"] = inputs.plain(overwrite)
        if rotate_on is not None:
            props["rotate_on"] = inputs.plain(rotate_on)
        super().__init__(SecretProvider(), resource_name, props, options.served_by(opts, provider))
        _forget(self, "org", "value", "digest", "overwrite", "rotate_on", DECLARATION)

    @classmethod
    def get(cls, resource_name: str, id: str, opts: pulumi.ResourceOptions | None = None) -> Secret:  # noqa: A002 (Pulumi's)
        """Look up a secret that something else manages. Its value cannot be read, and its `version` is not known.

        Args:
            resource_name: Pulumi's logical name.
            id: `<org id>/<key>`.
            opts: Options of the resource.

        Raises:
            DeclarationError: The id is malformed. That the key is not there is an error of the deployment.
        """
        parse_secret_id(id)
        secret = cls.__new__(cls)
        props = dict.fromkeys(("org_id", "org", "key", "overwrite", "rotate_on", "version", "drift"))
        opts = options.checked(opts)
        found = options.served_by(opts, options.provider_of(opts, secret), id=id)
        dynamic.Resource.__init__(secret, SecretProvider(), resource_name, props, found)
        return secret

    @property
    def org_id(self) -> pulumi.Output[str]:
        """The org's id."""
        return _output(self, "org_id")

    @property
    def key(self) -> pulumi.Output[str]:
        """The secret's key."""
        return _output(self, "key")

    @property
    def version(self) -> pulumi.Output[int | None]:
        """How often the secret was written; 1 when created, None for one that was only looked up."""
        return _output(self, "version").apply(_whole)

    @property
    def drift(self) -> pulumi.Output[str | None]:
        """`changed` while the server holds another value than was written, after a refresh; else None."""
        return _output(self, "drift")


class OrgSecrets(dynamic.Resource, module="influxdb", name="OrgSecrets"):
    """Many secrets of one org, changed in one transaction.

    Args:
        resource_name: Pulumi's logical name.
        org_id: Id of the org, 16 hexadecimal digits. Give this or `org`; without both, the default org of the provider.
        org: Name of the org, looked up when the resource is created.
        secrets: Key to value. Pass a map with outputs as values rather than an output of a map: then a preview can name
            each key, even where a value is not known yet. An empty value or None is refused, never read as "remove".
        exclusive: Remove keys of the org that are not declared here, except those matching `keep` and the credentials
            that the server itself keeps there. Then nothing else in the program may declare keys of the org.
        keep: Shell patterns of keys that `exclusive` leaves alone, such as `TEAM_*`.
        overwrite: Take keys over that exist with another value, instead of refusing.
        rotate_on: Key to text: such a key is written again when its text changes, and only then.
        opts: Options of the resource.

    Raises:
        DeclarationError: `org` and `org_id` are both given, or an option is one that cannot work.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        secrets: pulumi.Input[inputs.Secrets],
        org_id: pulumi.Input[str] | None = None,
        org: pulumi.Input[str] | None = None,
        exclusive: pulumi.Input[bool] = False,
        keep: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        overwrite: pulumi.Input[bool] = False,
        rotate_on: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        opts = options.escaped_ignores(options.checked(opts))
        provider = options.provider_of(opts, self)
        given = inputs.org_inputs(org_id, org)
        entries = inputs.readable(secrets)
        # Before the names: who awaits an output first has the whole traceback of its error, and this is told first.
        hidden = inputs.hidden_map(entries)
        names = inputs.names(entries)
        run = Run.current()
        declared = run.declare(f'OrgSecrets "{resource_name}"', provider, given, names)
        props = {
            **given,
            "secrets": hidden,
            "digests": run.no_digest,
            "exclusive": inputs.plain(exclusive),
            "keep": inputs.patterns(keep),
            "overwrite": inputs.plain(overwrite),
            "versions": None,
            "pruned": None,
            "drift": None,
            DECLARATION: {**_told(declared), "keys": names, "elsewhere": run.elsewhere(declared)},
        }
        if rotate_on is not None:
            props["rotate_on"] = inputs.rotations(rotate_on)
        super().__init__(OrgSecretsProvider(), resource_name, props, options.served_by(opts, provider))
        _forget(self, "org", "secrets", "digests", "overwrite", "rotate_on", "exclusive", "keep", "pruned", DECLARATION)

    @property
    def org_id(self) -> pulumi.Output[str]:
        """The org's id."""
        return _output(self, "org_id")

    @property
    def keys(self) -> pulumi.Output[list[str]]:
        """The managed keys, sorted."""
        return self.versions.apply(sorted)

    @property
    def versions(self) -> pulumi.Output[dict[str, int]]:
        """Key to how often it was written; sorted by key."""
        return _output(self, "versions").apply(
            lambda versions: {key: int(count) for key, count in sorted(_unescaped(versions).items())}
        )

    @property
    def drift(self) -> pulumi.Output[dict[str, str]]:
        """Key to `changed` or `deleted`, where a refresh found a key unlike what was written; a run repairs it."""
        return _output(self, "drift").apply(_unescaped)


def _told(declared: Declared) -> dict[str, Any]:
    """Return what `check` has to know and cannot find out: which resource it looks at, and whether in a preview."""
    told: dict[str, Any] = {"resource": declared.name}
    return {**told, "preview": True} if pulumi.runtime.is_dry_run() else told


def _output(resource: pulumi.Resource, name: str) -> pulumi.Output[Any]:
    output: pulumi.Output[Any] = resource.__dict__[name]
    return output


def _whole(count: float | None) -> int | None:
    # The engine's numbers are all floating.
    return None if count is None else int(count)


def _unescaped(entries: Mapping[str, Any] | None) -> dict[str, Any]:
    return {unescape_key(name): value for name, value in (entries or {}).items()}


def _forget(resource: pulumi.Resource, *names: str) -> None:
    """Take away what the SDK keeps of the inputs, so that no program exports a value by mistake."""
    outputs.follow(resource)
    for name in (*names, dynamic.dynamic.PROVIDER_KEY):
        resource.__dict__.pop(name, None)
