"""Pacing: interactive calls go at once, bulk calls at a rate just below the server's limit.

**What servers do.** A limit is a number of calls in a stretch of time, kept in one of four ways: a
counter that starts again at fixed times; a counter that starts again with the first call after a
pause; a look back over the last stretch; a bucket that fills evenly. A call beyond it is answered
with 429, sometimes with the time of the reset. The limit itself is not stated. Other processes may
use a part of it, or have used all of it before our first call. Now and then a server refuses a call
although there is no limit.

**What a refusal proves.** Only: not now. The size of the limit shows in a *cycle*, the time from
one opening of the gate to the next, and only if bulk calls were held back all through it: then the
server decided their number, and not our demand. The calls taken before the first opening may be the
rest that other processes have left, and show nothing.

**The gate** (``gate.py``) is for all calls of a limit group. A refusal closes it, unless a call
that was sent later has been taken, or the next answer tells soon: because many calls are in flight,
or because the rate is known and the next slot is at hand. The first
call taken that was sent after the last one refused opens it. While it is closed, single calls look
at distances that grow to five seconds, also behind a stated wait: servers state hours and recover
in seconds, and clocks differ.

**The rate** (``phases.py``) is for bulk calls alone: it says how far apart their slots are
(``spacing.py``). Interactive calls wait for the gate and for nothing else, and use up slots.

=========  ====================================================================================
Seeking    no limit was met: double while the rate holds calls back; after a refusal two calls a
           round trip, until the gate is open for certain
Stream     a short window, a look back or a bucket: 2 % below the rate that was refused, back to
           it over some periods, then beyond it in steps that double. A single refusal costs its
           call and lowers the rate; only two in a row close the gate, because a pause and the
           calls caught up after it are refused by servers that want even calls. The rate was
           right if the server has taken no more since the last refusal than it allows: a bucket
           saves up what a pause has left
Windowed   a window of five seconds or more whose reset is known: its quota at even distances, so
           that it is used up just before the reset; and three calls more, the same for all
           sessions. Where several use up a window together, each loses in proportion to its quota
           and gains as much as the others, so that quotas become equal. A session that comes seeks
           faster than others go, so they keep half of their quotas at least. The rest of a window
           is lost at the reset anyway, so its end is the moment to find out whether there is more:
           it costs a refusal or two, and keeps others waiting for a hundredth of the window. Each
           reset that is seen narrows what is known of the next (``resets.py``), so that no look
           comes long before it. After a window that took more than its quota, a
           fifth of the next one is sent at once: a server that refuses a part of that counts
           shorter windows
=========  ====================================================================================

An expected limit is a window that was not met. If others use it up before our part of it was sent,
the next one begins at a rate lower by the square of the part that was open: all of them were too
fast by that part, and interactive calls do not slow down. More calls in one window than expected
show that the expectation is wrong.

Even distances leave others a call at any time. A run whose last calls fit into the rest of the
present window sends them at once.

**The line** (``line.py``): interactive calls first, each kind in the order in which the calls
began; a call that was refused goes back to its place and not to the end. A call is sent away at
once if it cannot be served before its deadline, because of a wait that the server has stated or of
the speed at which a line that never empties moves. A run's own rate and share (``allowance.py``)
hold for that run, beside those of others.

Gate, phases and line are plain arithmetic over times that they are told. ``LimitGroup`` and
``Pacing`` (``limit_group.py``) put them to work for the tasks of an event loop.
"""

from __future__ import annotations

from .allowance import RunAllowance
from .limit_group import Learned, LimitGroup, Pacing, Wait
from .line import Line, Waiter
from .pace_state import PaceState
from .pacer import GroupPacer
from .rate import FixedRate

__all__ = [
    "FixedRate",
    "GroupPacer",
    "Learned",
    "LimitGroup",
    "Line",
    "PaceState",
    "Pacing",
    "RunAllowance",
    "Wait",
    "Waiter",
]
