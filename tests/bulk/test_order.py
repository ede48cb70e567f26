"""A user is a user, however a row spells it: the last row of a user holds, in every job."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from frontegg_async import Assignment, FronteggSession, LedgerDamagedError, Report
from frontegg_async.bulk import Activation, Assign, Removal, SetSuperuser, SuperuserChange
from frontegg_async.bulk.input.rows import UserRow
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, Header, State
from frontegg_async.emulator import AnswerStatus, DuplicateAdd, Emulator, LateCommit, Stall

from ..support.bulk import bulk_tasks, crowd, exported, ledger_with, outcomes, until, writes
from ..support.clocks import turn
from ..support.routes import ADD, BY_EMAIL, REMOVE, SET_ACTIVE, SET_SUPERUSER, USERS

anyio_tests = pytest.mark.anyio

JOBS: Final = ("assign", "activate", "remove", "superuser")
ORDERED: Final = ("assign", "activate", "superuser")
WRITE: Final = {"assign": ADD, "activate": SET_ACTIVE, "superuser": SET_SUPERUSER}


def spelled(user: int, spelling: str) -> dict[str, Any]:
    """Name a user by id, by address, or by an address in upper case."""
    address = f"p{user}@example.test"
    if spelling == "id":
        return {"user_id": f"p{user}"}
    return {"email": address if spelling == "email" else address.upper()}


def row_of(job: str, user: int, spelling: str, choice: int, *, active: bool = True) -> UserRow:
    """Return a row of a job that chooses one of two states, or of several tenants."""
    who = spelled(user, spelling)
    if job == "superuser":
        return SuperuserChange(**who, super_user=bool(choice % 2))
    if job == "assign":
        return Assignment(**who, tenant_id=f"t{choice}", set_active=active)
    kind: Callable[..., UserRow] = Activation if job == "activate" else Removal
    return kind(**who, tenant_id=f"t{choice}")


def chosen(server: Emulator, job: str, user: int) -> int:
    """Return which choice holds for a user."""
    found = server.user(f"p{user}")
    if job == "superuser":
        return int(found.super_user)
    return int((found.active_tenant or "t-1").removeprefix("t"))


def header_of(path: Path) -> Header:
    """Return the header of a ledger."""
    with closing(Ledger.read(path)) as ledger:
        header = ledger.header()
    assert header is not None
    return header


async def run(session: FronteggSession, job: str, rows: Sequence[UserRow], **more: Any) -> Report:
    """Run a job over rows."""
    of_job: Any = session.bulk.set_superuser if job == "superuser" else getattr(session.bulk, job)
    report: Report = await of_job(rows, **more)
    return report


@anyio_tests
@pytest.mark.parametrize("plan", ["auto", "never"])
@pytest.mark.parametrize("spellings", [("email", "id"), ("id", "email"), ("email", "EMAIL")])
@pytest.mark.parametrize("job", ORDERED)
async def test_the_last_row_holds(
    anyio_backend: str, job: str, spellings: tuple[str, str], plan: Any
) -> None:
    """Two rows of a user, spelled differently, are done in their order, for many users at once."""
    async with crowd(30, ["t0", "t1"]) as (server, session, _):
        rows = [
            row_of(job, user, spelling, choice)
            for choice, spelling in zip((1, 0), spellings, strict=True)
            for user in range(30)
        ]
        report = await run(session, job, rows, plan=plan)
        assert report.done
        assert {chosen(server, job, user) for user in range(30)} == {0}


@anyio_tests
@pytest.mark.parametrize("job", ORDERED)
async def test_a_return(anyio_backend: str, job: str) -> None:
    """A row repeats none of its user if one that spells the user differently stands between."""
    async with crowd(1, ["t0", "t1"]) as (server, session, _):
        rows = [row_of(job, 0, how, choice) for how, choice in (("id", 1), ("email", 0), ("id", 1))]
        report = await run(session, job, rows)
        assert report.done
        assert chosen(server, job, 0) == 1


@anyio_tests
@pytest.mark.parametrize("invite", [False, True])
@pytest.mark.parametrize("order", [("id", "email", "EMAIL", "id"), ("email", "id", "id", "EMAIL")])
@pytest.mark.parametrize("stream", [False, True])
async def test_duplicates_in_other_spellings(
    anyio_backend: str, order: Sequence[str], invite: bool, stream: bool
) -> None:
    """Rows that say the same are sent once and all reported, whichever spelling comes first."""
    async with crowd(1, duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session, _):
        rows = [Assignment(**spelled(0, spelling), tenant_id="t") for spelling in order]

        async def trickling() -> AsyncIterator[Assignment]:
            for row in rows:
                yield row

        report = await session.bulk.assign(trickling() if stream else rows, invite=invite)
        assert outcomes(report) == {"added": 4}
        assert server.count(ADD) == 1
        assert len(server.invites) == int(invite)
        removed = await session.bulk.remove(
            [Removal(**spelled(0, how), tenant_id="t") for how in order]
        )
        assert outcomes(removed) == {"removed": 4}
        assert server.count(REMOVE) == 1


async def failing_first(
    server: Emulator, session: FronteggSession, job: str, spellings: Sequence[str], path: Path
) -> Report:
    """Run two rows of each of ten users, of which the first one fails."""
    rows = [row_of(job, 10, "id", 1)]
    for user in range(10):
        rows += [
            row_of(job, user, how, choice) for how, choice in zip(spellings, (1, 0), strict=True)
        ]
    # One worker, and nothing is left out: of the writes, each second one is a user's first.
    server.inject(AnswerStatus(400), on=WRITE[job], times=10, every=2)
    report = await run(session, job, rows, ledger=path, plan="never", workers=1)
    assert [each.line for each in report.failures] == list(range(2, 22, 2))
    assert report.failed == 10
    server.clear_faults()
    return report


@anyio_tests
@pytest.mark.parametrize("spellings", [("id", "id"), ("email", "id"), ("id", "email")])
@pytest.mark.parametrize("job", ["activate", "superuser"])
async def test_an_overtaken_row(
    anyio_backend: str, tmp_path: Path, job: str, spellings: Sequence[str]
) -> None:
    """A retry does not send a row that failed while a later one of its user was done."""
    path = tmp_path / "ledger"
    async with crowd(11, ["t0", "t1"]) as (server, session, _):
        await failing_first(server, session, job, spellings, path)
        before = writes(server)
        report = await session.bulk.retry(path, plan="never").wait()
        assert writes(server) == before
        assert {chosen(server, job, user) for user in range(10)} == {0}
        assert [each.line for each in report.failures] == list(range(2, 22, 2))
        assert all(f"line {each.line + 1}," in each.reason for each in report.failures)
        again = await session.bulk.retry(path).wait()
        assert (again.counts, writes(server)) == (report.counts, before)


@anyio_tests
@pytest.mark.parametrize("spellings", [("id", "id"), ("email", "id"), ("id", "email")])
async def test_half_of_an_overtaken_assignment(
    anyio_backend: str, tmp_path: Path, spellings: Sequence[str]
) -> None:
    """Of an assignment that was overtaken the membership is made, and the active tenant is left."""
    path = tmp_path / "ledger"
    async with crowd(11, ["home"]) as (server, session, ids):
        await failing_first(server, session, "assign", spellings, path)
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 21}
        expected = {(who, tenant) for who in ids for tenant in ("home", "t0", "t1")}
        assert server.memberships() == expected - {(ids[10], "t0")}
        assert {chosen(server, "assign", user) for user in range(10)} == {0}
        found = exported(path)
        assert all(row.values["set_active"] for row in found)
        assert [row.line for row in found if row.reason] == list(range(2, 22, 2))
        assert all(f"line {row.line + 1}," in row.reason for row in found if row.reason)


@anyio_tests
async def test_a_retry_between_others(anyio_backend: str, tmp_path: Path) -> None:
    """Of three rows of a user the first is overtaken by the second, and the third is sent again."""
    path = tmp_path / "ledger"
    async with crowd(2) as (server, session, _):
        rows = [row_of("superuser", 0, how, choice) for how, choice in
                (("id", 1), ("email", 0), ("EMAIL", 1))]  # fmt: skip
        # Of the writes the second and the fourth are struck: the first and the third row.
        server.inject(AnswerStatus(400), on=SET_SUPERUSER, times=2, every=2)
        rows = [row_of("superuser", 1, "id", 1), *rows]
        report = await run(session, "superuser", rows, ledger=path, plan="never", workers=1)
        assert [each.line for each in report.failures] == [2, 4]
        assert chosen(server, "superuser", 0) == 0
        report = await session.bulk.retry(path).wait()
        assert [each.line for each in report.failures] == [2]
        assert chosen(server, "superuser", 0) == 1


@anyio_tests
@pytest.mark.parametrize("spellings", [("id", "id"), ("email", "id"), ("id", "email")])
async def test_a_row_in_doubt_that_was_overtaken(
    anyio_backend: str, tmp_path: Path, spellings: Sequence[str]
) -> None:
    """A row that got no response stays unknown if a later one of its user was done, and says so."""
    path = tmp_path / "ledger"
    async with crowd(1) as (server, session, _):
        rows = [row_of("superuser", 0, how, choice)
                for how, choice in zip(spellings, (1, 0), strict=True)]  # fmt: skip
        await run(session, "superuser", rows, ledger=path, plan="never")
        ledger = Ledger.begin(path, header_of(path), SetSuperuser().form)
        ledger.write((), [Entry(1, State.UNKNOWN, 504, 1, None, "no answer")], ())
        ledger.close()
        before = writes(server)
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"changed": 1, "unknown": 1}
        assert "line 2," in report.failures[0].reason
        assert (writes(server), chosen(server, "superuser", 0)) == (before, 0)


@anyio_tests
@pytest.mark.parametrize("invite", [False, True])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_row_in_doubt_whose_user_is_not_found(
    anyio_backend: str, tmp_path: Path, status: int, invite: bool
) -> None:
    """A row in flight of an earlier run is unknown, not failed, if its look-up fails."""
    async with crowd(2) as (server, session, _):
        server.inject(AnswerStatus(status), on=BY_EMAIL, times=2)
        rows = [
            (line, Assignment(email=f"p{line}@example.test", tenant_id="t")) for line in range(2)
        ]
        path = ledger_with(tmp_path / "ledger", session, Assign(invite=invite), rows, [1])
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"failed": 1, "unknown": 1}
        assert [(each.line, each.status) for each in report.failures] == [(0, status), (1, status)]


@anyio_tests
async def test_a_user_who_comes_later(anyio_backend: str, tmp_path: Path) -> None:
    """An unknown address fails all its rows after one look-up; a retry looks again."""
    path = tmp_path / "ledger"
    async with crowd(1) as (server, session, _):
        rows = [Assignment(**spelled(9, "email"), tenant_id=f"t{n}") for n in range(1_500)]
        report = await session.bulk.assign(rows, ledger=path)
        assert outcomes(report) == {"failed": 1_500}
        assert {each.status for each in report.failures} == {404}
        assert server.count(BY_EMAIL) == 1
        server.add_user("p9", email="P9@example.test")
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 1_500}
        assert server.count(BY_EMAIL) == 2


@anyio_tests
@pytest.mark.parametrize(
    "change", ["subject = 'x'", "line = line + 5", "says = ''", "one = one + 1"]
)
async def test_an_order_that_was_damaged(anyio_backend: str, tmp_path: Path, change: str) -> None:
    """A ledger whose order of rows is not as it was written sends nothing."""
    path = tmp_path / "ledger"
    async with crowd(1) as (server, session, _):
        rows = [row_of("superuser", 0, how, choice) for how, choice in (("id", 1), ("email", 0))]
        await run(session, "superuser", rows, ledger=path)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(f"UPDATE turns SET {change} WHERE line = 2")  # noqa: S608
        before = server.count()
        with pytest.raises(LedgerDamagedError):
            await session.bulk.retry(path).wait()
        assert server.count() == before


@anyio_tests
async def test_an_address_that_could_not_be_looked_up(anyio_backend: str, tmp_path: Path) -> None:
    """Rows whose look-up failed hold up no others, and a retry undoes none of those."""
    path = tmp_path / "ledger"
    async with crowd(2) as (server, session, _):
        server.inject(AnswerStatus(403), on=BY_EMAIL, times=1)
        rows = [
            row_of("superuser", 0, "email", 1),
            row_of("superuser", 0, "EMAIL", 1),
            row_of("superuser", 1, "id", 1),
            row_of("superuser", 0, "id", 0),
            row_of("superuser", 0, "id", 1),
            row_of("superuser", 0, "id", 0),
        ]
        report = await run(session, "superuser", rows, ledger=path)
        assert [each.line for each in report.failures] == [1, 2]
        assert {each.status for each in report.failures} == {403}
        assert [chosen(server, "superuser", user) for user in range(2)] == [0, 1]
        before = writes(server)
        report = await session.bulk.retry(path).wait()
        assert [each.line for each in report.failures] == [1, 2]
        assert all("line 6," in each.reason for each in report.failures)
        assert writes(server) == before


@anyio_tests
@pytest.mark.parametrize("job", JOBS)
async def test_each_address_is_looked_up_once(anyio_backend: str, job: str) -> None:
    """If users cannot be listed, an address costs one look-up for any number of rows."""
    async with crowd(60, ["t0", "t1", "t2", "t3"]) as (server, session, _):
        server.inject(AnswerStatus(403), on=USERS, times=None)
        spellings = enumerate(("email", "EMAIL", "email", "EMAIL"))
        people = (*range(60), 99)
        rows = [row_of(job, user, how, choice) for choice, how in spellings for user in people]
        report = await run(session, job, rows, workers=8)
        assert report.failed == 4
        assert server.count(BY_EMAIL) == 61
        assert server.count(USERS) <= 1 + 1  # to list users, and to read a block of them


@anyio_tests
@pytest.mark.parametrize(("count", "pages"), [(500, 3), (1_001, 6)])
async def test_users_are_listed_where_that_is_cheaper(
    anyio_backend: str, count: int, pages: int
) -> None:
    """Addresses of many users cost the pages of their list, and no look-ups beside."""
    async with crowd(count) as (server, session, ids):
        rows = [Assignment(**spelled(user, how), tenant_id=f"t{tenant}") for tenant, how in
                enumerate(("email", "EMAIL", "email", "id")) for user in range(count)]  # fmt: skip
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": 4 * count}
        assert server.memberships() == {(who, f"t{tenant}") for who in ids for tenant in range(4)}
        assert (server.count(USERS), server.count(BY_EMAIL)) == (pages, 0)


@anyio_tests
async def test_users_are_not_listed_for_a_few_addresses(anyio_backend: str) -> None:
    """In a large environment, few addresses are looked up; one page tells how large it is."""
    async with crowd(2_000) as (server, session, _):
        rows = [Assignment(**spelled(user, "email"), tenant_id="t") for user in range(0, 2_000, 50)]
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": 40}
        assert server.count(USERS) == 1
        assert 30 <= server.count(BY_EMAIL) <= 40


@anyio_tests
async def test_two_users_with_one_address(anyio_backend: str) -> None:
    """An address that the list shows twice is looked up: the API says which user it belongs to."""
    async with crowd(20) as (server, session, _):
        server.add_user("a-other", email="P3@example.test")
        rows = [Assignment(**spelled(user, "email"), tenant_id="t") for user in range(20)]
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": 20}
        assert server.count(BY_EMAIL) == 1
        assert ("p3", "t") in server.memberships()
        assert ("a-other", "t") not in server.memberships()


@anyio_tests
async def test_look_ups_go_on_while_rows_are_sent(anyio_backend: str) -> None:
    """While all workers wait for their responses, users of the rows behind them are looked up."""
    async with crowd(40) as (server, session, _):
        server.inject(AnswerStatus(403), on=USERS, times=None)
        stall = server.inject(Stall(), on=ADD, times=None)
        rows = [Assignment(**spelled(user, "email"), tenant_id="t") for user in range(40)]
        task = asyncio.create_task(session.bulk.assign(rows, workers=4, plan="never"))
        await stall.wait()
        # Eight addresses at a time, and no more than keeps four workers busy.
        await until(lambda: server.count(BY_EMAIL) == 32)
        await turn()
        assert (server.count(BY_EMAIL), server.count(ADD)) == (32, 4)
        server.clear_faults()
        assert outcomes(await task) == {"added": 40}


@anyio_tests
async def test_a_look_up_that_hangs(anyio_backend: str) -> None:
    """A look-up that hangs holds up the rows behind it, and not those in front of it."""
    async with crowd(40) as (server, session, _):
        server.inject(AnswerStatus(403), on=USERS, times=None)
        stall = server.inject(Stall(), on=BY_EMAIL, every=13)
        rows = [Assignment(**spelled(user, "email"), tenant_id="t") for user in range(40)]
        task = asyncio.create_task(session.bulk.assign(rows, workers=4))
        await stall.wait()
        await until(lambda: server.count(ADD) == 8)
        server.clear_faults()
        assert outcomes(await task) == {"added": 40}


@anyio_tests
async def test_a_stop_while_addresses_are_looked_up(anyio_backend: str, tmp_path: Path) -> None:
    """A run that is stopped waits for no look-up, and the next one does all that is left."""
    async with crowd(40) as (server, session, ids):
        server.inject(AnswerStatus(403), on=USERS, times=None)
        stall = server.inject(Stall(), on=BY_EMAIL, every=20)
        rows = [Assignment(**spelled(user, "email"), tenant_id="t") for user in range(40)]
        run = session.bulk.start(Assign(), rows, ledger=tmp_path / "ledger", workers=4)
        task = asyncio.create_task(run.wait())
        await stall.wait()
        run.stop()
        report = await task
        assert report.skipped > 0
        assert report.applied + report.skipped == 40
        server.clear_faults()
        report = await session.bulk.assign(rows, ledger=tmp_path / "ledger")
        assert outcomes(report) == {"added": 40}
        assert server.memberships() == {(user_id, "t") for user_id in ids}
        assert not bulk_tasks()


@anyio_tests
@pytest.mark.parametrize("job", ["activate", "superuser"])
async def test_a_write_that_comes_late(anyio_backend: str, job: str) -> None:
    """A write of a row that is done four seconds after it was lost does not undo the next row's."""
    async with crowd(1, ["t0", "t1"]) as (server, session, _):
        server.inject(LateCommit(4.0, AnswerStatus(524)), on=WRITE[job], times=1)
        rows = [row_of(job, 0, "id", 1), row_of(job, 0, "id", 0)]
        report = await run(session, job, rows, plan="never")
        assert report.done
        await session.clock.sleep(60.0)
        assert chosen(server, job, 0) == 0


@anyio_tests
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("flags", [(False, True), (True, False)])
async def test_one_membership_with_both_flags(
    anyio_backend: str, flags: Sequence[bool], lost: bool
) -> None:
    """Two rows about one membership send one invite, although reads do not show it for long."""
    policy = DuplicateAdd.CREATED_AND_INVITES
    async with crowd(1, duplicate_add=policy, read_lag=30.0) as (server, session, _):
        if lost:
            server.inject(LateCommit(4.0, AnswerStatus(524)), on=ADD, times=1)
        rows = [Assignment(user_id="p0", tenant_id="t", set_active=flag) for flag in flags]
        report = await session.bulk.assign(rows, invite=True, workers=1)
        assert (report.failed, report.unknown) == (0, 2 if lost else 0)
        await session.clock.sleep(60.0)
        assert len(server.invites) == 1
