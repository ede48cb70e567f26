"""Statuses that leave a write in doubt, for all jobs, late commits and lags."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from frontegg_async import FronteggSession, Outcome, Report
from frontegg_async.bulk import Assign, Remove, SetSuperuser
from frontegg_async.bulk.input.rows import Activation, SuperuserChange
from frontegg_async.bulk.ledger.records import LedgerRow, State
from frontegg_async.bulk.planner import Planner
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    DuplicateAdd,
    Emulator,
    Fault,
    LateCommit,
)

from ..support.bulk import crowd, ledger_with, out_of, outcomes, states, super_user, to, work_in
from ..support.routes import ADD, GET, REMOVE, SET_ACTIVE, SET_SUPERUSER

pytestmark = pytest.mark.anyio

GAVE_UP: Final = (408, 499, 500, 503, 520, 524, 530)
"""Some of them: core/test_retry.py and core/test_doubt.py have all."""
INVITES_TWICE: Final[dict[str, Any]] = {"duplicate_add": DuplicateAdd.CREATED_AND_INVITES}
ROUTES: Final = {
    "assign": ADD,
    "activate": SET_ACTIVE,
    "remove": REMOVE,
    "superuser": SET_SUPERUSER,
}


async def run_job(session: FronteggSession, name: str, ids: list[str], **more: Any) -> Report:
    """Run one of the four jobs, from tenants "home" and "old"."""
    bulk = session.bulk
    match name:
        case "assign":
            return await bulk.assign([to(user, "new") for user in ids], **more)
        case "activate":
            return await bulk.activate([work_in(user, "old") for user in ids], **more)
        case "remove":
            return await bulk.remove([out_of(user, "old") for user in ids], **more)
        case _:
            return await bulk.set_superuser([super_user(user, True) for user in ids], **more)


def holds(server: Emulator, name: str, user_id: str) -> bool:
    """Return whether the server has a user as the job wants it."""
    user = server.user(user_id)
    return {
        "assign": "new" in user.tenants,
        "activate": user.active_tenant == "old",
        "remove": "old" not in user.tenants,
        "superuser": user.super_user,
    }[name]


@pytest.mark.parametrize("job", ROUTES)
@pytest.mark.parametrize("status", GAVE_UP)
async def test_answers_that_never_say(anyio_backend: str, job: str, status: int) -> None:
    """Done and never confirmed, a row ends as done; not done, as unknown, and never as failed."""
    async with crowd(2, ["home", "old"]) as (server, session, ids):
        server.inject(AnswerStatus(status, after_commit=True), on=ROUTES[job], times=None)
        report = await run_job(session, job, ids[:1], plan="never")
        assert [holds(server, job, user_id) for user_id in ids] == [True, False]
        done = {"assign": "added", "activate": "activated", "remove": "removed"}
        assert outcomes(report) == {done.get(job, "changed"): 1}
        server.clear_faults()
        server.inject(AnswerStatus(status), on=ROUTES[job], times=None)
        report = await run_job(session, job, ids[1:], plan="never")
        assert outcomes(report) == {"unknown": 1}
        assert report.failures[0].status == status
        assert "may have been done" in (report.failures[0].reason or "")
        assert not holds(server, job, ids[1])


@pytest.mark.parametrize("status", [408, 499, 503, 524, None])
@pytest.mark.parametrize("late", [0.0, 1.5, 4.0])
@pytest.mark.parametrize("lag", [0.0, 2.0, 30.0])
async def test_invites_that_come_late(
    anyio_backend: str, tmp_path: Path, status: int | None, late: float, lag: float
) -> None:
    """No row fails that was done, and neither the run nor its retries send a second invite."""
    answer: Fault = CutBeforeCommit() if status is None else AnswerStatus(status)
    async with crowd(4, read_lag=lag, **INVITES_TWICE) as (server, session, ids):
        server.inject(LateCommit(late, answer), on=ADD, times=None)
        path = tmp_path / "ledger"
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, invite=True, ledger=path, plan="never")
        found = outcomes(report)
        assert found.keys() <= {"added", "unknown"}
        if late + lag < 3.0:
            assert found == {"added": 4}
        if lag == 30.0:
            assert found == {"unknown": 4}
        report = await session.bulk.retry(path, plan="never").wait()
        assert outcomes(report).keys() <= {"added", "unknown"}
        server.clear_faults()
        await session.clock.sleep(60.0)
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 4}
        assert sorted(each.user_id for each in server.invites) == ids
        assert server.count(ADD) == 4


@pytest.mark.parametrize("policy", [DuplicateAdd.CONFLICT, DuplicateAdd.BAD_REQUEST])
@pytest.mark.parametrize("conflicts", ["look", "already", "failed"])
@pytest.mark.parametrize("lag", [0.0, 30.0])
async def test_a_conflict_with_the_lost_attempt(
    anyio_backend: str, conflicts: Any, policy: DuplicateAdd, lag: float
) -> None:
    """A row whose second attempt conflicts with its first is added, or unknown under a lag."""
    async with crowd(3, read_lag=lag, duplicate_add=policy) as (server, session, ids):
        server.inject(AnswerStatus(524, after_commit=True), on=ADD, times=3)
        # Looking fails the first time, so that the row is sent again.
        server.inject(AnswerStatus(403), on=GET, times=3)
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, plan="never", conflicts=conflicts)
        assert len(server.memberships()) == 3
        believed = policy is DuplicateAdd.CONFLICT and conflicts == "already"
        assert outcomes(report) == {"unknown" if lag and not believed else "added": 3}


@pytest.mark.parametrize("conflicts", ["look", "failed"])
@pytest.mark.parametrize("policy", [DuplicateAdd.CONFLICT, DuplicateAdd.BAD_REQUEST])
@pytest.mark.parametrize("lag", [0.0, 30.0])
async def test_a_conflict_with_an_earlier_run(
    anyio_backend: str, tmp_path: Path, conflicts: Any, policy: DuplicateAdd, lag: float
) -> None:
    """An add of a dead run counts as added, although the next run gets a conflict for it."""
    async with crowd(1, read_lag=lag, duplicate_add=policy) as (_, session, ids):
        await session.users.add_to_tenant(ids[0], "t", skip_invite_email=True)
        row = (1, to(ids[0], "t"))
        path = ledger_with(tmp_path / "ledger", session, Assign(), [row], [1])
        report = await session.bulk.retry(path, plan="never", conflicts=conflicts).wait()
        assert outcomes(report) == {"unknown" if lag else "added": 1}


async def test_a_removal_that_an_earlier_run_did(anyio_backend: str, tmp_path: Path) -> None:
    """A membership that a run ended before it died was removed, and not missing before."""
    async with crowd(1, ["home"]) as (_, session, ids):
        row = (1, to(ids[0], "old"))
        path = ledger_with(tmp_path / "ledger", session, Remove(), [row], [1])
        report = await session.bulk.retry(path, plan="never").wait()
        assert outcomes(report) == {"removed": 1}


@pytest.mark.parametrize("plan", ["auto", "never"])
@pytest.mark.parametrize("by_email", [False, True])
async def test_reads_that_show_the_row_before(
    anyio_backend: str, by_email: bool, plan: Any
) -> None:
    """A read that lags behind the row before does not make a row one that held already."""
    async with crowd(3, ["home", "old"], read_lag=30.0) as (server, session, ids):
        users = [
            {"email": f"{each}@example.test"} if by_email else {"user_id": each} for each in ids
        ]
        changes = [
            SuperuserChange(**user, super_user=value) for value in (True, False) for user in users
        ]
        report = await session.bulk.set_superuser(changes, plan=plan)
        assert not any(server.user(user_id).super_user for user_id in ids)
        assert report.counts[Outcome.APPLIED] == 6
        moves = [
            Activation(**user, tenant_id=tenant) for tenant in ("old", "home") for user in users
        ]
        moved = await session.bulk.activate(moves, plan=plan)
        assert {server.user(user_id).active_tenant for user_id in ids} == {"home"}
        assert moved.counts[Outcome.APPLIED] == 6


async def test_doubt_about_the_row_before(anyio_backend: str) -> None:
    """A look that may show the user as before the last row does not settle the next one."""
    async with crowd(1, read_lag=30.0) as (server, session, ids):
        rows = [super_user(ids[0], True), super_user(ids[0], False)]
        run = session.bulk.start(SetSuperuser(), rows)
        async for result in run:
            if result.line == 1:
                assert result.outcome is Outcome.APPLIED
                server.inject(AnswerStatus(524), on=SET_SUPERUSER, times=None)
        assert outcomes(run.report) == {"changed": 1, "unknown": 1}
        assert server.user(ids[0]).super_user


@pytest.mark.parametrize("status", [500, 524])
async def test_adds_that_fail_for_everybody(anyio_backend: str, status: int) -> None:
    """A route that fails for every row ends the run, although looking works and nothing failed."""
    async with crowd(100) as (server, session, ids):
        server.inject(AnswerStatus(status), on=ADD, times=None)
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, invite=True, workers=4, plan="never")
        assert report.stopped is not None
        assert report.unknown <= 24
        assert report.skipped == 100 - report.unknown


async def test_half_a_row_in_doubt(anyio_backend: str) -> None:
    """A second half without a response is unknown; a rejected one has failed."""
    async with crowd(2, ["home"]) as (server, session, ids):
        server.inject(AnswerStatus(524), on=SET_ACTIVE, times=None)
        report = await session.bulk.assign([to(ids[0], set_active=True)])
        assert outcomes(report) == {"unknown": 1}
        server.clear_faults()
        server.inject(AnswerStatus(504, after_commit=True), on=ADD)
        server.inject(AnswerStatus(400), on=SET_ACTIVE, times=None)
        report = await session.bulk.assign([to(ids[1], set_active=True)], invite=True)
        assert outcomes(report) == {"failed": 1}


async def test_doubt_of_an_earlier_run_outlives_a_refused_rate(
    anyio_backend: str, tmp_path: Path
) -> None:
    """A row in doubt that may be sent again and is throttled stays in doubt for the next run."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        row = (1, to(ids[0], "t"))
        path = ledger_with(tmp_path / "ledger", session, Assign(invite=True), [row], [1])
        far = {"Retry-After": "99999"}
        server.inject(AnswerStatus(429, headers=far), on=ADD, times=None)
        await session.bulk.retry(path, resend=True).wait()
        assert states(path)[1] in {State.IN_FLIGHT, State.UNKNOWN}
        assert server.count(ADD)


async def test_an_invite_that_an_earlier_run_sent(anyio_backend: str, tmp_path: Path) -> None:
    """A row in doubt that may be sent again is looked at first, and counts as done by its run."""
    async with crowd(1, ["home", "t"], **INVITES_TWICE) as (server, session, ids):
        row = (1, to(ids[0], "t"))
        path = ledger_with(tmp_path / "ledger", session, Assign(invite=True), [row], [1])
        report = await session.bulk.retry(path, plan="never", resend=True).wait()
        assert outcomes(report) == {"added": 1}
        assert (server.invites, server.count(ADD)) == ([], 0)


@pytest.mark.parametrize("follows", [True, False])
async def test_a_plan_that_shows_the_row_before(anyio_backend: str, follows: bool) -> None:
    """A block read after an earlier row of a user has ended does not leave out the next one."""
    async with crowd(1, read_lag=30.0) as (_, session, ids):
        if follows:
            await session.users.set_superuser(ids[0], True)
        planner = Planner(session, SetSuperuser(), "always")
        row = LedgerRow(
            2,
            super_user(ids[0], False),
            '{"super_user":false}',
            in_doubt=False,
            ordered=True,
            follows=follows,
        )
        assert await planner.holding([row]) == (set() if follows else {2})
