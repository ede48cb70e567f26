"""The four jobs: the outcomes of their rows, by id and e-mail, for each response."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import Assignment, FronteggSession, Outcome
from frontegg_async.bulk import Activation, Removal, Remove, SuperuserChange
from frontegg_async.bulk.input.rows import UserRow
from frontegg_async.emulator import AnswerStatus, DuplicateAdd, Emulator, ForeignTenant, Stall

from ..support.bulk import crowd, out_of, outcomes, people, super_user, to, work_in
from ..support.clocks import turn
from ..support.routes import ADD, BY_EMAIL, GET, REMOVE, SET_ACTIVE, SET_SUPERUSER
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio


def named(by_email: bool, number: int) -> dict[str, str]:
    """Return the fields that name a row's user."""
    return {"email": f"p{number}@example.test"} if by_email else {"user_id": f"p{number}"}


@pytest.mark.parametrize("by_email", [False, True])
@pytest.mark.parametrize("plan", ["auto", "never"])
async def test_activate(anyio_backend: str, by_email: bool, plan: Any) -> None:
    """Users get the active tenants of their rows; rows of users who had them already hold."""
    async with crowd(6, ["one", "two"]) as (server, session, ids):
        rows = [
            Activation(**named(by_email, number), tenant_id="one" if number < 2 else "two")
            for number in range(6)
        ]
        report = await session.bulk.activate(rows, plan=plan)
        before = 2 if plan == "auto" else 0
        expected = {"activated": 6 - before, "already_active": before}
        assert outcomes(report) == {name: count for name, count in expected.items() if count}
        assert [server.user(user_id).active_tenant for user_id in ids] == ["one"] * 2 + ["two"] * 4
        assert server.count(SET_ACTIVE) == 6 - before


@pytest.mark.parametrize("by_email", [False, True])
@pytest.mark.parametrize("plan", ["auto", "never"])
async def test_remove(anyio_backend: str, by_email: bool, plan: Any) -> None:
    """A removal ends one membership; a user who was no member differs from an absent one."""
    async with crowd(4, ["keep", "go"]) as (server, session, ids):
        for user_id in ids[:2]:
            server.user(user_id).tenants.pop("go")
        rows = [Removal(**named(by_email, number), tenant_id="go") for number in range(5)]
        report = await session.bulk.remove(rows, plan=plan)
        assert outcomes(report) == {"removed": 2, "not_member": 2, "failed": 1}
        assert server.memberships() == {(user_id, "keep") for user_id in ids}
        assert [each.line for each in report.failures] == [5]
        assert report.failures[0].status == 404


@pytest.mark.parametrize("by_email", [False, True])
async def test_superuser(anyio_backend: str, by_email: bool) -> None:
    """Access to every tenant is given and taken, and rows that hold cost no write."""
    async with crowd(4) as (server, session, ids):
        server.user("p1").super_user = server.user("p3").super_user = True
        rows = [
            SuperuserChange(**named(by_email, number), super_user=number >= 2)
            for number in range(4)
        ]
        report = await session.bulk.set_superuser(rows)
        assert outcomes(report) == {"changed": 2, "unchanged": 2}
        assert [server.user(user_id).super_user for user_id in ids] == [False, False, True, True]
        assert server.count(SET_SUPERUSER) == 2


async def test_activate_where_tenants_are_validated(anyio_backend: str) -> None:
    """Asked to validate, no tenant is made by working in it."""
    async with crowd(1, ["one"]) as (server, session, ids):
        report = await session.bulk.activate([work_in(ids[0], "typo")], validate_tenants=True)
        assert outcomes(report) == {"failed": 1}
        assert set(server.tenants) == {"one"}


@pytest.mark.parametrize("job", ["assign", "activate", "remove", "superuser"])
async def test_duplicates(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, job: str
) -> None:
    """A row that is there four times is sent once; all four are reported, also if it failed."""
    emulator.add_user("u", tenant_ids=["t", "home"])
    row: dict[str, Callable[[str], UserRow]] = {
        "assign": lambda who: to(who, "new"),
        "activate": lambda who: work_in(who, "home"),
        "remove": lambda who: out_of(who, "t"),
        "superuser": lambda who: super_user(who, True),
    }
    rows = [row[job](who) for who in ["u", "nobody", "u", "u", "nobody", "u", "nobody"]]
    run: Any = frontegg.bulk.set_superuser if job == "superuser" else getattr(frontegg.bulk, job)
    report = await run(rows, failures=tmp_path / "failures.csv")
    assert (report.applied, report.failed, report.rows) == (4, 3, 7)
    assert sum(emulator.count(on) for on in (ADD, SET_ACTIVE, REMOVE, SET_SUPERUSER)) == 2
    assert [each.line for each in report.failures] == [2, 5, 7]
    assert {each.row for each in report.failures} == {rows[1]}
    with (tmp_path / "failures.csv").open(newline="") as file:
        assert [int(each["line"]) for each in csv.DictReader(file)] == [2, 5, 7]


@pytest.mark.parametrize("conflicts", ["look", "already", "failed"])
@pytest.mark.parametrize("policy", DuplicateAdd)
async def test_conflicts(anyio_backend: str, conflicts: Any, policy: DuplicateAdd) -> None:
    """A 409 to an add is read as ``conflicts`` says; a 400 is looked into, or fails."""
    async with crowd(3, ["t"], duplicate_add=policy) as (server, session, ids):
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, plan="never", conflicts=conflicts)
        if policy in {DuplicateAdd.CREATED, DuplicateAdd.CREATED_AND_INVITES}:
            assert outcomes(report) == {"added": 3}
        else:
            expected = "failed" if conflicts == "failed" else "already_member"
            assert outcomes(report) == {expected: 3}
        looked = (policy, conflicts) in {
            (DuplicateAdd.CONFLICT, "look"),
            (DuplicateAdd.BAD_REQUEST, "look"),
            (DuplicateAdd.BAD_REQUEST, "already"),
        }
        assert server.count(GET) == (3 if looked else 0)


@pytest.mark.parametrize("plan", ["auto", "never"])
@pytest.mark.parametrize("by_email", [False, True])
@pytest.mark.parametrize("policy", DuplicateAdd)
async def test_a_return_to_an_earlier_tenant(
    anyio_backend: str, policy: DuplicateAdd, by_email: bool, plan: Any
) -> None:
    """A row that returns to an earlier tenant of its user activates it, without a second add."""
    async with crowd(2, ["home"], duplicate_add=policy) as (server, session, ids):
        rows = [
            Assignment(**named(by_email, number), tenant_id=tenant, set_active=True)
            for tenant in ("t0", "t1", "t0")
            for number in range(2)
        ]
        report = await session.bulk.assign(rows, workers=1, plan=plan)
        assert outcomes(report) == {"added": 6}
        assert [server.user(user_id).active_tenant for user_id in ids] == ["t0"] * 2
        if plan == "auto":
            assert server.count(ADD) == 4


@pytest.mark.parametrize("conflicts", ["look", "already"])
async def test_a_member_who_is_to_work_there(anyio_backend: str, conflicts: Any) -> None:
    """A 409 to the add keeps no row from its second half: the tenant becomes the active one."""
    policy = DuplicateAdd.CONFLICT
    async with crowd(2, ["first", "next"], duplicate_add=policy) as (server, session, ids):
        rows = [to(user_id, "next", set_active=True) for user_id in ids]
        report = await session.bulk.assign(rows, conflicts=conflicts)
        assert [server.user(user_id).active_tenant for user_id in ids] == ["next"] * 2
        assert report.done


@pytest.mark.parametrize("conflicts", ["look", "already", "failed"])
async def test_conflicts_are_about_adds(anyio_backend: str, conflicts: Any) -> None:
    """``conflicts`` does not change the outcomes of removals."""
    async with crowd(1, ["keep"]) as (_, session, ids):
        rows = [out_of(ids[0], "t"), out_of("nobody", "t")]
        report = await session.bulk.remove(rows, plan="never", conflicts=conflicts)
        assert outcomes(report) == {"not_member": 1, "failed": 1}


@pytest.mark.parametrize("by_email", [False, True])
async def test_the_last_one_wins(anyio_backend: str, by_email: bool) -> None:
    """Rows of one user are done in the order of the file, however many workers there are."""
    async with crowd(8, [f"t{number}" for number in range(6)]) as (server, session, ids):
        rows = [
            Activation(**named(by_email, number), tenant_id=f"t{(number + turn_) % 5 + 1}")
            for turn_ in range(5)
            for number in range(8)
        ]
        report = await session.bulk.activate(rows, workers=64)
        assert report.done
        assert [server.user(user_id).active_tenant for user_id in ids] == [
            f"t{(number + 4) % 5 + 1}" for number in range(8)
        ]


@pytest.mark.parametrize("plan", ["auto", "never"])
async def test_what_held_before_and_no_longer_does(anyio_backend: str, plan: Any) -> None:
    """A row that held when the plan was made is done all the same if a row before it undoes it."""
    async with crowd(2, ["one", "two"]) as (server, session, ids):
        rows = [work_in(ids[0], "two"), work_in(ids[0], "one")]
        await session.bulk.activate(rows, plan=plan)
        assert server.user(ids[0]).active_tenant == "one"
        await session.bulk.set_superuser(
            [super_user(ids[1], True), super_user(ids[1], False)], plan=plan
        )
        assert server.user(ids[1]).super_user is False


async def test_back_and_forth(anyio_backend: str) -> None:
    """A row that repeats an earlier one is no duplicate if another one undid it in between."""
    async with crowd(1, ["zero", "one", "two"]) as (server, session, ids):
        rows = [work_in(ids[0], tenant) for tenant in ("one", "two", "one")]
        report = await session.bulk.activate(rows)
        assert report.rows == 3
        assert server.user(ids[0]).active_tenant == "one"


async def test_one_address_in_two_spellings(anyio_backend: str) -> None:
    """Upper and lower case of an address are the same user, whose rows follow each other."""
    async with crowd(1, ["zero", "one", "two"]) as (server, session, _):
        stall = server.inject(Stall(), on=BY_EMAIL)
        run = session.bulk.start(
            Remove(), [Removal(email=name, tenant_id=tenant) for name, tenant in
                       (("P0@example.test", "zero"), ("p0@example.test", "one"))]
        )  # fmt: skip
        results = aiter(run)
        first = asyncio.ensure_future(anext(results))
        await stall.wait()
        await turn()
        early = server.count(BY_EMAIL)
        server.clear_faults()
        await first
        assert [each.line async for each in results] == [2]
        assert early == 1


async def test_assign_before_activate(anyio_backend: str) -> None:
    """Within a row the user is a member first, also where only members can work in a tenant."""
    async with crowd(10, ["old"], foreign_tenant=ForeignTenant.REFUSE) as (server, session, ids):
        report = await session.bulk.assign(
            [to(user_id, "new", set_active=True) for user_id in ids], workers=64
        )
        assert outcomes(report) == {"added": 10}
        assert {server.user(user_id).active_tenant for user_id in ids} == {"new"}
        assert (server.count(ADD), server.count(SET_ACTIVE)) == (10, 10)


async def test_half_a_row_with_an_invite(anyio_backend: str, tmp_path: Path) -> None:
    """If only the second half failed, a retry does that half, and sends no second invite."""
    policy = DuplicateAdd.CREATED_AND_INVITES
    async with crowd(3, ["old"], duplicate_add=policy) as (server, session, ids):
        server.inject(AnswerStatus(400), on=SET_ACTIVE, times=3)
        rows = [to(user_id, "new", set_active=True) for user_id in ids]
        path = tmp_path / "ledger"
        report = await session.bulk.assign(rows, invite=True, ledger=path)
        assert outcomes(report) == {"failed": 3}
        assert len(server.invites) == 3
        report = await session.bulk.retry(path).wait()
        assert outcomes(report) == {"added": 3}
        assert {server.user(user_id).active_tenant for user_id in ids} == {"new"}
        assert len(server.invites) == 3


async def test_partial_failures(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A failed row has a reason, and takes no other row with it."""
    ids = people(emulator, 6)
    for status in (400, 403, 422):
        emulator.inject(AnswerStatus(status), on=ADD)
    rows: list[Any] = [*(to(user_id) for user_id in ids), to("nobody"), Assignment(tenant_id="t")]
    report = await frontegg.bulk.assign(rows, workers=1, plan="never")
    assert outcomes(report) == {"added": 3, "failed": 4, "invalid": 1}
    assert [each.status for each in report.failures] == [400, 403, 422, 404, None]
    assert [each.line for each in report.failures] == [1, 2, 3, 7, 8]
    assert all(each.reason for each in report.failures)
    assert {each.outcome for each in report.failures} == {Outcome.FAILED, Outcome.INVALID}


async def test_addresses_that_are_looked_up(anyio_backend: str) -> None:
    """An address without a user fails, and one whose look-up fails says so, without a write."""
    async with leaping() as (server, session):
        people(server, 1)
        rows = [
            Assignment(email="nobody@example.test", tenant_id="t"),
            Assignment(email="p0@example.test", tenant_id="t"),
        ]
        server.inject(AnswerStatus(403), on=BY_EMAIL, every=2)
        report = await session.bulk.assign(rows, workers=1)
        assert [each.status for each in report.failures] == [404, 403]
        assert server.count(ADD) == 0
