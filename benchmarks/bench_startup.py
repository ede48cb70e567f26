"""What does it cost to start?

    python benchmarks/bench_startup.py [--rounds 15] [--instructions] [--profile] [--json]

Every figure is of fresh processes, which alternate, with everything compiled beforehand. Importing
this package is compared with importing the three that it stands on, alone: 1.25 times as much CPU
is the target at most, and counted is the part on top of an interpreter that does nothing
(its own start is subtracted from both). Frontegg's own package is an optional peer: ``import
frontegg`` loads next to nothing, so importing its clients is compared.

Further rows: the command line, and the first touch of one group of operations and of all of them,
on top of the import. ``--instructions`` adds callgrind's counts, which noise does not touch.
``--profile`` tells the packages beyond the three, and how long each module of our own takes by
itself (``-X importtime``, milliseconds of wall time).
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from figures import Figure, absent, show_figures
from measuring import (
    Report,
    alternate,
    count_instructions,
    installed,
    machine,
    median,
    parser,
    ratio,
    versions,
)

Programs: TypeAlias = Mapping[str, tuple[str, ...]]
"""By name: code, and arguments of a command line, which is started as its script does it."""

WITHIN: Final = 1.25
PEER: Final = "frontegg"
OURS: Final = "frontegg_async"
LISTED: Final = 15
"""Lines of a profile that are shown."""

NOTHING: Final = "nothing"
FOUNDATION: Final = "import aiohttp, msgspec, anyio"
IMPORT: Final = "import frontegg_async"
CLIENTS: Final = "import frontegg.common.clients"
USERS: Final = "first touch of .users"
EVERYTHING: Final = "first touch of every group"
HELP: Final = "frontegg-async --help"

_SESSION: Final = (
    "from frontegg_async import FronteggSession; "
    "session = FronteggSession(client_id='a', api_key='b'); "
)
_EVERY_GROUP: Final = (
    "from frontegg_async.endpoints import GROUPS; "
    "[getattr(session, name) for name in ('bulk', *GROUPS)]"
)
_SCRIPT: Final = "from frontegg_async.cli import main; main()"

_OWN: Final[Programs] = {
    NOTHING: ("pass",),
    FOUNDATION: (FOUNDATION,),
    IMPORT: (IMPORT,),
    USERS: (f"{_SESSION}session.users",),
    EVERYTHING: (_SESSION + _EVERY_GROUP,),
}
_COMMANDS: Final[Programs] = {
    HELP: (_SCRIPT, "--help"),
    "frontegg-async operations": (_SCRIPT, "operations"),
}
_PEERS: Final[Programs] = {"import frontegg": ("import frontegg",), CLIENTS: (CLIENTS,)}


class Start(msgspec.Struct, frozen=True):
    """Seconds of one process, from its start to its end."""

    wall_s: float
    cpu_s: float


def start(program: Sequence[str], environment: Mapping[str, str]) -> Start:
    """Run a program in a fresh interpreter."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", *program],
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
        check=True,
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(program) == 1 or ended.stdout, "the command line said nothing"
    return Start(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure_starts(programs: Programs, rounds: int, environment: Mapping[str, str]) -> list[Figure]:
    """Compare all programs, in CPU time and in wall time."""
    found = alternate(list(programs), rounds, lambda name: start(programs[name], environment))
    # The part on top of an interpreter that does nothing.
    net = {
        name: [
            Start(run.wall_s - other.wall_s, run.cpu_s - other.cpu_s)
            for run, other in zip(runs, found[NOTHING], strict=True)
        ]
        for name, runs in found.items()
    }
    figures: list[Figure] = []
    for name, runs in found.items():
        compared = ratio(net[name], net[FOUNDATION], _cpu)
        figures += [
            Figure(
                what="CPU",
                contender=name,
                value=median(runs, _cpu) * 1e3,
                unit="ms",
                ratio=compared,
                target=f"ratio {WITHIN}" if name == IMPORT else "",
                met=compared <= WITHIN if name == IMPORT else None,
                note=f"whole processes: ratio {ratio(runs, found[FOUNDATION], _cpu):.2f}",
            ),
            Figure(
                what="wall",
                contender=name,
                value=median(runs, _wall) * 1e3,
                unit="ms",
                ratio=ratio(net[name], net[FOUNDATION], _wall),
            ),
        ]
    return sorted(figures, key=lambda figure: figure.what)


def _cpu(run: Start) -> float:
    return run.cpu_s


def _wall(run: Start) -> float:
    return run.wall_s


def measure_instructions(programs: Programs, environment: Mapping[str, str]) -> list[Figure]:
    """Count the instructions of all programs, once."""
    counts = {
        name: count_instructions(["-c", *program], environment=environment)[0]
        for name, program in programs.items()
    }
    foundation = counts[FOUNDATION] - counts[NOTHING]
    figures: list[Figure] = []
    for name, count in counts.items():
        compared = (count - counts[NOTHING]) / foundation
        figures.append(
            Figure(
                what="instructions",
                contender=name,
                value=count / 1e6,
                unit="million",
                ratio=compared,
                target=f"ratio {WITHIN}" if name == IMPORT else "",
                met=compared <= WITHIN if name == IMPORT else None,
            )
        )
    return figures


_IMPORTED: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)").fullmatch


def profile(program: Sequence[str], environment: Mapping[str, str]) -> dict[str, float]:
    """Return the milliseconds that each module of a program takes by itself to be imported."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", *program],
        capture_output=True,
        env={**os.environ, **environment},
        check=True,
        text=True,
    )
    found = (_IMPORTED(line) for line in ended.stderr.splitlines())
    return {line[2]: int(line[1]) / 1e3 for line in found if line is not None}


def measure_profile(
    programs: Programs, rounds: int, environment: Mapping[str, str]
) -> list[Figure]:
    """Tell the imports of each program beyond the foundation, and our own among them."""
    found = alternate(list(programs), rounds, lambda name: profile(programs[name], environment))
    base = found[FOUNDATION][0]
    figures: list[Figure] = []
    for name, runs in found.items():
        if name in {FOUNDATION, NOTHING}:
            continue
        times = {
            module: median([run[module] for run in runs if module in run], float)
            for module in runs[0]
        }
        beyond = {module: took for module, took in times.items() if module not in base}
        packages: defaultdict[str, float] = defaultdict(float)
        for module, took in beyond.items():
            packages[module.partition(".")[0]] += took
        ours = {each: took for each, took in beyond.items() if each.partition(".")[0] == OURS}
        total = sum(times.values())
        figures += [
            Figure(
                what=f"{name}: {what}",
                contender=part,
                value=took,
                unit="ms",
                note=f"{took / total:.1%} of all imports",
            )
            for what, parts in (("packages beyond", packages), ("own modules", ours))
            for part, took in sorted(parts.items(), key=lambda item: -item[1])[:LISTED]
        ]
    return figures


def main() -> None:
    """Read the command line, measure, and print."""
    reading = parser(__doc__, rounds=15)
    reading.add_argument("--instructions", action="store_true", help="needs valgrind, is slow")
    reading.add_argument("--profile", action="store_true", help="time of our own modules")
    given = reading.parse_args()
    commands = _COMMANDS if installed("click") and installed("rich") else {}
    peers = _PEERS if installed(PEER) else {}
    programs = {**_OWN, **commands, **peers}
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory() as compiled:
        # Bytecode of this run alone: files beside the sources may be old, or not be there.
        environment = {
            "PYTHONHASHSEED": "0",
            "PYTHONPYCACHEPREFIX": compiled,
            "PYTHONDONTWRITEBYTECODE": "",
        }
        for program in programs.values():
            start(program, environment)
        rows += measure_starts(programs, given.rounds, environment)
        if given.instructions:
            rows += measure_instructions(programs, environment)
        if given.profile:
            own = {**_OWN, **commands}
            del own[NOTHING]
            rows += measure_profile(own, given.rounds, environment)
    if not peers:
        rows += [absent("CPU", name, PEER) for name in _PEERS]
    if not commands:
        rows += [absent("CPU", name, "click", "rich") for name in _COMMANDS]
    report = Report(
        "the cost of a start",
        versions(PEER, "click"),
        machine(),
        {"rounds": given.rounds, "reference": FOUNDATION},
        rows,
    )
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
