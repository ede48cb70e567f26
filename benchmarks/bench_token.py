"""What does the token cost?

    python benchmarks/bench_token.py [--rounds 5] [--tasks 100 1000] [--seconds 8] [--json]

Three answers:

- *hot path*: nanoseconds of CPU that a call spends on a token that is there, against an empty
  method (``ratio``) and against the check of Frontegg's own Python package. At most a microsecond
  is aimed at.
- *cold start*: token calls that many tasks without a token cost the server, by its
  own count, and how long it takes until all have one (``ratio``: to this package).
- *renewal*: calls that are held up by more than a millisecond before they are sent, while tokens
  that live for two seconds are renewed by a server that takes 50 ms for it. The control has a
  token that needs no renewal: it shows the machine. None should wait for a token call.

Each contender runs in a process of its own (``token_runs.py``), the server in another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import msgspec
from figures import Figure, absent, show_figures
from measuring import (
    Report,
    alternate,
    bottleneck,
    installed,
    machine,
    median,
    parser,
    ratio,
    run_child,
    versions,
)
from server import ServerProcess
from static_server import StaticServer
from token_runs import CONTROL, EMPTY, OFFICIAL, SDK, WORKERS, Cold, Hot, Renewal

R = TypeVar("R")

PEER: Final = "frontegg"
HOT_TARGET: Final = 1_000.0  # ns
TOKEN_LIFE: Final = 2.0
LATENCY: Final = 0.05


def child(kind: str, contender: str, url: str, *more: str, result: type[R]) -> R:
    """Measure in a new process, whose environment tells the peer where the server is."""
    script = str(Path(__file__).with_name("token_runs.py"))
    found = run_child(
        [script, kind, contender, url, *more], environment={"FRONTEGG_API_GATEWAY_URL": url}
    )
    return msgspec.json.decode(found, type=result)


def measure_hot(contenders: list[str], rounds: int) -> list[Figure]:
    """Compare the cost of a token that is there."""
    with StaticServer() as server:
        found = alternate(
            contenders, rounds, lambda each: child("hot", each, server.url, result=Hot)
        )
    figures: list[Figure] = []
    for contender, runs in found.items():
        ns = median(runs, lambda run: run.ns)
        aimed = contender == SDK
        figures.append(
            Figure(
                what="hot path",
                contender=contender,
                value=ns,
                unit="ns a call",
                ratio=ratio(runs, found[EMPTY], lambda run: run.ns),
                target="1,000 ns" if aimed else "",
                met=ns <= HOT_TARGET if aimed else None,
            )
        )
    return figures


def measure_cold(contenders: list[str], rounds: int, tasks: int) -> list[Figure]:
    """Compare cold starts."""
    what = f"cold start, {tasks:,} tasks"
    with StaticServer() as server:

        def once(contender: str) -> Cold:
            before = server.state()
            run = child("cold", contender, server.url, str(tasks), result=Cold)
            after = server.state()
            load = (after.cpu_s - before.cpu_s) / run.seconds
            calls = after.requests - before.requests
            return msgspec.structs.replace(run, token_calls=calls, server_load=load)

        found = alternate(contenders, rounds, once)
    figures: list[Figure] = []
    for contender, runs in found.items():
        load = median(runs, lambda run: run.server_load)
        without = median(runs, lambda run: run.without)
        calls = median(runs, lambda run: run.token_calls)
        seconds = median(runs, lambda run: run.seconds)
        aimed = contender == SDK
        notes = [f"server {load:.0%} of a core", bottleneck(load)]
        if without:
            notes.append(f"{without:,.0f} tasks got none, the last error after {seconds:.1f} s")
        figures += [
            Figure(
                what=what,
                contender=contender,
                value=calls,
                unit="token calls",
                target="1" if aimed else "",
                met=calls == 1 and not without if aimed else None,
            ),
            Figure(
                what=what,
                contender=contender,
                value=None if without else seconds * 1e3,
                unit="ms until all have one",
                ratio=None if without else ratio(runs, found[SDK], lambda run: run.seconds),
                note=", ".join(filter(None, notes)),
            ),
        ]
    return figures


def measure_renewal(contenders: list[str], rounds: int, seconds: float) -> list[Figure]:
    """Compare the delay of calls by renewals."""
    with (
        ServerProcess(token_lifetime=TOKEN_LIFE, latency=LATENCY) as short,
        ServerProcess(latency=LATENCY) as long,
    ):

        def once(contender: str) -> Renewal:
            server = long if contender == CONTROL else short
            before = server.state()
            run = child("renewal", contender, server.url, str(seconds), result=Renewal)
            after = server.state()
            # The first call of a run is not counted.
            tokens = after.requests - before.requests - run.calls - 1
            load = (after.cpu_s - before.cpu_s) / seconds
            return msgspec.structs.replace(run, token_calls=tokens, server_load=load)

        found = alternate(contenders, rounds, once)
    figures: list[Figure] = []
    for contender, runs in found.items():
        load = median(runs, lambda run: run.server_load)
        calls = median(runs, lambda run: run.calls)
        tokens = median(runs, lambda run: run.token_calls)
        longest = median(runs, lambda run: run.longest_s)
        held_up = median(runs, lambda run: run.held_up)
        aimed = contender == SDK
        notes = [
            f"of {calls:.0f}, {tokens:.0f} token calls",
            f"longest wait {longest * 1e3:.3g} ms",
            f"server {load:.0%} of a core",
            bottleneck(load),
        ]
        figures.append(
            Figure(
                what="renewal",
                contender=contender,
                value=held_up,
                unit="calls held up > 1 ms",
                target=f"longest < {LATENCY * 1e3:.0f} ms" if aimed else "",
                met=longest < LATENCY if aimed else None,
                note=", ".join(filter(None, notes)),
            )
        )
    return figures


def main() -> None:
    """Read the command line, measure, and print."""
    reading = parser(__doc__, rounds=5)
    reading.add_argument("--tasks", type=int, nargs="+", default=[100, 1_000])
    reading.add_argument("--seconds", type=float, default=8.0, help="of a run with renewals")
    given = reading.parse_args()
    peers = [OFFICIAL] if installed(PEER) else []
    rows = measure_hot([EMPTY, SDK, *peers], given.rounds)
    for tasks in given.tasks:
        rows += measure_cold([SDK, *peers], given.rounds, tasks)
    rows += measure_renewal([CONTROL, SDK, *peers], given.rounds, given.seconds)
    if not peers:
        rows += [absent(what, OFFICIAL, PEER) for what in ("hot path", "cold start", "renewal")]
    report = Report(
        "the cost of the token",
        versions(PEER, "httpx"),
        machine(),
        {
            "rounds": given.rounds,
            "tasks": given.tasks,
            "workers": WORKERS,
            "token_life_s": TOKEN_LIFE,
            "latency_s": LATENCY,
            "seconds": given.seconds,
        },
        rows,
    )
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
