"""What does decoding cost, and keeping the objects?

    python benchmarks/bench_decode.py [--rounds 15] [--keep 200000] [--keep-rounds 3]
        [--instructions] [--json]

*Decoding*: CPU microseconds for one answer, by the method of a session (``operation.decode``), by a
bare msgspec decoder for the same Struct (the reference of the ratios; ``operation.decode`` should
be within 10 % of it), and by the decoders of others: to dicts by msgspec and by the standard
library, to pydantic models of the same fields. With ``--instructions`` the first two are compared
by callgrind too, which noise does not touch, on the small answers: there it matters.

*Keeping*: a program holds many users, and the garbage collector stops it. The worst pause (CPU
milliseconds) is the longest of all while they were decoded and of a full
collection at the end; it should be at most 20 ms for Structs. *wire* are users as they come:
metadata in a text, no groups. The other forms hold objects that have no schema.

pydantic is an optional peer. Each kind of object to be kept has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

import msgspec
from documents import ANSWERS, answer
from equivalents import pydantic_validator, same
from figures import Figure, absent, show_figures
from gc_pauses import KINDS, PYDANTIC, STRUCTS, Form, Kept
from measuring import (
    Report,
    alternate,
    count_instructions,
    installed,
    machine,
    median,
    parser,
    ratio,
    run_child,
    versions,
)

from frontegg_async.operation import Operation

Decode: TypeAlias = Callable[[bytes], Any]

SDK: Final = "operation.decode"
BARE: Final = "bare msgspec decoder"
TO_DICTS: Final = "msgspec to dicts"
STANDARD: Final = "json.loads"
MODELS: Final = "pydantic"

SMALL: Final = ("user", "login result")
"""Answers whose decoding is so cheap that the code around it shows."""
WITHIN: Final = 1.10
WORST_PAUSE: Final = 0.020
BATCH: Final = 0.01
"""Seconds of decoding that are timed at once."""


def decoders(operation: Operation[Any]) -> dict[str, Decode]:
    """Return all ways to decode an operation's answers."""
    found: dict[str, Decode] = {
        BARE: msgspec.json.Decoder(operation.returns).decode,
        SDK: operation.decode,
        TO_DICTS: msgspec.json.Decoder().decode,
        STANDARD: json.loads,
    }
    if installed(MODELS):
        found[MODELS] = pydantic_validator(operation.returns).validate_json
    return found


def check(found: dict[str, Decode], body: bytes) -> None:
    """Fail unless all of them read the same out of an answer."""
    expected, plain = found[BARE](body), json.loads(body)
    for name, decode in found.items():
        value = decode(body)
        if name in {SDK, BARE}:
            right = value == expected
        elif name == MODELS:
            right = same(value, expected)
        else:
            right = value == plain
        assert right, f"{name} reads something else"


def timed(decode: Decode, body: bytes, calls: int) -> float:
    """Return seconds of CPU for one decoding."""
    before = time.process_time()
    for _ in range(calls):
        decode(body)
    return (time.process_time() - before) / calls


def measure_decoding(name: str, rounds: int) -> list[Figure]:
    """Compare all decoders on one answer."""
    operation, body = answer(name)
    found = decoders(operation)
    check(found, body)
    calls = {each: _calls(decode, body) for each, decode in found.items()}
    runs = alternate(list(found), rounds, lambda each: timed(found[each], body, calls[each]))
    what = f"decoding: {name}, {len(body) / 1e3:.1f} KB"
    figures: list[Figure] = []
    for each, seconds in runs.items():
        compared = ratio(seconds, runs[BARE], lambda value: value)
        figures.append(
            Figure(
                what=what,
                contender=each,
                value=median(seconds, lambda value: value) * 1e6,
                unit="µs",
                ratio=compared,
                target=f"ratio {WITHIN:.2f}" if each == SDK else "",
                met=compared <= WITHIN if each == SDK else None,
            )
        )
    if MODELS not in found:
        figures.append(absent(what, MODELS, MODELS))
    return figures


def _calls(decode: Decode, body: bytes) -> int:
    """Return how many decodings make a batch."""
    calls = 1
    while (seconds := timed(decode, body, calls)) * calls < BATCH / 4:
        calls *= 4
    return max(1, round(BATCH / seconds))


def measure_instructions(name: str) -> list[Figure]:
    """Compare the method of a session with the bare decoder, in instructions."""
    _, body = answer(name)
    # Enough for the first use of a decoder to vanish, and not more: callgrind is slow.
    less, more = 5, 5 + max(20, 200_000 // len(body))
    counts: dict[str, float] = {}
    for contender in (BARE, SDK):
        few, many = (
            count_instructions([__file__, "--one", name, contender, str(calls)])[0]
            for calls in (less, more)
        )
        counts[contender] = (many - few) / (more - less)
    compared = counts[SDK] / counts[BARE]
    return [
        Figure(
            what=f"instructions: {name}",
            contender=contender,
            value=count,
            unit="a decoding",
            ratio=count / counts[BARE],
            target=f"ratio {WITHIN:.2f}" if contender == SDK else "",
            met=compared <= WITHIN if contender == SDK else None,
        )
        for contender, count in counts.items()
    ]


def measure_keeping(form: Form, kinds: Sequence[str], count: int, rounds: int) -> list[Figure]:
    """Compare the pauses of programs that keep users."""
    script = str(Path(__file__).with_name("gc_pauses.py"))
    runs = alternate(
        kinds,
        rounds,
        lambda kind: msgspec.json.decode(run_child([script, kind, form, str(count)]), type=Kept),
    )
    figures: list[Figure] = []
    for kind, found in runs.items():
        worst = median(found, lambda run: run.worst_s)
        automatic = median(found, lambda run: run.automatic_s)
        full = median(found, lambda run: run.full_s)
        before = median(found, lambda run: run.before_s)
        aimed = kind == STRUCTS
        figures.append(
            Figure(
                what=f"keeping {count:,} users: {form}",
                contender=kind,
                value=worst * 1e3,
                unit="ms worst pause",
                ratio=ratio(found, runs[STRUCTS], lambda run: run.worst_s),
                target=f"{WORST_PAUSE * 1e3:.0f} ms" if aimed else "",
                met=worst <= WORST_PAUSE if aimed else None,
                note=(
                    f"by itself {automatic * 1e3:.3g} ms "
                    f"({median(found, lambda run: run.automatic_full):.0f} full), "
                    f"asked for {full * 1e3:.3g} ms (without users {before * 1e3:.3g}), "
                    f"tracked {median(found, lambda run: run.tracked):,.0f}k, "
                    f"peak {median(found, lambda run: run.peak_mib):,.0f} MiB"
                ),
            )
        )
    return figures


def run_one(name: str, contender: str, calls: int) -> None:
    """Decode in this process, for callgrind to count."""
    operation, body = answer(name)
    if contender == SDK:
        decode: Decode = operation.decode
    else:
        decode = msgspec.json.Decoder(operation.returns).decode
    for _ in range(calls):
        decode(body)


def main() -> None:
    """Read the command line, measure, and print."""
    reading = parser(__doc__, rounds=15)
    reading.add_argument("--keep", type=int, default=200_000, help="users; 0 leaves this out")
    reading.add_argument("--keep-rounds", type=int, default=3)
    reading.add_argument("--instructions", action="store_true", help="needs valgrind, is slow")
    reading.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = reading.parse_args()
    if given.one:
        name, contender, calls = given.one
        run_one(name, contender, int(calls))
        return
    rows: list[Figure] = []
    for name in ANSWERS:
        rows += measure_decoding(name, given.rounds)
    if given.instructions:
        for name in SMALL:
            rows += measure_instructions(name)
    kinds = [kind for kind in KINDS if kind != PYDANTIC or installed(MODELS)]
    for form in get_args(Form) if given.keep else ():
        # The two forms in the middle tell the parts of a miss of the last one.
        compared = kinds if form in {"wire", "both"} else [STRUCTS]
        rows += measure_keeping(form, compared, given.keep, given.keep_rounds)
    report = Report(
        "the cost of decoding, and of keeping the objects",
        versions(MODELS),
        machine(),
        {
            "rounds": given.rounds,
            "keep": given.keep,
            "keep_rounds": given.keep_rounds,
        },
        rows,
    )
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
