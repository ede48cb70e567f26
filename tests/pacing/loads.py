"""Work for the clients of a simulation, and the measuring of what became of it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .simulation import Client, Simulation

ROW_TIMEOUT = 600.0
"""Seconds that a row of a bulk run has, as in the SDK."""


def bulk_load(
    client: Client,
    simulation: Simulation,
    *,
    workers: int = 64,
    rows: float = math.inf,
    at: float = 0.0,
) -> None:
    """Let a client work off rows, or work without an end."""
    left = rows
    clock = simulation.clock

    def work() -> None:
        nonlocal left
        if left > 0:
            left -= 1
            client.call(clock.now + ROW_TIMEOUT, bulk=True, then=again)

    def again(ok: bool) -> None:
        if ok:
            work()
        else:
            # Rows that fail at once would fail without an end, at one and the same time.
            clock.at(clock.now + 1.0, work)

    for _ in range(workers):
        simulation.clock.at(at, work)


def web_load(
    client: Client, simulation: Simulation, arrivals: Iterator[float], timeout: float
) -> None:
    """Let a client make interactive calls at the times given."""

    def make() -> None:
        client.call(simulation.clock.now + timeout, bulk=False, then=lambda _: None)
        following()

    def following() -> None:
        at = next(arrivals, None)
        if at is not None:
            simulation.clock.at(at, make)

    following()


def poisson(rate: float, seed: int, end: float, start: float = 0.0) -> Iterator[float]:
    """Yield times of calls that come by chance, so many a second."""
    chance = random.Random(seed * 31 + 7)
    at = start
    while (at := at + chance.expovariate(rate)) < end:
        yield at


def bursts(calls: int, every: float, end: float, start: float = 0.0) -> Iterator[float]:
    """Yield times of calls that come together."""
    at = start
    while at < end:
        for _ in range(calls):
            yield at
        at += every


# Measuring


class Settled(NamedTuple):
    """A stretch of a run in two figures.

    Args:
        goodput: calls taken, as a share of those that the server would have taken.
        wasted: calls refused, as a share of the calls sent.
    """

    goodput: float
    wasted: float


def settled(simulation: Simulation, start: float, end: float) -> Settled:
    """Measure the calls that reached the server between two times."""
    taken, refused = count(simulation, start, end)
    return Settled(
        taken / max(simulation.server.allowed(start, end), 1e-9), refused / max(taken + refused, 1)
    )


def from_zero(simulation: Simulation, end: float) -> Settled:
    """Measure all calls from 0 to the last reset before ``end``."""
    available = simulation.server.available(end)
    taken, refused = count(simulation, 0.0, available.until)
    return Settled(taken / max(available.calls, 1e-9), refused / max(taken + refused, 1))


def count(
    simulation: Simulation, start: float, end: float, clients: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return the calls of some clients that were taken and refused between two times."""
    taken = refused = 0
    for at, ok, client in simulation.arrivals:
        if start <= at < end and (clients is None or client in clients):
            if ok:
                taken += 1
            else:
                refused += 1
    return taken, refused


def jain(counts: Sequence[int]) -> float:
    """Return Jain's index of fairness: 1 where all have the same."""
    return sum(counts) ** 2 / max(len(counts) * sum(count * count for count in counts), 1)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all is."""
    found = sorted(values)
    return found[min(int(share * len(found)), len(found) - 1)] if found else 0.0
