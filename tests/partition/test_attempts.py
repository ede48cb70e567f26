"""Attempts on one partition: side by side, after each other, and without their store."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from frontegg_async import (
    AuthenticationError,
    ClaimBusyError,
    ClaimError,
    ClaimLostError,
    ClaimStoreError,
    LedgerMismatchError,
    Observer,
    OutcomeUnknownError,
)
from frontegg_async._core.connecting import Connector
from frontegg_async._core.connection import Connection
from frontegg_async._core.socket_transport import SocketTransport
from frontegg_async.bulk import (
    Activate,
    Assign,
    ClaimStore,
    MemoryClaims,
    Partition,
    Remove,
    RunOptions,
)
from frontegg_async.bulk.partition import attempt as attempt_module
from frontegg_async.bulk.partition import claim_log
from frontegg_async.bulk.partition.attempt import Attempt, Terms
from frontegg_async.emulator import AnswerStatus, DuplicateAdd, Stall

from ..support.bulk import crowd, until
from ..support.effects import invited, twice
from ..support.partition_child import claims_at, table_of
from ..support.redis_servers import run_redis
from ..support.routes import ADD, AUTH, GET, SET_ACTIVE
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

INVITES: Final = DuplicateAdd.CREATED_AND_INVITES
LATER: Final = SimpleNamespace(monotonic=lambda: time.monotonic() + 3_600.0)
"""The clock of a process that was stopped for an hour."""


def pairs(count: int) -> list[tuple[str, str]]:
    """Return rows of the users of a crowd."""
    return [(f"p{number}", "t") for number in range(count)]


def counted(table: Any) -> Counter[str]:
    """Return the outcomes of a table."""
    return Counter(table.column("outcome").to_pylist())


def alike(one: Any, other: Any) -> bool:
    """Return whether tables are the same, but for the trace ids of rows that are done."""
    return bool(one.drop_columns("trace_id").equals(other.drop_columns("trace_id")))


class Watched:
    """Claims in memory whose writes a test follows, and lets fail.

    Attributes:
        away: True while the store does not respond.
        wrote: called after each write.
    """

    def __init__(self) -> None:
        self.inner: Final = MemoryClaims()
        self.away = False
        self.wrote: Callable[[], None] = lambda: None

    def open(self) -> ClaimStore:
        """Return the store, which is this object."""
        return self  # pyright: ignore[reportReturnType]  # any arguments are handed on

    async def claim(self, *args: Any) -> Any:
        """Ask the store, if it responds."""
        self._answer()
        return await self.inner.claim(*args)

    async def write(self, *args: Any) -> bool:
        """Tell the store, if it responds."""
        self._answer()
        found = await self.inner.write(*args)
        self.wrote()
        return found

    async def finish(self, *args: Any) -> bool:
        """Tell the store, if it responds."""
        self._answer()
        return await self.inner.finish(*args)

    async def release(self, *args: Any) -> None:
        """Tell the store, if it responds."""
        self._answer()
        await self.inner.release(*args)

    async def aclose(self) -> None:
        """Keep the claims."""

    def _answer(self) -> None:
        if self.away:
            raise ClaimStoreError("away")

    def end_leases(self) -> None:
        """Let the store's clock pass the end of every lease, unnoticed by the attempts."""
        for claim in self.inner._claims.values():  # pyright: ignore[reportPrivateUsage]
            claim.until = 0.0


def inviting(claims: Any, **more: Any) -> Partition:
    """Return a partition that sends invites under claims."""
    return Partition(Assign(invite=True), run_id="run", claims=claims, **more)


async def test_a_second_live_attempt_waits_for_the_first(anyio_backend: str) -> None:
    """Of two attempts at the same time one runs, and the other one has its outcomes for no call."""
    claims = MemoryClaims()
    async with crowd(40, duplicate_add=INVITES) as (server, session, _):
        partition, table = inviting(claims), table_of(pairs(40))
        stall = server.inject(Stall(), on=ADD, times=1)
        first = asyncio.create_task(partition.run(session, table))
        await until(lambda: stall.struck)
        second = asyncio.create_task(partition.run(session, table))
        await asyncio.sleep(0)
        server.clear_faults()
        done = await asyncio.gather(first, second)
        assert alike(*done)
        assert counted(done[0]) == {"applied": 40}
        assert server.count(ADD) == 40
        assert not twice(invited(server))


async def test_a_second_live_attempt_is_told(anyio_backend: str) -> None:
    """An attempt that may not wait any longer is a retryable error with the time to wait."""
    claims = MemoryClaims()
    async with crowd(4) as (server, session, _):
        table = table_of(pairs(4))
        stall = server.inject(Stall(), on=ADD, times=1)
        first = asyncio.create_task(inviting(claims).run(session, table))
        await until(lambda: stall.struck)
        with pytest.raises(ClaimBusyError, match="run the partition again") as raised:
            await inviting(claims, wait_s=0.0).run(session, table)
        assert raised.value.retry_after is not None
        server.clear_faults()
        await first


async def test_an_attempt_that_lost_its_lease_sends_no_more(anyio_backend: str) -> None:
    """A claimer whose lease another one took over stops before its next request."""
    claims = Watched()
    async with crowd(200, duplicate_add=INVITES) as (server, session, _):
        table = table_of(pairs(200))

        def lose() -> None:
            if server.count(ADD) >= 60:
                claims.end_leases()

        claims.wrote = lose
        with pytest.raises(ClaimLostError, match="sends no more"):
            await inviting(claims).run(session, table)
        claims.wrote = lambda: None
        sent = server.count(ADD)
        assert 60 <= sent < 200
        outcomes = counted(await inviting(claims).run(session, table))
        assert outcomes == {"applied": 200}
        assert server.count(ADD) == 200
        assert not twice(invited(server))


@pytest.mark.parametrize("job", [Assign(), Activate()], ids=["assign", "activate"])
async def test_the_fence_of_jobs_that_may_be_repeated(anyio_backend: str, job: Any) -> None:
    """Rows that were noted by the group are not sent after the lease either."""
    claims = Watched()
    route = ADD if isinstance(job, Assign) else SET_ACTIVE
    async with crowd(300, ["x", "t"] if route == SET_ACTIVE else []) as (server, session, _):
        table = table_of(pairs(300))
        partition = Partition(job, run_id="run", claims=claims, lease_s=1.0)
        stall = server.inject(Stall(), on=route, times=None)

        def freeze() -> None:
            # As a process that was stopped for longer than its lease, and goes on then.
            if stall.struck:
                claims.end_leases()

        claims.wrote = freeze
        with pytest.raises(ClaimLostError):
            await partition.run(session, table)
        claims.wrote = lambda: None
        server.clear_faults()
        sent = server.count(route)
        assert sent < 300
        outcomes = counted(await partition.run(session, table))
        assert outcomes == {"applied": 300}


async def test_a_store_that_goes_away_ends_the_attempt(anyio_backend: str) -> None:
    """Without its store an attempt ends with a typed error; no row was sent without a record."""
    claims = Watched()
    async with crowd(200, duplicate_add=INVITES) as (server, session, _):
        table = table_of(pairs(200))

        def leave() -> None:
            claims.away = server.count(ADD) >= 60

        claims.wrote = leave
        with pytest.raises(ClaimStoreError):
            await inviting(claims, lease_s=4.0).run(session, table)
        assert server.count(ADD) < 200
        with pytest.raises(ClaimStoreError):
            await inviting(claims).run(session, table)
        claims.away, claims.wrote = False, lambda: None
        assert counted(await inviting(claims).run(session, table)) == {"applied": 200}
        assert not twice(invited(server))


async def test_stopped_between_the_record_and_the_request(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row whose intent was recorded is not sent if the lease ended before its request."""
    claims = Watched()
    async with crowd(20, duplicate_add=INVITES) as (server, session, _):

        def stop() -> None:
            if server.count(ADD) == 7:
                monkeypatch.setattr(attempt_module, "time", LATER)

        claims.wrote = stop
        partition = inviting(claims, options=RunOptions(workers=1))
        with pytest.raises(ClaimLostError):
            await partition.run(session, table_of(pairs(20)))
        assert server.count(ADD) == 7


@pytest.mark.parametrize("observers", [[], [Observer()]], ids=["", "observed"])
@pytest.mark.parametrize("invite", [False, True], ids=["silent", "invites"])
async def test_stopped_while_a_connection_is_made(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, invite: bool, observers: list[Observer]
) -> None:
    """A row is not sent over a new connection if the lease ended while that was made."""
    async with (
        crowd(20, duplicate_add=INVITES) as (server, _, _),
        session_on(server, observers=observers) as session,
    ):
        connect = Connector.connect

        def none_idle(transport: SocketTransport, now: float) -> None:
            """Find no connection, so that each call makes one."""

        async def and_stop(connector: Connector, make: Callable[[], Connection]) -> Connection:
            connection = await connect(connector, make)
            # A row with an invite begins with a read.
            if server.count(ADD) == 7 and (not invite or server.count(GET) == 8):
                monkeypatch.setattr(attempt_module, "time", LATER)
            return connection

        monkeypatch.setattr(SocketTransport, "_idle_connection", none_idle)
        monkeypatch.setattr(Connector, "connect", and_stop)
        options = RunOptions(workers=1)
        partition = Partition(
            Assign(invite=invite), run_id="run", claims=MemoryClaims(), options=options
        )
        with pytest.raises(ClaimLostError):
            await partition.run(session, table_of(pairs(20)))
        assert server.count(ADD) == 7


class Stopping(MemoryClaims):
    """A store whose process is stopped while it waits for the third response."""

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        self._stop: Final = stop
        self._writes = 0

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Write; the third time the process is stopped, and the response is not read in time."""
        self._writes += 1
        if self._writes == 3:
            self._stop()
            raise ClaimStoreError("the store of claims did not respond")
        return await super().write(key, holder, record, lease_s, keep_s)


async def test_a_process_that_was_stopped_blames_no_store(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop longer than the lease the error is the lost lease, and no store that is away."""
    store = Stopping(lambda: monkeypatch.setattr(attempt_module, "time", LATER))
    terms = Terms(lease_s=20, wait_s=0, keep_s=60)
    attempt = Attempt(store, "key", "holder", terms, time.monotonic())
    await store.claim("key", "holder", 20, 60)
    for _ in range(2):
        await attempt.write([], [], [(1, 2)])
    with pytest.raises(ClaimLostError, match="run the partition again"):
        await attempt.write([], [], [(3, 4)])


class Hanging(MemoryClaims):
    """A store that hangs from its second write on."""

    def __init__(self) -> None:
        super().__init__()
        self._writes = 0

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Write, or never respond."""
        self._writes += 1
        if self._writes > 1:
            await asyncio.Event().wait()
        return await super().write(key, holder, record, lease_s, keep_s)


async def test_a_store_that_hangs_is_the_error(anyio_backend: str) -> None:
    """A store that hangs for a lease, however short that is, is named, and nothing is sent."""
    async with crowd(20, duplicate_add=INVITES) as (server, session, _):
        partition = inviting(Hanging(), lease_s=1.0, options=RunOptions(workers=1))
        with pytest.raises(ClaimStoreError, match="did not respond"):
            await partition.run(session, table_of(pairs(20)))
        assert server.count(ADD) == 1


async def test_a_redis_that_is_killed(anyio_backend: str, tmp_path: Path) -> None:
    """A real store that dies in the middle: the attempt fails, and no invite went out twice."""
    with run_redis(tmp_path) as redis:
        claims = claims_at(f"redis://127.0.0.1:{redis.port}")
        async with crowd(100, duplicate_add=INVITES) as (server, session, _):
            table = table_of(pairs(100))
            stall = server.inject(Stall(), on=ADD, times=20)
            attempt = asyncio.create_task(inviting(claims, lease_s=1.0).run(session, table))
            await until(lambda: stall.struck)
            redis.stop()
            with pytest.raises(ClaimError):  # on a busy machine its lease may end before
                await attempt
            assert server.count(ADD) < 100
            assert not twice(invited(server))


async def test_what_stops_a_run_is_raised_and_goes_on(anyio_backend: str) -> None:
    """An outage ends the attempt with its error, at once free for the next, which does the rest."""
    claims = MemoryClaims()
    async with crowd(60) as (server, session, _):
        options = RunOptions(workers=8)
        partition = Partition(Assign(), run_id="run", claims=claims, options=options)
        table = table_of(pairs(60))
        server.inject(AnswerStatus(500), on=ADD, times=None)
        with pytest.raises(OutcomeUnknownError):
            await partition.run(session, table)
        server.clear_faults()
        outcomes = await partition.run(session, table)
        assert set(outcomes.column("attempt").to_pylist()) == {2}
        assert counted(outcomes) == {"applied": 60}


async def test_a_row_that_failed_is_tried_again(anyio_backend: str) -> None:
    """Failures of an attempt that never reported are no outcomes; those that were reported are."""
    claims = Watched()
    async with crowd(100, duplicate_add=INVITES) as (server, session, _):
        rows = [("late", "t"), *pairs(100), ("nobody", "t")]

        def die() -> None:
            if server.count(ADD) >= 60:
                claims.end_leases()

        claims.wrote = die
        with pytest.raises(ClaimLostError):
            await inviting(claims).run(session, table_of(rows))
        claims.wrote = lambda: None
        server.add_user("late")
        outcomes = await inviting(claims).run(session, table_of(rows))
        assert counted(outcomes) == {"applied": 101, "failed": 1}
        last = outcomes.to_pylist()[-1]
        assert (last["outcome"], last["status"], last["user_id"]) == ("failed", 404, "nobody")
        assert not twice(invited(server))
        server.add_user("nobody")
        assert alike(await inviting(claims).run(session, table_of(rows)), outcomes)
        other = Partition(Assign(invite=True), run_id="other", claims=claims)
        assert counted(await other.run(session, table_of(rows))) == {"applied": 1, "unchanged": 101}


async def test_duplicates_and_order_survive_an_attempt(anyio_backend: str) -> None:
    """Rows that repeat or follow each other end as in one run, though an attempt ended between."""
    claims = Watched()
    rows = [(f"p{number % 100}", f"t{number // 100}") for number in range(300)]
    async with crowd(100, ["t0", "t1", "t2"]) as (server, session, _):
        partition = Partition(Activate(), run_id="run", claims=claims)

        def die() -> None:
            if server.count(SET_ACTIVE) >= 150:
                claims.end_leases()

        claims.wrote = die
        with pytest.raises(ClaimLostError):
            await partition.run(session, table_of(rows))
        claims.wrote = lambda: None
        outcomes = counted(await partition.run(session, table_of(rows)))
        assert outcomes["failed"] == outcomes["unknown"] == 0
        for number in range(100):
            assert (await session.users.get(f"p{number}")).tenant_id == "t2"


@pytest.mark.parametrize("ends", [False, True], ids=["record", "result"])
async def test_a_claim_of_another_version(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """A claim that another version of the package has written sends nothing, and says so."""
    claims = MemoryClaims()
    rows = table_of(pairs(4))

    async def refused(*_: object) -> bool:
        return False

    async with crowd(4) as (server, session, _):
        with monkeypatch.context() as newer:
            newer.setattr(claim_log, "_VERSION", 2)
            if ends:
                await inviting(claims).run(session, rows)
            else:
                newer.setattr(claims, "finish", refused)
                with pytest.raises(ClaimLostError):
                    await inviting(claims).run(session, rows)
                (claim,) = claims._claims.values()  # pyright: ignore[reportPrivateUsage]  # no way to end a lease
                claim.until = 0.0
        sent = server.count(ADD)
        with pytest.raises(LedgerMismatchError, match=r"is of version 2.* another run_id"):
            await inviting(claims).run(session, rows)
        assert server.count(ADD) == sent


async def test_rejected_credentials_are_the_error(anyio_backend: str) -> None:
    """Wrong credentials end an attempt with their own error, and leave the claim free."""
    claims = MemoryClaims()
    async with crowd(4) as (server, good, _):
        async with session_on(server, api_key="wrong") as session:
            with pytest.raises(AuthenticationError):
                await inviting(claims).run(session, table_of(pairs(4)))
        assert server.count(AUTH) == 1
        assert counted(await inviting(claims, wait_s=0.0).run(good, table_of(pairs(4)))) == {
            "applied": 4
        }


async def test_without_claims_running_again_converges(anyio_backend: str) -> None:
    """A partition without claims that is run again finds what holds, and writes nothing."""
    async with crowd(50, ["t"]) as (server, session, _):
        partition = Partition(Remove())
        assert counted(await partition.run(session, table_of(pairs(50)))) == {"applied": 50}
        assert counted(await partition.run(session, table_of(pairs(50)))) == {"unchanged": 50}
        assert server.memberships() == frozenset()
