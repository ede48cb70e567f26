"""Runs that are cancelled by their program, and carried on by it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import Assignment
from frontegg_async.bulk import Progress
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.emulator import Stall
from frontegg_async.errors import LedgerDiskFullError

from ..support.effects import write_csv
from ..support.routes import ADD
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio

ROWS: list[Assignment | None] = [Assignment(user_id=f"u{n}", tenant_id="t") for n in range(20)]


async def test_cancelled_while_the_ledger_opens(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is cancelled while its ledger opens leaves it to the next run."""
    source = write_csv(tmp_path / "rows.csv", ROWS)
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    begin: Any = Ledger.begin

    def slowly(*arguments: Any) -> Ledger:
        begun.set()
        go_on.wait(10.0)
        try:
            opened: Ledger = begin(*arguments)
        finally:
            ended.set()
        return opened

    async with leaping(implicit_users=True) as (_, session):
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "begin", slowly)
            run = asyncio.create_task(session.bulk.assign(source))
            await asyncio.to_thread(begun.wait, 10.0)
            run.cancel()
            await asyncio.sleep(0)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await run
            await asyncio.to_thread(ended.wait, 10.0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert (await session.bulk.assign(source)).done


async def test_cancelled_twice(anyio_backend: str, tmp_path: Path) -> None:
    """A second cancellation ends a run at once: no task is left, and the ledger is good."""
    source = write_csv(tmp_path / "rows.csv", ROWS)
    async with leaping(implicit_users=True) as (server, session):
        stalled = server.inject(Stall(), on=ADD, times=None)
        run = asyncio.create_task(session.bulk.assign(source))
        await stalled.wait(5)
        run.cancel()
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "frontegg_async ledger" not in names
        server.clear_faults()
        assert (await session.bulk.assign(source)).done


async def test_progress_after_a_broken_load(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Malformed rows that were read once before count once in the progress, as in the report."""
    source = write_csv(tmp_path / "rows.csv", [*ROWS, None, None, None])
    last: list[int] = []

    def dies(self: Ledger) -> None:
        raise LedgerDiskFullError("no space for the last word")

    def note(progress: Progress) -> None:
        last[:] = [progress.rows, progress.invalid]

    async with leaping(implicit_users=True) as (_, session):
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "finish_loading", dies)
            stopped = (await session.bulk.assign(source)).stopped
            assert isinstance(stopped, LedgerDiskFullError)
        report = await session.bulk.assign(source, on_progress=note)
        assert (report.rows, report.invalid) == (23, 3)
        assert last == [23, 3]
