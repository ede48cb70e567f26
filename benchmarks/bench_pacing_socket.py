"""Does the pacing do over real sockets, between processes, as well as in virtual time?

    python benchmarks/bench_pacing_socket.py [--scenario TEXT ...] [--long] [--rounds 1] [--json]

The emulator, with 80 ms of latency, and each client are processes of their own that share nothing;
none is told the limit. Beside the SDK stands the loop that people write: aiohttp, and after a 429
a sleep until ``X-Rate-Limit-Reset``, for ``Retry-After``, or for a second. Both do the same work
and take turns; the ratio is the SDK's figure over the loop's. Everything counts from the first
second on. Scenarios and targets are in ``socket_cases.py``, the clients in ``socket_clients.py``.

- Web calls come by chance and have 30 s, 10 s under overload. "The rest" is the limit of 50 s
  without the web calls served.
- "Learned before" begins the bulk run with the limit that an earlier one met, as from its ledger.
  Published limits (``limits_plan``) are not expected of a server on this machine.
- "Ideal" is a client that knows the windows and whose calls take no time.
- A write is in doubt if its call ended without an answer after it was sent.
- A call of a burst is delayed if it takes 0.9 s longer than the median of its burst. More of them
  than 429s have waited for others' 429s.

The runs add up to five minutes, and with ``--long`` to ten; a busy machine needs as long again to
start the processes. Under load from elsewhere, seconds say little; ratios and counts say more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from figures import Figure, show_figures
from measuring import Report, alternate, machine, parser, versions
from socket_cases import SCENARIOS
from socket_clients import LOOP
from socket_figures import Case, Measures, Runs, Scenario, figures


def play(scenario: Scenario, rounds: int) -> dict[str, Runs]:
    """Play a scenario, and return the runs of each case by its name."""

    def once(contender: str) -> list[Measures]:
        print(f"{scenario.name}: {contender}", file=sys.stderr, flush=True)

        def one(case: Case) -> Measures:
            return case.play(contender)

        with ThreadPoolExecutor(len(scenario.cases) if scenario.together else 1) as pool:
            return list(pool.map(one, scenario.cases))

    played = alternate(scenario.contenders, rounds, once)
    return {
        case.name: {
            contender: [turn[place] for turn in turns] for contender, turns in played.items()
        }
        for place, case in enumerate(scenario.cases)
    }


def chosen(parts: Sequence[str] | None, *, long: bool) -> list[Scenario]:
    """Return the scenarios whose name contains one of the parts, all if there are none.

    Raises:
        ValueError: there is none of such a name.
    """
    found = [
        scenario
        for scenario in SCENARIOS
        if (long or not scenario.long)
        and any(part.lower() in scenario.name.lower() for part in parts or [""])
    ]
    if not found:
        names = "; ".join(each.name for each in SCENARIOS)
        raise ValueError(f"no scenario has such a name; there are {names}")
    return found


def main() -> None:
    """Play the scenarios one after the other, and print."""
    options = parser(__doc__, rounds=1)
    options.add_argument(
        "--scenario", nargs="*", help="only those whose name contains one of these"
    )
    options.add_argument("--long", action="store_true", help="3,000 rows at 1000/60 s as well")
    given = options.parse_args()
    try:
        scenarios = chosen(given.scenario, long=given.long)
    except ValueError as error:
        options.error(str(error))
    rows: list[Figure] = []
    for scenario in scenarios:
        played = play(scenario, given.rounds)
        for case in scenario.cases:
            rows += figures(scenario.name, case, played[case.name])
    settings: dict[str, object] = {"rounds": given.rounds, "ratio": f"to the {LOOP}"}
    report = Report(
        "does the pacing hold over real sockets?", versions(), machine(), settings, rows
    )
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
