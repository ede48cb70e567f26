"""The event loop of a benchmark: asyncio's own, or uvloop's where it is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Literal, TypeAlias

from measuring import installed

LoopName: TypeAlias = Literal["asyncio", "uvloop", "fastest"]


def new_loop(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the function that makes such a loop; ``fastest`` is uvloop if it is there.

    Raises:
        ModuleNotFoundError: uvloop was asked for and is absent.
    """
    if name == "asyncio" or (name == "fastest" and installed("uvloop") is None):
        return asyncio.new_event_loop
    made: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return made
