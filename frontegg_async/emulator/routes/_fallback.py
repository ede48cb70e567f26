"""Stateless responses, for every operation that no other module handles.

The table of operations is the SDK's own, and so is the shape of a response: here the emulator is no
second opinion, it only lets a client call everything. So the responses are marked, by the header
``frontegg-emulator: stateless``. The table also decides about user tokens on routes with state
that do not decide it themselves. It is loaded when it is first read, because loading it takes
longer than starting an emulator.

==================================================================  ======
tokens and headers that a route requires                              SDK
the status of success                                                 spec
403 without a header that a route requires                            guess
values                                                                ours
==================================================================  ======
"""

from collections.abc import Iterable
from functools import cache
from types import NoneType
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ._route import Handler, Route, Takes, route
from ._samples import sample
from ._statuses import success

__all__ = ["MARK", "kinds", "routes", "takes"]

MARK: Final = {"frontegg-emulator": "stateless"}

_TAKES: Final = {
    "environment": Takes.ENVIRONMENT,
    "user": Takes.USER,
    "either": Takes.EITHER,
    "any": Takes.NOTHING,
    "none": Takes.NOTHING,
}
_ANY: Final = msgspec.json.Decoder(msgspec.Raw)


@cache
def routes() -> tuple[Route, ...]:
    """Return a route for each operation of the SDK."""
    from ...endpoints import operations

    found: dict[str, list[Any]] = {}
    for operation in operations():
        key = f"{operation.method} {operation.template}"
        found.setdefault(key, []).append(operation)
    return tuple(
        route(
            same[0].method,
            same[0].template,
            _handler(key, same),
            takes=_widest(_TAKES[operation.token.value] for operation in same),
        )
        for key, same in found.items()
    )


def takes(key: str) -> Takes:
    """Return the tokens that ``"METHOD /template"`` accepts; by default the environment's."""
    return kinds().get(key, Takes.ENVIRONMENT)


@cache
def kinds() -> dict[str, Takes]:
    """Return the tokens that each route accepts, by its key."""
    return {each.key: each.takes or Takes.ENVIRONMENT for each in routes()}


def _widest(kinds: Iterable[Takes]) -> Takes:
    """Return the narrowest value that accepts the tokens of all operations on a route."""
    different = set(kinds)
    return different.pop() if len(different) == 1 else Takes.EITHER


def _handler(key: str, same: list[Any]) -> Handler:
    """Make the handler of the operations that share a route."""
    operation = same[0]
    status = success(key)
    wants_tenant = all(each.tenant.value == "required" for each in same)
    wants_user = all(each.user.value == "required" for each in same)
    bodies: dict[str | None, bytes] = {}

    def handle(state: State, call: Call) -> Response:
        if wants_tenant:
            call.required_tenant()
        if wants_user:
            call.required_user()
        if operation.body is not None:
            decode(_ANY, call)
        if operation.returns is NoneType or status == 204:
            return Response(status, content_type=None, headers=MARK)
        end = state.policy.next_at_end
        if end not in bodies:
            bodies[end] = msgspec.json.encode(sample(operation.returns, end))
        return Response(status, bodies[end], headers=MARK)

    return handle
