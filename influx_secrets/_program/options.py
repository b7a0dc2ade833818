"""The options of a resource: which are refused, and which provider serves it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi import dynamic

from influx_secrets._errors import DeclarationError
from influx_secrets._model.keys import escape_key
from influx_secrets._program.run import PACKAGE, Run

_ESCAPABLE = re.compile(r'^secrets(?:\.|\[")(?=__|\\)')


def checked(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Return the options, if they can work."""
    opts = opts or pulumi.ResourceOptions()
    if opts.id is not None:
        raise DeclarationError("opts.id would store the value in the state: look a secret up with Secret.get(name, id)")
    if opts.import_ is not None:
        raise DeclarationError("opts.import_ is not needed: declaring a key with the value that it has adopts it")
    if opts.version is not None:
        raise DeclarationError("opts.version starts another provider process, which can lose keys: leave it out")
    return opts


def provider_of(opts: pulumi.ResourceOptions, resource: dynamic.Resource) -> pulumi.ProviderResource:
    """Return the provider of a resource, found as the SDK finds it: given, inherited, or else the program's own."""
    given = opts.providers or {}
    # By their own packages: a map may have any keys, and with another one a secret would go to the default server.
    among = {one.package: one for one in (given.values() if isinstance(given, Mapping) else given)}
    token = f"{PACKAGE}:{resource._resource_type_name}"  # noqa: SLF001 (the SDK has no other way to the type)
    inherited = opts.parent.get_provider(token) if opts.parent is not None else None
    explicit = opts.provider if opts.provider is not None and opts.provider.package == PACKAGE else None
    return explicit or among.get(PACKAGE) or inherited or Run.current().default_provider()


def escaped_ignores(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return the options with `ignore_changes=["secrets.__x"]` naming the key as it leaves the program."""
    if not opts.ignore_changes:
        return opts
    paths = [_ESCAPABLE.sub(lambda found: found[0] + escape_key("__")[0], path) for path in opts.ignore_changes]
    return _with(opts, ignore_changes=paths)


def served_by(
    opts: pulumi.ResourceOptions, provider: pulumi.ProviderResource, **more: pulumi.Input[str]
) -> pulumi.ResourceOptions:
    """Return the options of a resource that this provider serves, with some more."""
    # The SDK reads a list when the program's body has ended, which may have appended this very resource to it.
    depends_on = [*opts.depends_on] if isinstance(opts.depends_on, list) else opts.depends_on
    return _with(opts, provider=provider, depends_on=depends_on, **more)


def _with(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:  # noqa: ANN401 (options of any type)
    # Not merged, which takes as long as all else that this package does to declare a resource, and adds list to list.
    changed = copy.copy(opts)
    for name, value in more.items():
        setattr(changed, name, value)
    return changed
