"""The course of many attempts, side by side and one after the other, as that of one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from .outcome_table import AttemptFigures
from .statistics import (
    LATENCY_BOUNDS_MS,
    MAX_SAMPLES,
    FailureGroup,
    Limit,
    LimitWait,
    Sample,
    Statistics,
)

_FIRST_INTERVAL_S = 0.5


def merged_statistics(
    attempts: Sequence[AttemptFigures],
    begun: float,
    ended: float,
    failures: Iterable[FailureGroup],
) -> Statistics:
    """Return the statistics of attempts together.

    Attempts wait at the same time, so their waits do not add up. A wait is the time of all
    attempts multiplied by the part of their own time that they waited.

    Args:
        attempts: each with its own timeline.
        begun: time at which the first one began, in seconds since the epoch.
        ended: time at which the last one ended.
        failures: kinds of failure, the most frequent first.
    """
    elapsed = ended - begun
    own = sum(each.elapsed_s for each in attempts)
    share = elapsed / own if own > 0 else 0.0

    def together(seconds: Callable[[Statistics], float]) -> float:
        return share * sum(seconds(each.statistics) for each in attempts)

    waits: defaultdict[str, float] = defaultdict(float)
    limits: dict[str, float] = {}
    for each in attempts:
        for wait in each.statistics.waits:
            waits[wait.operation] += wait.seconds * share
        for limit in each.statistics.limits:
            limits[limit.group] = max(limit.per_second, limits.get(limit.group, 0.0))
    interval = _interval(attempts, elapsed)
    return Statistics(
        interval_s=interval,
        samples=tuple(_samples(attempts, begun, interval)),
        latencies=tuple(
            map(sum, zip(*(each.statistics.latencies for each in attempts), strict=True))
        )
        or (0,) * (len(LATENCY_BOUNDS_MS) + 1),
        limits=tuple([Limit(group=group, per_second=rate) for group, rate in limits.items()]),
        waited_s=together(attrgetter("waited_s")),
        failures=tuple(failures),
        waits=tuple(
            [
                LimitWait(operation=operation, seconds=seconds)
                for operation, seconds in sorted(waits.items(), key=lambda each: -each[1])
            ]
        ),
        paced_s=together(attrgetter("paced_s")),
    )


def _interval(attempts: Sequence[AttemptFigures], elapsed: float) -> float:
    """Return the seconds of a sample: none of an attempt's own is longer."""
    interval = max((each.statistics.interval_s for each in attempts), default=_FIRST_INTERVAL_S)
    while elapsed / interval >= MAX_SAMPLES:
        interval *= 2
    return interval


def _samples(attempts: Sequence[AttemptFigures], begun: float, interval: float) -> Iterable[Sample]:
    found: defaultdict[int, list[Sample]] = defaultdict(list)
    for each in attempts:
        for sample in each.statistics.samples:
            found[int((each.started_at - begun + sample.at) / interval)].append(sample)
    limit: float | None = None
    for number in range(max(found, default=-1) + 1):
        here = found[number]
        limit = max((each.limit or 0.0 for each in here), default=0.0) or limit
        yield Sample(
            at=number * interval,
            rows=sum(each.rows for each in here),
            requests=sum(each.requests for each in here),
            throttled=sum(each.throttled for each in here),
            limit=limit,
        )
