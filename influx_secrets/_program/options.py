"""Which resource options are refused, and which provider serves a resource."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi import dynamic

from influx_secrets._errors import DeclarationError
from influx_secrets._model.input_types import DECLARATION, instance_problem, not_an_input, require
from influx_secrets._model.keys import escape_key
from influx_secrets._program import sdk
from influx_secrets._program.inputs import Inputs
from influx_secrets._program.run import Run

_ROOT = re.compile(r'^(?:\["?)?(\w+).*$', re.DOTALL)
_GET = 'to look a secret up, use Secret.get("NAME", "<org id>/<key>")'
_ESCAPABLE = re.compile(r'^secrets(?:\.|\[")(?=__|\\)')

_REFUSED: Final = {
    "id": f"is not supported, because Pulumi would store the value in the state: {_GET} (IS126)",
    "import_": "is not supported: `pulumi up` adopts a key that has the declared value. Remove opts.import_ (IS127)",
    "version": "is not supported: Pulumi would start another provider process. Remove opts.version (IS129)",
    "urn": f"is not supported: {_GET} (IS124)",
    "env_var_mappings": (  # from SDK 3.272 on
        "works only on a Provider: move it to the opts of the Provider, or use Provider(token_variable=...) (IS125)"
    ),
}


def validated(opts: pulumi.ResourceOptions | None, inputs: Inputs, org: Mapping[str, Any]) -> pulumi.ResourceOptions:
    """Return the options of a resource whose org these properties name, or refuse those that cannot work."""
    if opts is None:
        return pulumi.ResourceOptions()
    require("opts", opts, instance_problem(pulumi.ResourceOptions, "pulumi.ResourceOptions"))
    for name, problem in _REFUSED.items():
        if getattr(opts, name, None) not in (None, {}):
            raise DeclarationError(f"opts.{name} {problem}")
    # The engine would put back what `check` took out, or a second name of the org.
    not_given = {DECLARATION, "org_id" if "org" in org else "org"}
    for path in opts.ignore_changes or ():
        if _ROOT.sub(r"\1", path) in not_given:
            raise not_an_input(path)
    if opts.replacement_trigger is None:
        return opts
    advice = "Use rotate_on with a string that is not secret. A new string writes the value again (IS128)"
    return _with(opts, replacement_trigger=inputs.stored("opts.replacement_trigger", opts.replacement_trigger, advice))


def resolve_provider(opts: pulumi.ResourceOptions, resource: dynamic.Resource) -> pulumi.ProviderResource:
    """Return the provider of a resource, found as the SDK finds it: given, inherited, or else the default one."""
    given = opts.providers or {}
    # By their own packages: a map may have any keys, and with another one a secret would go to the default server.
    by_package = {one.package: one for one in (given.values() if isinstance(given, Mapping) else given)}
    inherited = opts.parent.get_provider(sdk.type_token(resource)) if opts.parent is not None else None
    explicit = opts.provider if opts.provider is not None and opts.provider.package == sdk.PACKAGE else None
    return explicit or by_package.get(sdk.PACKAGE) or inherited or Run.current().default_provider


def escape_ignore_changes(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return the options with `ignore_changes=["secrets.__x"]` naming the key as it leaves the program."""
    if not opts.ignore_changes:
        return opts
    paths = [_ESCAPABLE.sub(lambda found: found[0] + escape_key("__")[0], path) for path in opts.ignore_changes]
    return _with(opts, ignore_changes=paths)


def with_provider(
    opts: pulumi.ResourceOptions, provider: pulumi.ProviderResource, **more: pulumi.Input[str]
) -> pulumi.ResourceOptions:
    """Return the options of a resource that this provider serves, with some more."""
    # The SDK reads a list when the program's body has ended, which may have appended this very resource to it.
    depends_on = [*opts.depends_on] if isinstance(opts.depends_on, list) else opts.depends_on
    return _with(opts, provider=provider, depends_on=depends_on, **more)


def _with(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:  # noqa: ANN401 (options of any type)
    # Not merged: that takes as long as all else that this package does to declare a resource, and concatenates lists.
    changed = copy.copy(opts)
    for name, value in more.items():
        setattr(changed, name, value)
    return changed
