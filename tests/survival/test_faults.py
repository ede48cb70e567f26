"""Runs against a server that loses responses, refuses, breaks, and is gone for a while."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from frontegg_async import Assignment, FronteggSession
from frontegg_async.bulk import engine
from frontegg_async.bulk import loader as loading
from frontegg_async.bulk.input import feeds
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import (
    Announce,
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    DuplicateAdd,
    Emulator,
    RateLimit,
    Stall,
)
from frontegg_async.errors import LedgerMismatchError

from ..support.bulk import outcomes
from ..support.clocks import FairClock
from ..support.effects import (
    Pair,
    invited,
    is_post,
    ledger_rows,
    pair_of,
    pairs_in,
    posted,
    trapped,
    twice,
    write_csv,
)
from ..support.routes import ADD, BLOCKS, GET
from ..support.sessions import API_KEY, leaping, session_on

pytestmark = pytest.mark.anyio

both = pytest.mark.parametrize("invite", [False, True], ids=["silent", "invites"])


def rows_for(number: int) -> tuple[list[Assignment], set[Pair]]:
    """Return rows, each about a user of its own, and their pairs."""
    rows = [Assignment(user_id=f"u{n}", tenant_id=f"t{n % 7}") for n in range(number)]
    return rows, {(row.user_id or "", row.tenant_id) for row in rows}


def strict(**options: object) -> dict[str, object]:
    """Return an emulator's options under which a second add is noticed."""
    return {
        "implicit_users": True,
        "duplicate_add": DuplicateAdd.CREATED_AND_INVITES,
        **options,
    }


async def test_cut_on_either_side(anyio_backend: str) -> None:
    """Every 20th add cut after its commit and every 30th before it: all are added, none invited."""
    rows, pairs = rows_for(600)
    async with leaping(**strict()) as (server, session):
        after = server.inject(CutAfterCommit(), on=ADD, times=None, every=20)
        before = server.inject(CutBeforeCommit(), on=ADD, times=None, every=30)
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"added": 600}
        assert server.memberships() == pairs
        assert not server.invites
        # Only the adds that were not done are sent again.
        assert server.count(ADD) == 600 + before.struck
        assert (after.struck, before.struck) == (30, 19)


async def test_cut_on_either_side_with_invites(anyio_backend: str, tmp_path: Path) -> None:
    """With invites, those cut before the commit are unknown, no other, and nothing goes twice."""
    rows, pairs = rows_for(600)
    ledger = tmp_path / "ledger"
    async with leaping(**strict()) as (server, session):
        server.inject(CutAfterCommit(), on=ADD, times=None, every=20)
        server.inject(CutBeforeCommit(), on=ADD, times=None, every=30)
        report = await session.bulk.assign(rows, invite=True, ledger=ledger)
        assert outcomes(report) == {"added": 581, "unknown": 19}
        cut = {pair_of(each) for each in server.requests if each.fault == "CutBeforeCommit"}
        assert pairs_in(ledger_rows(ledger), State.UNKNOWN) == cut
        assert server.memberships() == pairs - cut
        assert posted(server.requests) == Counter(pairs)
        assert invited(server) == Counter(pairs - cut)
        server.clear_faults()
        report = await session.bulk.retry(ledger, resend=True).wait()
        assert report.done
        assert invited(server) == Counter(pairs)


@both
async def test_gateways_that_lose_answers(anyio_backend: str, invite: bool) -> None:
    """A 502 in place of every seventh response costs no row, no second request and no invite."""
    rows, pairs = rows_for(350)
    async with leaping(**strict()) as (server, session):
        lost = server.inject(AnswerStatus(502, after_commit=True), on=ADD, times=None, every=7)
        report = await session.bulk.assign(rows, invite=invite)
        assert outcomes(report) == {"added": 350}
        assert lost.struck == 50
        assert posted(server.requests) == Counter(pairs)
        assert invited(server) == (Counter(pairs) if invite else Counter())


@both
@pytest.mark.parametrize("announce", Announce)
async def test_limits_however_announced(
    anyio_backend: str, announce: Announce, invite: bool
) -> None:
    """With limits in any announcement, each row is added once, and none is in doubt."""
    rows, pairs = rows_for(150)
    limits = [RateLimit(30, 10.0, announce=announce)]
    async with leaping(**strict(rate_limits=limits)) as (server, session):
        report = await session.bulk.assign(rows, invite=invite)
        assert outcomes(report) == {"added": 150}
        refused = sum(each.status == 429 for each in server.requests)
        assert 0 < refused == report.throttled
        taken = [each for each in server.requests if is_post(each) and each.status == 201]
        assert posted(taken) == Counter(pairs)
        assert invited(server) == (Counter(pairs) if invite else Counter())


@both
@pytest.mark.parametrize("status", [None, 502, 503], ids=["gone", "502", "503"])
async def test_gone_for_two_minutes(
    anyio_backend: str, tmp_path: Path, invite: bool, status: int | None
) -> None:
    """A server that is gone, or behind a gateway, for two minutes costs no row and is not pressed.

    Each worker sends some twenty requests in that time, and not one in a quarter of a second.
    """
    rows, pairs = rows_for(400)
    clock = FairClock()
    ledger = tmp_path / "ledger"
    async with (
        Emulator(
            api_key=API_KEY,
            clock=clock.monotonic,
            wall_clock=clock.time,
            implicit_users=True,
            duplicate_add=DuplicateAdd.CREATED_AND_INVITES,
        ) as server,
        FronteggSession(
            client_id=server.client_id, api_key=API_KEY, base_url=server.url, clock=clock
        ) as session,
    ):
        server._port = int(server.url.rpartition(":")[2])
        record = trapped(server)

        async def die() -> None:
            if status is None:
                await server.stop()
            else:
                server.inject(AnswerStatus(status), times=None)
            await clock.sleep(120.0)
            server.clear_faults()
            if status is None:
                await server.start()

        deaths: list[asyncio.Task[None]] = []
        died = clock.now
        record.set(150, lambda: deaths.append(asyncio.create_task(die())))
        report = await session.bulk.assign(rows, invite=invite, workers=16, ledger=ledger)
        await deaths[0]
        assert report.stopped is None
        assert (report.failed, report.skipped) == (0, 0)
        unknown = pairs_in(ledger_rows(ledger), State.UNKNOWN)
        assert server.memberships() == pairs - unknown
        assert len(unknown) <= (16 if invite else 0), "more than were under way when it died"
        assert not twice(invited(server))
        assert clock.now >= died + 120.0
        failed = [each for each in record if each.status == status]
        assert len(failed) <= 16 * 24


async def test_both_flags_of_a_pair(anyio_backend: str) -> None:
    """A pair that is to be made active in one row and not in the next gets one invite."""
    rows = [
        Assignment(user_id="u", tenant_id="t", set_active=True),
        Assignment(user_id="u", tenant_id="t"),
    ]
    async with leaping(**strict()) as (server, session):
        report = await session.bulk.assign(rows, invite=True)
        assert report.done
        assert invited(server) == Counter({("u", "t"): 1})


async def test_a_pair_under_both_names(anyio_backend: str) -> None:
    """A pair named by id in one row and by e-mail in the next gets one invite."""
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        server.add_user("u", email="u@example.test")
        rows = [
            Assignment(user_id="u", tenant_id="t"),
            Assignment(email="u@example.test", tenant_id="t"),
        ]
        stalled = server.inject(Stall(), on=ADD)
        run = asyncio.create_task(session.bulk.assign(rows, invite=True))
        await stalled.wait()
        for _ in range(2_000):
            await asyncio.sleep(0)
        server.clear_faults()
        assert (await run).done
        assert invited(server) == Counter({("u", "t"): 1})


@pytest.mark.parametrize("plan", ["auto", "never"])
async def test_retry_without_a_plan(anyio_backend: str, tmp_path: Path, plan: str) -> None:
    """A row in doubt is not sent again by a retry, even if memberships cannot be read first."""
    ledger = tmp_path / "ledger"
    rows, pairs = rows_for(3)
    async with leaping(**strict()) as (server, session):
        server.inject(CutBeforeCommit(), on=ADD, times=None)
        report = await session.bulk.assign(rows, invite=True, ledger=ledger)
        assert outcomes(report) == {"unknown": 3}
        for route in (GET, *BLOCKS):
            server.inject(AnswerStatus(403), on=route, times=None)
        report = await session.bulk.retry(ledger, plan=plan).wait()  # type: ignore[call-overload]
        assert outcomes(report) == {"unknown": 3}
        assert posted(server.requests) == Counter(pairs)


async def test_credentials_end_in_the_middle(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that can send nothing more ends by itself, with more rows left than it looks ahead."""
    monkeypatch.setattr(engine, "GRACE", 3_600.0)  # a run that ends by itself needs no grace
    rows, pairs = rows_for(300)
    source = write_csv(tmp_path / "rows.csv", rows)
    async with leaping(implicit_users=True) as (server, session):

        def revoke() -> None:
            server.revoke_tokens()
            server.inject(AnswerStatus(401), on="POST /auth/vendor", times=None)

        trapped(server).set(50, revoke)
        run = session.bulk.assign(source, workers=2)
        report = await asyncio.wait_for(run, 8.0)
        assert report.stopped is not None
        assert report.rows == 300
        server.clear_faults()
        # Refused credentials may be refused for the life of a session.
        async with session_on(server) as another:
            await another.bulk.assign(source)
            await another.bulk.retry(f"{source}.ledger").wait()
        assert server.memberships() == pairs


async def test_other_rows_of_a_program(anyio_backend: str, tmp_path: Path) -> None:
    """Other rows of a program on a used ledger are done or rejected, never left out."""
    ledger = tmp_path / "ledger"
    async with leaping(implicit_users=True) as (server, session):
        await session.bulk.assign([Assignment(user_id="a", tenant_id="t")], ledger=ledger)
        try:
            await session.bulk.assign([Assignment(user_id="b", tenant_id="t")], ledger=ledger)
        except LedgerMismatchError:
            assert server.memberships() == {("a", "t")}
        else:
            assert server.memberships() == {("a", "t"), ("b", "t")}


async def test_rows_of_a_program_that_died(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose rows were not all taken when it died carries on with the same call."""
    monkeypatch.setattr(loading, "AHEAD_ROWS", 20)
    monkeypatch.setattr(feeds, "LOAD_ROWS", 20)
    rows, pairs = rows_for(60)
    async with leaping(implicit_users=True) as (server, session):
        record = trapped(server)
        run = asyncio.create_task(session.bulk.assign(rows, ledger=tmp_path / "ledger"))
        record.set(10, run.cancel)
        with pytest.raises(asyncio.CancelledError):
            await run
        report = await session.bulk.assign(rows, ledger=tmp_path / "ledger")
        assert report.rows == 60
        assert report.done
        assert server.memberships() == pairs


async def test_more_rows_than_a_stretch(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of a program that do not fit into one stretch are all sent."""
    monkeypatch.setattr(loading, "AHEAD_ROWS", 50)
    monkeypatch.setattr(feeds, "LOAD_ROWS", 50)
    rows, pairs = rows_for(500)
    async with leaping(implicit_users=True) as (server, session):
        report = await asyncio.wait_for(session.bulk.assign(rows, workers=4), 20.0)
        assert outcomes(report) == {"added": 500}
        assert server.memberships() == pairs
