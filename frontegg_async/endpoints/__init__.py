"""Endpoint coroutines, one module per API group, each a line over ``Caller.call``."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from ..operation import Operation

GROUPS: Final = ("authentication", "users")


def operations() -> tuple[Operation[Any], ...]:
    """Return every operation that the SDK has, by name."""
    found: dict[str, Operation[Any]] = {}
    for group in GROUPS:
        for value in vars(import_module(f"{__name__}.{group}")).values():
            if isinstance(value, Operation):
                found[value.name] = value
    return tuple(found[name] for name in sorted(found))
