"""The figures of the phases, each with its reason."""

from __future__ import annotations

from typing import Final

START_RATE: Final = 200.0
"""Calls a second before anything is known."""
START_AGAIN: Final = 1000 / 60
"""Least calls a second after a refusal: the general published limit. A quota that others have used
up tells nothing of its size."""
DOUBLING_S: Final = 0.05
"""Seconds between two doublings at least; and two round trips, so that a refusal is heard."""
CAREFUL_DOUBLING_S: Final = 0.5
"""Seconds between two doublings after a refusal at least,"""
CAREFUL_DOUBLING_SHARE: Final = 0.35
"""and as a share of the time that the gate was closed: a window is at least as long."""
DOUBTFUL_CALLS: Final = 2.0
"""Calls a round trip, after a look was taken, until the next one is: more would be refused together
where the server takes one call now and then."""

CUT_SHARE: Final = 0.02
"""Share by which a refused rate is cut: less is refused again, more gives calls away."""
MISS_SHARE: Final = 0.02
"""A measured limit counts if it is this much below the rate; closer, measuring errs as much."""
FEW_CALLS: Final = 2.5
"""Calls, likewise: one or two are chance."""
CONFIRMED_SHARE: Final = 0.2
"""Share by which a rate must exceed the limit known for a refusal to show another one, or"""
CONFIRMED_STEP: Final = 0.125
"""else the part of the excess by which the limit is taken to be higher: a bucket has saved calls up
while the rate was below its limit, and takes them beyond it."""
CALM_S: Final = 5.0
"""Seconds to come back to a refused rate: at 100/s two calls in 500 are refused."""
CALM_CALLS: Final = 60.0
"""Calls, likewise: a limit of few calls a second must not be tried every five seconds."""
MAX_CALLS_CALM_S: Final = 12.0
"""Seconds: a small share of a limit must grow as fast as the larger ones of others."""
CALM_PERIODS: Final = 1.5
"""Periods, likewise: in a long window a refusal costs little time but is heard late."""
CALM_TRIPS: Final = 7.0
"""Round trips, likewise: calls in flight when a limit is met are refused as well."""
STEP_CALLS: Final = 0.5
"""Calls a period: the first excess over a rate that was refused before; it doubles from there. The
same for all, so that clients with a small share of a limit gain on clients with a large one."""
RISE_PERIODS: Final = 0.6
"""Periods in which the excess doubles: slower loses a raised limit, faster overshoots it."""
ENOUGH_CALLS: Final = 30.0
"""Calls that make a period even if the server's own is shorter: fewer tell nothing of a rate."""
ODD_CALMS: Final = 6
"""Calms with refusals, one after another, that show that no rate avoids them."""

LONG_WINDOW_S: Final = 5.0
"""Seconds of a window from which on its reset is aimed at."""
GAIN_CALLS: Final = 3.0
"""Calls beyond its quota for which a session goes faster in a window of a minute or more; in a
shorter one, as many a minute. The same for all: a small quota grows by more than its share."""
KEPT_SHARE: Final = 0.5
"""Share of a quota that is kept at least after a window that others used up: a client that seeks
the limit goes faster than all others, and would take all that they have."""
SPRINT_SHARE: Final = 0.012
"""The sprint: share of a window, at its end, in which more than its quota is tried."""
SPRINT_DOUBLINGS: Final = 16.0
"""Most doublings of the rate in a sprint: after a window of which little is known it is long."""
USUAL_DOUBLINGS: Final = 4.0
"""The same in a sprint of the usual length in a window that was met: the calls of the last doubling
are refused, as many as all that the sprint finds."""
EARLY_SHARE: Final = 0.03
"""Share of a window by which a quota may be used up before it: clocks and counts are a bit off."""
MIN_QUOTA_SHARE: Final = 0.1
"""Share of an expected quota that is left at least after a window that others used up."""
SPRINT_WORTH_CALLS: Final = 60.0
"""Calls that are worth a refusal or two: a window of fewer has a sprint only now and then."""
SEVERAL_CLOSED_SHARE: Final = 0.3
"""Share of a cycle that the gate was closed for, below which it may be more than one window."""
SPRINT_TRIPS: Final = 4.0
"""Least round trips of a sprint."""
LEADS: Final = 2.0
"""Times as early as expected a window may be used up, and its reset still be waited for,"""
MAX_LEAD_SHARE: Final = 0.1
"""unless that is more than this share of the window: earlier refusals are looked behind."""
SPRINT_GROWTH: Final = 4.0
"""Factor by which a sprint is longer after a window in which nothing was refused."""
MAX_SPRINT_SHARE: Final = 0.5
"""Longest sprint, as a share of the window."""
ASTRAY_SHARE: Final = 0.1
"""Share of a window by which a reset may come too early or too late."""
VAST_TRIPS: Final = 200.0
"""Round trips from which on a window is so long that a reset may be off by the errors of seeing it,
too. In a shorter one the calls in flight as it is used up are half a percent: a stream wastes less.
"""
MAX_ASTRAY: Final = 3
"""Resets astray, one after another, after which the window is given up."""
MORE_SHARE: Final = 0.05
"""Share of a quota by which a window must exceed it to be more than chance: others come and go."""
BURST_SHARE: Final = 0.2
"""Share of a quota that is sent at once where a window took more than its quota: if the server
refuses a part of that, its windows are shorter. Otherwise the rest of the quota is still spread."""
DISPROVED_QUOTAS: Final = 2.0
"""Quotas taken within one window that show that an expected limit does not exist: a window of the
server may end within ours, but no more than one."""
EXPECTED_SHARE: Final = 0.5
"""Share of a quota that was never met which the last calls of a run may use at once."""
