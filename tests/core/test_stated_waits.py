"""Refusals that state a wait, and refusals that state none: when a call is sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from itertools import pairwise
from typing import Final

import pytest

from frontegg_async import Options
from frontegg_async.emulator import Emulator, Fault, Injection, RecordedRequest
from frontegg_async.emulator.http.response import Response
from frontegg_async.pacing.gate import FIRST_LOOK_S, LATER_LOOKS_SHARE

from ..support.clocks import FakeClock
from ..support.routes import ADD
from ..support.sessions import session_on

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def http_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


SERVER: Final = 1_700_000_000.0
"""The server's time in seconds since the epoch, which differs from the client's."""
WAIT: Final = 7.0
"""Seconds for which the server refuses calls."""


class Refusing(Fault):
    """Refuse until the end of a wait, which every refusal announces."""

    def __init__(self, clock: FakeClock, announce: Callable[[float], Mapping[str, str]]) -> None:
        self._clock = clock
        self._announce = announce
        self._began: float | None = None

    async def before(self, injection: Injection) -> Response | None:
        """Refuse with the seconds that are left, counted from the first request."""
        now = self._clock.now
        self._began = now if self._began is None else self._began
        left = self._began + WAIT - now
        if left <= 0.0:
            return None
        return Response(429, headers=self._announce(left))


def server_time(clock: FakeClock) -> float:
    return SERVER + clock.now


# The headers that name a time, from that time and from the seconds until it.
ANNOUNCED: Final[dict[str, Callable[[float, float], dict[str, str]]]] = {
    "reset": lambda at, _left: {"X-Rate-Limit-Reset": rfc3339(at)},
    "seconds": lambda _at, left: {"Retry-After": f"{left:.0f}"},
    "date": lambda at, _left: {"Retry-After": http_date(at)},
    "draft": lambda _at, left: {"RateLimit": f'"default";r=0;t={left:.0f}'},
    "second": lambda at, _: {"Retry-After": "banana", "X-Rate-Limit-Reset": rfc3339(at)},
}


PATIENT: Final = Options(timeout=600.0, attempt_timeout=600.0, connect_timeout=600.0)
"""The time of attempts is real, and a busy machine may stand still for many seconds."""


def adds(emulator: Emulator) -> list[RecordedRequest]:
    """Return the requests that added a user, which a token may be fetched before more than once."""
    return [each for each in emulator.requests if f"{each.method} {each.template}" == ADD]


@pytest.mark.parametrize("skip_invite_email", [True, False])
@pytest.mark.parametrize("announce", ANNOUNCED.values(), ids=ANNOUNCED)
async def test_a_stated_wait_is_looked_behind_and_kept(
    clock: FakeClock, announce: Callable[[float, float], dict[str, str]], skip_invite_email: bool
) -> None:
    """A refused call looks after 1 s and 3 s, and is sent when the server said, by its clock."""

    def said(left: float) -> dict[str, str]:
        return announce(server_time(clock) + left, left)

    async with (
        Emulator(clock=clock.monotonic, wall_clock=lambda: server_time(clock)) as emulator,
        session_on(emulator, clock=clock, options=PATIENT) as session,
    ):
        emulator.add_user("user-0")
        emulator.inject(Refusing(clock, said), on=ADD, times=None)
        await session.users.add_to_tenant("user-0", "new", skip_invite_email=skip_invite_email)
        sent = adds(emulator)
        began = sent[0].at
        assert [request.at - began for request in sent] == pytest.approx([0.0, 1.0, 3.0, WAIT])
        assert [request.status for request in sent] == [429, 429, 429, 201]
        assert session.traffic.throttled == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Rate-Limit-Reset": rfc3339(SERVER - 7)},
        {},
        {"Retry-After": "-7"},
        {"Retry-After": "soon"},
        {"Retry-After": "1" * 400},
        {"Retry-After": "nan"},
        {"X-Rate-Limit-Reset": "0000-13-32T25:61:61Z"},
        {"X-Rate-Limit-Reset": "\xff"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("skip_invite_email", [True, False])
async def test_without_a_stated_wait_looks_grow_apart(
    clock: FakeClock, headers: dict[str, str], skip_invite_email: bool
) -> None:
    """A refusal that names no time is looked behind soon, and then every quarter longer."""
    async with (
        Emulator(clock=clock.monotonic, wall_clock=lambda: server_time(clock)) as emulator,
        session_on(emulator, clock=clock, options=PATIENT) as session,
    ):
        emulator.add_user("user-0")
        emulator.inject(Refusing(clock, lambda _left: headers), on=ADD, times=None)
        await session.users.add_to_tenant("user-0", "new", skip_invite_email=skip_invite_email)
        sent = [request.at for request in adds(emulator)]
        gaps = [later - earlier for earlier, later in pairwise(sent)]
        assert gaps[0] == pytest.approx(FIRST_LOOK_S)
        assert all(
            later - earlier
            == pytest.approx(max(FIRST_LOOK_S, (earlier - sent[0]) * LATER_LOOKS_SHARE), abs=1e-3)
            for earlier, later in pairwise(sent[1:])
        )
        assert WAIT <= sent[-1] - sent[0] <= WAIT * (1.0 + LATER_LOOKS_SHARE)
        assert session.traffic.throttled == len(sent) - 1
