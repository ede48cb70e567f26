"""A worker killed in the middle of a partition with invites, whose requests commit seconds late."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import pytest

from frontegg_async import FronteggSession
from frontegg_async.emulator import DuplicateAdd, Emulator, LateCommit, Stall
from frontegg_async.emulator.injection import Injection

from ..support import partition_child
from ..support.effects import Pair, invited, trapped, twice
from ..support.partition_child import PartitionSettings, partition_of, table_of
from ..support.routes import ADD
from ..support.sessions import leaping

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

WORKERS: Final = 64
HELD: Final = 20
PAIRS: Final = [(f"u{number}", f"t{number % 3}") for number in range(160)]


def crowded(server: Emulator) -> set[Pair]:
    """Make users, of whom the first are members already, and return the pairs that are not."""
    for number, (user, tenant) in enumerate(PAIRS):
        server.add_user(user, tenant_ids=[tenant] if number < HELD else [])
    return {*PAIRS[HELD:]}


@asynccontextmanager
async def worker(
    server: Emulator, settings: PartitionSettings, url: str | None
) -> AsyncGenerator[Process]:
    """Run the partition in a process of its own, which does not outlive the block."""
    child = Path(partition_child.__file__)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.partition_child",
        msgspec.json.encode(settings).decode(),
        stdout=PIPE,
        stderr=PIPE,
        cwd=child.parents[2],
        env={
            **os.environ,
            "PYTHONPATH": str(child.parents[2]),
            "FRONTEGG_CLIENT_ID": server.client_id,
            "FRONTEGG_API_KEY": server.api_key,
            "FRONTEGG_BASE_URL": server.url,
            **({} if url is None else {"FRONTEGG_CLAIMS_URL": url}),
        },
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def kill_in_flight(
    server: Emulator, settings: PartitionSettings, url: str | None, *, after: int = 60
) -> None:
    """Kill a worker while all its requests are in flight, to be committed in four seconds."""
    record = trapped(server)
    # The server works on them, and answers a client that is not there any more.
    late = LateCommit(4.0, Stall())
    injected: asyncio.Future[Injection] = asyncio.get_running_loop().create_future()
    record.set(after, lambda: injected.set_result(server.inject(late, on=ADD, times=None)))

    async def all_in_flight() -> None:
        await (await injected).wait(WORKERS)

    async with worker(server, settings, url) as process:
        ended = asyncio.create_task(process.wait())
        in_flight = asyncio.create_task(all_in_flight())
        await asyncio.wait((in_flight, ended), return_when=asyncio.FIRST_COMPLETED)
        assert in_flight.done(), (await process.communicate())[1].decode()[-2_000:]
        process.send_signal(signal.SIGKILL)
        await ended
    injected.result().clear()  # what the dead worker sent is committed by the clock alone


async def second_attempt(
    session: FronteggSession, settings: PartitionSettings, url: str | None
) -> Counter[str]:
    """Run the partition again, and return the outcomes."""
    table = await partition_of(settings, url).run(session, table_of(settings.pairs))
    return Counter(table.column("outcome").to_pylist())


async def let_late_work_be_done(session: FronteggSession) -> None:
    """Let the time pass in which requests of a dead worker are committed."""
    await session.clock.sleep(6.0)
    await session.users.get(PAIRS[0][0])


async def test_the_naive_retry_sends_second_invites(anyio_backend: str) -> None:
    """Without claims, users whose requests were in flight get a second invite: the fault bites."""
    settings = PartitionSettings(pairs=PAIRS)
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        crowded(server)
        await kill_in_flight(server, settings, None)
        await second_attempt(session, settings, None)
        await let_late_work_be_done(session)
        assert len(twice(invited(server))) == WORKERS


async def test_no_second_invite_and_added_is_what_was_not_there(
    anyio_backend: str, claims_url: str
) -> None:
    """The next attempt waits out late requests: one invite each, all that did not hold is added."""
    settings = PartitionSettings(pairs=PAIRS, lease_s=4.0, run_id=f"late-{os.getpid()}")
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        missing = crowded(server)
        await kill_in_flight(server, settings, claims_url)
        outcomes = await second_attempt(session, settings, claims_url)
        assert outcomes == {"applied": len(missing), "unchanged": HELD}
        await let_late_work_be_done(session)
        assert invited(server) == Counter(missing)
        assert server.memberships() >= {*PAIRS}
        # The whole job again: the finished partition costs no call.
        sent = len(server.requests)
        assert await second_attempt(session, settings, claims_url) == outcomes
        assert len(server.requests) == sent


async def test_requests_that_never_arrived_are_sent(anyio_backend: str, claims_url: str) -> None:
    """Rows in flight that a killed worker's server never did are done by the next attempt."""
    settings = PartitionSettings(pairs=PAIRS, lease_s=4.0, run_id=f"lost-{os.getpid()}")
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        missing = crowded(server)
        await kill_in_flight(server, settings, claims_url)
        server._world._late.clear()  # pyright: ignore[reportPrivateUsage]
        outcomes = await second_attempt(session, settings, claims_url)
        assert outcomes == {"applied": len(missing), "unchanged": HELD}
        assert invited(server) == Counter(missing)


@pytest.mark.parametrize("invite", [False, True], ids=["silent", "invites"])
async def test_a_worker_that_was_stopped_sends_no_more(
    anyio_backend: str, redis_url: str, invite: bool
) -> None:
    """A worker that wakes up after its lease sends not one request more, and says so."""
    settings = PartitionSettings(
        pairs=PAIRS, lease_s=4.0, run_id=f"stopped-{os.getpid()}-{invite}", invite=invite
    )
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        missing = crowded(server)
        record = trapped(server)
        enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        record.set(60, lambda: enough.set_result(None))
        async with worker(server, settings, redis_url) as process:
            await enough
            process.send_signal(signal.SIGSTOP)
            outcomes = await second_attempt(session, settings, redis_url)
            assert outcomes.total() == len(PAIRS)
            sent = server.count(ADD)
            process.send_signal(signal.SIGCONT)
            _, said = await process.communicate()
            assert process.returncode == 1
            assert b"ClaimLostError" in said
            assert server.count(ADD) == sent
        assert server.memberships() >= {*PAIRS}
        if invite:
            assert invited(server) == Counter(missing)
