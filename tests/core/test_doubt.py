"""Attempts in doubt: their effect on later attempts and on the error."""

from __future__ import annotations

from typing import Any, Final

import pytest

from frontegg_async import AuthenticationError, CallTimeoutError, OutcomeUnknownError, ServerError
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    DuplicateAdd,
    Emulator,
    Fault,
    LateCommit,
)
from frontegg_async.endpoints import roles

from ..support.clocks import FakeClock
from ..support.routes import ADD, AUTH, GET, REMOVE, SET_ACTIVE
from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

FAR: Final = {"Retry-After": "9999"}
GAVE_UP: Final = (408, 460, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 527, 530, 598, 599)
NOT_TAKEN: Final = (421, 425, 501, 525)


def emulator_on(clock: FakeClock, **options: Any) -> Emulator:
    """Return an emulator without users, on the clock of a test."""
    return Emulator(api_key=API_KEY, clock=clock.monotonic, wall_clock=clock.time, **options)


@pytest.mark.parametrize(
    "last",
    [AnswerStatus(429, headers=FAR), AnswerStatus(503, headers=FAR), AnswerStatus(409)],
    ids=["throttled", "unavailable", "conflict"],
)
async def test_doubt_outlives_the_attempt(last: Fault) -> None:
    """A lost attempt stays in doubt, also if the next one is rejected or throttled."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        emulator.inject(CutBeforeCommit(), on=ADD)
        emulator.inject(last, on=ADD, times=None)
        async with session_on(emulator, clock=FakeClock()) as session:
            with pytest.raises(OutcomeUnknownError) as caught:
                await session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
        assert emulator.count(ADD) == 2
        assert caught.value.status is not None


@pytest.mark.parametrize("status", GAVE_UP)
async def test_an_answer_that_does_not_say(status: int) -> None:
    """With an invite, and with any POST that is two if sent twice, the outcome is unknown."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        for on in (ADD, roles.CREATE.limit_group):
            emulator.inject(AnswerStatus(status), on=on, times=None)
        async with session_on(emulator, clock=FakeClock()) as session:
            with pytest.raises(OutcomeUnknownError) as invited:
                await session.users.add_to_tenant("user-0", "acme")
            with pytest.raises(OutcomeUnknownError) as created:
                await session.call(roles.CREATE, body=())
        assert (invited.value.status, invited.value.attempts) == (status, 1)
        assert (created.value.status, created.value.attempts) == (status, 1)
        assert emulator.count(GET) == 1


@pytest.mark.parametrize("status", [*GAVE_UP, *NOT_TAKEN])
async def test_what_is_harmless_twice_is_sent_again(status: int) -> None:
    """Reading, replacing and deleting go out again, and an add without an invite after a look."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0", tenant_ids=["home", "old"])
        async with session_on(emulator, clock=FakeClock()) as session:
            for on in (GET, SET_ACTIVE, REMOVE, ADD):
                emulator.inject(AnswerStatus(status), on=on)
            await session.users.get("user-0")
            await session.users.set_active_tenant("user-0", "home")
            await session.users.remove_from_tenant("user-0", "old")
            await session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
        assert emulator.memberships() == {("user-0", "home"), ("user-0", "acme")}
        assert [emulator.count(on) for on in (SET_ACTIVE, REMOVE, ADD, GET)] == [2, 2, 2, 3]


@pytest.mark.parametrize("status", NOT_TAKEN)
async def test_what_was_not_taken_is_no_doubt(status: int) -> None:
    """A server that says that it did not process an invite is believed."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        emulator.inject(AnswerStatus(status), on=ADD, times=None)
        async with session_on(emulator, clock=FakeClock()) as session:
            with pytest.raises(ServerError):
                await session.users.add_to_tenant("user-0", "acme")
        assert emulator.count(ADD) == 1


@pytest.mark.parametrize("status", [408, 499, 504, 524])
async def test_a_removal_that_was_done(status: int) -> None:
    """A removal that a gateway gave up on, and that is answered 404 the second time, is done."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0", tenant_ids=["home", "old"])
        emulator.inject(AnswerStatus(status, after_commit=True), on=REMOVE)
        async with session_on(emulator, clock=FakeClock()) as session:
            await session.users.remove_from_tenant("user-0", "old")
        assert emulator.memberships() == {("user-0", "home")}
        assert emulator.count(REMOVE) == 2


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("lag", [0.0, 30.0])
async def test_the_second_attempt_finds_the_first(status: int, lag: float) -> None:
    """A conflict with one's own lost attempt is success if it shows, and unknown if not."""
    clock = FakeClock()
    policy = DuplicateAdd.CONFLICT if status == 409 else DuplicateAdd.BAD_REQUEST
    async with emulator_on(clock, duplicate_add=policy, read_lag=lag) as emulator:
        emulator.add_user("user-0")
        emulator.inject(LateCommit(1e-9, AnswerStatus(504)), on=ADD)
        # The first look comes before the work is done, the second after it.
        async with session_on(emulator, clock=clock) as session:
            adding = session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
            if lag:
                with pytest.raises(OutcomeUnknownError) as caught:
                    await adding
                assert caught.value.status == status
            else:
                assert (await adding).is_member_of("acme")
        assert emulator.memberships() == {("user-0", "acme")}


@pytest.mark.parametrize("invite", [False, True])
async def test_no_token_after_an_attempt_in_doubt(invite: bool) -> None:
    """Credentials that are withdrawn after a lost attempt do not make it one that failed."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        async with session_on(emulator, clock=FakeClock()) as session:
            await session.token_info()
            emulator.inject(CutBeforeCommit(), on=ADD)
            for on in (ADD, GET, AUTH, SET_ACTIVE):
                emulator.inject(AnswerStatus(401), on=on, times=None)
            with pytest.raises(OutcomeUnknownError):
                await session.users.add_to_tenant("user-0", "acme", skip_invite_email=not invite)
            with pytest.raises(AuthenticationError):
                await session.users.set_active_tenant("user-0", "acme")


class Oversleeper(FakeClock):
    """A clock by which every wait takes until after the deadline."""

    async def sleep(self, seconds: float, /) -> None:
        """Wait for much longer."""
        await super().sleep(seconds + 1_000.0)


async def test_the_deadline_after_an_attempt_in_doubt() -> None:
    """A deadline that passes after a lost attempt leaves doubt, where doing it twice is noticed."""
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0")
        async with session_on(emulator, clock=Oversleeper()) as session:
            for on in (ADD, SET_ACTIVE):
                emulator.inject(AnswerStatus(524), on=on)
            with pytest.raises(OutcomeUnknownError, match="deadline"):
                await session.users.add_to_tenant("user-0", "acme", skip_invite_email=True)
            with pytest.raises(CallTimeoutError):
                await session.users.set_active_tenant("user-0", "acme")
        assert [emulator.count(on) for on in (ADD, SET_ACTIVE)] == [1, 1]


def test_an_unknown_outcome_stays_itself() -> None:
    """Doubt is said once, and keeps all that is known of the call."""
    error = ServerError("the server failed", operation="x.y", status=524, trace_id="t", attempts=2)
    doubt = OutcomeUnknownError.after(error)
    assert OutcomeUnknownError.after(doubt) is doubt
    assert doubt.fields == error.fields
    assert "may have been done" in str(doubt)
