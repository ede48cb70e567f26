"""Rows without a response: at most one invite, and unknown only if a look cannot tell."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest

from frontegg_async import AuthenticationError
from frontegg_async.bulk import Assign
from frontegg_async.bulk import engine as engine_module
from frontegg_async.bulk.ledger.invited import LONGEST_LAG
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import (
    Announce,
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    DuplicateAdd,
    Emulator,
    ExtraFields,
    Fault,
    RateLimit,
    Stall,
)

from ..support.bulk import crowd, exported, ledger_with, outcomes, states, to, until, writes
from ..support.routes import ADD, AUTH, GET, SET_ACTIVE, STATUSES, USERS

pytestmark = pytest.mark.anyio

INVITES_TWICE: Any = {"duplicate_add": DuplicateAdd.CREATED_AND_INVITES}


@pytest.mark.parametrize("fault", [CutAfterCommit(), CutBeforeCommit(), AnswerStatus(504)])
@pytest.mark.parametrize("invite", [False, True])
@pytest.mark.parametrize("resend", [False, True])
async def test_adds_that_are_cut(
    anyio_backend: str, fault: Fault, invite: bool, resend: bool
) -> None:
    """Cut after the commit a row is added; before it, it is sent again only where that may be."""
    async with crowd(20, **INVITES_TWICE) as (server, session, ids):
        server.inject(fault, on=ADD, times=None, every=4)
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, invite=invite, resend=resend, workers=1)
        lost = invite and not resend and not isinstance(fault, CutAfterCommit)
        assert outcomes(report) == ({"added": 15, "unknown": 5} if lost else {"added": 20})
        invited = [each.user_id for each in server.invites]
        assert sorted(invited) == sorted(user for user, _ in server.memberships() if invite)
        if lost:
            assert server.count(ADD) == 20
            assert all(each.reason for each in report.failures)


async def test_a_second_request_that_is_cut(anyio_backend: str) -> None:
    """A row that is sent again with ``resend`` is looked for as well, if it is cut."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        server.inject(CutBeforeCommit(), on=ADD)
        server.inject(CutAfterCommit(), on=ADD)
        report = await session.bulk.assign([to(ids[0])], invite=True, resend=True)
        assert outcomes(report) == {"added": 1}
        assert (server.count(ADD), len(server.invites)) == (2, 1)


async def test_a_late_commit(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A membership that appears between the two looks was added, and no second request is sent."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        server.inject(CutBeforeCommit(), on=ADD)
        slept: list[float] = []
        sleep = session.clock.sleep

        async def late(seconds: float, /) -> None:
            if seconds == engine_module.LATE_COMMIT:
                slept.append(seconds)
                server.user(ids[0]).tenants["t"] = "PendingInvitation"
            await sleep(seconds)

        monkeypatch.setattr(session.clock, "sleep", late)
        report = await session.bulk.assign([to(ids[0])], invite=True)
        assert outcomes(report) == {"added": 1}
        assert slept == [engine_module.LATE_COMMIT]
        assert server.count(ADD) == 1


@pytest.mark.parametrize("status", [403, 500])
async def test_a_state_that_cannot_be_read(anyio_backend: str, status: int) -> None:
    """If reading is forbidden, a row without a response is unknown, and not sent again."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        server.inject(CutAfterCommit(), on=ADD)
        # The look before the invite is answered, those after it are not.
        server.inject(ExtraFields(), on=GET)
        server.inject(AnswerStatus(status), on=GET, times=None)
        report = await session.bulk.assign([to(ids[0])], invite=True)
        assert outcomes(report) == {"unknown": 1}
        assert (server.count(ADD), len(server.invites)) == (1, 1)


async def test_credentials_that_die_while_looking(anyio_backend: str, tmp_path: Path) -> None:
    """If the credentials are withdrawn before the look, the row stays in doubt: it did not fail."""
    async with crowd(2, **INVITES_TWICE) as (server, session, ids):
        await session.token_info()
        server.inject(CutAfterCommit(), on=ADD)
        # The look before an invite goes out is answered, those after it are not.
        server.inject(ExtraFields(), on=GET)
        server.inject(AnswerStatus(401), on=GET, times=None)
        body = b'{"errors": ["Invalid authentication"]}'
        run = session.bulk.start(
            Assign(invite=True), [to(ids[0])], ledger=tmp_path / "ledger", plan="never"
        )
        results = aiter(run)
        first = asyncio.ensure_future(anext(results))
        withdrawn = server.inject(AnswerStatus(401, body, "application/json"), on=AUTH, times=None)
        await first
        async for _ in results:
            pass
        assert isinstance(run.report.stopped, AuthenticationError)
        assert withdrawn.struck
        assert outcomes(run.report) == {"unknown": 1}
        assert len(server.invites) == 1


@pytest.mark.parametrize("plan", ["auto", "never"])
@pytest.mark.parametrize("readable", [True, False])
async def test_rows_of_a_dead_run(
    anyio_backend: str, tmp_path: Path, plan: Any, readable: bool
) -> None:
    """With invites, rows in flight of a dead run are looked up, and never sent again."""
    async with crowd(4, **INVITES_TWICE) as (server, session, ids):
        job = Assign(invite=True)
        rows = [(line, to(user_id, "t")) for line, user_id in enumerate(ids, 1)]
        path = ledger_with(tmp_path / "ledger", session, job, rows, [1, 2])
        server.user(ids[0]).tenants["t"] = "PendingInvitation"
        if not readable:
            for route in (STATUSES, USERS):
                server.inject(AnswerStatus(403), on=route, times=None)
        report = await session.bulk.retry(path, plan=plan).wait()
        assert outcomes(report) == {"added": 3, "unknown": 1}
        assert states(path) == {1: State.DONE, 2: State.UNKNOWN, 3: State.DONE, 4: State.DONE}
        assert server.count(ADD) == 2
        assert [each.user_id for each in server.invites] == ids[2:]
        assert "earlier run" in report.failures[0].reason


async def test_rows_of_a_dead_run_that_may_be_sent_again(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Without invites, or with ``resend``, rows in flight of a dead run are sent again."""
    async with crowd(3, **INVITES_TWICE) as (server, session, ids):
        rows = [(line, to(user_id, "t")) for line, user_id in enumerate(ids, 1)]
        path = ledger_with(tmp_path / "one", session, Assign(), rows, [1, 2])
        assert outcomes(await session.bulk.retry(path).wait()) == {"added": 3}
        rows = [(line, to(user_id, "t2")) for line, user_id in enumerate(ids, 1)]
        path = ledger_with(tmp_path / "two", session, Assign(invite=True), rows, [1, 2])
        report = await session.bulk.retry(path, resend=True).wait()
        assert outcomes(report) == {"added": 3}
        assert len(server.invites) == 3


async def test_retry(anyio_backend: str, tmp_path: Path) -> None:
    """A retry sends failed rows again, and rows in doubt only with ``resend``."""
    async with crowd(6) as (server, session, ids):
        server.inject(AnswerStatus(400), on=ADD, times=2)
        server.inject(CutBeforeCommit(), on=ADD, times=1)
        path = tmp_path / "ledger"
        rows = [to(user_id) for user_id in [*ids, "late", ids[0]]]
        report = await session.bulk.assign(rows, invite=True, ledger=path, workers=1)
        assert outcomes(report) == {"added": 3, "failed": 4, "unknown": 1}
        server.add_user("late")
        before = server.count(ADD)
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 7, "unknown": 1}
        assert server.count(ADD) - before == 3
        report = await session.bulk.retry(path, resend=True).wait()
        assert outcomes(report) == {"added": 8}
        assert report.done
        assert server.count(ADD) - before == 4
        assert len(server.invites) == 7
        assert {row.reason for row in exported(path)} == {None}
        report = await session.bulk.retry(path).wait()
        assert (report.applied, report.requests) == (8, 0)


async def test_a_retry_without_reading_sends_no_second_invite(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Retried, a row in doubt is looked at before it is sent, even if no plan is to be made."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        server.inject(CutAfterCommit(), on=ADD)
        server.inject(ExtraFields(), on=GET)
        server.inject(AnswerStatus(403), on=GET, times=None)
        path = tmp_path / "ledger"
        report = await session.bulk.assign([to(ids[0])], invite=True, ledger=path)
        assert outcomes(report) == {"unknown": 1}
        server.clear_faults()
        report = await session.bulk.retry(path, plan="never").wait()
        assert outcomes(report) == {"added": 1}
        assert len(server.invites) == 1


async def test_a_refused_rate_is_not_under_way(anyio_backend: str, tmp_path: Path) -> None:
    """While a row waits out a 429 the ledger has it as pending: if killed, it is simply sent."""
    limit = RateLimit(1, 30, on=ADD, announce=Announce.RESET)
    async with crowd(3, rate_limits=[limit], **INVITES_TWICE) as (server, session, ids):
        path = tmp_path / "ledger"
        run = session.bulk.start(Assign(invite=True), [to(user) for user in ids], ledger=path)
        seen: list[dict[int, State]] = []
        sleep = session.clock.sleep

        async def watched(seconds: float, /) -> None:
            if seconds > 1 and path.exists():
                with anyio.fail_after(10):
                    await until(lambda: State.IN_FLIGHT not in states(path).values())
                seen.append(states(path))
            await sleep(seconds)

        session.clock.sleep = watched  # type: ignore[method-assign]
        report = await run.wait()
        assert outcomes(report) == {"added": 3}
        assert report.throttled > 0
        assert any(State.PENDING in each.values() for each in seen)
        assert len(server.invites) == 3


async def test_rows_that_hang(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, a run cuts off rows that hang, counts them as unknown, and settles them later."""
    monkeypatch.setattr(engine_module, "GRACE", 0.01)
    async with crowd(10, **INVITES_TWICE) as (server, session, ids):
        path = tmp_path / "ledger"
        stalled = server.inject(Stall(after_commit=True), on=ADD, times=None)
        rows = [to(user_id) for user_id in ids]
        run = session.bulk.start(Assign(invite=True), rows, ledger=path, workers=3)
        waiting = asyncio.create_task(run.wait())
        await stalled.wait(3)
        run.stop()
        report = await waiting
        assert outcomes(report) == {"unknown": 3, "skipped": 7}
        assert (report.interrupted, report.stopped) == (True, None)
        server.clear_faults()
        report = await session.bulk.assign(rows, invite=True, ledger=path)
        assert outcomes(report) == {"added": 10}
        assert len(server.invites) == 10
        assert writes(server) == 10


def test_the_record_is_the_oracle() -> None:
    """The emulator notes each invite, so that a second one cannot go unseen."""
    server = Emulator(duplicate_add=DuplicateAdd.CREATED_AND_INVITES)
    assert server.invites == []


async def test_half_a_row_of_a_dead_run(anyio_backend: str, tmp_path: Path) -> None:
    """If a run died between the halves of a row, the second one is done, and nothing is invited."""
    async with crowd(1, ["old"], **INVITES_TWICE) as (server, session, ids):
        rows = [(1, to(ids[0], "t", set_active=True))]
        path = ledger_with(tmp_path / "ledger", session, Assign(invite=True), rows, [1])
        server.user(ids[0]).tenants["t"] = "PendingInvitation"
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 1}
        assert server.user(ids[0]).active_tenant == "t"
        assert (server.invites, server.count(ADD)) == ([], 0)


async def test_half_a_row_that_was_late(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the first half of a row shows late, the second one is still done."""
    async with crowd(1, ["old"], **INVITES_TWICE) as (server, session, ids):
        server.inject(CutBeforeCommit(), on=ADD)
        sleep = session.clock.sleep

        async def late(seconds: float, /) -> None:
            if seconds == engine_module.LATE_COMMIT:
                server.user(ids[0]).tenants["t"] = "PendingInvitation"
            await sleep(seconds)

        monkeypatch.setattr(session.clock, "sleep", late)
        report = await session.bulk.assign([to(ids[0], set_active=True)], invite=True)
        assert outcomes(report) == {"added": 1}
        assert server.user(ids[0]).active_tenant == "t"
        assert server.count(ADD) == 1


async def test_an_invite_before_a_half_that_failed(anyio_backend: str, tmp_path: Path) -> None:
    """Retried while reads still lag, a row that failed behind its invite sends no second one."""
    async with crowd(1, ["old"], read_lag=30.0, **INVITES_TWICE) as (server, session, ids):
        path = tmp_path / "ledger"
        server.inject(AnswerStatus(400), on=SET_ACTIVE)
        rows = [to(ids[0], set_active=True)]
        assert outcomes(await session.bulk.assign(rows, invite=True, ledger=path)) == {"failed": 1}
        report = await session.bulk.retry(path)
        assert outcomes(report) == {"added": 1}
        assert (len(server.invites), server.user(ids[0]).active_tenant) == (1, "t")


@pytest.mark.parametrize("first_is_active", [False, True])
async def test_two_rows_about_a_membership_in_two_runs(
    anyio_backend: str, tmp_path: Path, first_is_active: bool
) -> None:
    """A run knows the invites of the run before it, although reads do not show them yet."""
    async with crowd(1, ["old"], read_lag=30.0, **INVITES_TWICE) as (server, session, ids):
        rows = [to(ids[0], set_active=active) for active in (first_is_active, not first_is_active)]
        path = tmp_path / "ledger"
        run = session.bulk.start(
            Assign(invite=True), rows, ledger=path, workers=1, on_progress=lambda _: run.stop()
        )
        assert outcomes(await run) == {"added": 1, "skipped": 1}
        report = await session.bulk.assign(rows, invite=True, ledger=path)
        assert (report.applied + report.unchanged, len(server.invites)) == (2, 1)
        assert server.user(ids[0]).active_tenant == "t"


async def test_a_membership_that_was_ended_long_after_its_invite(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Once no read can lag that long, a look is believed, and not the memory of an earlier run."""
    async with crowd(1, ["old"], **INVITES_TWICE) as (server, session, ids):
        rows = [to(ids[0]), to(ids[0], set_active=True)]
        path = tmp_path / "ledger"
        run = session.bulk.start(
            Assign(invite=True), rows, ledger=path, workers=1, on_progress=lambda _: run.stop()
        )
        await run
        del server.user(ids[0]).tenants["t"]
        await session.clock.sleep(LONGEST_LAG)
        await session.bulk.assign(rows, invite=True, ledger=path)
        assert len(server.invites) == 2
