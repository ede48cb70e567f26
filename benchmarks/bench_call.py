"""What does one call cost?

    python benchmarks/bench_call.py [--instructions] [--concurrency 1 8 64 256] [--tls]
        [--chunked] [--loop asyncio uvloop] [--only sdk tuned ...] [--full] [--rounds 3] [--json]

This package and its peers make the same call of the same server, each in a process of its own, and
take turns within a round. CPU is user and system time of the client's process, loop is that of
the event loop's thread alone, wall is time over calls at the given concurrency, all from after a
warm-up; ratios are medians of those within a
round. With ``--instructions``, callgrind's count for a call: the difference of two runs, so
that start-up drops out. It takes minutes, and other work on the machine does not count.

    sdk             users.add_to_tenant of this package
    sdk-standard    the same over aiohttp's ClientSession, as through a proxy
    tuned           aiohttp with every knob set, for this call alone
    plain           aiohttp as its introduction shows it
    httpx           httpx and pydantic
    official        the vendor's async client
    official-sync   the vendor's sync client in 32 threads
    auth0, workos   other vendors' async clients, which fetch a user of the same size
    ry, wreq, pyreqwest
                    clients of Rust, with the bytes of the call in and out, and msgspec around them
    httpx2, niquests
                    the successors of httpx and requests, in the same way
    bare            an asyncio Protocol that can do nothing but this call

By default at concurrency 1 and 64; ``--full`` is all there is, and takes most of an hour. With
``--chunked`` the server sends bodies in one chunk, which bare cannot read, in place of a length.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, cast

import measuring
import msgspec
from call_runs import Job, Run
from contenders import Target
from loops import LoopName
from measuring import ChildFailedError, Column, Report
from static_server import TENANT_ID, TOKEN, USER_BYTES, USER_ID, StaticServer

SCRIPT: Final = str(Path(__file__).with_name("call_runs.py"))
FEW_CALLS: Final = 128


class Peer(msgspec.Struct, frozen=True):
    """A contender: its module, its packages, and how many calls callgrind has time for."""

    name: str
    module: str
    distributions: tuple[str, ...]
    counted_calls: int
    blocking: bool = False


PEERS: Final = (
    Peer("sdk", "sdk", ("frontegg-async",), 2_048),
    Peer("sdk-standard", "sdk_standard", ("frontegg-async",), 2_048),
    Peer("tuned", "tuned", ("aiohttp",), 2_048),
    Peer("plain", "plain", ("aiohttp",), 2_048),
    Peer("httpx", "httpx_pydantic", ("httpx", "pydantic"), 256),
    Peer("official", "official", ("frontegg",), 256),
    Peer("official-sync", "official", ("frontegg",), 256, blocking=True),
    Peer("auth0", "auth0", ("auth0-python",), 256),
    Peer("workos", "workos", ("workos",), 512),
    Peer("ry", "ry_client", ("ry",), 1_024),
    Peer("wreq", "wreq_client", ("wreq",), 1_024),
    Peer("pyreqwest", "pyreqwest_client", ("pyreqwest",), 1_024),
    Peer("httpx2", "httpx2_client", ("httpx2",), 512),
    Peer("niquests", "niquests_client", ("niquests",), 256),
    Peer("bare", "bare", ("msgspec",), 4_096),
)

OWN: Final = frozenset({"sdk", "sdk-standard", "tuned", "plain", "bare"})
"""Contenders whose failure is ours. A peer's is a row: some cannot do 256 calls at a time."""


class Setting(msgspec.Struct, frozen=True):
    """The settings that are the same for all contenders."""

    loop: LoopName
    tls: bool
    concurrency: int
    chunked: bool = False


class Measured(msgspec.Struct, frozen=True):
    """One contender in one round; times in µs per call, 0 where it was not measured."""

    calls: int
    cpu_us: float
    wall_us: float
    loop_us: float = 0.0
    instructions: float = 0.0
    server_load: float = 0.0


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contender in one setting: medians, and medians of the ratios to two others.

    Ratios are of instructions where those were counted, of CPU otherwise.
    """

    contender: str
    version: str
    loop: str
    tls: bool
    concurrency: int
    calls: int = 0
    cpu_us: float | None = None
    wall_us: float | None = None
    loop_us: float | None = None
    instructions: float | None = None
    to_tuned: float | None = None
    to_sdk: float | None = None
    server_load: float | None = None
    note: str = ""


def arguments(
    server: StaticServer, peer: Peer, setting: Setting, seconds: float, calls: int
) -> Job:
    """Return the job of one run."""
    target = Target(server.url, server.ca_file, USER_ID, TENANT_ID, TOKEN, setting.concurrency)
    return Job(peer.module, target, setting.loop, peer.blocking, seconds, calls)


def environment(server: StaticServer) -> dict[str, str]:
    """Return the variables by which peers are told where to call, and whom to trust."""
    found = {"FRONTEGG_API_GATEWAY_URL": server.url, "FRONTEGG_HTTP_TIMEOUT_IN_SECONDS": "60"}
    if server.ca_file is not None:
        found |= {"SSL_CERT_FILE": server.ca_file, "REQUESTS_CA_BUNDLE": server.ca_file}
    return found


def checked(written: bytes, peer: Peer) -> Run:
    """Decode the result of a run; every one of its answers must have been right."""
    run = msgspec.json.decode(written, type=Run)
    if not run.calls or run.right != run.calls:
        sys.exit(f"{peer.name}: {run.right} of {run.calls} answers were right")
    return run


def time_calls(
    server: StaticServer, setting: Setting, seconds: float, peer: Peer
) -> Measured | ChildFailedError:
    """Let a contender call for so many seconds."""
    job = msgspec.json.encode(arguments(server, peer, setting, seconds, 0)).decode()
    before = server.state()
    try:
        run = checked(
            measuring.run_child([SCRIPT, job], environment=environment(server)),
            peer,
        )
    except ChildFailedError as error:
        return failed(peer, error)
    after = server.state()
    # The server's CPU for all calls, the warm-up's too, scaled to the timed ones.
    share = run.calls / (after.requests - before.requests)
    return Measured(
        run.calls,
        run.cpu_s / run.calls * 1e6,
        run.wall_s / run.calls * 1e6,
        run.loop_s / run.calls * 1e6,
        server_load=(after.cpu_s - before.cpu_s) * share / run.wall_s,
    )


def count_calls(server: StaticServer, setting: Setting, peer: Peer) -> Measured | ChildFailedError:
    """Count a contender's instructions: those of many calls without those of few."""
    counts: list[int] = []
    few = max(FEW_CALLS, setting.concurrency)
    many = few + max(peer.counted_calls, setting.concurrency)
    try:
        for calls in (few, many):
            job = msgspec.json.encode(arguments(server, peer, setting, 0.0, calls)).decode()
            total, written = measuring.count_instructions(
                [SCRIPT, job], environment=environment(server)
            )
            checked(written, peer)
            counts.append(total)
    except ChildFailedError as error:
        return failed(peer, error)
    return Measured(many - few, 0.0, 0.0, instructions=(counts[1] - counts[0]) / (many - few))


def failed(peer: Peer, error: ChildFailedError) -> ChildFailedError:
    """Return the note of a peer's row; stop if it is one of ours."""
    if peer.name in OWN:
        sys.exit(f"{peer.name}: {error}")
    return error


def measure(
    server: StaticServer, setting: Setting, peers: Sequence[Peer], given: argparse.Namespace
) -> list[Row]:
    """Let all contenders take turns in one setting."""
    absent = [peer for peer in peers if missing(peer)]
    present = [peer for peer in peers if not missing(peer)]
    once: Callable[[Peer], Measured | ChildFailedError]
    if given.instructions:
        once = partial(count_calls, server, setting)
    else:
        once = partial(time_calls, server, setting, given.seconds)
    found = measuring.alternate(present, given.rounds, once)
    whole: dict[str, list[Measured]] = {}
    rows: list[Row] = []
    for peer, runs in found.items():
        errors = [run for run in runs if isinstance(run, ChildFailedError)]
        if errors:
            last = str(errors[0]).splitlines()[-1:]
            rows.append(empty_row(peer, setting, f"failed: {' '.join(last)[:100]}"))
        else:
            whole[peer.name] = cast("list[Measured]", runs)
    rows += [
        row(peer, setting, whole, counted=given.instructions)
        for peer in present
        if peer.name in whole
    ]
    rows += [
        empty_row(peer, setting, f"absent: {', '.join(missing(peer))} not installed")
        for peer in absent
    ]
    order = [peer.name for peer in peers]
    return sorted(rows, key=lambda each: order.index(each.contender))


def missing(peer: Peer) -> list[str]:
    """Return the distributions that a contender needs and that are not there."""
    return [name for name in peer.distributions if measuring.installed(name) is None]


def empty_row(peer: Peer, setting: Setting, note: str) -> Row:
    """Return the row of a contender that could not be measured."""
    version = measuring.installed(peer.distributions[0]) or ""
    return Row(peer.name, version, setting.loop, setting.tls, setting.concurrency, note=note)


def row(peer: Peer, setting: Setting, found: dict[str, list[Measured]], *, counted: bool) -> Row:
    """Sum the rounds of one contender up."""
    runs = found[peer.name]

    def cost(run: Measured) -> float:
        return run.instructions if counted else run.cpu_us

    def ratio_to(name: str) -> float | None:
        return measuring.ratio(runs, found[name], cost) if name in found else None

    load = measuring.median(runs, lambda run: run.server_load)
    made = Row(
        contender=peer.name,
        version=measuring.installed(peer.distributions[0]) or "",
        loop="threads" if peer.blocking else setting.loop,
        tls=setting.tls,
        concurrency=setting.concurrency,
        calls=sum(run.calls for run in runs),
        cpu_us=None if counted else measuring.median(runs, lambda run: run.cpu_us),
        wall_us=None if counted else measuring.median(runs, lambda run: run.wall_us),
        # Of 32 threads, the one that waits for the others says nothing.
        loop_us=None
        if counted or peer.blocking
        else measuring.median(runs, lambda run: run.loop_us),
        instructions=measuring.median(runs, cost) if counted else None,
        to_tuned=ratio_to("tuned"),
        to_sdk=ratio_to("sdk"),
        server_load=None if counted else load,
    )
    notes = [measuring.bottleneck(load), verdict(made, setting, ratio_to("plain"), counted=counted)]
    return msgspec.structs.replace(made, note="; ".join(note for note in notes if note))


def verdict(row: Row, setting: Setting, to_plain: float | None, *, counted: bool) -> str:
    """Return whether a row meets its target, which there is at concurrency 64 in the clear."""
    if row.concurrency != 64 or row.tls:
        return ""
    most = {"sdk": 0.36 if setting.chunked else 0.25, "sdk-standard": 1.08}.get(row.contender)
    if most is not None and counted:
        aims = [("tuned", row.to_tuned, most), ("plain", to_plain, 0.75)]
        return ", ".join(
            f"{ratio:.2f} of {other}, aim at most {most}: {'met' if ratio <= most else 'missed'}"
            for other, ratio, most in aims
            if ratio is not None
        )
    least = {"official": 12.0, "official-sync": 4.5}.get(row.contender)
    if least is None or row.to_sdk is None or counted:
        return ""
    return f"aim at least {least:g} of sdk: {'met' if row.to_sdk >= least else 'missed'}"


def number(value: float | None, form: str) -> str:
    """Return a number as text, or nothing."""
    return "" if value is None else format(value, form)


COLUMNS: Final = (
    Column[Row]("contender", lambda row: f"{row.contender} {row.version}"),
    Column[Row]("loop", lambda row: row.loop),
    Column[Row]("TLS", lambda row: "yes" if row.tls else "no"),
    Column[Row]("at once", lambda row: str(row.concurrency)),
    Column[Row]("CPU µs", lambda row: number(row.cpu_us, ".0f")),
    Column[Row]("loop µs", lambda row: number(row.loop_us, ".0f")),
    Column[Row]("wall µs", lambda row: number(row.wall_us, ".0f")),
    Column[Row]("instructions", lambda row: number(row.instructions, ",.0f")),
    Column[Row]("to tuned", lambda row: number(row.to_tuned, ".2f")),
    Column[Row]("to sdk", lambda row: number(row.to_sdk, ".2f")),
    Column[Row]("server", lambda row: number(row.server_load, ".0%")),
    Column[Row]("note", lambda row: row.note),
)


def command_line() -> argparse.Namespace:
    """Read the command line."""
    parser = measuring.parser(__doc__, rounds=3)
    names = [peer.name for peer in PEERS]
    parser.add_argument("--concurrency", type=int, nargs="+", default=None)
    parser.add_argument("--loop", nargs="+", choices=["asyncio", "uvloop"], default=["asyncio"])
    parser.add_argument("--tls", action="store_true", help="over TLS, instead of in clear text")
    parser.add_argument("--chunked", action="store_true", help="bodies in a chunk, not of a length")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CONTENDER")
    parser.add_argument("--seconds", type=float, default=None, help="for one measurement")
    parser.add_argument("--instructions", action="store_true", help="count them with callgrind")
    parser.add_argument("--full", action="store_true", help="all loops, concurrencies, and TLS")
    given = parser.parse_args()
    if given.full:
        given.loop = ["asyncio", "uvloop"]
    given.seconds = given.seconds or (2.0 if given.full else 0.5)
    given.concurrency = given.concurrency or (
        [1, 8, 64, 256] if given.full else [64] if given.instructions else [1, 64]
    )
    return given


def main() -> None:
    """Measure every setting and print."""
    given = command_line()
    rows: list[Row] = []
    transports = [False, True] if given.full else [given.tls]
    for tls in transports:
        with StaticServer(tls=tls, chunked=given.chunked) as server:
            for loop in given.loop:
                # Threads know no loop: once is enough.
                peers = [
                    peer
                    for peer in PEERS
                    if peer.name in given.only
                    and not (peer.blocking and loop != given.loop[0])
                    and not (peer.name == "bare" and given.chunked)
                ]
                for concurrency in given.concurrency:
                    setting = Setting(loop, tls, concurrency, given.chunked)
                    if loop == "uvloop" and measuring.installed("uvloop") is None:
                        note = "absent: uvloop not installed"
                        rows += [empty_row(peer, setting, note) for peer in peers]
                    else:
                        rows += measure(server, setting, peers, given)
    distributions = {name for peer in PEERS for name in peer.distributions} | {"uvloop"}
    report = Report(
        "what does one call cost?",
        measuring.versions(*sorted(distributions)),
        measuring.machine(),
        {
            "rounds": given.rounds,
            "seconds": given.seconds,
            "instructions": given.instructions,
            "user_bytes": USER_BYTES,
            "token_bytes": len(TOKEN),
            "answer_headers": 18,
            "chunked": given.chunked,
        },
        rows,
    )
    measuring.show(report, COLUMNS, as_json=given.json)


if __name__ == "__main__":
    main()
