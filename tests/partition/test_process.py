"""The session of a process: shared by threads, not by forks, and closed without a word."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from frontegg_async.emulator import Emulator

from ..support.routes import ADD, AUTH
from ..support.sessions import API_KEY

pytestmark = pytest.mark.anyio

ROOT: Final = Path(__file__).parents[2]
BEGIN: Final = """
import multiprocessing, os, pickle, signal, sys, threading
import pyarrow as pa
from frontegg_async.bulk import Assign, Partition

def rows(first, count):
    users = [f"u{number}" for number in range(first, first + count)]
    return pa.table({"user_id": users, "tenant_id": ["t"] * count})

def done(partition, table):
    assert set(partition(table).column("outcome").to_pylist()) == {"applied"}

partition = Partition(Assign())
"""


async def run(server: Emulator, script: str) -> None:
    """Run a script in a process in which every warning is an error; it must say nothing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", BEGIN + dedent(script),
        stdout=PIPE, stderr=PIPE, cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FRONTEGG_CLIENT_ID": server.client_id,
            "FRONTEGG_API_KEY": API_KEY,
            "FRONTEGG_BASE_URL": server.url,
        },
    )  # fmt: skip
    said, trouble = await process.communicate()
    assert (process.returncode, said + trouble) == (0, b"")


async def test_threads_share_one_session(anyio_backend: str) -> None:
    """Threads with copies of a partition, as engines hand them out, fetch one token together."""
    script = """
        copies = [pickle.loads(pickle.dumps(partition)) for _ in range(6)]
        threads = [
            threading.Thread(target=done, args=(copy, rows(20 * number, 20)))
            for number, copy in enumerate(copies)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [t.name for t in threading.enumerate()].count("frontegg_async partitions") == 1
    """
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        await run(server, script)
        assert server.count(ADD) == 120
        assert server.count(AUTH) == 1


async def test_settings_that_are_not_pickled(anyio_backend: str) -> None:
    """Settings that stay in the process, such as a secret header, are those of one session."""
    script = """
        from frontegg_async import MemoryFleet, Options
        connection = {"options": Options(headers={"x-api-key": "key"})}
        fleet = MemoryFleet()
        for first in (0, 20):
            partition = Partition(Assign(), fleet=fleet, connection=dict(connection))
            done(partition, rows(first, 20))
        assert [t.name for t in threading.enumerate()].count("frontegg_async partitions") == 1
    """
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        await run(server, script)
        assert server.count(AUTH) == 1


async def test_a_forked_child_makes_its_own(anyio_backend: str) -> None:
    """A child forked from a worker that has run partitions runs its own; the parent's goes on."""
    script = """
        done(partition, rows(0, 20))
        fork = multiprocessing.get_context("fork")
        child = fork.Process(target=done, args=(partition, rows(20, 20)))
        child.start()
        done(partition, rows(40, 20))
        child.join()
        assert child.exitcode == 0
        pid = os.fork()
        if not pid:
            done(partition, rows(60, 20))
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        done(partition, rows(80, 20))
    """
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        await run(server, script)
        assert server.count(ADD) == 100
        assert server.count(AUTH) == 3


async def test_the_exit_of_a_process_ends_what_goes_on(anyio_backend: str) -> None:
    """A process ends while a partition runs in a daemon thread, at once and without a word."""
    script = """
        def quietly():
            try:
                partition(rows(0, 500))
            except BaseException:
                pass
        threading.Thread(target=quietly, daemon=True).start()
        done(partition, rows(500, 5))
        try:
            partition(pa.table({"user_id": ["a"]}))
        except Exception as error:
            assert "tenant_id" in str(error)
    """
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        await run(server, script)
        assert 5 <= server.count(ADD) < 505


async def test_it_is_not_called_in_its_own_loop(anyio_backend: str) -> None:
    """A partition called where it would wait for itself says to await run() instead."""
    script = """
        from frontegg_async import ClosedError
        class Job(Assign, frozen=True, kw_only=True):
            def holds(self, row, user):
                try:
                    partition(rows(0, 1))
                except ClosedError as error:
                    assert "await its run()" in str(error)
                    return False
        own = Partition(Job())
        done(own, rows(0, 3))
    """
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        await run(server, script)
