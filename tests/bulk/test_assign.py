"""Assignments in bulk: each row ends in exactly one outcome."""

from __future__ import annotations

import asyncio
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from frontegg_async import Assignment, FronteggSession, InvalidRequestError, Outcome
from frontegg_async.bulk import Assign, Progress
from frontegg_async.bulk.planner import PlanMode
from frontegg_async.bulk.workers import SharedSource, run_workers
from frontegg_async.emulator import DuplicateAdd, Emulator, Stall

from ..support.bulk import fill, outcomes, rows_of
from ..support.clocks import turn
from ..support.routes import ADD
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("invite", [True, False])
async def test_invites(emulator: Emulator, frontegg: FronteggSession, invite: bool) -> None:
    """Each new member gets one invite with ``invite=True``, and none without."""
    pairs = fill(emulator, 20)
    report = await frontegg.bulk.assign(rows_of(pairs), invite=invite)
    assert outcomes(report) == {"added": 20}
    invited = [(each.user_id, each.tenant_id) for each in emulator.invites]
    assert sorted(invited) == (sorted(pairs) if invite else [])


async def test_set_active(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A row that says so also makes the tenant the one that the user works in."""
    for number in range(2):
        emulator.add_user(f"u{number}", tenant_ids=["first"])
    rows = [
        Assignment(user_id=f"u{number}", tenant_id="next", set_active=bool(number))
        for number in range(2)
    ]
    report = await frontegg.bulk.assign(rows)
    assert outcomes(report) == {"added": 2}
    assert [emulator.user(f"u{number}").active_tenant for number in range(2)] == ["first", "next"]


@pytest.mark.parametrize(
    ("policy", "plan", "expected"),
    [
        (DuplicateAdd.CREATED, "never", {"added": 10}),
        (DuplicateAdd.CREATED_AND_INVITES, "never", {"added": 10}),
        (DuplicateAdd.CONFLICT, "never", {"already_member": 10}),
        *((policy, "auto", {"already_member": 10}) for policy in DuplicateAdd),
    ],
)
async def test_the_second_run(
    anyio_backend: str, policy: DuplicateAdd, plan: PlanMode, expected: dict[str, int]
) -> None:
    """A second run of the same rows changes nothing, by any policy on duplicate adds."""
    async with leaping(duplicate_add=policy) as (server, session):
        pairs = fill(server, 10)
        await session.bulk.assign(rows_of(pairs))
        before = server.count(ADD)
        report = await session.bulk.assign(rows_of(pairs), plan=plan)
        assert outcomes(report) == expected
        assert server.count(ADD) - before == (10 if plan == "never" else 0)
        assert report.done
        assert server.memberships() == set(pairs)
        assert server.invites == []


async def test_validate_tenants(emulator: Emulator, frontegg: FronteggSession) -> None:
    """``validate_tenants`` creates no tenant, and adds only the rows of existing ones."""
    pairs = fill(emulator, 14)
    emulator.add_tenant("tenant-0")
    report = await frontegg.bulk.assign(rows_of(pairs), validate_tenants=True)
    assert outcomes(report) == {"added": 2, "failed": 12}
    assert set(emulator.tenants) == {"home", "tenant-0"}


async def test_rows_that_cannot_be_done(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Unknown users and malformed rows fail alone, named by line, and support gets its trace id."""
    pairs = fill(emulator, 2)
    rows: list[Any] = [
        *rows_of(pairs[:1]),
        Assignment(user_id="nobody", tenant_id="t"),
        Assignment(email="nobody@example.test", tenant_id="t"),
        Assignment(tenant_id="t"),
        "no row",
        *rows_of(pairs[1:]),
    ]
    report = await frontegg.bulk.assign(rows, workers=1)
    assert outcomes(report) == {"added": 2, "failed": 2, "invalid": 2}
    assert not report.done
    found = {failure.line: failure for failure in report.failures}
    assert [(line, each.outcome) for line, each in found.items()] == [
        (2, Outcome.FAILED),
        (3, Outcome.FAILED),
        (4, Outcome.INVALID),
        (5, Outcome.INVALID),
    ]
    assert all(len(found[line].trace_id or "") == 32 for line in (2, 3))
    assert all(found[line].status == 404 for line in (2, 3))
    assert "u1" in {user for user, _ in emulator.memberships()}


async def test_progress(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Progress is told once for each row, and the counts only grow."""
    pairs = fill(emulator, 30)
    rows = [*rows_of(pairs), Assignment(tenant_id=""), Assignment(user_id="no", tenant_id="t")]
    seen: list[tuple[int, ...]] = []

    def note(progress: Progress) -> None:
        counts = tuple(progress.counts.values())
        assert sum(counts) == progress.rows
        seen.append(counts)

    await frontegg.bulk.assign(rows, on_progress=note)
    assert [sum(counts) for counts in seen] == list(range(1, 33))
    for before, after in pairwise(seen):
        assert all(old <= new for old, new in zip(before, after, strict=True))


async def test_workers_bound_the_calls_under_way(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """As many calls as workers are in flight, and never one more."""
    stalled = emulator.inject(Stall(), on=ADD, times=None)
    pairs = fill(emulator, 40)
    run = asyncio.create_task(frontegg.bulk.assign(rows_of(pairs), workers=5))
    await stalled.wait(5)
    await turn()
    assert stalled.struck == 5
    emulator.clear_faults()
    assert outcomes(await run) == {"added": 40}


@pytest.mark.parametrize("workers", [0, -1, 1.5, "8", None, True])
async def test_workers_that_cannot_work(
    emulator: Emulator, frontegg: FronteggSession, workers: Any
) -> None:
    """An invalid number of workers is rejected by runs and maps, and nothing is sent."""
    pairs = fill(emulator, 2)
    with pytest.raises(InvalidRequestError, match="workers"):
        await frontegg.bulk.assign(rows_of(pairs), workers=workers)
    with anyio.fail_after(5), pytest.raises(InvalidRequestError, match="workers"):
        async for _ in frontegg.bulk.map(frontegg.users.lock, ["u0"], workers=workers):
            pass
    assert emulator.count() == 0


@pytest.mark.parametrize("missing", ["missing.csv", "rows.txt"])
async def test_a_source_that_is_none(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, missing: str
) -> None:
    """A file that cannot be read is an error before anything is sent."""
    with pytest.raises(InvalidRequestError, match=missing):
        await frontegg.bulk.assign(tmp_path / missing)
    assert emulator.count() == 0


@pytest.mark.parametrize("source", [None, 5, b"rows.csv", {"user_id": "u"}, Assignment])
async def test_what_can_be_no_source(
    emulator: Emulator, frontegg: FronteggSession, source: Any
) -> None:
    """A source or ledger of the wrong type is rejected before anything is sent."""
    for work in (frontegg.bulk.assign(source), frontegg.bulk.dry_run(Assign(), source)):
        with pytest.raises(InvalidRequestError, match="the source of the rows"):
            await work
    for ledger in (None, "", 1):
        with pytest.raises(InvalidRequestError, match="ledger must be"):
            await frontegg.bulk.assign([], ledger=cast("Any", ledger))
    assert emulator.count() == 0


async def peak_of(items: int) -> int:
    async def handle(_item: int) -> None:
        return None

    tracemalloc.start()
    try:
        await run_workers(SharedSource(range(items)), handle, 64)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_memory_of_workers(anyio_backend: str) -> None:
    """A hundred times the items take no more memory: workers keep no item that is done."""
    await peak_of(2_000)
    small, large = await peak_of(2_000), await peak_of(200_000)
    assert large < 2 * small + 50_000


async def test_memory_of_a_run(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A run over many malformed rows keeps a thousand of them and forgets the rest."""

    async def peak(rows: int) -> int:
        tracemalloc.start()
        try:
            source: Any = (None for _ in range(rows))
            report = await frontegg.bulk.assign(source, workers=4)
            assert outcomes(report) == {"invalid": rows}
            assert len(report.failures) == min(rows, 1_000)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(2_000)
    small, large = await peak(2_000), await peak(20_000)
    assert large < 2 * small + 50_000
