"""What exists once in each run of a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import pulumi

from influx_secrets._model.setting_names import NAMESPACE
from influx_secrets._program import registration, sdk
from influx_secrets._program.config import default_provider_inputs


class _Declared(NamedTuple):
    """One resource of the program, as far as the program itself knows it; org and keys are inputs."""

    resource: str
    provider: int
    org_id: Any
    org: Any
    keys: Any

    def marked(self, mark: Callable[[str], str]) -> dict[str, Any]:
        """Return the entry of the register: marks of what is known, None for what is not given or not known yet."""
        keys = [self.keys] if isinstance(self.keys, str) else self.keys
        return {
            "resource": self.resource,
            "provider": self.provider,
            "org_id": mark(self.org_id.lower()) if isinstance(self.org_id, str) else None,
            "org": mark(self.org.strip()) if isinstance(self.org, str) else None,
            "keys": None if sdk.is_output(keys) else [mark(key) for key in keys],
        }


class Run:
    """One run of a program: its default provider, and which resource declares which keys."""

    def __init__(self) -> None:
        self._providers: dict[pulumi.ProviderResource, int] = {}
        self._names: Counter[str] = Counter()
        self._unwritten: list[_Declared] = []
        self._counts: Counter[int] = Counter()
        self.resource_counts: pulumi.Output[list[int]]
        """Number of resources that the program's body declares, for each provider by number; from the first one on."""

    @classmethod
    def current(cls) -> Run:
        return sdk.run_scoped(cls)

    @cached_property
    def no_digest(self) -> pulumi.Output[str]:
        """Placeholder for all digests until `check` has computed them; one for all, because every output costs."""
        return pulumi.Output.secret("")

    @cached_property
    def turns(self) -> registration.Turns:
        return registration.Turns(registration.Threads.added())

    @cached_property
    def quiet_engine(self) -> sdk.QuietEngine | None:
        """The connection that `Secret`s log to; None for that of the SDK, where the user asked for debug messages.

        The SDK sends four for each resource, and waits for each (3.272.0): a fifth of the program's time.
        """
        from influx_secrets._run_register import find_engine  # noqa: PLC0415 (not while the program is imported)

        # Else some other `pulumi` can be above this process, such as `pulumi env run`.
        engine = None if sdk.engine_address() is None else find_engine()
        return None if engine is None or engine.is_verbose else sdk.QuietEngine.current()

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
        self, name: str, provider: pulumi.ProviderResource, org: Mapping[str, Any], keys: object
    ) -> dict[str, Any]:
        """Add a resource. Return what `check` has to know and cannot find out: which one it is, whether in a preview.

        Two of one logical name can have two parents, so the name gets a number. Not the URN: it is an output of the
        parent, and a resource that waits for its parent's outputs waits for itself.
        """
        self._names[name] += 1
        count = self._names[name]
        unique = name if count == 1 else f"{name} (number {count} of this name in the program)"
        if not self._unwritten:
            # Runs when the program's body has ended, for only then does the SDK begin to register resources.
            self.resource_counts = pulumi.Output.from_input(self._write_declarations())  # waited for: it can fail
        self._counts[self.number(provider)] += 1
        self._unwritten.append(_Declared(unique, self.number(provider), org.get("org_id"), org.get("org"), keys))
        return {"resource": unique, **({"preview": True} if pulumi.runtime.is_dry_run() else {})}

    def is_checked(self, provider: pulumi.ProviderResource) -> bool:
        """Whether what a provider serves is checked for certain.

        In a preview not where an input of the provider is unknown: what the program sends is then shown as it is.
        """
        return not pulumi.runtime.is_dry_run() or provider is vars(self).get("default_provider")

    def number(self, provider: pulumi.ProviderResource) -> int:
        """Return what tells a provider from the others of the program."""
        return self._providers.setdefault(provider, len(self._providers))

    async def _write_declarations(self) -> list[int]:
        """Tell the provider processes what the program declares: they see only what is checked in the run."""
        from influx_secrets._run_register import PROGRAM, Register  # noqa: PLC0415 (not while the program starts)

        unwritten, self._unwritten = self._unwritten, []
        address = sdk.engine_address()
        register = None if address is None else Register.join(address, PROGRAM)
        if register is not None:
            register.append(*(one.marked(register.mark) for one in unwritten))
        return [self._counts[number] for number in self._providers.values()]
