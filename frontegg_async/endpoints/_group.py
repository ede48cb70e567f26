"""The base of all groups of endpoints."""

from __future__ import annotations

from ..operation import Caller


class EndpointGroup:
    """The operations of one topic, as coroutines over a session.

    Every method may raise the errors that ``frontegg_async.errors`` draws; its docstring names
    only those that are particular to it.
    """

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
