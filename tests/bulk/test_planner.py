"""Reading before writing: in blocks, by the route that works, and only if it saves calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from frontegg_async.bulk import Assignment, Report
from frontegg_async.bulk.planner import BLOCK_USERS
from frontegg_async.bulk.user_reader import MAX_STATUSES
from frontegg_async.emulator import AnswerStatus, DuplicateAdd, Emulator
from frontegg_async.endpoints import users

from ..support.bulk import crowd, out_of, outcomes, super_user, to, work_in, writes
from ..support.routes import ADD, BY_EMAIL, GET, STATUSES, USERS
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio


def asked(server: Emulator, template: str, name: str) -> list[list[str]]:
    """Return the ids that each call of a route asked for."""
    calls: list[list[str]] = []
    for request in server.requests:
        if request.template == template:
            query = parse_qsl(urlsplit(request.raw_path).query)
            calls.append([each for key, value in query if key == name for each in value.split(",")])
    return calls


@pytest.mark.parametrize("count", [1, 100, 101, 250])
async def test_blocks(anyio_backend: str, count: int) -> None:
    """Users are asked for a hundred at a time, each once, and rows that hold are not written."""
    async with crowd(count, ["t"]) as (server, session, ids):
        rows = [to(user_id, tenant) for user_id in ids for tenant in ("t", "t2")]
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": count, "already_member": count}
        calls = asked(server, users.TENANT_STATUSES.template, "userIds")
        assert len(calls) == -(-count // BLOCK_USERS)
        assert max(len(call) for call in calls) <= BLOCK_USERS == 100
        assert sorted(user_id for call in calls for user_id in call) == sorted(ids)
        assert server.count(USERS) == 0
        assert server.count(ADD) == count


@pytest.mark.parametrize("kind", ["set_active", "activate", "superuser"])
async def test_where_memberships_are_not_enough(anyio_backend: str, kind: str) -> None:
    """Jobs about the active tenant or the super-user read whole users in blocks of 100."""
    async with crowd(150, ["t"]) as (server, session, ids):
        rows: list[Any]
        report: Report
        if kind == "set_active":
            rows = [to(user_id, set_active=True) for user_id in ids]
            report = await session.bulk.assign(rows)
        elif kind == "activate":
            report = await session.bulk.activate([work_in(user_id, "t") for user_id in ids])
        else:
            rows = [super_user(user_id, False) for user_id in ids]
            report = await session.bulk.set_superuser(rows)
        assert report.unchanged == report.rows == 150
        assert [len(call) for call in asked(server, users.ITERATE.template, "ids")] == [100, 50]
        assert server.count(STATUSES) == 0
        assert writes(server) == 0


@pytest.mark.parametrize("status", [403, 404, 414, 500])
async def test_a_route_that_is_refused(anyio_backend: str, status: int) -> None:
    """If one route is refused the other one tells, and the refused one is asked no more."""
    async with crowd(250, ["t"]) as (server, session, ids):
        server.inject(AnswerStatus(status), on=STATUSES, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids])
        assert outcomes(report) == {"already_member": 250}
        assert writes(server) == 0
        assert server.count(USERS) >= 3
        assert "250 of the 250" in report.plan


@pytest.mark.parametrize("status", [403, 404, 414, 500])
@pytest.mark.parametrize("active", [False, True])
async def test_all_routes_refused(anyio_backend: str, status: int, active: bool) -> None:
    """If no route tells, the run goes on without, converges all the same, and says so."""
    async with crowd(30, ["t"]) as (server, session, ids):
        for route in (STATUSES, USERS):
            server.inject(AnswerStatus(status), on=route, times=None)
        report = await session.bulk.assign([to(user_id, set_active=active) for user_id in ids])
        assert outcomes(report) == {"added": 30}
        assert "cannot be read here" in report.plan
        assert "users: " in report.plan


async def test_one_route_for_what_it_tells(anyio_backend: str) -> None:
    """Rows that memberships decide are still read where whole users cannot be: no second invite."""
    policy = DuplicateAdd.CREATED_AND_INVITES
    async with crowd(20, ["t"], duplicate_add=policy) as (server, session, ids):
        server.inject(AnswerStatus(403), on=USERS, times=None)
        rows = [to(user_id, set_active=not number) for number, user_id in enumerate(ids)]
        await session.bulk.assign(rows, invite=True)
        assert server.invites == []


async def test_never(anyio_backend: str) -> None:
    """Asked not to read, a run writes every row, and says why."""
    async with crowd(20, ["t"]) as (server, session, ids):
        report = await session.bulk.assign([to(user_id) for user_id in ids], plan="never")
        assert outcomes(report) == {"added": 20}
        assert (server.count(STATUSES), server.count(USERS), server.count(ADD)) == (0, 0, 20)
        assert report.plan == "memberships are not read, as asked"


@pytest.mark.parametrize("plan", ["auto", "always"])
async def test_reading_that_does_not_pay(anyio_backend: str, plan: Any) -> None:
    """If no row holds, ``auto`` soon reads one block in ten only; ``always`` reads them all."""
    async with crowd(3_000) as (server, session, ids):
        report = await session.bulk.assign([to(user_id) for user_id in ids], plan=plan)
        assert outcomes(report) == {"added": 3_000}
        read = server.count(STATUSES)
        if plan == "always":
            assert read == 30
            assert report.plan.startswith("memberships are read before writing: 0 of the 3,000")
        else:
            # Three blocks to begin with, and a tenth of the other 27.
            assert read <= 3 + 3
            assert report.plan.startswith("memberships are no longer read, because it would save")


async def test_reading_that_pays_later(anyio_backend: str) -> None:
    """Auto goes back to reading when a block that it looks at holds."""
    async with crowd(4_000) as (server, session, ids):
        for user_id in ids[1_000:]:
            server.user(user_id).tenants["t"] = "Activated"
        report = await session.bulk.assign([to(user_id) for user_id in ids])
        assert report.rows == 4_000
        assert report.unchanged >= 1_900
        assert "while that saves calls" in report.plan


async def test_rows_that_nothing_was_read_for(tmp_path: Path) -> None:
    """Without a valid row the plan counts nothing, and the row's reason names the column."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"user_id": "p0", "tenant_id": "t", "tenantId": "u"}\n')
    async with crowd(1) as (_, session, ids):
        report = await session.bulk.assign(path)
        assert report.plan == "no memberships were read, because no row called for it"
        assert report.failures[0].reason == "has tenant_id twice, under two spellings of its name"
        report = await session.bulk.assign([to(ids[0])])
        assert report.plan.endswith(": 0 of the 1 row looked at held already")


async def test_auto_with_invites(anyio_backend: str) -> None:
    """A run that would invite members again reads every block, however few rows hold."""
    policy = DuplicateAdd.CREATED_AND_INVITES
    async with crowd(1_500, duplicate_add=policy) as (server, session, ids):
        server.user(ids[-1]).tenants["t"] = "Activated"
        report = await session.bulk.assign([to(user_id) for user_id in ids], invite=True)
        assert outcomes(report) == {"added": 1_499, "already_member": 1}
        assert server.count(STATUSES) == 15
        assert len(server.invites) == 1_499
        assert report.plan.endswith("1 of the 1,500 rows looked at held already")


@pytest.mark.parametrize("memberships", [MAX_STATUSES - 1, MAX_STATUSES, MAX_STATUSES + 500])
async def test_a_list_that_may_be_cut(anyio_backend: str, memberships: int) -> None:
    """A user with a full list of statuses is written to, because the list may leave some out."""
    async with leaping() as (server, session):
        server.add_user("many", tenant_ids=[f"t{number}" for number in range(memberships)])
        rows = [out_of("many", "elsewhere"), out_of("many", f"t{memberships - 1}")]
        report = await session.bulk.remove(rows)
        assert outcomes(report) == {"removed": 1, "not_member": 1}
        assert f"t{memberships - 1}" not in server.user("many").tenants


async def test_ids_with_commas(anyio_backend: str) -> None:
    """An id with a comma is never asked for in a list, and its row ends as any other."""
    async with leaping() as (server, session):
        server.add_user("a,b", tenant_ids=["t"])
        for user_id in ("a", "b"):
            server.add_user(user_id)
        report = await session.bulk.assign([to("a,b", "t2"), to("a"), to("b")])
        assert outcomes(report) == {"added": 3}
        assert asked(server, users.TENANT_STATUSES.template, "userIds") == [["a", "b"]]
        assert server.memberships() == {("a,b", "t"), ("a,b", "t2"), ("a", "t"), ("b", "t")}


async def test_users_by_email_are_read_in_blocks(anyio_backend: str) -> None:
    """Rows by e-mail are looked up in blocks, and then read in blocks as rows by id are."""
    async with crowd(40, ["t"]) as (server, session, _):
        rows = [
            Assignment(email=f"p{number}@example.test", tenant_id="t" if number % 2 else "t2")
            for number in range(40)
        ]
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": 20, "already_member": 20}
        assert (server.count(USERS), server.count(BY_EMAIL)) == (1, 0)
        assert (server.count(ADD), server.count(GET), server.count(STATUSES)) == (20, 0, 1)


async def test_statuses_as_one_object(anyio_backend: str) -> None:
    """A response for one user may be an object instead of a list."""
    async with crowd(1, ["t"], statuses_as_object=True) as (server, session, ids):
        report = await session.bulk.assign([to(ids[0])])
        assert outcomes(report) == {"already_member": 1}
        assert writes(server) == 0


@pytest.mark.parametrize("job", ["assign", "activate", "remove", "superuser"])
async def test_a_second_run_writes_nothing(anyio_backend: str, tmp_path: Path, job: str) -> None:
    """Over the same file, with a ledger of its own, a second run of any job sends no write."""
    path = tmp_path / "rows.csv"
    rows = ["user_id,tenant_id,set_active,super_user"]
    rows += [f"p{number},t{number % 3},{number % 2},{number % 2}" for number in range(120)]
    path.write_text("\n".join(rows))
    async with crowd(120, ["t0", "home"]) as (server, session, _):
        run: Any = session.bulk.set_superuser if job == "superuser" else getattr(session.bulk, job)
        first = await run(path)
        assert first.done
        assert 0 < writes(server) <= 180
        before = writes(server)
        second = await run(path, ledger=tmp_path / "second")
        assert second.unchanged == second.rows == 120
        assert writes(server) == before
        again = await run(path)
        assert again.counts == first.counts
        assert again.requests == 0
