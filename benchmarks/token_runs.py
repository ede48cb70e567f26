"""One contender of ``bench_token``, and one of its three questions, in a process of its own.

    python benchmarks/token_runs.py (hot | cold | renewal) CONTENDER URL [NUMBER]

Frontegg's own package learns the host from ``FRONTEGG_API_GATEWAY_URL``, before it is imported.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from itertools import repeat
from typing import Any, Final, Protocol

import msgspec

from frontegg_async import FronteggSession, Operation, Response
from frontegg_async._core.clock import SystemClock
from frontegg_async._core.response import Failure
from frontegg_async.auth.token_manager import TokenManager
from frontegg_async.auth.token_stores import MemoryTokenStore
from frontegg_async.endpoints.users import GET
from frontegg_async.models.authentication import TokenGrant

EMPTY: Final = "empty method"
SDK: Final = "frontegg_async"
OFFICIAL: Final = "frontegg, async client"
CONTROL: Final = "frontegg_async, nothing to renew (control)"

HOT_CALLS: Final = 100_000
HELD_UP: Final = 0.001
"""Seconds that a call may take to where it is sent."""
WORKERS: Final = 16
USER_ID: Final = "34a82e16-9a58-404d-8fee-7f0b4f1a2c3d"


# The peer, behind the part of it that is used


class Official(Protocol):
    """The used part of the peer's async client; every call of it begins with the first two."""

    @property
    def should_refresh_vendor_token(self) -> bool:
        """True if there is no token, or one that ends."""
        ...

    refresh_vendor_token: Callable[[], Awaitable[None]]
    """Fetches a token."""

    async def get(self, url: str) -> Any:
        """Call, and return a response of httpx."""
        ...


def official() -> type[Any]:
    """Return the peer's class. Its host is told by the environment, before the import."""
    made: type[Any] = import_module("frontegg.common.clients").HttpAsyncClient
    return made


async def ensure_token(client: Official) -> None:
    """Do the first steps of each call of the peer."""
    if client.should_refresh_vendor_token:
        await client.refresh_vendor_token()


# Hot path


class Hot(msgspec.Struct, frozen=True):
    """Nanoseconds of CPU of one look at the token."""

    ns: float


class _Empty:
    def nothing(self) -> None:
        """Do nothing."""


async def hot(contender: str, url: str) -> Hot:
    """Time one contender's look at a token that is good, without the loop around it."""
    if contender == EMPTY:
        return Hot(_time(_Empty().nothing))
    if contender == SDK:
        manager = TokenManager(
            _no_fetch,
            clock=SystemClock(),
            uniform=lambda low, high: low,
            store=MemoryTokenStore(),
            key="",
        )
        manager.adopt("token", 86_400.0)
        assert manager.current() is not None
        return Hot(_time(manager.current))
    client: Official = official()("benchmark", "benchmark", url)
    await ensure_token(client)
    assert not client.should_refresh_vendor_token
    called = _time(lambda: client.should_refresh_vendor_token)
    return Hot(called - _time(lambda: None))


async def _no_fetch() -> TokenGrant:
    raise AssertionError("the token was good")


def _time(look: Callable[[], object]) -> float:
    """Return nanoseconds of CPU for a call of ``look``: the best of some, less the loop's own."""
    best = loop = float("inf")
    for _ in range(5):
        before = time.process_time_ns()
        for _ in repeat(None, HOT_CALLS):
            look()
        between = time.process_time_ns()
        for _ in repeat(None, HOT_CALLS):
            pass
        after = time.process_time_ns()
        best = min(best, between - before)
        loop = min(loop, after - between)
    return (best - loop) / HOT_CALLS


# Cold start


class Cold(msgspec.Struct, frozen=True):
    """One cold start: seconds until every task had a token or an error, and tasks without one."""

    seconds: float
    without: int
    token_calls: int = 0
    server_load: float = 0.0


async def cold(contender: str, url: str, tasks: int) -> Cold:
    """Start tasks that all want a token that is not there."""
    if contender == SDK:
        async with FronteggSession(
            client_id="benchmark", api_key="benchmark", base_url=url
        ) as session:
            return await _cold(session.token_info, tasks)
    client: Official = official()("benchmark", "benchmark", url)
    return await _cold(lambda: ensure_token(client), tasks)


async def _cold(get: Callable[[], Awaitable[object]], tasks: int) -> Cold:
    before = time.perf_counter()
    found = await asyncio.gather(*(get() for _ in range(tasks)), return_exceptions=True)
    seconds = time.perf_counter() - before
    return Cold(seconds, sum(isinstance(each, BaseException) for each in found))


# Renewal


class Renewal(msgspec.Struct, frozen=True):
    """Calls made while tokens were renewed, and those held up before they were sent."""

    calls: int
    held_up: int
    longest_s: float
    token_calls: int = 0
    server_load: float = 0.0


class _Held:
    """Notes how long a call took to the point where it is sent."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits
        self._started = time.perf_counter()

    def before(self, operation: Operation[Any]) -> None:
        """Note it."""
        self._waits.append(time.perf_counter() - self._started)

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Do nothing."""


async def renewal(contender: str, url: str, seconds: float) -> Renewal:
    """Call all the time, while tokens come to their ends."""
    waits: list[float] = []
    if contender != OFFICIAL:
        async with FronteggSession(
            client_id="emulator-client", api_key="emulator-api-key", base_url=url
        ) as session:

            async def call_sdk() -> bool:
                answer = await session.send(GET, USER_ID, observer=_Held(waits))
                return session.decoded(GET, answer).id == USER_ID

            return await _renewal(call_sdk, waits, seconds)

    client: Official = official()("emulator-client", "emulator-api-key", url)
    refresh = client.refresh_vendor_token

    async def timed() -> None:
        """Note how long a call waits for the token that it fetches."""
        started = time.perf_counter()
        await refresh()
        waits.append(time.perf_counter() - started)

    # Every call looks its method up on the client, and finds this one.
    client.refresh_vendor_token = timed

    async def call_official() -> bool:
        answer = await client.get(f"/identity/resources/vendor-only/users/v1/{USER_ID}")
        return bool(answer.status_code == 200 and answer.json()["id"] == USER_ID)

    return await _renewal(call_official, waits, seconds)


async def _renewal(
    call: Callable[[], Awaitable[bool]], waits: list[float], seconds: float
) -> Renewal:
    assert await call()
    waits.clear()  # the cost of the first token is another question
    end = time.monotonic() + seconds

    async def work() -> int:
        calls = 0
        while time.monotonic() < end:
            assert await call(), "a wrong answer"
            calls += 1
        return calls

    calls = sum(await asyncio.gather(*(work() for _ in range(WORKERS))))
    held_up = [wait for wait in waits if wait > HELD_UP]
    return Renewal(calls, len(held_up), max(waits, default=0.0))


def main() -> None:
    """Measure, and write the result as JSON."""
    kind, contender, url, *more = sys.argv[1:]
    run: Hot | Cold | Renewal
    if kind == "hot":
        run = asyncio.run(hot(contender, url))
    elif kind == "cold":
        run = asyncio.run(cold(contender, url, int(more[0])))
    else:
        run = asyncio.run(renewal(contender, url, float(more[0])))
    sys.stdout.buffer.write(msgspec.json.encode(run))


if __name__ == "__main__":
    main()
