"""What an attempt without an answer means for the attempts after it."""

from __future__ import annotations

from typing import Final

import pytest

from frontegg_async import ConflictError, OutcomeUnknownError, ServerError
from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator, Fault

from .clocks import ADD, FakeClock, session_on
from .conftest import API_KEY

pytestmark = pytest.mark.anyio

FAR: Final = {"Retry-After": "9999"}


@pytest.mark.parametrize(
    ("last", "ends_in"),
    [
        (AnswerStatus(429, headers=FAR), OutcomeUnknownError),
        (AnswerStatus(503, headers=FAR), OutcomeUnknownError),
        (AnswerStatus(409), ConflictError),
    ],
    ids=["throttled", "unavailable", "refused for good"],
)
async def test_doubt_outlives_the_attempt(last: Fault, ends_in: type[Exception]) -> None:
    """A lost attempt stays in doubt when the next is only put off, and not when it is refused."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        emulator.inject(CutBeforeCommit(), on=ADD)
        emulator.inject(last, on=ADD, times=None)
        async with session_on(emulator, clock=FakeClock()) as session:
            with pytest.raises(ends_in):
                await session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
        assert emulator.count(ADD) == 2


async def test_a_server_that_says_it_failed_is_believed() -> None:
    """A 500 every time, with the membership read as missing every time, is no outcome in doubt."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        emulator.inject(AnswerStatus(500), on=ADD, times=None)
        async with session_on(emulator, clock=FakeClock()) as session:
            with pytest.raises(ServerError):
                await session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
