"""What exists once in each run of a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pulumi

from influx_secrets._model.setting_names import NAMESPACE
from influx_secrets._program import declarations, sdk
from influx_secrets._program.config import default_provider_inputs
from influx_secrets._program.declarations import DeclarationIndex, DeclaredResource


class Run:
    """One run of a program: its default provider, and which resource declares which keys."""

    def __init__(self) -> None:
        self._declared: list[DeclaredResource] = []
        self._names: Counter[str] = Counter()
        self._indexes: dict[pulumi.ProviderResource, DeclarationIndex] = {}
        self._indexed = 0

    @classmethod
    def current(cls) -> Run:
        """Return the run of the program that calls this."""
        return sdk.run_scoped(cls)

    @cached_property
    def no_digest(self) -> pulumi.Output[str]:
        """Placeholder for all digests until `check` has computed them; one for all, because every output costs."""
        return pulumi.Output.secret("")

    @cached_property
    def default_provider(self) -> pulumi.ProviderResource:
        """Provider of resources that name none.

        Without an explicit provider the engine would use its own one for dynamic resources, and keep a copy of the
        whole stack config, secrets included, in the state (seen with Pulumi 3.259.0). Ours holds our settings alone.
        """
        provider = pulumi.ProviderResource(sdk.PACKAGE, NAMESPACE, default_provider_inputs())
        sdk.await_registration(provider)
        return provider

    def declare(
        self,
        name: str,
        provider: pulumi.ProviderResource,
        org: Mapping[str, Any],
        keys: pulumi.Input[str] | list[str] | pulumi.Output[list[str]],
    ) -> DeclaredResource:
        """Add a resource. Two of one logical name can have two parents, so the name gets a number.

        Not the URN: it is an output of the parent, and a resource that waits for its parent's outputs waits for itself.
        """
        self._names[name] += 1
        count = self._names[name]
        unique = name if count == 1 else f"{name} (number {count} of that name)"
        declared = DeclaredResource(unique, provider, (org.get("org_id"), org.get("org")), keys)
        self._declared.append(declared)
        return declared

    def other_declarations(self, this: DeclaredResource) -> pulumi.Output[dict[str, Any]]:
        """Return what the other resources of the program declare, once the program has declared them all."""

        async def others() -> dict[str, Any]:
            # Runs when the program's body has ended, for only then does the SDK begin to register resources.
            return (await declarations.find_others(this, self._index(this.provider))).encode()

        return sdk.untrack(pulumi.Output.from_input(others()))

    def _index(self, provider: pulumi.ProviderResource) -> DeclarationIndex:
        # Made once, and again when a callback declared one more: each of very many resources asks for it.
        if len(self._declared) != self._indexed:
            self._indexes, self._indexed = {}, len(self._declared)
        if provider not in self._indexes:
            self._indexes[provider] = DeclarationIndex.of([one for one in self._declared if one.provider is provider])
        return self._indexes[provider]
