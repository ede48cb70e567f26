"""The state of a shared limit as the doubles that the script keeps, in the order of STATE."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import math
from typing import Any

from frontegg_async.fleet.shared_limit import SharedLimit
from frontegg_async.pacing.phases import Stream, Windowed
from frontegg_async.pacing.seeking import Seeking

NAN = math.nan
SEEKING = ("rate", "_doubling", "_next_doubling_at", "_doubtful")
STREAM = (
    "rate",
    "_may_be_window",
    "_grown_at",
    "_odd_calms",
    "_refused_rate",
    "_rested_rate",
    "_calm_seconds",
    "_calm_passed",
    "_doublings",
    "_rested_at",
    "_refused_in_calm",
    "_taken_at_rest",
    "_refused_since_rest",
)
RESETS = ("_at", "_error", "_seconds", "_seconds_error")
WINDOWED = (
    "_quota",
    "_disproving_quota",
    "_was_met",
    "_astray_resets",
    "_sprint_factor",
    "_sprints_to_skip",
    "_taken",
    "_taken_before",
    "_burst_until",
    "_burst_at",
    "_reset",
    "_reset_error",
    "_eased_share",
    "_over_quota_at",
)
PHASES: list[tuple[type, tuple[str, ...]]] = [
    (Seeking, SEEKING),
    (Stream, STREAM),
    (Windowed, WINDOWED),
]


def state_of(limit: SharedLimit) -> list[float]:
    """Return the state; fields of phases that it is not in are NaN, because nobody reads them."""
    gate, spacing, opening = limit._gate, limit._spacing, limit._opening
    start = limit._cycle_start
    found: list[Any] = [
        limit.now,
        limit._epoch,
        limit._front,
        limit._interactive_at,
        limit._window_reset,
        limit._windows_spared,
        limit._flight,
        limit._held,
        limit._askers,
        limit._runners,
        limit._count,
        limit._issued,
        limit._served,
        limit._sweep_at,
        gate.closed,
        gate.closed_at,
        gate.next_look_at,
        gate.looked_at,
        gate.opened_at,
        gate.stated_until,
        gate.refused_sent,
        gate.taken_sent,
        gate._look_gap,
        gate._stated_wait,
        gate._true_share,
        spacing.next_at,
        spacing.catch_up,
        spacing.idle_seconds,
        limit._held_back,
        limit._held_back_in_cycle,
        limit._one_refused,
        limit._taken,
        limit._refused,
        limit._closed_seconds,
        NAN if start is None else start[0],
        0 if start is None else start[1],
        limit._cycle_from_opening,
        limit._refused_at_cycle_start,
        opening is not None,
    ]
    if opening is None:
        found += [NAN] * 7
    else:
        found += [
            opening.closed_at,
            opening.last_refused,
            opening.sent_at,
            opening.reset,
            opening.at,
            opening.taken,
            opening.recent_rate,
        ]
    found += [
        limit._taken_at_opening,
        limit._next_tick_at,
        limit._answers.mean,
        limit._answers.usual,
        limit._survey_at,
    ]
    phase = limit._phase
    found += [[kind for kind, _ in PHASES].index(type(phase)), phase.period]
    resets = phase._resets if isinstance(phase, Windowed) else None
    for kind, names in PHASES:
        if kind is Windowed:
            found += [NAN if resets is None else getattr(resets, name) for name in RESETS]
        found += [getattr(phase, name) if isinstance(phase, kind) else NAN for name in names]
    for cap in limit._caps.kept:
        found += [cap.rate, cap.share, cap.next_at]
    for mark in limit._marks:
        found += mark
    return [float(value) for value in found]


def members_of(limit: SharedLimit) -> dict[str, list[float]]:
    """Return the records of the members."""
    return {
        name: [float(getattr(member, field)) for field in member.__struct_fields__]
        for name, member in limit._members.items()
    }


def difference(ours: list[float], theirs: list[float]) -> float:
    """Return the largest difference of two lists of doubles; infinity if one is longer.

    NaN on our side stands for a number that is not read.
    """
    if len(ours) != len(theirs):
        return math.inf
    found = 0.0
    for own, other in zip(ours, theirs, strict=True):
        if own != other and own == own:
            gap = abs(own - other)
            found = max(found, gap if gap == gap else math.inf)
    return found
