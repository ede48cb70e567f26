"""Does a fleet share a limit and a token over real sockets, between processes?

    python benchmarks/bench_fleet.py [--scenario TEXT ...] [--rounds 1] [--json]

The emulator, with 80 ms of latency, the Redis server and each client are processes of their own.
Each situation is played with a fleet (``RedisFleet``) and without, when each session paces itself;
both in the same run, in turn. None is told the limit; where it is "expected", clients expect that
of Frontegg's plan Scale. Situations are in ``fleet_cases.py``, clients and Redis in
``fleet_clients.py``.

- Web calls come by chance (Poisson) and have 10 s, beside bulk work 30 s. "Goodput" is the share of
  calls offered that were served; "wasted" the share of requests that were answered with 429.
- Settled figures begin 20 s after the start, those of long windows after one window; overload
  counts from the first call on.
- "Exchanges" are scripts executed in Redis for each request to Frontegg, "CPU in Redis" all that
  the server used meanwhile, "CPU" that of the client processes for each call, with all of the SDK.
- "Back" is the time from the end of the fault until all eight processes have exchanged news again.

It needs ``redis-server`` and redis-py. All of it takes half an hour. A machine with few cores
makes single calls slow, which says nothing about the pacing: counts and shares do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

from figures import Figure, show_figures
from fleet_cases import (
    LONG,
    SHORT,
    Server,
    beside,
    churn,
    fault,
    flush,
    freeze,
    kill,
    overload,
    tokens,
    web,
)
from fleet_clients import ALONE, FLEET, redis_version
from measuring import Report, alternate, machine, parser, versions
from socket_figures import (
    NOTES,
    Measure,
    Measures,
    Target,
    at_least,
    at_most,
    median,
)

SHOWN: Final[Mapping[str, Measure]] = {
    "failed": Measure("web calls failed", "%", 100.0),
    "goodput": Measure("goodput", "%", 100.0),
    "wasted": Measure("wasted", "%", 100.0),
    "in_doubt": Measure("writes in doubt"),
    "median": Measure("median of web calls", "s"),
    "p95": Measure("p95 of web calls", "s"),
    "used": Measure("share of the limit used by all", "%", 100.0),
    "joined": Measure("limit used in the 8 s after 4 joined", "%", 100.0),
    "killed": Measure("limit used in the 8 s after 4 were killed", "%", 100.0),
    "jain_of_8": Measure("Jain's index of the 8"),
    "jain_of_4": Measure("Jain's index of the 4 left"),
    "back": Measure("back after", "s"),
    "cold": Measure("token calls of 32 cold sessions"),
    "revoked": Measure("token calls after a revocation"),
    "failures": Measure("calls failed"),
    "exchanges": Measure("exchanges a request"),
    "redis_cpu": Measure("CPU in Redis for an exchange", "µs"),
    "cpu": Measure("CPU of the clients for a call", "µs"),
}
"""The measures in the order of the table."""


class Case(NamedTuple):
    """A situation.

    Args:
        name: of the case.
        play: plays it once with a contender.
        targets: of the fleet.
    """

    name: str
    play: Callable[[str], Measures]
    targets: tuple[Target, ...]


class Scenario(NamedTuple):
    """Cases that are played at the same time, each with a server and processes of its own.

    Args:
        cases: the cases; together they need a part of two cores.
        contenders: who plays them, one after the other.
    """

    cases: tuple[Case, ...]
    contenders: tuple[str, ...] = (FLEET, ALONE)


_SETTLED: Final = (
    at_most("failed", 0.005, "≤ 0.5 %"),
    at_least("goodput", 0.98, "≥ 98 %"),
    at_most("wasted", 0.006, "≤ 0.6 %"),
    at_most("exchanges", 1.3, "≤ 1.3"),
    at_most("redis_cpu", 100.0, "≤ 100 µs"),
)
_BESIDE: Final = (at_most("failed", 0.005, "≤ 0.5 %"), at_most("p95", 0.5, "≤ 0.5 s"))
_FAULT: Final = (
    at_most("failed", 0.0, "0"),
    at_least("goodput", 0.95, "≥ 95 %"),
    at_most("wasted", 0.02, "≤ 2 %"),
)
_BACK: Final = (*_FAULT, at_most("back", 3.0, "≤ 3 s"))


def _beside(said: str, server: Server, seconds: float, plan: str | None = None) -> tuple[Case, ...]:
    return tuple(
        Case(
            f"4 web processes at 30 % beside {bulk} bulk, {said}",
            partial(beside, bulk=bulk, server=server, seconds=seconds, plan=plan),
            _BESIDE,
        )
        for bulk in (1, 4)
    )


SCENARIOS: Final = (
    *(
        Scenario(
            (
                Case(
                    f"web, 8 processes, 100 / 1 s, {share:.0%} offered",
                    partial(web, share=share, seconds=100.0),
                    _SETTLED,
                ),
            )
        )
        for share in (0.9, 0.98)
    ),
    Scenario(_beside("100 / 1 s", SHORT, 60.0)),
    Scenario(
        (
            *_beside("1000 / 60 s, header", LONG, 180.0),
            *_beside("1000 / 60 s, header, expected", LONG, 180.0, "scale"),
            Case(
                "overload 120 %, 8 web processes, 1000 / 60 s, header",
                partial(overload, server=LONG, share=1.2, seconds=240.0),
                (
                    at_most("failed", 0.05, "≤ ideal + 5 points", beyond="ideal"),
                    at_most("in_doubt", 0.0, "0"),
                ),
            ),
        )
    ),
    Scenario(
        (
            Case(
                "4 bulk processes join 4, which are then killed, 100 / 1 s",
                churn,
                (
                    at_least("joined", 0.95, "≥ 95 %"),
                    at_least("killed", 0.95, "≥ 95 %"),
                    at_least("jain_of_8", 0.97, "≥ 0.97"),
                    at_least("jain_of_4", 0.97, "≥ 0.97"),
                ),
            ),
        )
    ),
    *(
        Scenario((Case(f"Redis {said}, web at 90 % of 100 / 1 s", play, targets),), (FLEET,))
        for said, play, targets in (
            ("killed for 10 s", partial(fault, strike=kill), _BACK),
            ("stopped for 10 s", partial(fault, strike=freeze), _BACK),
            ("flushed", partial(fault, strike=flush), _FAULT),
            ("200 ms slow", partial(fault, delay=0.1), _FAULT),
        )
    ),
    Scenario(
        (
            Case(
                "tokens, auth route of 0.3 s",
                tokens,
                (
                    at_most("cold", 2.0, "≤ 2"),
                    at_most("revoked", 2.0, "≤ 2"),
                    at_most("failures", 0.0, "0"),
                ),
            ),
        )
    ),
    Scenario(
        (
            Case(
                "web, 64 processes, 100 / 1 s, 90 % offered",
                partial(web, share=0.9, seconds=60.0, processes=64),
                (*_SETTLED[:3], at_most("exchanges", 6.0, "≤ 6")),
            ),
        ),
        (FLEET,),
    ),
)


def chosen(parts: Sequence[str] | None) -> list[Scenario]:
    """Return the scenarios with the cases whose name contains one of the parts, or all.

    Raises:
        ValueError: there is none of such a name.
    """
    found: list[Scenario] = []
    for scenario in SCENARIOS:
        cases = tuple(
            case
            for case in scenario.cases
            if any(part.lower() in case.name.lower() for part in parts or [""])
        )
        if cases:
            found.append(scenario._replace(cases=cases))
    if not found:
        names = "; ".join(case.name for scenario in SCENARIOS for case in scenario.cases)
        raise ValueError(f"no scenario has such a name; there are {names}")
    return found


def play(scenario: Scenario, rounds: int) -> dict[str, dict[str, list[Measures]]]:
    """Play a scenario; return the measures of each contender, round by round, by case."""

    def once(contender: str) -> list[Measures]:
        def one(case: Case) -> Measures:
            print(f"{case.name}: {contender}", file=sys.stderr, flush=True)
            return case.play(contender)

        with ThreadPoolExecutor(len(scenario.cases)) as pool:
            return list(pool.map(one, scenario.cases))

    played = alternate(scenario.contenders, rounds, once)
    return {
        case.name: {contender: [turn[at] for turn in turns] for contender, turns in played.items()}
        for at, case in enumerate(scenario.cases)
    }


def rows(case: Case, played: Mapping[str, Sequence[Measures]]) -> Iterator[Figure]:
    """Yield the figures of a case: one for each measure and contender."""
    targets = {target.measure: target for target in case.targets}
    for name, measure in SHOWN.items():
        for contender, turns in played.items():
            value = median(turns, name)
            if value is None:
                continue
            target = targets.get(name) if contender == FLEET else None
            note = ""
            if name == "failed" and "ideal" in turns[0]:
                ideal = NOTES["ideal"]
                note = f"{ideal.title} {100.0 * turns[0]['ideal']:.1f} %"
            yield Figure(
                what=f"{case.name}: {measure.title}",
                contender=contender,
                value=measure.shown(value),
                unit=measure.unit,
                target="" if target is None else target.text,
                met=None if target is None else all(map(target.met, turns)),
                note=note,
            )


def main() -> None:
    """Play the cases one after the other, and print."""
    options = parser(__doc__, rounds=1)
    options.add_argument(
        "--scenario", nargs="*", help="only those whose name contains one of these"
    )
    given = options.parse_args()
    try:
        scenarios = chosen(given.scenario)
    except ValueError as error:
        options.error(str(error))
    found: list[Figure] = []
    for scenario in scenarios:
        played = play(scenario, given.rounds)
        for case in scenario.cases:
            found += rows(case, played[case.name])
    told = {**versions("redis"), "redis-server": redis_version()}
    report = Report(
        "does a fleet share a limit and a token?", told, machine(), {"rounds": given.rounds}, found
    )
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
