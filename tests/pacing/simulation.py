"""Clients on one server, in virtual time: the real line and pacer, a network, a limit.

A client is one process. ``PacedClient`` has the real ``Line`` in front of the real ``GroupPacer``;
``StrategyClient`` follows another way to pace. Bulk clients have workers that always have work; web
clients send calls that arrive by themselves and must be answered by a deadline. One run takes as
long as its events, not as long as its seconds.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from frontegg_async.pacing import FixedRate, GroupPacer, Line, RunAllowance, Waiter
from frontegg_async.pacing.pacer_interface import Pacer

from .servers import Server

CONNECTIONS = 64
"""Most calls of a client in flight, as in sessions and most HTTP clients."""
WEB_ATTEMPTS = 4
"""Attempts that a client without pacing makes for an interactive call; bulk calls have no end."""
WEB_MAX_WAIT, ROW_MAX_WAIT = 60.0, 300.0
"""The longest stated waits, in seconds, that calls accept, as in the SDK."""


class Network(NamedTuple):
    """Round trips: lognormal, half of each way out and half back.

    Args:
        latency: the median, in seconds.
        spread: the standard deviation of the logarithm.
    """

    latency: float = 0.08
    spread: float = 0.2


class Arrival(NamedTuple):
    """A request that reached the server: its time, result and client."""

    at: float
    ok: bool
    client: int


class Clock:
    """Virtual time and its events."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._number = 0

    def at(self, when: float, function: Callable[..., object], *values: Any) -> None:
        """Call a function at a time."""
        self._number += 1
        heapq.heappush(self._events, (when, self._number, function, values))

    def run(self, until: float) -> None:
        """Let all events happen until a time."""
        events = self._events
        while events and events[0][0] <= until:
            self.now, _, function, values = heapq.heappop(events)
            function(*values)
        self.now = until


class Simulation:
    """A server and a network.

    Args:
        server: decides whether a call is taken.
        seed: seed of the network's jitter.
        network: the round trips.
        header: True if refusals name their reset as Frontegg does: a time of day, beside a
            ``Date`` of whole seconds, so that the wait is up to a second too long.
        stated: wait that the server states instead, for servers that state nonsense.
        strays: share of calls that are refused although the server would take them.
    """

    def __init__(
        self,
        server: Server,
        seed: int,
        *,
        network: Network | None = None,
        header: bool = False,
        stated: Callable[[float], float | None] | None = None,
        strays: float = 0.0,
    ) -> None:
        self.server = server
        self.seed = seed
        self.clock = Clock()
        self.arrivals: list[Arrival] = []
        self.strays = strays
        self._random = random.Random(seed)
        self._network = network or Network()
        self._header = header
        self._stated = stated

    def send(self, client: int, answered: Callable[[bool, float | None], object]) -> None:
        """Send a call; ``answered`` is given its result and the stated wait."""
        self.clock.at(self.clock.now + self._way(), self._arrive, client, answered)

    def _way(self) -> float:
        network = self._network
        return network.latency / 2.0 * math.exp(self._random.gauss(0.0, network.spread))

    def _arrive(self, client: int, answered: Callable[[bool, float | None], object]) -> None:
        clock = self.clock
        wait: float | None = None
        if self.strays and self._random.random() < self.strays:
            ok = False
        else:
            reset = self.server.arrive(clock.now)
            ok = reset is None
            if reset is not None and self._header and reset == reset:
                wait = reset - math.floor(clock.now)
        if not ok and self._stated is not None:
            wait = self._stated(clock.now)
        self.arrivals.append(Arrival(clock.now, ok, client))
        clock.at(clock.now + self._way(), answered, ok, wait)


class Served(NamedTuple):
    """The end of one call of a web client.

    Args:
        arrived: time at which the application made it.
        seconds: seconds until it had its answer, or was given up.
        ok: True if it was served.
        sent: requests of it.
    """

    arrived: float
    seconds: float
    ok: bool
    sent: int


class Call:
    """A call before its end; ``then`` is told whether it was served."""

    __slots__ = ("arrived", "bulk", "deadline", "sent", "sent_at", "then")

    def __init__(
        self, arrived: float, deadline: float, then: Callable[[bool], object], *, bulk: bool
    ) -> None:
        self.arrived = arrived
        self.deadline = deadline
        self.bulk = bulk
        self.then = then
        self.sent = 0
        self.sent_at = 0.0


class Client:
    """One process: it makes calls, and remembers how they ended.

    Attributes:
        number: number of the client in its simulation.
        served: interactive calls that have ended.
        done: times at which bulk calls were done.
        killed: True once it makes no call any more.
    """

    def __init__(self, simulation: Simulation, number: int) -> None:
        self.simulation = simulation
        self.number = number
        self.served: list[Served] = []
        self.done: list[float] = []
        self.killed = False

    def call(self, deadline: float, *, bulk: bool, then: Callable[[bool], object]) -> None:
        """Make a call now; ``then`` is told whether it was served."""
        self.enter(Call(self.simulation.clock.now, deadline, then, bulk=bulk))

    def enter(self, call: Call) -> None:
        """Send a call once it may be sent."""
        raise NotImplementedError

    def ended(self, call: Call, *, ok: bool) -> None:
        """Record the end of a call, and tell its maker."""
        now = self.simulation.clock.now
        ok = ok and now <= call.deadline
        if not call.bulk:
            self.served.append(Served(call.arrived, now - call.arrived, ok, call.sent))
        elif ok:
            self.done.append(now)
        call.then(ok)


class MakeClient(Protocol):
    """Makes the clients of one kind.

    ``remaining`` are the rows of its bulk run, ``expected`` is the limit that is published, and
    ``connections`` the most calls that it may have in flight.
    """

    def __call__(
        self,
        simulation: Simulation,
        number: int = 0,
        *,
        remaining: float = math.inf,
        expected: FixedRate | None = None,
        connections: int = CONNECTIONS,
    ) -> Client:
        """Make a client."""
        ...


class PacedClient(Client):
    """A process with the pacing of this project.

    Args:
        simulation: its simulation.
        number: its number there.
        remaining: calls of its bulk run, if known.
        expected: the limit that is published.
        connections: most calls in flight.
        share: part of a learned limit that its run may use.
        rate: most calls that its run may send.
    """

    def __init__(
        self,
        simulation: Simulation,
        number: int = 0,
        *,
        remaining: float = math.inf,
        expected: FixedRate | None = None,
        connections: int = CONNECTIONS,
        share: float = 1.0,
        rate: FixedRate | None = None,
    ) -> None:
        super().__init__(simulation, number)
        self.pacer = self.make_pacer(expected)
        self.line = Line(self.pacer)
        self.run = RunAllowance(share=share, rate=rate)
        self.run.remaining = remaining
        self._allowance = self.run.of("")
        self._free = connections
        self._without_connection: deque[Call] = deque()
        self._wake_at = math.inf

    def make_pacer(self, expected: FixedRate | None) -> Pacer:
        """Return what decides."""
        return GroupPacer(expected=expected)

    def enter(self, call: Call) -> None:
        """Send a call at once if it may go, else let it stand in line."""
        if self.killed:
            return
        clock = self.simulation.clock
        allowance = self._allowance if call.bulk else None
        if self.line.try_admit(clock.now, allowance):
            self._connect(call)
            return

        def resolve(shortfall: float) -> None:
            # By way of the clock, as by way of a future: the line is in the middle of its work.
            if shortfall:
                clock.at(clock.now, self._turned_away, call)
            elif call.deadline - clock.now < self.pacer.answer_time:
                clock.at(clock.now, self._too_late, call)
            else:
                self._connect(call)

        max_wait = ROW_MAX_WAIT if call.bulk else WEB_MAX_WAIT
        waiter = Waiter(call.arrived, call.deadline, max_wait, allowance, resolve)
        if self.line.shortfall(waiter, clock.now):
            self.ended(call, ok=False)
            return
        self.line.join(waiter, clock.now)
        self._serve()

    def ended(self, call: Call, *, ok: bool) -> None:
        """Count a row that is done."""
        if call.bulk and ok:
            self.run.remaining -= 1
        super().ended(call, ok=ok)

    def _turned_away(self, call: Call) -> None:
        self.ended(call, ok=False)

    def _too_late(self, call: Call) -> None:
        self._give_back(call)
        self.ended(call, ok=False)

    def _connect(self, call: Call) -> None:
        if self._free:
            self._free -= 1
            self._send(call)
        else:
            self._without_connection.append(call)

    def _send(self, call: Call) -> None:
        call.sent += 1
        call.sent_at = self.simulation.clock.now

        def answered(ok: bool, wait: float | None) -> None:
            self._next_connection()
            now = self.simulation.clock.now
            line = self.line
            if ok:
                opened = self.pacer.succeeded(call.sent_at, now)
                if line.waiting and (opened or line.crowded):
                    self._serve()
                self.ended(call, ok=True)
                return
            self.pacer.throttled(call.sent_at, now, wait)
            if line.waiting:
                line.review(now)
                self._serve()
            self.enter(call)

        self.simulation.send(self.number, answered)

    def _next_connection(self) -> None:
        while self._without_connection:
            call = self._without_connection.popleft()
            if call.deadline > self.simulation.clock.now:
                self._send(call)
                return
            self._give_back(call)
            self.ended(call, ok=False)
        self._free += 1

    def _give_back(self, call: Call) -> None:
        now = self.simulation.clock.now
        self.pacer.give_back(now)
        if call.bulk:
            self._allowance.give_back(now)
        self._serve()

    def _serve(self) -> None:
        at = self.line.serve(self.simulation.clock.now)
        if at < self._wake_at - 1e-9:
            self._wake_at = at
            self.simulation.clock.at(at, self._wake, at)

    def _wake(self, at: float) -> None:
        if at == self._wake_at:
            self._wake_at = math.inf
            self._serve()


class Strategy(Protocol):
    """Another way to pace: it decides the times of a call and of its repetitions."""

    def ask(self, now: float) -> float:
        """Return 0.0 if a call may go now, else the seconds until it should ask again."""
        ...

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Record an answer; return the seconds until a refused call may ask again.

        ``refusals`` is 0 for a call that was taken, else the number of its refusals by now.
        """
        ...


class Backoff:
    """Full jitter, up to 0.25 s, doubled with every refusal, 20 s at most; or the stated wait."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def ask(self, now: float) -> float:
        """Never hold a call back."""
        del now
        return 0.0

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Back off after a refusal."""
        del sent_at, now
        return self.sleep(wait, refusals)

    def sleep(self, wait: float | None, refusals: int) -> float:
        """Return the seconds to sleep after an answer."""
        if not refusals:
            return 0.0
        backoff = self._random.uniform(0.0, min(20.0, 0.25 * 2.0 ** min(refusals - 1, 10)))
        return backoff if wait is None else max(wait, 0.0) + min(backoff, 0.5)


class StrategyClient(Client):
    """A process whose calls follow a strategy, first come first served.

    A call that sleeps after a refusal holds no connection. One that would wake up after its
    deadline fails at once, and so does an interactive one after ``WEB_ATTEMPTS``.
    """

    def __init__(
        self,
        simulation: Simulation,
        number: int,
        strategy: Strategy,
        *,
        connections: int = CONNECTIONS,
    ) -> None:
        super().__init__(simulation, number)
        self._strategy = strategy
        self._free = connections
        self._ready: deque[Call] = deque()
        self._asks_at = math.inf

    def enter(self, call: Call) -> None:
        """Let a call ask, behind those that asked before."""
        self._ready.append(call)
        self._serve()

    def _serve(self) -> None:
        now = self.simulation.clock.now
        ready = self._ready
        while ready and self._free:
            if ready[0].deadline <= now:
                self.ended(ready.popleft(), ok=False)
                continue
            delay = self._strategy.ask(now)
            if delay > 0.0:
                if now + delay < self._asks_at:
                    self._asks_at = now + delay
                    self.simulation.clock.at(self._asks_at, self._wake, self._asks_at)
                return
            self._free -= 1
            self._send(ready.popleft())

    def _wake(self, at: float) -> None:
        if at == self._asks_at:
            self._asks_at = math.inf
            self._serve()

    def _send(self, call: Call) -> None:
        call.sent += 1
        call.sent_at = self.simulation.clock.now

        def answered(ok: bool, wait: float | None) -> None:
            self._free += 1
            now = self.simulation.clock.now
            sleep = self._strategy.answered(call.sent_at, now, wait, 0 if ok else call.sent)
            given_up = not call.bulk and call.sent >= WEB_ATTEMPTS
            if ok or given_up or now + sleep >= call.deadline:
                self.ended(call, ok=ok)
            elif sleep > 0.0:
                self.simulation.clock.at(now + sleep, self.enter, call)
            else:
                self._ready.append(call)
            self._serve()

        self.simulation.send(self.number, answered)


def plain_backoff(
    simulation: Simulation,
    number: int = 0,
    *,
    remaining: float = math.inf,
    expected: FixedRate | None = None,
    connections: int = CONNECTIONS,
) -> Client:
    """Make a client without pacing, whose calls back off by themselves."""
    del remaining, expected
    strategy = Backoff(simulation.seed * 1_000 + number)
    return StrategyClient(simulation, number, strategy, connections=connections)
