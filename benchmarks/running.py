"""Run all benchmarks one after the other, each in a process of its own.

    python -m benchmarks [--quick] [--only call,decode] [--json FILE]

Prints their tables, or gathers their JSON documents in one file for ``python -m benchmarks.plots``.
``--quick`` is for seeing that they work: fewer rounds and smaller inputs, whose figures are none to
quote. A benchmark that fails is named at the end, and the others are run all the same.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

HERE: Final = Path(__file__).parent
NAMES: Final = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
QUICK: Final[dict[str, list[str]]] = {
    "bulk": ["--rounds", "1", "--rows", "2000", "10000"],
    "decode": ["--rounds", "1", "--keep", "20000", "--keep-rounds", "1"],
    "engine": ["--rounds", "1", "--rows", "2000", "10000"],
    "pacing": ["--seeds", "1", "--scenario", "100 / 1 s", "1000 / 60 s"],
    "pacing_socket": ["--rows", "1000", "--settled", "4"],
}
"""Arguments for a quick run; one round for those that are not named."""


class Gathered(msgspec.Struct, frozen=True):
    """The documents of several benchmarks by name, as they are, and the names of those failed."""

    benchmarks: dict[str, msgspec.Raw]
    failed: list[str]
    quick: bool


def chosen(only: str | None) -> list[str]:
    """Return the names of the benchmarks to run.

    Raises:
        ValueError: there is none of a name.
    """
    names = NAMES if only is None else [name.strip() for name in only.split(",")]
    for name in names:
        if name not in NAMES:
            raise ValueError(f"no benchmark is called {name!r}; there are {', '.join(NAMES)}")
    return names


def command(name: str, *, quick: bool, as_json: bool) -> list[str]:
    """Return the command that runs a benchmark."""
    more = QUICK.get(name, ["--rounds", "1"]) if quick else []
    return [sys.executable, str(HERE / f"bench_{name}.py"), *more, *(["--json"] if as_json else [])]


def run(names: Sequence[str], *, quick: bool, as_json: bool) -> Gathered:
    """Run benchmarks, and gather what they say if that is JSON."""
    documents: dict[str, msgspec.Raw] = {}
    failed: list[str] = []
    for name in names:
        print(f"== {name}", file=sys.stderr, flush=True)
        started = time.monotonic()
        ended = subprocess.run(
            command(name, quick=quick, as_json=as_json),
            stdout=subprocess.PIPE if as_json else None,
            check=False,
        )
        if ended.returncode:
            failed.append(name)
        elif as_json:
            documents[name] = msgspec.Raw(ended.stdout.strip())
        outcome = "failed" if ended.returncode else "took"
        print(f"== {name} {outcome} {time.monotonic() - started:.0f} s", file=sys.stderr)
    return Gathered(documents, failed, quick)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", metavar="NAMES", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    try:
        names = chosen(given.only)
    except ValueError as error:
        parser.error(str(error))
    gathered = run(names, quick=given.quick, as_json=given.json is not None)
    if given.json is not None:
        text = msgspec.json.format(msgspec.json.encode(gathered), indent=2)
        given.json.write_bytes(text + b"\n")
    if gathered.failed:
        sys.exit(f"failed: {', '.join(gathered.failed)}")
