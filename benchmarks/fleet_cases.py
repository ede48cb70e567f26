"""The situations that ``bench_fleet.py`` plays: processes, one server, perhaps one Redis."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from fleet_clients import (
    BulkProcess,
    Store,
    TokenProcess,
    WebCall,
    WebProcess,
    WebWork,
    store,
)
from server import ADD, ServerProcess, ServerState
from socket_clients import Address, ClientProcess, End
from socket_figures import Measures

sys.path.insert(0, str(Path(__file__).parent.parent))

from frontegg_async.emulator import Announce, RateLimit
from tests.pacing.loads import jain, percentile, poisson

LATENCY: Final = 0.08
LEAD_S: Final = 20.0
"""Seconds before the measured ones, in which limits are learned."""
_SEED: Final = 11


class Server(NamedTuple):
    """A limit of a server.

    Args:
        calls: calls in a window,
        window: and its seconds.
        header: True if a 429 states the reset.
    """

    calls: int
    window: float
    header: bool = False

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.window

    def limit(self) -> RateLimit:
        """Return it for the emulator: windows of a second begin with those of the clock."""
        return RateLimit(
            self.calls,
            self.window,
            on=ADD,
            announce=Announce.RESET if self.header else Announce.NOTHING,
            kind="aligned" if self.window <= 1.0 else "fixed",
        )


SHORT: Final = Server(100, 1.0)
LONG: Final = Server(1_000, 60.0, header=True)


class Row:
    """Processes that have begun on a server of their own.

    Attributes:
        server: the server.
        began: time at which they began.
    """

    def __init__(self, server: ServerProcess, clients: Sequence[ClientProcess[Any]]) -> None:
        self.server: Final = server
        self.clients: Final = clients
        self.address: Final = Address(server.url, server.client_id, server.api_key)
        self.began = time.monotonic()

    def begin(self, clients: Sequence[ClientProcess[Any]]) -> None:
        """Let some of them begin."""
        for client in clients:
            client.begin(self.address)

    def at(self, seconds: float) -> ServerState:
        """Wait until so many seconds after the beginning; return the server's figures then."""
        time.sleep(max(self.began + seconds - time.monotonic(), 0.0))
        return self.server.state()


@contextmanager
def row(
    jobs: Sequence[Any], server: Server | None, *, later: int = 0, **options: Any
) -> Generator[Row]:
    """Start processes and a server; all but the last few begin.

    Args:
        jobs: jobs of the processes.
        server: its limit, or None without one.
        later: processes at the end of the row that do not begin yet.
        options: further options of the server.
    """
    with ExitStack() as stack:
        clients = [stack.enter_context(ClientProcess(job)) for job in jobs]
        for client in clients:
            client.wait_ready()
        limits = [] if server is None else [server.limit()]
        running = stack.enter_context(ServerProcess(rate_limits=limits, latency=LATENCY, **options))
        found = Row(running, clients)
        found.begin(clients[: len(clients) - later])
        yield found


def web_jobs(
    url: str | None,
    processes: int,
    rate: float,
    seconds: float,
    *,
    timeout: float = 10.0,
    plan: str | None = None,
) -> list[WebProcess]:
    """Return web processes that are offered ``rate`` calls a second together, by chance."""
    return [
        WebProcess(
            fleet=url,
            tenant=f"web-{number}",
            arrivals=tuple(poisson(rate / processes, _SEED + number, seconds)),
            timeout=timeout,
            plan=plan,
        )
        for number in range(processes)
    ]


def wasted(before: ServerState, after: ServerState) -> float:
    """Return the share of requests between two times that were refused."""
    sent = after.requests - before.requests - (after.tokens - before.tokens)
    return 1.0 - (after.memberships - before.memberships) / max(sent, 1)


def of_calls(done: Sequence[WebWork], since: float, until: float) -> dict[str, float]:
    """Return the measures of interactive calls that were due between two times."""
    calls: list[WebCall] = [
        call for work in done for call in work.calls if since <= call.due < until
    ]
    served = [call.seconds for call in calls if call.end is End.SERVED]
    return {
        "failed": 1.0 - len(served) / len(calls),
        "in_doubt": sum(call.end is End.IN_DOUBT for call in calls),
        "goodput": len(served) / len(calls),
        "median": percentile(served, 0.5),
        "p95": percentile(served, 0.95),
        "calls": len(calls),
    }


def exchanged(redis: Store | None, requests: int, since: tuple[int, float]) -> dict[str, float]:
    """Return the exchanges for each request, and the CPU of Redis for each."""
    if redis is None:
        return {}
    count, cpu_s = redis.exchanges()
    count, cpu_s = count - since[0], cpu_s - since[1]
    return {"exchanges": count / max(requests, 1), "redis_cpu": 1e6 * cpu_s / max(count, 1)}


# Rows of the table


def web(
    contender: str, *, share: float, server: Server = SHORT, seconds: float, processes: int = 8
) -> Measures:
    """Play web processes that are offered a share of the limit."""
    end = LEAD_S + seconds
    with store(contender) as redis:
        jobs = web_jobs(None if redis is None else redis.url, processes, share * server.rate, end)
        with row(jobs, server) as played:
            before = played.at(LEAD_S)
            since = (0, 0.0) if redis is None else redis.exchanges()
            after = played.at(end)
            spent = exchanged(redis, after.requests - before.requests, since)
            done: list[WebWork] = [client.result() for client in played.clients]
    calls = sum(len(work.calls) for work in done)
    return {
        **of_calls(done, LEAD_S, end),
        "wasted": wasted(before, after),
        **spent,
        "cpu": 1e6 * sum(work.cpu_s for work in done) / calls,
    }


def beside(
    contender: str, *, bulk: int, server: Server, seconds: float, plan: str | None = None
) -> Measures:
    """Play four web processes at 30 % of the limit beside bulk processes."""
    lead = LEAD_S if server.window <= 1.0 else server.window
    if plan is not None:
        lead = 0.0  # nothing is to be learned
    end = lead + seconds
    with store(contender) as redis:
        url = None if redis is None else redis.url
        jobs: list[Any] = [*web_jobs(url, 4, 0.3 * server.rate, end, timeout=30.0, plan=plan)]
        jobs += [
            BulkProcess(fleet=url, tenant=f"bulk-{each}", seconds=end, plan=plan)
            for each in range(bulk)
        ]
        with row(jobs, server) as played:
            before = played.at(lead)
            after = played.at(end)
            done: list[WebWork] = [client.result() for client in played.clients[:4]]
    found = of_calls(done, lead, end)
    taken = after.memberships - before.memberships
    return {**found, "used": taken / (seconds * server.rate), "wasted": wasted(before, after)}


def overload(contender: str, *, server: Server, share: float, seconds: float) -> Measures:
    """Play eight web processes that are offered more than the limit, from the first call on."""
    with store(contender) as redis:
        url = None if redis is None else redis.url
        jobs = web_jobs(url, 8, share * server.rate, seconds, timeout=10.0)
        with row(jobs, server) as played:
            before = played.server.state()
            done: list[WebWork] = [client.result() for client in played.clients]
            after = played.server.state()
    return {
        **of_calls(done, 0.0, seconds),
        "ideal": 1.0 - 1.0 / share,
        "wasted": wasted(before, after),
    }


def churn(contender: str, *, server: Server = SHORT) -> Measures:
    """Play four bulk processes, that four join, and that the first four are killed."""
    join, kill, end = 20.0, 45.0, 70.0
    with store(contender) as redis:
        url = None if redis is None else redis.url
        jobs = [BulkProcess(fleet=url, tenant=f"t-{each}", seconds=end + 20.0) for each in range(8)]
        with row(jobs, server, later=4) as played:
            played.at(join)
            played.begin(played.clients[4:])
            joined = [played.at(join), played.at(join + 8.0)]
            played.at(kill - 15.0)
            shares = [played.server.count_by_tenant()]
            played.at(kill)
            shares.append(played.server.count_by_tenant())
            for client in played.clients[:4]:
                client.kill()
            killed = [played.at(kill), played.at(kill + 8.0)]
            played.at(kill + 10.0)
            shares.append(played.server.count_by_tenant())
            played.at(end)
            shares.append(played.server.count_by_tenant())

    def rate(states: Sequence[ServerState]) -> float:
        return (states[1].memberships - states[0].memberships) / (8.0 * server.rate)

    def fairness(first: ServerState, last: ServerState, members: range) -> float:
        return jain(
            [
                last.by_tenant.get(f"t-{each}", 0) - first.by_tenant.get(f"t-{each}", 0)
                for each in members
            ]
        )

    return {
        "joined": rate(joined),
        "killed": rate(killed),
        "jain_of_8": fairness(shares[0], shares[1], range(8)),
        "jain_of_4": fairness(shares[2], shares[3], range(4, 8)),
        "wasted": wasted(joined[0], killed[1]),
    }


Fault = Callable[[Store], Callable[[Store], None] | None]
"""Strikes a Redis; returns the way to mend it, or None where nothing stays broken."""


def kill(redis: Store) -> Callable[[Store], None]:
    """Kill it, and start an empty one later."""
    redis.server.stop()
    return lambda later: later.server.start_again()


def freeze(redis: Store) -> Callable[[Store], None]:
    """Stop it, with its connections open, and let it go on later."""
    redis.server.freeze()
    return lambda later: later.server.thaw()


def flush(redis: Store) -> None:
    """Empty it."""
    redis.flush()


def fault(contender: str, *, strike: Fault | None = None, delay: float = 0.0) -> Measures:
    """Play web processes whose Redis is struck at 20 s and mended at 30 s, or is slow all along."""
    struck, mended, end = LEAD_S, LEAD_S + 10.0, LEAD_S + 30.0
    back = None
    with store(contender, delay=delay) as redis:
        url = None if redis is None else redis.url
        with row(web_jobs(url, 8, 0.9 * SHORT.rate, end), SHORT) as played:
            before = played.at(struck)
            mend = None if redis is None or strike is None else strike(redis)
            played.at(mended)
            if redis is not None and mend is not None:
                mend(redis)
                back = redis.seconds_until_all(8)
            after = played.at(end)
            done: list[WebWork] = [client.result() for client in played.clients]
    found = {**of_calls(done, struck, end), "wasted": wasted(before, after)}
    return found if back is None else {**found, "back": back}


def tokens(contender: str) -> Measures:
    """Play 32 sessions in 8 processes that begin at once, and one revocation while they call."""
    with store(contender) as redis:
        url = None if redis is None else redis.url
        jobs = [TokenProcess(fleet=url, sessions=4, seconds=12.0) for _ in range(8)]
        with row(jobs, None, token_seconds=0.3) as played:
            played.at(6.0)
            cold = played.server.revoke_tokens()
            failed = sum(client.result() for client in played.clients)
            after = played.server.state()
    return {"cold": cold.tokens, "revoked": after.tokens - cold.tokens, "failures": failed}
