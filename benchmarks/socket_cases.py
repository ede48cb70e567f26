"""The situations that ``bench_pacing_socket.py`` plays."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from measuring import run_child
from server import ADD, ServerState
from socket_clients import SDK, Bulk, Call, ClientProcess, End, Web, serving
from socket_figures import Case, Measures, Scenario, at_least, at_most

sys.path.insert(0, str(Path(__file__).parent.parent))

from frontegg_async.emulator import Announce, RateLimit
from tests.pacing.loads import bursts, percentile, poisson

ROOT: Final = Path(__file__).parent.parent
LATENCY: Final = 0.08
FAR: Final = 0.3
"""Seconds of latency where the rate counts: 64 workers do 213 rows a second then, which a
busy machine can do as well."""
SLOW: Final = 0.9
"""Seconds beyond the median from which on a call counts as delayed: the loop sleeps one."""
OVERLOAD_TIMEOUT: Final = 10.0
_SEED: Final = 1
_BURST: Final = 100


def _limit(
    calls: int, window: float, *, header: bool, left: int | None = None, elapsed: float = 0.0
) -> RateLimit:
    """Return a limit on adding users.

    Windows of a second begin with those of the clock. Longer ones are opened by a call, and may
    have been used up before; in short ones every client would lose a round trip of each.
    """
    return RateLimit(
        calls,
        window,
        on=ADD,
        announce=Announce.RESET if header else Announce.NOTHING,
        kind="aligned" if window <= 1.0 else "fixed",
        used=0 if left is None else calls - left,
        elapsed=elapsed,
    )


def refused(state: ServerState, clients: int) -> float:
    """Return the share of requests that were answered with 429.

    Each call that was taken has made a membership, and each client has fetched one token.
    """
    sent = state.requests - clients
    return 1.0 - state.memberships / sent


# Interactive calls


def served(calls: Sequence[Call]) -> Iterator[tuple[str, float]]:
    """Yield the measures of interactive calls; no times if none was served."""
    seconds = [call.seconds for call in calls if call.end is End.SERVED]
    yield "served", len(seconds) / len(calls)
    if seconds:
        yield "median", percentile(seconds, 0.5)
        yield "p95", percentile(seconds, 0.95)


def delayed(calls: Sequence[Call], burst: int) -> int:
    """Return how many calls took much longer than the median of their burst, or failed.

    A busy machine delays a whole burst, and a sleep after a 429 single calls of it.
    """
    found = 0
    for first in range(0, len(calls), burst):
        together = calls[first : first + burst]
        usual = percentile([call.seconds for call in together], 0.5)
        found += sum(call.end is not End.SERVED or call.seconds > usual + SLOW for call in together)
    return found


def beside(contender: str, *, header: bool, learned: tuple[float, float] | None = None) -> Measures:
    """Play a web application beside a bulk run, in two processes that share nothing."""
    seconds, calls_a_window, window = 50.0, 500, 10.0
    arrivals = tuple(poisson(4.0, _SEED, seconds))
    available = calls_a_window * seconds / window
    web = ClientProcess(Web(contender=contender, arrivals=arrivals))
    # More rows than can be done.
    bulk = ClientProcess(
        Bulk(contender=contender, rows=2 * int(available), seconds=seconds, learned=learned)
    )
    limit = _limit(calls_a_window, window, header=header)
    with serving(web, bulk, rate_limits=[limit], latency=LATENCY) as server:
        calls, work = web.result(), bulk.result()
        state = server.state()
    found = dict(served(calls))
    found["used"] = work.rows / (available - found["served"] * len(calls))
    found["refused"] = refused(state, 2)
    return found


def burst(contender: str, *, every: int | None, first: float) -> Measures:
    """Play five bursts of a hundred calls on a server that refuses every n-th one for no reason."""
    arrivals = tuple(bursts(_BURST, 2.0, first + 9.0, first))
    web = ClientProcess(Web(contender=contender, arrivals=arrivals))
    with serving(web, stray_every=every, latency=LATENCY) as server:
        calls = web.result()
        state = server.state()
    found = dict(served(calls))
    found["slow"] = delayed(calls, _BURST)
    found["hit"] = state.requests - 1 - state.memberships
    return found


def overload(contender: str) -> Measures:
    """Play one session that asks for half as much again as the limit."""
    seconds, a_second = 30.0, 100
    arrivals = tuple(poisson(1.5 * a_second, _SEED, seconds))
    web = ClientProcess(Web(contender=contender, arrivals=arrivals, timeout=OVERLOAD_TIMEOUT))
    limit = _limit(a_second, 1.0, header=True)
    with serving(web, rate_limits=[limit], latency=LATENCY) as server:
        calls = web.result()
        state = server.state()
    return {
        "failed": 1.0 - dict(served(calls))["served"],
        "unserved": unserved(len(calls), a_second * (seconds + OVERLOAD_TIMEOUT)),
        "in_doubt": sum(call.end is End.IN_DOUBT for call in calls),
        "refused": refused(state, 1),
    }


def unserved(asked: int, available: float) -> float:
    """Return the share of calls beyond the limit, which no client can have served."""
    return max(1.0 - available / asked, 0.0)


# Bulk calls


def ideal(rows: int, calls: int, window: float, *, left: int, elapsed: float) -> float:
    """Return the seconds that rows take a client that knows the windows, with calls for nothing."""
    if rows <= left:
        return 0.0
    return window - elapsed + window * (math.ceil((rows - left) / calls) - 1)


def alone(
    contender: str,
    *,
    rows: int,
    calls: int,
    window: float,
    header: bool,
    left: int | None = None,
    elapsed: float = 0.0,
) -> Measures:
    """Play a bulk run that has the limit to itself, but for the part that was used up before."""
    bulk = ClientProcess(Bulk(contender=contender, rows=rows))
    limit = _limit(calls, window, header=header, left=left, elapsed=elapsed)
    with serving(bulk, rate_limits=[limit], latency=LATENCY) as server:
        work = bulk.result()
        state = server.state()
    assert work.rows == rows == state.memberships, (work, state)
    return {
        "seconds": work.seconds,
        "ideal": ideal(rows, calls, window, left=calls if left is None else left, elapsed=elapsed),
        "refused": refused(state, 1),
    }


def strays(contender: str, *, every: int) -> Measures:
    """Play a bulk run on a server that refuses every n-th call for no reason, and on one without.

    Both at the same time, so that a machine that slows down slows both.
    """
    seconds = 8.0

    def rate(struck: int | None) -> float:
        bulk = ClientProcess(Bulk(contender=contender, rows=3_000, seconds=seconds))
        with serving(bulk, stray_every=struck, latency=FAR):
            return bulk.result().rows / seconds

    with ThreadPoolExecutor(2) as pool:
        spared, hit = pool.map(rate, (None, every))
    return {"kept": hit / spared, "rate": spared}


class _Summary(msgspec.Struct, frozen=True):
    """The part that is read of the document that the command line writes."""

    added: int
    elapsed_s: float


def readme(_: str) -> Measures:
    """Run the README's command in a process of its own; the emulator is in it."""
    rows = ROOT / "examples" / "assignments.csv"
    began = time.perf_counter()
    written = run_child(
        ["-m", "frontegg_async.cli", "bulk", "assign", str(rows), "--emulator", "--json"],
        environment={"PYTHONPATH": str(ROOT)},
    )
    process = time.perf_counter() - began
    summary = msgspec.json.decode(written, type=_Summary)
    assert summary.added == 312, summary
    return {"process": process, "run": summary.elapsed_s}


# All of them

_BESIDE_TARGETS: Final = (
    at_least("served", 0.99, "≥ 99 %"),
    at_most("p95", 1.0, "≤ 1 s"),
    at_least("used", 0.9, "≥ 90 %"),
)
_IN_TIME: Final = (at_most("seconds", 10.0, "≤ ideal + 10 % + 10 s", beyond="ideal", times=1.1),)
_SHARES: Final = {"0.2 %": 500, "1 %": 100, "5 %": 20}

SCENARIOS: Final = (
    Scenario(
        "web 4/s beside bulk, 500 / 10 s",
        (
            Case("header", partial(beside, header=True), _BESIDE_TARGETS),
            Case("nothing stated", partial(beside, header=False), _BESIDE_TARGETS),
            Case(
                "header, learned before",
                partial(beside, header=True, learned=(500.0, 10.0)),
                _BESIDE_TARGETS,
            ),
        ),
        together=True,
    ),
    Scenario(
        "bulk alone",
        (
            Case(
                "2,500 rows, 100 / 1 s, nothing stated",
                partial(alone, rows=2_500, calls=100, window=1.0, header=False),
                _IN_TIME,
            ),
            *(
                Case(
                    f"300 rows, 100 / 10 s used up, {said}",
                    partial(
                        alone, rows=300, calls=100, window=10.0, header=header, left=0, elapsed=5.0
                    ),
                    _IN_TIME,
                )
                for said, header in (("header", True), ("nothing stated", False))
            ),
        ),
        together=True,
    ),
    Scenario(
        "bulk alone, long",
        (
            Case(
                "3,000 rows, 1000 / 60 s used up, header",
                partial(
                    alone, rows=3_000, calls=1_000, window=60.0, header=True, left=0, elapsed=30.0
                ),
                _IN_TIME,
            ),
        ),
        long=True,
    ),
    Scenario(
        "stray 429s, bulk",
        tuple(
            Case(
                share,
                partial(strays, every=every),
                (at_least("kept", 0.9, "≥ 90 %"),),
            )
            for share, every in _SHARES.items()
        ),
    ),
    Scenario(
        "stray 429s, 5 bursts of 100 web calls",
        tuple(
            Case(
                share,
                # Not all at the same moment.
                partial(burst, every=every, first=0.5 * number),
                (at_most("slow", 0.0, "≤ 429s sent", beyond="hit"),),
            )
            for number, (share, every) in enumerate({"none": None, **_SHARES}.items())
        ),
        together=True,
    ),
    Scenario(
        "overload, 150 % of 100 / 1 s",
        (
            Case(
                "calls have 10 s",
                overload,
                (
                    at_most("failed", 0.03, "≤ nobody can serve + 3 points", beyond="unserved"),
                    at_most("in_doubt", 0.0, "0"),
                ),
            ),
        ),
    ),
    Scenario(
        "README's 312 rows",
        (
            Case(
                "bulk assign --emulator",
                readme,
                (at_most("run", 0.6, "≤ 0.6 s"),),
            ),
        ),
        contenders=(SDK,),
    ),
)
