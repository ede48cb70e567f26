"""A run over time, in memory that does not grow with it."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ..input.rows import UserRow, columns_of
from ..outcome import RowResult

MAX_SAMPLES: Final = 240
"""Points of the timeline: when there are more, two become one that is twice as long."""
MAX_REASONS: Final = 50
"""Kinds of failure that are told apart; all further ones are counted as one."""
OTHER_REASONS: Final = "other reasons"
MAX_EXAMPLES: Final = 3
_ROW_PART: Final = re.compile(r" \([^()]*\)")
"""The part of a reason that is about one row: status, trace id and attempts, in brackets."""

LATENCY_BOUNDS_MS: Final[tuple[float, ...]] = tuple(
    factor * 10.0**power for power in range(5) for factor in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
)
"""Upper bounds of the latency histogram, in milliseconds: 1, 1.5, 2, 3, 5, 7, 10 … 70,000."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the run.

    Args:
        at: seconds from the start of the run to the start of the stretch.
        rows: rows that ended in it.
        requests: responses, or failures to get one, that came in it.
        throttled: responses in it that asked to come back later.
        limit: the limit on the job's own writes as learned by its end, in calls a second, or None
            as long as none was met.
    """

    at: float
    rows: int = 0
    requests: int = 0
    throttled: int = 0
    limit: float | None = None


class FailureGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Failures with the same reason, and a few of them."""

    reason: str
    count: int
    examples: tuple[RowResult[Any], ...]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of the server, as far as it was learned.

    Args:
        group: method and path template that it holds for.
        per_second: calls a second.
    """

    group: str
    per_second: float


class LimitWait(msgspec.Struct, frozen=True, kw_only=True):
    """The time that calls of a run waited because of a limit.

    Args:
        operation: name of the operation whose limit it is, such as ``users.add_to_tenant``.
        seconds: during which at least one call stood in line for it.
    """

    operation: str
    seconds: float


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """One run over time, without earlier runs on its ledger.

    Args:
        interval_s: seconds of each sample.
        samples: the timeline, oldest first.
        latencies: responses by ``LATENCY_BOUNDS_MS``, one more for those above the last bound.
        limits: the server's limits as learned.
        waited_s: seconds during which calls had to wait because of a limit that was met; the
            longest of ``waits``.
        failures: kinds of failure, the most frequent first.
        waits: the limits that calls waited for, the longest wait first.
        paced_s: seconds during which calls had to wait although no limit was met: for a rate of
            the run's own, or because it began gently.
    """

    interval_s: float
    samples: tuple[Sample, ...]
    latencies: tuple[int, ...]
    limits: tuple[Limit, ...]
    waited_s: float
    failures: tuple[FailureGroup, ...]
    waits: tuple[LimitWait, ...] = ()
    paced_s: float = 0.0

    @property
    def rows(self) -> int:
        """Rows that ended, without duplicates."""
        return sum(sample.rows for sample in self.samples)

    @property
    def throttled(self) -> int:
        """Responses that asked to come back later."""
        return sum(sample.throttled for sample in self.samples)

    @property
    def met_limit(self) -> bool:
        """True if the run met a limit of the server."""
        return bool(self.limits or self.waits or self.throttled)

    def quantile_ms(self, share: float) -> float | None:
        """Return the latency, in milliseconds, that this share of responses stayed below.

        None if there was no response, infinite if it is above the last bound.
        """
        total = sum(self.latencies)
        if not total:
            return None
        seen = 0
        for bound, count in zip(LATENCY_BOUNDS_MS, self.latencies, strict=False):
            seen += count
            if seen >= share * total:
                return bound
        return math.inf


class _Tally:
    """A sample in the making."""

    __slots__ = ("limit", "requests", "rows", "throttled")

    def __init__(self) -> None:
        self.rows = 0
        self.requests = 0
        self.throttled = 0
        self.limit: float | None = None

    def absorb(self, later: _Tally) -> None:
        """Take the next stretch in."""
        self.rows += later.rows
        self.requests += later.requests
        self.throttled += later.throttled
        # A limit stays learned, also in stretches in which none was noted.
        self.limit = later.limit or self.limit


class StatisticsRecorder:
    """Counts while a run goes on. Times are seconds from the start of the run."""

    def __init__(self) -> None:
        self._interval = 0.5
        self._tallies: list[_Tally] = []
        self._latencies = [0] * (len(LATENCY_BOUNDS_MS) + 1)
        # Rows come in the order of time, so nearly every one falls where the last one fell.
        self._from = self._until = 0.0
        self._current = _Tally()
        self._reasons: dict[str, tuple[int, list[RowResult[Any]]]] = {}

    def row(self, at: float) -> None:
        """Count a row that ended."""
        self._tally(at).rows += 1

    def attempt(self, at: float, seconds: float, *, throttled: bool) -> None:
        """Count an attempt that ended, and the time that it took."""
        tally = self._tally(at)
        tally.requests += 1
        tally.throttled += throttled
        self._latencies[bisect_left(LATENCY_BOUNDS_MS, seconds * 1_000.0)] += 1

    def limit(self, at: float, per_second: float | None) -> None:
        """Note the limit as it is known now."""
        self._tally(at).limit = per_second

    def failure(self, kind: str, result: RowResult[Any]) -> None:
        """Count a row that was not done, under a reason without ids and texts of its own."""
        if kind not in self._reasons and len(self._reasons) >= MAX_REASONS - 1:
            kind = OTHER_REASONS
        count, examples = self._reasons.get(kind, (0, []))
        if len(examples) < MAX_EXAMPLES:
            examples.append(result)
        self._reasons[kind] = (count + 1, examples)

    def result(
        self,
        *,
        limits: Sequence[Limit] = (),
        waited_s: float = 0.0,
        waits: Sequence[LimitWait] = (),
        paced_s: float = 0.0,
    ) -> Statistics:
        """Return the statistics of the run."""
        groups = [
            FailureGroup(reason=reason, count=count, examples=tuple(examples))
            for reason, (count, examples) in self._reasons.items()
        ]
        groups.sort(key=lambda group: (group.reason == OTHER_REASONS, -group.count))
        samples: list[Sample] = []
        limit: float | None = None
        for number, tally in enumerate(self._tallies):
            limit = tally.limit or limit
            samples.append(
                Sample(
                    at=number * self._interval,
                    rows=tally.rows,
                    requests=tally.requests,
                    throttled=tally.throttled,
                    limit=limit,
                )
            )
        return Statistics(
            interval_s=self._interval,
            samples=tuple(samples),
            latencies=tuple(self._latencies),
            limits=tuple(limits),
            waited_s=waited_s,
            failures=tuple(groups),
            waits=tuple(waits),
            paced_s=paced_s,
        )

    def _tally(self, at: float) -> _Tally:
        if self._from <= at < self._until:
            return self._current
        at = max(at, 0.0)
        number = int(at / self._interval)
        while number >= MAX_SAMPLES:
            for former, later in zip(self._tallies[::2], self._tallies[1::2], strict=False):
                former.absorb(later)
            self._tallies = self._tallies[::2]
            self._interval *= 2
            number = int(at / self._interval)
        while number >= len(self._tallies):
            self._tallies.append(_Tally())
        self._from = number * self._interval
        self._until = self._from + self._interval
        self._current = self._tallies[number]
        return self._current


def kind_of(result: RowResult[Any]) -> str:
    """Return the reason of a row without the values that are particular to the row."""
    kind = result.reason
    row: UserRow | None = result.row
    if row is not None:
        for name in reversed(columns_of(type(row)).strings):
            if value := getattr(row, name):
                kind = kind.replace(value, "…")
    return _ROW_PART.sub("", kind)
