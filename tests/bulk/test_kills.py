"""Runs that are killed and gone on with, under faults: the emulator's own record is the oracle."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async import Assignment, FronteggSession, Report
from frontegg_async.bulk import Assign, Progress
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    DuplicateAdd,
    Emulator,
    Fault,
)
from frontegg_async.models.users import AddToTenantRequest

from ..support.bulk import crowd, exported, states
from ..support.routes import ADD

FAULTS: list[Fault] = [
    CutAfterCommit(),
    CutBeforeCommit(),
    AnswerStatus(504),
    AnswerStatus(504, after_commit=True),
    AnswerStatus(500),
    AnswerStatus(429),
    AnswerStatus(400),
]

rows = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), min_size=1, max_size=24)
faults = st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(2, 7)), max_size=2)
kills = st.lists(st.integers(1, 8), max_size=4)


def posts(server: Emulator) -> Counter[tuple[str, str]]:
    """Return how often each pair was posted."""
    found: Counter[tuple[str, str]] = Counter()
    for request in server.requests:
        if request.method == "POST" and request.raw_path.endswith("/tenant"):
            body = msgspec.json.decode(request.body, type=AddToTenantRequest)
            found[request.raw_path.split("/")[-2], body.tenant_id] += 1
    return found


def replace(ledger: Path, copy: Path) -> None:
    """Put the files of a ledger back as they were copied."""
    for suffix in ("", "-wal"):
        Path(f"{ledger}{suffix}").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            Path(f"{copy}{suffix}").rename(f"{ledger}{suffix}")


async def killed(
    session: FronteggSession, source: Path, ledger: Path, after: int, *, invite: bool
) -> Report | None:
    """Run until some rows have ended, then leave the files behind as a killed process does."""
    task: asyncio.Task[Report] | None = None
    ended = 0
    copy = ledger.with_name("copy")

    def note(_progress: Progress) -> None:
        nonlocal ended
        ended += 1
        if ended == after and task is not None:
            for suffix in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{ledger}{suffix}", f"{copy}{suffix}")
            task.cancel()

    run = session.bulk.start(Assign(invite=invite), source, ledger=ledger, on_progress=note)
    task = asyncio.create_task(run.wait())
    try:
        return await task
    except asyncio.CancelledError:
        replace(ledger, copy)
        return None


async def lives(
    pairs: list[tuple[int, int]],
    given_faults: list[tuple[Fault, int]],
    given_kills: list[int],
    *,
    invite: bool,
) -> None:
    """Run a file to its end through all its deaths, and hold the record against the reports."""
    policy = DuplicateAdd.CREATED_AND_INVITES
    with tempfile.TemporaryDirectory() as folder:
        source, ledger = Path(folder) / "rows.jsonl", Path(folder) / "ledger"
        named = [Assignment(user_id=f"p{user}", tenant_id=f"t{tenant}") for user, tenant in pairs]
        source.write_bytes(b"\n".join(msgspec.json.encode(row) for row in named))
        async with crowd(7, duplicate_add=policy) as (server, session, _):
            for fault, every in given_faults:
                server.inject(fault, on=ADD, times=None, every=every)
            for after in given_kills:
                if await killed(session, source, ledger, after, invite=invite) is not None:
                    break
            report = await session.bulk.assign(source, ledger=ledger, invite=invite)
            ended = states(ledger)
            assert report.rows == len(pairs) == len(ended) == sum(Counter(ended.values()).values())
            members = server.memberships()
            for row in exported(ledger):
                pair = (row.user_id or "", row.values["tenant_id"])
                if row.state in {State.DONE, State.ALREADY}:
                    assert pair in members
                else:
                    assert row.state in {State.FAILED, State.UNKNOWN}
                    assert pair not in members
            invited = Counter((each.user_id, each.tenant_id) for each in server.invites)
            assert all(count == 1 for count in invited.values())
            assert set(invited) == (members if invite else set())
            if invite and all(fault != AnswerStatus(429) for fault, _ in given_faults):
                assert all(count == 1 for count in posts(server).values())
            before = posts(server)
            again = await session.bulk.assign(source, ledger=ledger, invite=invite)
            assert again.counts == report.counts
            assert posts(server) == before


@given(rows, faults, kills)
@settings(max_examples=25)
def test_with_invites(
    pairs: list[tuple[int, int]], given_faults: list[tuple[Fault, int]], given_kills: list[int]
) -> None:
    """Any faults and kills: no second invite, no row lost, and unknown only with reason."""

    async def live() -> None:
        await lives(pairs, given_faults, given_kills, invite=True)

    anyio.run(live)


@given(rows, faults, kills)
@settings(max_examples=25)
def test_without_invites(
    pairs: list[tuple[int, int]], given_faults: list[tuple[Fault, int]], given_kills: list[int]
) -> None:
    """Any faults and kills without invites: no invite at all, and every row is done."""

    async def live() -> None:
        await lives(pairs, given_faults, given_kills, invite=False)

    anyio.run(live)
