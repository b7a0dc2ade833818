"""Stands in for the engine and every provider of a program."""

from __future__ import annotations

from typing import Any, NoReturn

import pulumi


class Mocks(pulumi.runtime.Mocks):
    """Answers with the inputs, and keeps them by the resource's name."""

    def __init__(self) -> None:
        self.registered: dict[str, dict[Any, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.registered[args.name] = args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> NoReturn:
        raise AssertionError(f"nothing is to be called, but {args.token} was")
