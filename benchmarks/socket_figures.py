"""The measures of ``bench_pacing_socket.py``, their bounds, and their sums."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from figures import Figure, number
from measuring import ratio
from socket_clients import LOOP, SDK

Measures: TypeAlias = Mapping[str, float]
"""The outcome of one run, by the names of ``MEASURES`` and ``NOTES``."""
Runs: TypeAlias = Mapping[str, Sequence[Measures]]
"""The measures of each contender, round by round."""


class Measure(NamedTuple):
    """The presentation of a measure.

    Args:
        title: its name.
        unit: of the value shown.
        times: the factor from the measured value to the one shown.
        note: the measure that is told beside it.
    """

    title: str
    unit: str = ""
    times: float = 1.0
    note: str = ""

    def shown(self, value: float | None) -> float | None:
        """Return a value as it is shown."""
        return None if value is None else self.times * value


MEASURES: Final = {
    "served": Measure("web calls served", "%", 100.0),
    "median": Measure("median of web calls", "s"),
    "p95": Measure("p95 of web calls", "s"),
    "used": Measure("share of the rest used by bulk", "%", 100.0),
    "seconds": Measure("until the last row", "s", note="ideal"),
    "kept": Measure("rows/s kept", "%", 100.0, note="rate"),
    "slow": Measure("calls delayed or failed", note="hit"),
    "failed": Measure("calls failed", "%", 100.0, note="unserved"),
    "in_doubt": Measure("writes in doubt"),
    "refused": Measure("429s, of all requests", "%", 100.0),
    "process": Measure("whole process", "s"),
    "run": Measure("without its start", "s"),
}
NOTES: Final = {
    "ideal": Measure("ideal", "s"),
    "rate": Measure("without strays", "rows/s"),
    "hit": Measure("429s sent:"),
    "unserved": Measure("nobody can serve", "%", 100.0),
}


class Target(NamedTuple):
    """A bound for the SDK: of which measure, its text, and whether measures keep to it."""

    measure: str
    text: str
    met: Callable[[Measures], bool]


def at_least(measure: str, bound: float, text: str) -> Target:
    """Return a target that a measure reaches; one that is missing does not."""

    def met(found: Measures) -> bool:
        return measure in found and found[measure] >= bound

    return Target(measure, text, met)


def at_most(
    measure: str, bound: float, text: str, *, beyond: str = "", times: float = 1.0
) -> Target:
    """Return a target that a measure keeps to; one that is missing does not.

    Args:
        measure: its name.
        bound: the most that it may be,
        text: as text.
        beyond: the measure that the bound is added to,
        times: after it was multiplied by this.
    """

    def met(found: Measures) -> bool:
        base = times * found[beyond] if beyond else 0.0
        return measure in found and found[measure] <= base + bound

    return Target(measure, text, met)


class Case(NamedTuple):
    """A situation.

    Args:
        name: of the case.
        play: plays it once with a contender.
        targets: of the SDK.
    """

    name: str
    play: Callable[[str], Measures]
    targets: tuple[Target, ...] = ()


class Scenario(NamedTuple):
    """Cases of one kind.

    Args:
        name: of the kind.
        cases: of it.
        contenders: who plays them.
        together: whether a contender plays all cases at the same time, each with processes of its
            own: none of them comes near to the capacity of a machine, and it saves minutes.
        long: whether it is played only when asked for.
    """

    name: str
    cases: tuple[Case, ...]
    contenders: tuple[str, ...] = (SDK, LOOP)
    together: bool = False
    long: bool = False


def figures(scenario: str, case: Case, runs: Runs) -> Iterator[Figure]:
    """Yield the figures of a case: one for each measure and contender."""
    targets = {target.measure: target for target in case.targets}
    for name, measure in MEASURES.items():
        if not any(name in run for turns in runs.values() for run in turns):
            continue
        for contender, turns in runs.items():
            target = targets.get(name) if contender == SDK else None
            yield Figure(
                what=f"{scenario}, {case.name}: {measure.title}",
                contender=contender,
                value=measure.shown(median(turns, name)),
                unit=measure.unit,
                ratio=to_loop(runs, name) if contender == SDK else None,
                target="" if target is None else target.text,
                met=None if target is None else all(map(target.met, turns)),
                note=_note(measure.note, turns),
            )


def _note(name: str, turns: Sequence[Measures]) -> str:
    if not name:
        return ""
    note = NOTES[name]
    return f"{note.title} {number(note.shown(median(turns, name)))} {note.unit}".rstrip()


def median(turns: Sequence[Measures], name: str) -> float | None:
    """Return the median of a measure over the rounds, or None if it is missing in one."""
    found = [turn[name] for turn in turns if name in turn]
    return statistics.median(found) if found and len(found) == len(turns) else None


def to_loop(runs: Runs, name: str) -> float | None:
    """Return the SDK's measure over the loop's; None if one is missing, or the loop's is 0."""
    ours, theirs = runs.get(SDK, ()), runs.get(LOOP, ())
    if median(ours, name) is None or not theirs or not all(run.get(name) for run in theirs):
        return None
    return ratio(ours, theirs, lambda run: run[name])
