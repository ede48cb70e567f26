"""Fleets in programs: several runs, forks, processes, and a Redis that is away or late."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import frontegg_async
from frontegg_async import RedisFleet
from frontegg_async.emulator import Emulator

from ..support.redis_servers import RedisServer
from ..support.routes import AUTH, GET
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

_PROGRAM: Final = """
import asyncio, multiprocessing, os, pickle, sys
from frontegg_async import ClosedError, FronteggSession, RedisFleet

fleet = RedisFleet.from_url(os.environ["FRONTEGG_FLEET_URL"])

async def use(fleet):
    async with FronteggSession.from_env(fleet=fleet) as frontegg:
        await frontegg.users.get("user-0")

def used_in_child(fleet):
    asyncio.run(use(fleet))
"""


async def run_program(redis: RedisServer, emulator: Emulator, program: str) -> None:
    """Run a program on the emulator and in the fleet; it ends without a word."""
    root = Path(frontegg_async.__file__).parents[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", _PROGRAM + program),
        env={
            **os.environ,
            "PYTHONPATH": str(root),
            "FRONTEGG_CLIENT_ID": emulator.client_id,
            "FRONTEGG_API_KEY": emulator.api_key,
            "FRONTEGG_BASE_URL": emulator.url,
            "FRONTEGG_FLEET_URL": redis.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told = await process.communicate()
    assert (process.returncode, *told) == (0, b"", b"")


async def test_a_second_run_and_a_fork_after_use(emulator: Emulator, redis: RedisServer) -> None:
    """A fleet serves one event loop after another, and a child after a fork, without a warning."""
    await run_program(
        redis,
        emulator,
        "asyncio.run(use(fleet))\nasyncio.run(use(fleet))\n"
        "child = os.fork()\nasyncio.run(use(fleet))\n"
        "if child:\n    assert os.waitpid(child, 0)[1] == 0\n",
    )
    assert emulator.count(GET) == 4
    assert emulator.count(AUTH) == 1


async def test_a_fork_while_it_is_open(emulator: Emulator, redis: RedisServer) -> None:
    """A child forked under an open session joins a fleet that was pickled; the parent goes on."""
    await run_program(
        redis,
        emulator,
        """
async def main():
    async with FronteggSession.from_env(fleet=fleet) as frontegg:
        await frontegg.users.get("user-0")
        pickled = pickle.loads(pickle.dumps(fleet))
        fork = multiprocessing.get_context("fork")
        child = fork.Process(target=used_in_child, args=(pickled,))
        child.start()
        await asyncio.to_thread(child.join)
        assert child.exitcode == 0
        await frontegg.users.get("user-0")

asyncio.run(main())
""",
    )
    assert emulator.count(GET) == 3
    assert emulator.count(AUTH) == 1


async def test_redis_is_away_from_the_first_second_on(
    emulator: Emulator, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Sessions that begin without Redis call, say so, and share once it is there."""
    redis.stop()
    fleet = RedisFleet.from_url(redis.url)
    async with (
        session_on(emulator, fleet=fleet) as first,
        session_on(emulator, fleet=fleet) as second,
    ):
        with caplog.at_level(logging.WARNING):
            for session in (first, second):
                assert (await session.users.get("user-0")).id == "user-0"
        assert "the token store cannot be read (ConnectionError)" in caplog.text
        redis.start_again()
        before = await redis.scripts_executed()
        while await redis.scripts_executed() < before + 4:
            await asyncio.gather(first.users.get("user-0"), second.users.get("user-0"))


async def test_redis_answers_after_the_session_is_closed(
    emulator: Emulator, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A session that is closed while Redis hangs leaves no task, and nothing to say afterwards."""
    fleet = RedisFleet.from_url(redis.url)
    before = asyncio.all_tasks()
    async with session_on(emulator, fleet=fleet) as session:
        await session.users.get("user-0")
        redis.freeze()
        emulator.revoke_tokens()
        await session.users.get("user-0")
    # The emulator's own tasks come and go.
    left = asyncio.all_tasks() - before
    assert not [task for task in left if "RequestHandler" not in repr(task)]
    redis.thaw()
    async with session_on(emulator, fleet=fleet) as another:
        await another.users.get("user-0")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
