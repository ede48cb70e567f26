"""Scenarios of one bulk client and a server, with nothing beside them."""

from __future__ import annotations

from typing import Final

import msgspec

from frontegg_async.pacing import FixedRate

from .loads import bulk_load, from_zero, settled
from .measures import PUBLISHED, Family, Outcome, Scenario, Target
from .servers import MakeServer, bucket, opened, sliding, unlimited, windows
from .simulation import CONNECTIONS, MakeClient, Network, Simulation

ALONE: Final = Family(
    "bulk alone",
    "one client with 64 workers that always have work; settled: at the earliest after 30 s and "
    "five windows; from 0: all of the run, of 100 s and more or 20 windows and more",
    ("goodput", "wasted", "goodput_0", "wasted_0"),
)


class Alone(msgspec.Struct, frozen=True, kw_only=True):
    """One bulk client and a server; see ``alone``."""

    server: MakeServer
    start: float
    end: float
    header: bool
    network: Network
    workers: int
    stated: float | None
    expected: FixedRate | None

    def play(self, make: MakeClient, seed: int) -> Outcome:
        """Play it once."""
        stated = self.stated
        simulation = Simulation(
            self.server(seed),
            seed,
            network=self.network,
            header=self.header,
            stated=None if stated is None else lambda _: stated,
        )
        client = make(
            simulation, connections=max(self.workers, CONNECTIONS), expected=self.expected
        )
        bulk_load(client, simulation, workers=self.workers)
        simulation.clock.run(self.end + 1.0)
        late = settled(simulation, self.start, self.end)
        all_of_it = from_zero(simulation, self.end)
        return Outcome(
            goodput=late.goodput,
            wasted=late.wasted,
            goodput_0=all_of_it.goodput,
            wasted_0=all_of_it.wasted,
        )


def alone(
    name: str,
    server: MakeServer,
    start: float,
    end: float,
    *targets: Target,
    header: bool = False,
    network: Network | None = None,
    workers: int = 64,
    stated: float | None = None,
    expected: FixedRate | None = None,
    pictured: bool = False,
) -> Scenario:
    """Return a scenario of one bulk client.

    Args:
        name: of the scenario.
        server: makes its server.
        start: seconds until a pacing counts as settled.
        end: seconds at the end, a whole number of windows later.
        targets: bounds to be reached.
        header: True if refusals carry ``X-Rate-Limit-Reset``.
        network: the round trips.
        workers: most calls at once.
        stated: the wait that every refusal states.
        expected: the limit that is published.
        pictured: True if it is drawn.
    """
    played = Alone(
        server=server,
        start=start,
        end=end,
        header=header,
        network=network or Network(),
        workers=workers,
        stated=stated,
        expected=expected,
    )
    return Scenario(name, ALONE, played.play, targets, pictured)


def _today(goodput: float, wasted: float) -> tuple[Target, ...]:
    """Return the targets where the pacing before this one was good: no worse than it.

    The figures are those of docs/pacing.md of then, to the next half percent.
    """
    return Target("goodput", goodput), Target("wasted", wasted)


# Where the pacing before this one was weak, from the first second on.
_WEAK: Final = (Target("goodput_0", 0.95), Target("wasted_0", 0.02))

ALONE_SCENARIOS: Final = [
    alone("100 / 1 s", windows(100, 1), 30, 130, *_today(0.99, 0.005), pictured=True),
    alone(
        "1000 / 60 s, header",
        windows(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
        pictured=True,
    ),
    alone(
        "1000 / 60 s opened by a call, header",
        opened(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
    ),
    alone("1000 / 60 s", windows(1000, 60), 300, 1200, *_today(0.995, 0.005), pictured=True),
    alone("1000 / 60 s opened by a call", opened(1000, 60), 300, 1200, *_today(0.995, 0.005)),
    alone("1000 / 10 s", windows(1000, 10), 60, 260, *_today(0.995, 0.005)),
    alone("500 / 10 s", windows(500, 10), 60, 260, *_today(0.995, 0.005), pictured=True),
    alone("100 / 10 s", windows(100, 10), 60, 260, *_today(0.995, 0.01)),
    alone("5000 / 10 s", windows(5000, 10), 60, 260, *_WEAK, pictured=True),
    alone("bucket 100/s, holds 100", bucket(100, 100), 30, 130, *_today(0.995, 0.005)),
    alone("bucket 100/s, holds 10", bucket(100, 10), 30, 130, *_today(0.995, 0.005)),
    # 0.9 of the most that any even rate gets with at most 5 % refused: 33 % and 79 %. A call that
    # arrives early is refused by such a bucket, and the network is worth several of its slots.
    alone(
        "bucket 100/s, holds 1",
        bucket(100, 1),
        30,
        130,
        Target("goodput_0", 0.295),
        Target("wasted_0", 0.05),
        pictured=True,
    ),
    alone(
        "bucket 10/s, holds 1",
        bucket(10, 1),
        60,
        260,
        Target("goodput_0", 0.71),
        Target("wasted_0", 0.05),
    ),
    alone("bucket 10/s, holds 10", bucket(10, 10), 60, 260, *_WEAK),
    alone("bucket 5/s, holds 5", bucket(5, 5), 60, 260, *_WEAK),
    alone("sliding 100 / 1 s", sliding(100, 1), 30, 130, *_WEAK, pictured=True),
    alone(
        "sliding 100 / 1 s, half the jitter",
        sliding(100, 1),
        30,
        130,
        *_today(0.975, 0.005),
        network=Network(0.08, 0.1),
    ),
    alone("sliding 5 / 1 s", sliding(5, 1), 60, 260, *_WEAK),
    alone("sliding 1000 / 10 s", sliding(1000, 10), 60, 260, *_today(0.985, 0.005)),
    alone("sliding 1000 / 60 s", sliding(1000, 60), 300, 1200, *_today(0.99, 0.005)),
    alone(
        "sliding 100 / 10 s, refusals count",
        sliding(100, 10, counts_refused=True),
        60,
        260,
        *_WEAK,
    ),
    alone(
        "sliding 1000 / 10 s, refusals count",
        sliding(1000, 10, counts_refused=True),
        60,
        260,
        *_today(0.955, 0.005),
    ),
    alone(
        "sliding 1000 / 60 s, refusals count",
        sliding(1000, 60, counts_refused=True),
        300,
        1200,
        *_WEAK,
        pictured=True,
    ),
    alone("no limit", unlimited, 10, 20, *_today(0.995, 0.0), pictured=True),
    # The first minute is given to what is expected; the second one must know better.
    alone(
        "100 / 1 s, expected 1000 / 60 s",
        windows(100, 1),
        65,
        165,
        Target("goodput", 0.98),
        Target("wasted", 0.02),
        expected=PUBLISHED,
    ),
    alone(
        "500 / 10 s, expected 1000 / 60 s",
        windows(500, 10),
        120,
        420,
        Target("goodput", 0.95),
        Target("wasted", 0.025),
        expected=PUBLISHED,
    ),
    alone(
        "sliding 30 / 60 s, expected",
        sliding(30, 60),
        240,
        900,
        Target("goodput", 0.97),
        Target("wasted", 0.03),
        expected=FixedRate(30, 60.0),
    ),
    alone("100 / 1 s, header", windows(100, 1), 30, 130, *_today(0.99, 0.005), header=True),
    alone("5 / 1 s", windows(5, 1), 60, 260, *_today(0.955, 0.01)),
    alone("20 / 1 s", windows(20, 1), 60, 260, *_today(0.985, 0.015)),
    alone("1000 / 1 s, 200 workers", windows(1000, 1), 30, 45, *_today(0.99, 0.005), workers=200),
    alone(
        "100 / 1 s, 10 ms away",
        windows(100, 1),
        30,
        130,
        *_today(0.97, 0.005),
        network=Network(0.01),
    ),
    alone(
        "100 / 1 s, 400 ms away",
        windows(100, 1),
        30,
        130,
        *_today(0.975, 0.01),
        network=Network(0.4),
    ),
    alone(
        "100 / 1 s, 1 s away, 200 workers",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        network=Network(1.0),
        workers=200,
    ),
    alone(
        "100 / 1 s, 2 s away, 400 workers",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        network=Network(2.0),
        workers=400,
    ),
    alone(
        "1000 / 60 s, header, 400 ms away",
        windows(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
        network=Network(0.4),
    ),
    alone("100 / 1 s, jitter 30 %", windows(100, 1, jitter=0.3), 30, 130, *_WEAK),
    alone("1000 / 10 s, jitter 30 %", windows(1000, 10, jitter=0.3), 60, 260, *_WEAK),
    alone(
        "100 / 1 s, every refusal says 30 s",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        stated=30.0,
        pictured=True,
    ),
    alone("100 / 1 s, shared", windows(100, 1, rival=1 / 3), 30, 190, *_today(0.925, 0.035)),
    alone(
        "1000 / 60 s, header, shared",
        windows(1000, 60, rival=1 / 3),
        300,
        1200,
        *_today(0.935, 0.005),
        header=True,
    ),
]
