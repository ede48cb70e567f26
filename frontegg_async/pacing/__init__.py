"""How fast to send: finding a server's limit by itself, and staying just below it.

**What servers do.** A limit is a number of calls in a stretch of time, kept in one of four ways: a
counter that starts again at fixed times; a counter that starts again with the first call after a
pause; a look back over the last stretch; a bucket that fills evenly. What is over the limit is
answered with 429, sometimes with the time of the reset. Frontegg's gateway names that time
(``X-Rate-Limit-Reset``), its upstreams do not, nobody names the limit, and other clients may use
up a part of it (docs/frontegg.md, "Rate limits").

**What all four have in common.** A stream of calls at even distances, a little slower than limit
over stretch, is refused by none of them. So two numbers are enough: the **rate** to send at, and
the **period**, the time that the server needs to show us that a rate was too high. No kind has to
be told from another, and no window has to be aimed at. Even distances also leave the others who
share the limit, such as the customer's own web application, a call at any time; a burst at each
reset would finish no sooner in the long run and would lock them out until the next.

**What we see.** For every call, when it was sent, and whether it was taken or refused.

**What follows.**

1. A refusal closes a gate for everybody. What is in flight tells, at no cost, whether the server
   takes calls again: a call taken that was sent after the last one refused opens it. If nothing
   is in flight, single calls look, at distances that grow; a stated time is waited for instead.
2. While the gate is closed the server has given all that it has. So the calls taken from one
   opening to the next, over the time between, *are* the limit, whatever its kind. Where that is
   well below our rate, it becomes our rate. Two openings are enough, with or without headers.
3. Otherwise we were right but for a trifle, and go 2 % slower. Only once for each time that the
   gate closes, and not for calls that were sent before.
4. Every refusal is paid for by calm: the rate creeps back to where it was refused over five
   seconds, sixty calls or two and a half periods, whichever is longest. Nothing happens there if
   the limit is still the same, except one refusal; if it has gone up, the excess over the old
   limit doubles every 0.6 periods, so that ten times the limit is found in about six periods.
   That is how 429s stay rare without giving up hope.
5. A group that was never refused starts bulk calls at fifty a second and doubles twice a second,
   as long as the pacing is what holds them back. Interactive calls are not held back before a
   first refusal: nobody's page waits for a limit that may not be there.
6. A stated wait is kept, up to a cap. One below two seconds counts only where windows are long:
   resets and ``Date`` have whole seconds, which in a window of one second says nothing.
7. Bulk calls can be held to a share of the rate. Less than the limit is never refused, so nothing
   would be learned any more; now and then they use all of it, until the next refusal.
8. Calls wait in a line whose head alone asks for a slot. Slots handed out in advance would go on
   for as long as the line after the limit was found.

``GroupPacer`` is this, as plain arithmetic over times that it is told. ``Pacing`` and ``Group``
are the line in front of it, for asyncio.
"""

from __future__ import annotations

from .line import Group, Pacing
from .pacer import FixedRate, GroupPacer, PaceState

__all__ = ["FixedRate", "Group", "GroupPacer", "PaceState", "Pacing"]
