"""The clients of ``bench_fleet.py``, each in a process of its own, and the Redis that they share.

A client is a session, with a fleet or by itself. Web clients add a user to a tenant whenever a
call is due; bulk clients add as many as they can, until they are told to stop or are killed.
"""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from redis import Redis
from socket_clients import Address, Call, End

sys.path.insert(0, str(Path(__file__).parent.parent))

from frontegg_async import (
    FronteggError,
    FronteggSession,
    Options,
    OutcomeUnknownError,
    RedisFleet,
)
from tests.support.redis_servers import SCRIPTS, RedisServer, slowed

FLEET: Final = "fleet"
ALONE: Final = "each by itself"
WORKERS: Final = 64


class WebCall(Call, frozen=True):
    """An interactive call, with the second at which it was due."""

    due: float


class WebWork(msgspec.Struct, frozen=True):
    """The calls of a web process, and the CPU seconds that it used for them."""

    calls: list[WebCall]
    cpu_s: float


@asynccontextmanager
async def session(
    address: Address, fleet: str | None, *, timeout: float = 30.0, plan: str | None = None
) -> AsyncGenerator[FronteggSession]:
    """Yield an open session, of the fleet at a URL or by itself.

    Args:
        address: the server.
        fleet: URL of the fleet, or None.
        timeout: seconds of a call.
        plan: Frontegg's plan whose published limits it expects, as on Frontegg's own hosts.
    """
    async with FronteggSession(
        client_id=address.client_id,
        api_key=address.api_key,
        base_url=address.url,
        options=Options(timeout=timeout),
        fleet=None if fleet is None else RedisFleet.from_url(fleet),
        limits_plan=plan,
    ) as frontegg:
        yield frontegg


async def _add(frontegg: FronteggSession, user_id: str, tenant: str) -> End:
    try:
        await frontegg.users.add_to_tenant(user_id, tenant, skip_invite_email=True)
    except OutcomeUnknownError:
        return End.IN_DOUBT
    except FronteggError:
        return End.FAILED
    return End.SERVED


class WebProcess(msgspec.Struct, frozen=True, kw_only=True):
    """Interactive calls that come by themselves.

    Args:
        fleet: URL of the fleet, or None.
        tenant: tenant that they add users to.
        arrivals: when each is due, in seconds from the start.
        timeout: seconds that each has.
        plan: see ``session``.
    """

    fleet: str | None
    tenant: str
    arrivals: tuple[float, ...]
    timeout: float = 10.0
    plan: str | None = None

    async def run(self, address: Address) -> WebWork:
        """Make each call when it is due, whether those before it have ended or not."""
        async with session(address, self.fleet, timeout=self.timeout, plan=self.plan) as frontegg:
            await frontegg.token_info()
            now = asyncio.get_running_loop().time
            began, cpu = now(), time.process_time()

            async def one(number: int, due: float) -> WebCall:
                end = await _add(frontegg, f"web-{number}", self.tenant)
                return WebCall(now() - began - due, end, due)

            tasks: list[asyncio.Task[WebCall]] = []
            for number, due in enumerate(self.arrivals):
                # One sleep at a time, as in a server that waits for its next request.
                await asyncio.sleep(max(began + due - now(), 0.0))
                tasks.append(asyncio.create_task(one(number, due)))
            return WebWork(list(await asyncio.gather(*tasks)), time.process_time() - cpu)


class BulkProcess(msgspec.Struct, frozen=True, kw_only=True):
    """Bulk calls without an end.

    Args:
        fleet: URL of the fleet, or None.
        tenant: tenant that they add users to.
        seconds: when they stop.
        plan: see ``session``.
    """

    fleet: str | None
    tenant: str
    seconds: float
    plan: str | None = None

    async def run(self, address: Address) -> int:
        """Make as many as go; return how many were served."""
        served = 0
        async with session(address, self.fleet, plan=self.plan) as frontegg:
            view = frontegg.for_bulk()
            numbers = iter(range(10_000_000))

            async def work() -> None:
                nonlocal served
                for number in numbers:
                    # Not in one line, which would read the sum before the call and write it after.
                    end = await _add(view, f"bulk-{number}", self.tenant)
                    served += end is End.SERVED

            with suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    await asyncio.gather(*(work() for _ in range(WORKERS)))
        return served


class TokenProcess(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that begin at once, and then call ten times a second until the end.

    Args:
        fleet: URL of the fleet, or None.
        sessions: how many sessions.
        seconds: seconds until the end.
    """

    fleet: str | None
    sessions: int
    seconds: float

    async def run(self, address: Address) -> int:
        """Return the number of calls that failed."""
        failed = 0
        async with AsyncExitStack() as stack:
            now = asyncio.get_running_loop().time
            end = now() + self.seconds

            async def one(number: int) -> None:
                nonlocal failed
                frontegg = await stack.enter_async_context(session(address, self.fleet))
                while now() < end:
                    ended = await _add(frontegg, f"user-{number}", "acme")
                    failed += ended is not End.SERVED
                    await asyncio.sleep(0.1)

            await asyncio.gather(*(one(number) for number in range(self.sessions)))
        return failed


# Redis


class Store:
    """A real ``redis-server``, and a way to it that can be made slow.

    Attributes:
        url: of the way to it.
    """

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.server: Final = server
        self.url = server.url
        self._folder: Final = folder

    def _client(self) -> Redis:
        return Redis(port=self.server.port, socket_timeout=5.0)

    def exchanges(self) -> tuple[int, float]:
        """Return the scripts that it has executed, and the CPU seconds that it has used."""
        with self._client() as client:
            stats: dict[str, Any] = client.info("commandstats")
            cpu: dict[str, Any] = client.info("cpu")
        found = [stats.get(f"cmdstat_{name}", {}) for name in SCRIPTS]
        # Of the whole process: the time of a script by the clock grows where cores are busy.
        return (
            sum(each.get("calls", 0) for each in found),
            cpu["used_cpu_user"] + cpu["used_cpu_sys"],
        )

    def members(self) -> int:
        """Return the connections that have executed a script in the last second."""
        try:
            with self._client() as client:
                connections = client.client_list()
        except Exception:  # noqa: BLE001  # redis-py has a tree of errors of its own
            return 0
        return sum(
            each["cmd"].partition("|")[0] in SCRIPTS and int(each["idle"]) <= 1
            for each in connections
        )

    def seconds_until_all(self, members: int, timeout: float = 20.0) -> float:
        """Return the seconds until so many members have exchanged news since now."""
        began = time.monotonic()
        while self.members() < members and time.monotonic() < began + timeout:
            time.sleep(0.05)
        return time.monotonic() - began

    def flush(self) -> None:
        """Empty it (FLUSHALL)."""
        self.server.command("FLUSHALL")


@contextmanager
def store(contender: str, *, delay: float = 0.0) -> Generator[Store | None]:
    """Run a Redis for the contender that needs one, which clients reach after ``delay`` seconds."""
    if contender != FLEET:
        yield None
        return
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("redis-server is not installed (Debian: apt install redis-server)")
    with tempfile.TemporaryDirectory() as folder:
        found = Store(RedisServer(program, Path(folder)), Path(folder))
        try:
            if delay:
                with _slowed(found.server, delay) as port:
                    found.url = f"redis://127.0.0.1:{port}/0"
                    yield found
            else:
                yield found
        finally:
            found.server.thaw()
            found.server.stop()


@contextmanager
def _slowed(server: RedisServer, delay: float) -> Generator[int]:
    """Run the slow way in a thread, whose event loop does nothing else."""
    ready: threading.Event = threading.Event()
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with slowed(server.port, delay) as proxy:
            ports.append(proxy.port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def redis_version() -> str:
    """Return the version of ``redis-server``, or absent."""
    program = shutil.which("redis-server")
    if program is None:
        return "absent"
    told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    return told.stdout.partition("v=")[2].partition(" ")[0]
