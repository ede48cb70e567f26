"""The clients of ``bench_pacing_socket.py``, each in a process of its own.

``SDK`` is a session of this package. ``LOOP`` is the loop that people write over aiohttp: after a
429 it sleeps as long as the answer says, or a second if it says nothing. Both add users to a
tenant. A process gets ready first (imports take a second and more on a busy machine), is told of
the server when that has started, fetches its token, and then begins to count seconds.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import aiohttp
import msgspec
from measuring import ChildFailedError
from server import ADD, ServerProcess, processes

from frontegg_async import FronteggError, FronteggSession, Options, OutcomeUnknownError
from frontegg_async.bulk import Assign, Assignment, Outcome
from frontegg_async.pacing import Learned

SDK: Final = "frontegg_async"
LOOP: Final = "plain loop"
WORKERS: Final = 64
"""Rows under way at once, as in the SDK."""
TIMEOUT: Final = 30.0
"""Seconds that an interactive call has, as in the SDK."""
_TENANT: Final = "acme"

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Address(msgspec.Struct, frozen=True):
    """A server, and the credentials that it takes."""

    url: str
    client_id: str
    api_key: str


class End(Enum):
    """The end of an interactive call; in doubt is one that may have been done or not."""

    SERVED = "served"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


class Call(msgspec.Struct, frozen=True):
    """An interactive call: seconds from the moment it was due, and its end."""

    seconds: float
    end: End


class Work(msgspec.Struct, frozen=True):
    """A bulk run: rows done, and in how many seconds."""

    rows: int
    seconds: float


# Contenders


class Client(Protocol):
    """A client that can be compared."""

    async def call(self, user_id: str) -> End:
        """Add a user to the tenant, with the client's timeout."""
        ...

    async def assign(self, user_ids: Sequence[str], seconds: float | None) -> int:
        """Add many users, for so many seconds at most; return how many were added."""
        ...


class _Sdk:
    def __init__(self, frontegg: FronteggSession) -> None:
        self._frontegg = frontegg

    async def call(self, user_id: str) -> End:
        try:
            await self._frontegg.users.add_to_tenant(user_id, _TENANT, skip_invite_email=True)
        except OutcomeUnknownError:
            return End.IN_DOUBT
        except FronteggError:
            return End.FAILED
        return End.SERVED

    async def assign(self, user_ids: Sequence[str], seconds: float | None) -> int:
        rows = (Assignment(user_id=user_id, tenant_id=_TENANT) for user_id in user_ids)
        run = self._frontegg.bulk.start(Assign(), rows, plan="never", workers=WORKERS)
        task = asyncio.create_task(run.wait())
        await asyncio.wait([task], timeout=seconds)
        added = run.progress.counts[Outcome.APPLIED]
        if not task.done():
            task.cancel()  # stopping it gives rows that wait for the limit some seconds more
        with suppress(asyncio.CancelledError):
            await task
        return added


class _Loop:
    def __init__(self, http: aiohttp.ClientSession, address: Address, timeout: float) -> None:
        self._http = http
        self._address = address
        self._timeout = timeout
        self._headers: dict[str, str] = {}
        self._sent: set[str] = set()

    async def log_in(self) -> None:
        credentials = {"clientId": self._address.client_id, "secret": self._address.api_key}
        url = f"{self._address.url}/auth/vendor"
        async with self._http.post(url, json=credentials) as answer:
            self._headers["Authorization"] = f"Bearer {(await answer.json())['token']}"

    async def _send(self, user_id: str) -> float | None:
        """Send once; return the seconds to sleep if that was refused."""
        url = f"{self._address.url}/identity/resources/users/v1/{user_id}/tenant"
        body = {"tenantId": _TENANT, "skipInviteEmail": True}
        async with self._http.post(url, json=body, headers=self._headers) as answer:
            if answer.status == 429:
                return parse_retry_after(answer.headers, datetime.now(UTC))
            answer.raise_for_status()
            await answer.json()
            return None

    async def _add(self, user_id: str) -> None:
        while True:
            self._sent.add(user_id)
            wait = await self._send(user_id)
            self._sent.discard(user_id)
            if wait is None:
                return
            await asyncio.sleep(wait)

    async def call(self, user_id: str) -> End:
        try:
            async with asyncio.timeout(self._timeout):
                await self._add(user_id)
        except TimeoutError:
            # Of one that sleeps it is known that it was refused.
            return End.IN_DOUBT if user_id in self._sent else End.FAILED
        finally:
            self._sent.discard(user_id)
        return End.SERVED

    async def assign(self, user_ids: Sequence[str], seconds: float | None) -> int:
        rows, added = iter(user_ids), 0

        async def work() -> None:
            nonlocal added
            for user_id in rows:
                await self._add(user_id)
                added += 1

        tasks = [asyncio.create_task(work()) for _ in range(WORKERS)]
        ended, going_on = await asyncio.wait(tasks, timeout=seconds)
        found = added
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        for task in ended:
            task.result()
        return found


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that a 429 says to stay away, in one of two headers, or else 1."""
    if reset := headers.get("X-Rate-Limit-Reset"):
        return max((datetime.fromisoformat(reset) - now).total_seconds(), 0.0)
    return float(headers.get("Retry-After", 1.0))


@asynccontextmanager
async def opened(
    contender: str,
    address: Address,
    *,
    timeout: float = TIMEOUT,
    learned: tuple[float, float] | None = None,
) -> AsyncGenerator[Client]:
    """Yield a contender that has its token.

    Args:
        contender: ``SDK`` or ``LOOP``.
        address: the server.
        timeout: seconds of an interactive call.
        learned: a limit as calls in so many seconds that an earlier session has met, as a run
            finds it in its ledger. The loop has no use for it.
    """
    if contender == LOOP:
        async with aiohttp.ClientSession() as http:
            loop = _Loop(http, address, timeout)
            await loop.log_in()
            yield loop
        return
    async with FronteggSession(
        client_id=address.client_id,
        api_key=address.api_key,
        base_url=address.url,
        options=Options(timeout=timeout),
    ) as frontegg:
        await frontegg.token_info()
        if learned is not None:
            frontegg.pacing.begin_with([Learned(ADD, "users.add_to_tenant", *learned)])
        yield _Sdk(frontegg)


# Jobs


class Job(Protocol[R_co]):
    """The work of a process."""

    async def run(self, address: Address) -> R_co:
        """Do it with a server, and return the observations."""
        ...


class Web(msgspec.Struct, frozen=True, kw_only=True):
    """Interactive calls that come by themselves.

    Args:
        contender: who makes them.
        arrivals: when each is due, in seconds.
        timeout: seconds that each has.
    """

    contender: str
    arrivals: tuple[float, ...]
    timeout: float = TIMEOUT

    async def run(self, address: Address) -> list[Call]:
        """Make each call when it is due, whether those before it have ended or not."""
        async with opened(self.contender, address, timeout=self.timeout) as client:
            now = asyncio.get_running_loop().time
            began = now()

            async def one(number: int, due: float) -> Call:
                await asyncio.sleep(began + due - now())
                end = await client.call(f"web-{number}")
                return Call(now() - began - due, end)

            return await asyncio.gather(
                *(one(number, due) for number, due in enumerate(self.arrivals))
            )


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk run.

    Args:
        contender: who runs it.
        rows: how many rows.
        seconds: when it is stopped; None lets it end.
        learned: as for ``opened``.
    """

    contender: str
    rows: int
    seconds: float | None = None
    learned: tuple[float, float] | None = None

    async def run(self, address: Address) -> Work:
        """Run it."""
        async with opened(self.contender, address, learned=self.learned) as client:
            now = asyncio.get_running_loop().time
            began = now()
            user_ids = [f"bulk-{number}" for number in range(self.rows)]
            added = await client.assign(user_ids, self.seconds)
            return Work(added, self.seconds or now() - began)


# Processes


class ClientProcess(Generic[R]):
    """A job in a process of its own; use it inside ``serving``."""

    def __init__(self, job: Job[R]) -> None:
        context = processes()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve_job, args=(theirs, job), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
        self._pipe.close()

    def kill(self) -> None:
        """End it at once, with nothing closed (SIGKILL)."""
        self._process.kill()

    def wait_ready(self) -> None:
        """Return when everything is imported."""
        self._pipe.recv()

    def begin(self, address: Address) -> None:
        """Let it begin."""
        self._pipe.send(address)

    def result(self) -> R:
        """Wait for its end.

        Raises:
            ChildFailedError: it ended in an error.
        """
        result: R | Failed = self._pipe.recv()
        if isinstance(result, Failed):
            raise ChildFailedError(result.text)
        return result


class Failed(msgspec.Struct, frozen=True):
    """The traceback of a job that failed."""

    text: str


def serve_job(pipe: Any, job: Job[Any]) -> None:
    """Say that everything is imported, hear of the server, do the job, and tell the outcome."""
    pipe.send(None)
    address: Address = pipe.recv()
    try:
        result: object = asyncio.run(job.run(address))
    except Exception:  # noqa: BLE001  # raised again in the process that waits for it
        result = Failed(traceback.format_exc())
    pipe.send(result)


@contextmanager
def serving(*clients: ClientProcess[Any], **server: Any) -> Generator[ServerProcess]:
    """Start a server (``ServerProcess``) when all clients are ready, and let them begin at once."""
    with ExitStack() as stack:
        for client in clients:
            stack.enter_context(client)
        for client in clients:
            client.wait_ready()
        running = stack.enter_context(ServerProcess(**server))
        address = Address(running.url, running.client_id, running.api_key)
        for client in clients:
            client.begin(address)
        yield running
