"""Run all benchmarks one after the other, each in a process of its own.

    python -m benchmarks [--quick] [--only call,decode] [--json FILE]

Prints their tables, or gathers their JSON documents in one file for ``python -m benchmarks.plots``:
each as soon as it is there, beside those of others in the file.
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
OWN_CONTENDERS: Final = ["sdk", "sdk-standard", "tuned", "plain", "bare"]
VARIANTS: Final[dict[str, list[str]]] = {
    "instructions": [
        "call", "--instructions", "--rounds", "1", "--concurrency", "1", "64",
        "--only", *OWN_CONTENDERS,
    ],
}  # fmt: skip
"""Benchmarks with other arguments, which are another question."""
NAMES: Final = sorted(
    [*(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")), *VARIANTS]
)
QUICK: Final[dict[str, list[str]]] = {
    "bulk": ["--rounds", "1", "--rows", "2000", "10000"],
    "decode": ["--rounds", "1", "--keep", "20000", "--keep-rounds", "1"],
    "engine": ["--rounds", "1", "--rows", "2000", "10000"],
    "fleet": ["--scenario", "tokens"],
    "instructions": ["--only", "sdk", "tuned", "--concurrency", "64"],
    "pacing": ["--seeds", "1", "--scenario", "100 / 10 s", "8 pods"],
    "pacing_socket": ["--scenario", "bursts", "README"],
}
"""Arguments for a quick run; benchmarks that are not named run one round."""


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
    script, *given = VARIANTS.get(name, [name])
    json = ["--json"] if as_json else []
    return [sys.executable, str(HERE / f"bench_{script}.py"), *given, *more, *json]


def run(names: Sequence[str], *, quick: bool, file: Path | None) -> list[str]:
    """Run benchmarks, gather their documents in a file if there is one; return the failed ones."""
    as_json = file is not None
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
        if file is not None:
            gather(file, name, None if ended.returncode else ended.stdout.strip(), quick=quick)
        outcome = "failed" if ended.returncode else "took"
        print(f"== {name} {outcome} {time.monotonic() - started:.0f} s", file=sys.stderr)
    return failed


def gather(file: Path, name: str, document: bytes | None, *, quick: bool) -> None:
    """Put the document of a benchmark, or that it failed, beside those of others."""
    gathered = (
        msgspec.json.decode(file.read_bytes(), type=Gathered)
        if file.exists()
        else Gathered({}, [], quick)
    )
    documents = {key: value for key, value in gathered.benchmarks.items() if key != name}
    failed = [each for each in gathered.failed if each != name]
    if document is None:
        failed.append(name)
    else:
        documents[name] = msgspec.Raw(document)
    whole = Gathered(documents, failed, quick or gathered.quick)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")


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
    failed = run(names, quick=given.quick, file=given.json)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
