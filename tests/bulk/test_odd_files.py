"""Pipes, and files that change while they are read."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from frontegg_async import InvalidRequestError, LedgerMismatchError
from frontegg_async.bulk import Assign
from frontegg_async.bulk.input import feeds

from ..support.bulk import added, crowd, csv_of, outcomes, until, writes

pytestmark = pytest.mark.anyio


def feeding(path: Path, *parts: bytes) -> threading.Thread:
    """Write to a pipe from a thread."""

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for part in parts:
                pipe.write(part)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows"])
async def test_a_pipe_is_read_once(anyio_backend: str, tmp_path: Path, name: str) -> None:
    """Each row of a pipe is done; without a name that tells, the first line does."""
    async with crowd(5) as (server, session, ids):
        path = tmp_path / name
        os.mkfifo(path)
        lines = (
            [b'{"user_id": "%s", "tenant_id": "t"}\n' % each.encode() for each in ids]
            if name == "rows.jsonl"
            else [b"user_id,tenant_id\n", *(b"%s,t\n" % each.encode() for each in ids)]
        )
        writer = feeding(path, *lines)
        with anyio.fail_after(20):
            report = await session.bulk.assign(path)
        writer.join(5)
        assert outcomes(report) == {"added": 5}
        assert report.ledger_path is None
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_pipe_behind_a_link(anyio_backend: str, tmp_path: Path) -> None:
    """A link to a pipe is a pipe: its rows are sent as they come, and it may stay open."""
    async with crowd(2) as (server, session, ids):
        os.mkfifo(tmp_path / "pipe")
        path = tmp_path / "rows.csv"
        path.symlink_to("pipe")
        run = session.bulk.start(Assign(), path, ledger=tmp_path / "ledger")
        task = asyncio.create_task(run.wait())
        pipe = await asyncio.to_thread(path.open, "wb", 0)
        with pipe:
            pipe.write(b"user_id,tenant_id\n%s,t\n" % ids[0].encode())
            with anyio.fail_after(20):
                await until(lambda: server.memberships() == {(ids[0], "t")})
            run.stop()
            with anyio.fail_after(20):
                report = await task
        assert (report.interrupted, outcomes(report)) == (True, {"added": 1})
        writer = feeding(path, b"user_id,tenant_id\n", *(b"%s,t\n" % i.encode() for i in ids))
        report = await session.bulk.assign(path, ledger=tmp_path / "ledger")
        writer.join(5)
        assert outcomes(report) == {"added": 2}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_pipe_that_nobody_writes_to(anyio_backend: str, tmp_path: Path) -> None:
    """A run that waits for a writer of its pipe can be stopped, and leaves no thread."""
    async with crowd(1) as (_, session, _):
        os.mkfifo(tmp_path / "rows.csv")
        run = session.bulk.start(Assign(), tmp_path / "rows.csv")
        task = asyncio.create_task(run.wait())
        await until(lambda: any("bulk source" in each.name for each in threading.enumerate()))
        run.stop()
        with anyio.fail_after(10):
            report = await task
        assert (report.interrupted, report.rows) == (True, 0)
        assert not any("bulk source" in each.name for each in threading.enumerate())


async def test_sources_that_are_refused(anyio_backend: str, tmp_path: Path) -> None:
    """A directory, an empty pipe, a pipe without the columns and one of Parquet are rejected."""
    async with crowd(1) as (server, session, _):
        for name in ("folder", "folder.csv"):
            (tmp_path / name).mkdir()
            with pytest.raises(InvalidRequestError, match="is a directory"):
                await session.bulk.assign(tmp_path / name)
        for name, content, why in (
            ("empty.jsonl", b"", "no rows came"),
            ("empty", b"", "no rows came"),
            ("other.csv", b"a,b\n1,2\n", "needs tenant_id"),
        ):
            os.mkfifo(tmp_path / name)
            writer = feeding(tmp_path / name, content)
            with pytest.raises(InvalidRequestError, match=why):
                await session.bulk.assign(tmp_path / name)
            writer.join(5)
        os.mkfifo(tmp_path / "rows.parquet")
        with pytest.raises(InvalidRequestError, match="Parquet cannot be read"):
            await session.bulk.assign(tmp_path / "rows.parquet")
        assert writes(server) == 0


async def test_a_file_that_grows_while_it_is_read(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line that was being written is not sent; the run says that the file changed."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 10)
    monkeypatch.setattr(feeds, "SLICE_ROWS", 10)
    async with crowd(40) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        take = feeds.SlicedFeed.take
        grown = False

        async def growing(self: feeds.SlicedFeed) -> Any:
            nonlocal grown
            rows = await take(self)
            if not grown:
                grown = True
                with path.open("a") as file:
                    file.write(f"{ids[0]},tenant-1")  # of tenant-12
            return rows

        monkeypatch.setattr(feeds.SlicedFeed, "take", growing)
        report = await session.bulk.assign(path)
        assert isinstance(report.stopped, InvalidRequestError)
        assert "changed while it was read" in str(report.stopped)
        assert (ids[0], "tenant-1") not in server.memberships()
        assert not report.done or report.rows <= 40
        with pytest.raises(LedgerMismatchError, match="has changed"):
            await session.bulk.assign(path)


async def test_a_small_file_that_changes_is_not_sent(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that is read at once nothing is sent if it changed meanwhile."""
    async with crowd(4) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        hashed = feeds.SlicedFeed.fingerprint

        async def and_then(self: feeds.SlicedFeed) -> str:
            found = await hashed(self)
            with path.open("a") as file:
                file.write(f"{ids[0]},tenant-1")
            return found

        monkeypatch.setattr(feeds.SlicedFeed, "fingerprint", and_then)
        with pytest.raises(InvalidRequestError, match="changed while it was read"):
            await session.bulk.assign(path)
        assert writes(server) == 0
