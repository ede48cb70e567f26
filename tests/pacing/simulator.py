"""Many workers, a network with jitter and a server, in virtual time.

Workers always have work. A strategy says when a call may go; a worker whose call was refused
sends it again. One run takes as long as its events, not as long as its seconds.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from frontegg_async.pacing import GroupPacer

from .servers import Server


class Strategy(Protocol):
    """Who decides when a call is sent."""

    def ask(self, now: float) -> float:
        """Return 0.0 if a call may go now, else the seconds until asking again makes sense."""
        ...

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Hear of an answer; return how long the worker sleeps before it asks again.

        ``refusals`` is 0 for a call that was taken, else how often it has been refused by now.
        """
        ...


class Paced:
    """The pacer of this project as a strategy, for interactive or for bulk calls."""

    def __init__(self, pacer: GroupPacer | None = None, *, bulk: bool = True) -> None:
        self.pacer = pacer or GroupPacer()
        self._bulk = bulk

    def ask(self, now: float) -> float:
        """Ask for a slot."""
        return self.pacer.admit(now, bulk=self._bulk)

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Pass it on; the call goes back in line."""
        if refusals:
            self.pacer.throttled(sent_at, now, wait)
        else:
            self.pacer.succeeded(sent_at, now)
        return 0.0


class Call(NamedTuple):
    """One call: when it reached the server, and whether that took it."""

    at: float
    ok: bool


class Network(NamedTuple):
    """Round trips: lognormal, half of each way out and half back.

    Args:
        latency: the median, in seconds.
        spread: the standard deviation of the logarithm.
    """

    latency: float = 0.08
    spread: float = 0.2


_ARRIVE, _ANSWER, _WAKE, _ASK = range(4)


def run(  # noqa: C901 - one loop over four kinds of events reads best in one piece
    strategy: Strategy,
    server: Server,
    *,
    seconds: float,
    seed: int,
    workers: int = 64,
    network: Network | None = None,
    header: bool = False,
    stated: Callable[[float], float | None] | None = None,
) -> list[Call]:
    """Return every call of a run, in the order in which the server saw them.

    Args:
        strategy: who decides when a call goes.
        server: who decides whether it is taken.
        seconds: how long, in virtual time.
        seed: of the network's jitter.
        workers: how many calls there may be at once.
        network: the round trips.
        header: whether refusals name their reset as Frontegg does: a time of day, beside a
            ``Date`` of whole seconds, so that the wait is up to a second too long.
        stated: what the server says instead, for servers that talk nonsense.
    """
    network = network or Network()
    rng = random.Random(seed)
    gauss, exp = rng.gauss, math.exp
    half, spread = network.latency / 2.0, network.spread
    push, pop = heapq.heappush, heapq.heappop
    events: list[tuple[float, int, int, float, int, float | None]] = []
    calls: list[Call] = []
    number = 0
    idle = deque([0] * workers)  # how often the call that each has in hand was refused
    asks_at = math.inf
    now = 0.0
    ask, answered, arrive = strategy.ask, strategy.answered, server.arrive
    while True:
        while idle:
            delay = ask(now)
            if delay > 0.0:
                if now + delay < asks_at:
                    asks_at = now + delay
                    number += 1
                    push(events, (asks_at, number, _ASK, 0.0, 0, None))
                break
            number += 1
            at = now + half * exp(gauss(0.0, spread))
            push(events, (at, number, _ARRIVE, now, idle.popleft(), None))
        now, _, kind, sent_at, refusals, wait = pop(events)
        if now > seconds:
            return calls
        if kind == _ARRIVE:
            reset = arrive(now)
            ok = reset is None
            calls.append(Call(now, ok))
            if stated is not None and not ok:
                wait = stated(now)
            elif header and reset is not None and reset == reset:
                wait = reset - math.floor(now)
            number += 1
            back = now + half * exp(gauss(0.0, spread))
            push(events, (back, number, _ANSWER, sent_at, 0 if ok else refusals + 1, wait))
        elif kind == _ANSWER:
            sleep = answered(sent_at, now, wait, refusals)
            if sleep > 0.0:
                number += 1
                push(events, (now + sleep, number, _WAKE, 0.0, refusals, None))
            else:
                idle.append(refusals)
        elif kind == _WAKE:
            idle.append(refusals)
        elif now >= asks_at:
            asks_at = math.inf


class Settled(NamedTuple):
    """What a stretch of a run came to.

    Args:
        goodput: calls taken, as a share of what the server would have taken.
        wasted: calls refused, as a share of the calls sent.
    """

    goodput: float
    wasted: float


def settled(calls: list[Call], server: Server, start: float, end: float) -> Settled:
    """Measure the calls that reached the server between two times."""
    taken = refused = 0
    for at, ok in calls:
        if start <= at < end:
            if ok:
                taken += 1
            else:
                refused += 1
    return Settled(taken / max(server.allowed(start, end), 1e-9), refused / max(taken + refused, 1))


def settling_time(
    calls: list[Call], server: Server, change: float, *, goodput: float, wasted: float
) -> float:
    """Return the seconds from ``change`` to the first of three seconds in a row that are good.

    Good is: together they reach ``goodput`` of the limit with at most ``wasted`` refused.
    """
    second = 0
    while second < 60:
        start = change + second
        found = settled(calls, server, start, start + 3.0)
        if found.goodput >= goodput and found.wasted <= wasted:
            return float(second)
        second += 1
    return math.inf
