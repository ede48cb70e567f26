"""The measures of a scenario, and the targets that a pacing has in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from frontegg_async.pacing import FixedRate

from .simulation import MakeClient

PUBLISHED: Final = FixedRate(1_000, 60.0)
"""The general limit that Frontegg publishes, as sessions expect it before they have seen one."""
TIMEOUT: Final = 30.0
"""Seconds that an interactive call has, unless a scenario says otherwise."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The measures of one run, or their means; None where a scenario does not have them.

    Args:
        goodput: calls taken, as a share of those that the server would have taken, once settled.
        wasted: calls refused, as a share of the calls sent, once settled.
        goodput_0: the same as ``goodput``, from the first second on.
        wasted_0: the same as ``wasted``, from the first second on.
        done: seconds until the last row was done.
        ideal: the same for a greedy client that knows the limit and its windows.
        over: seconds by which ``done`` is beyond ``ideal`` + 10 % + 10 s.
        kept: the rate of calls taken, as a share of the rate without stray refusals.
        served: interactive calls served in time, as a share of all.
        failed: the others.
        excess: ``failed`` minus the share that no client can serve.
        late: interactive calls that were sent and got no answer before their deadline.
        delayed: interactive calls that took over half a second, or failed, as a share of those
            that were not refused themselves.
        median: seconds until an interactive call was served.
        p95: seconds until 95 of 100 were.
        prompt: interactive calls served within a second, as a share of all.
        used: calls of bulk clients that were taken, as a share of the limit left by others.
        jain: Jain's index of the calls taken of each client.
        windows: whole windows that passed until 80 % of a new limit was used.
    """

    goodput: float | None = None
    wasted: float | None = None
    goodput_0: float | None = None
    wasted_0: float | None = None
    done: float | None = None
    ideal: float | None = None
    over: float | None = None
    kept: float | None = None
    served: float | None = None
    failed: float | None = None
    excess: float | None = None
    late: float | None = None
    delayed: float | None = None
    median: float | None = None
    p95: float | None = None
    prompt: float | None = None
    used: float | None = None
    jain: float | None = None
    windows: float | None = None

    def of(self, measure: str) -> float:
        """Return a measure by its name; NaN where there is none."""
        value: float | None = getattr(self, measure)
        return math.nan if value is None else value


MORE_IS_BETTER: Final = frozenset(
    {"goodput", "goodput_0", "kept", "served", "prompt", "used", "jain"}
)


def mean(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the means of all measures."""
    return _summed_up(outcomes, lambda _, values: sum(values) / len(values))


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the worst of all measures."""
    return _summed_up(
        outcomes, lambda name, values: min(values) if name in MORE_IS_BETTER else max(values)
    )


def _summed_up(
    outcomes: Sequence[Outcome], summed_up: Callable[[str, list[float]], float]
) -> Outcome:
    found: dict[str, float] = {}
    for name in Outcome.__struct_fields__:
        values = [outcome.of(name) for outcome in outcomes]
        if not any(map(math.isnan, values)):
            found[name] = summed_up(name, values)
    return Outcome(**found)


class Target(NamedTuple):
    """A bound for a measure: the least where more is better, else the most.

    Args:
        measure: its name in ``Outcome``.
        bound: the bound for the mean over the seeds.
        every: True if it holds for every single seed.
        peer: kind of client whose own measure is the bound, instead of a number.
    """

    measure: str
    bound: float = math.nan
    every: bool = False
    peer: str = ""

    def met(self, means: Outcome, worsts: Outcome, peer: Outcome | None = None) -> bool:
        """Return whether it was reached; ``peer`` holds the means of the client to compare with."""
        found = (worsts if self.every else means).of(self.measure)
        bound = peer.of(self.measure) if peer is not None else self.bound
        return found >= bound if self.measure in MORE_IS_BETTER else found <= bound + 1e-9


class Family(NamedTuple):
    """Scenarios with the same measures.

    Args:
        name: of the family.
        scored: the rules of its scores.
        measures: the measures that are shown.
    """

    name: str
    scored: str
    measures: tuple[str, ...]


class Scenario(NamedTuple):
    """A situation.

    Args:
        name: of the scenario.
        family: its family.
        play: plays it once with clients of one kind, for a seed.
        targets: bounds to be reached.
        pictured: True if it is drawn in the picture of the benchmark.
    """

    name: str
    family: Family
    play: Callable[[MakeClient, int], Outcome]
    targets: tuple[Target, ...] = ()
    pictured: bool = False
