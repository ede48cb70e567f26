"""Fleets in virtual time: clients of ``tests/pacing/simulation.py`` that exchange news.

``SimulatedStore`` runs the arithmetic of a store with a delay on the way, and can be away.
"""

from __future__ import annotations

import math
import random

from frontegg_async.fleet.member import Member
from frontegg_async.fleet.news import GateNews, Grant, News
from frontegg_async.fleet.shared_limit import SharedLimit, exchange
from frontegg_async.pacing import FixedRate

from ..pacing.simulation import CONNECTIONS, Call, PacedClient, Simulation

STORE_CLOCK = 1_000_000.0
"""Seconds by which the store's clock is ahead."""
PATIENCE_S, RETRY_S = 1.0, 1.0
"""Seconds for which an exchange is waited for, and between two tries, as in the SDK."""


class SimulatedStore:
    """A store for one limit, some milliseconds away.

    Attributes:
        limit: the state, or None while it is empty.
        exchanges: number of exchanges.
        away: True while nothing gets through.
    """

    def __init__(self, simulation: Simulation, *, delay: float = 0.001) -> None:
        self.limit: SharedLimit | None = None
        self.exchanges = 0
        self.away = False
        self.delay = delay
        self.members: list[FleetClient] = []
        self._simulation = simulation
        self._random = random.Random(simulation.seed * 17 + 3)

    def way(self) -> float:
        """Return the seconds of one way."""
        return self.delay / 2.0 * math.exp(self._random.gauss(0.0, 0.3))

    def ask(self, client: FleetClient, news: News) -> None:
        """Send news; the client is given the grant."""
        asked_at = self._simulation.clock.now
        self._simulation.clock.at(asked_at + self.way(), self._arrive, client, news, asked_at)

    def _arrive(self, client: FleetClient, news: News, asked_at: float) -> None:
        if self.away:
            return
        clock = self._simulation.clock
        self.exchanges += 1
        before = None if self.limit is None else self.limit.gate_news()
        self.limit, grant = exchange(self.limit, clock.now + STORE_CLOCK, str(client.number), news)
        gate = grant.gate
        if before is not None and before.differs_from(gate):
            for member in self.members:
                clock.at(clock.now + self.way(), member.hear, gate)
        clock.at(clock.now + self.way(), client.take, grant, news, asked_at)


class FleetClient(PacedClient):
    """A process of a fleet; its store is shared by all clients of the simulation."""

    pacer: Member

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
        super().__init__(
            simulation,
            number,
            remaining=remaining,
            expected=expected,
            connections=connections,
            share=share,
            rate=rate,
        )
        self.store = store_of(simulation)
        self.store.members.append(self)
        self._asks_at = math.inf
        self._asked = 0

    def make_pacer(self, expected: FixedRate | None) -> Member:
        """Return a member of the fleet."""
        return Member(expected=expected)

    def enter(self, call: Call) -> None:
        """Send a call at once if it may go, else let it stand in line."""
        if self.killed:
            return
        super().enter(call)
        self._drive()

    def ended(self, call: Call, *, ok: bool) -> None:
        """Count a row that is done."""
        if self.killed:
            return
        super().ended(call, ok=ok)
        self._drive()

    def hear(self, gate: GateNews) -> None:
        """Take in a published gate."""
        if self.pacer.gate_changed(gate, self.simulation.clock.now):
            self._serve()
            self._drive()

    def take(self, grant: Grant, news: News, asked_at: float) -> None:
        """Take in a grant."""
        del news
        if self.killed:
            return
        self._asked += 1
        now = self.simulation.clock.now
        closed = self.pacer.closed
        self.pacer.granted(grant, asked_at, now)
        if self.pacer.closed and not closed:
            self.line.review(now)
        self._serve()
        self._drive()

    def _drive(self) -> None:
        if self.killed:
            return
        clock, line = self.simulation.clock, self.line
        at = self.pacer.due(clock.now, line.waiting_interactive, line.waiting_by_bounds)
        if at <= clock.now:
            news = self.pacer.news(
                clock.now, line.waiting_interactive, line.waiting_by_bounds, line.allowances
            )
            self.store.ask(self, news)
            clock.at(clock.now + PATIENCE_S, self._missed, news, self._asked)
        elif at < self._asks_at - 1e-9:
            self._asks_at = at
            clock.at(at, self._wake_to_ask, at)

    def _wake_to_ask(self, at: float) -> None:
        if at == self._asks_at:
            self._asks_at = math.inf
            self._drive()

    def _missed(self, news: News, asked: int) -> None:
        if asked != self._asked or self.killed:
            return
        now = self.simulation.clock.now
        self.pacer.lost(news, now)
        self.pacer.go_alone(now)
        self._serve()
        self.simulation.clock.at(now + RETRY_S, self._drive)


def store_of(simulation: Simulation) -> SimulatedStore:
    """Return the store of a simulation."""
    found: SimulatedStore | None = simulation.__dict__.get("store")
    if found is None:
        found = simulation.__dict__["store"] = SimulatedStore(simulation)
    return found
