"""The calls of one limit group in a fleet: a line, and the exchanges that it is served from."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from typing import Final

from .._core.clock import Clock
from ..pacing import LimitGroup, RunAllowance
from .exchanges import ExchangeStore
from .member import Member
from .news import GateNews, Grant, News

_logger: Final = logging.getLogger("frontegg_async.fleet")

LOOK_S: Final = 0.25
"""Seconds between two looks at an exchange that has no answer yet."""
PATIENCE_LOOKS: Final = 4
"""Looks in time, without an answer, after which a member goes on alone. A process that is starved
looks late, and a late look does not count: its answer may have come long ago."""
LATE_S: Final = 0.5
"""Seconds after which a look is late."""
RETRY_S: Final = 1.0
"""Seconds between two exchanges while the store does not answer."""
ERROR_RETRY_S: Final = 0.2
"""Seconds after which an exchange that failed is repeated, before the member goes on alone."""
ERRORS: Final = 3
"""Exchanges that fail, one after another, after which a member goes on alone."""
LEAVE_S: Final = 0.25
"""Seconds for which a session that is closed tries to give its slots back."""


class FleetGroup(LimitGroup):
    """The calls of one limit group of a session in a fleet.

    At most one exchange is under way. While the store does not answer, no call fails for it: the
    member paces by itself, and looks for the store every second.

    Args:
        name: name of the limit group.
        operation: name of an operation in the group.
        clock: source of the time.
        member: its pacer.
        store: where its news go.
        key: the group's name there.
        identity: the session's name there.
    """

    __slots__ = (
        "_ask_at",
        "_asked",
        "_asking",
        "_end_watch",
        "_failures",
        "_identity",
        "_key",
        "_limit",
        "_member",
        "_store",
        "_timer_to_ask",
        "_watchdog",
    )

    def __init__(
        self,
        name: str,
        operation: str,
        clock: Clock,
        member: Member,
        store: ExchangeStore,
        *,
        key: str,
        identity: str,
    ) -> None:
        super().__init__(name, operation, clock, member)
        self._member: Final = member
        self._store: Final = store
        self._key: Final = key
        self._identity: Final = identity
        self._asking: asyncio.Task[None] | None = None
        self._timer_to_ask: asyncio.Task[None] | None = None
        self._ask_at = math.inf
        self._asked = 0
        self._failures = 0
        self._watchdog: asyncio.TimerHandle | None = None
        self._limit: asyncio.Timeout | None = None
        self._end_watch: Callable[[], None] | None = None

    # Calls. Each may be the reason for an exchange.

    def try_admit(self, run: RunAllowance | None = None) -> bool:
        """Return whether a call may be sent now, which then counts as sent."""
        admitted = super().try_admit(run)
        if admitted and self._ask_at == math.inf and self._asking is None:
            self._drive()
        return admitted

    def succeeded(self, sent_at: float, exhausted: float | None = None) -> None:
        """Report a response that is no refusal."""
        super().succeeded(sent_at, exhausted)
        if self._asking is None and (self._ask_at == math.inf or self._member.urgent):
            self._drive()

    def throttled(self, sent_at: float, wait: float | None = None) -> bool:
        """Report a 429, or a 503 that states a wait; return as ``LimitGroup`` does."""
        singled_out = super().throttled(sent_at, wait)
        self._drive()
        return singled_out

    def _serve_line(self) -> None:
        super()._serve_line()
        self._drive()

    # Exchanges

    def _drive(self) -> None:
        """Exchange news if that is due, or set the timer for it."""
        if self._asking is not None or self._closed:
            return
        line = self._line
        now = self._clock.monotonic()
        at = self._member.due(now, line.waiting_interactive, line.waiting_by_bounds)
        if at <= now:
            self._stop_timer_to_ask()
            if self._end_watch is None:
                self._end_watch = self._store.watch(self._key, self._heard)
            self._asking = asyncio.create_task(
                self._ask_while_due(), name=f"frontegg_async fleet {self.operation}"
            )
            self._watch_over()
        elif at < self._ask_at - 1e-6:
            self._stop_timer_to_ask()
            self._ask_at = at
            self._timer_to_ask = asyncio.create_task(
                self._ask_after(at - now), name=f"frontegg_async fleet {self.operation}"
            )

    async def _ask_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer_to_ask = None
        self._ask_at = math.inf
        self._drive()

    def _stop_timer_to_ask(self) -> None:
        timer, self._timer_to_ask = self._timer_to_ask, None
        self._ask_at = math.inf
        if timer is not None:
            timer.cancel()

    async def _ask_while_due(self) -> None:
        """Exchange news until none are due."""
        pause = 0.0
        while not self._closed:
            if pause:
                await self._clock.sleep(pause)
            pause = await self._ask()
            now = self._clock.monotonic()
            line = self._line
            if (
                not pause
                and self._member.due(now, line.waiting_interactive, line.waiting_by_bounds) > now
            ):
                break
        self._asking = None
        self._drive()

    async def _ask(self) -> float:
        """Exchange news once; return the seconds to wait if there was no answer."""
        member, line = self._member, self._line
        asked_at = self._clock.monotonic()
        news = member.news(
            asked_at, line.waiting_interactive, line.waiting_by_bounds, line.allowances
        )
        grant = await self._exchanged(news)
        now = self._clock.monotonic()
        if grant is None:
            member.lost(news, now)
            if self._failures < ERRORS:
                return ERROR_RETRY_S
            if not member.away:
                _logger.warning("the fleet's store does not answer: limits are not shared now")
                member.go_alone(now)
                self._serve_line()
            return RETRY_S
        if member.away:
            _logger.info("the fleet's store answers again: limits are shared")
        self._failures = 0
        closed = member.closed
        member.granted(grant, asked_at, now)
        self._regard_gate(now, closed=closed)
        return 0.0

    async def _exchanged(self, news: News) -> Grant | None:
        """Return the grant for news, or None if the store does not answer."""
        self._asked += 1
        try:
            async with asyncio.timeout(None) as self._limit:
                return await self._store.exchange(self._key, self._identity, news)
        except TimeoutError:
            self._failures = ERRORS
        except Exception as error:  # noqa: BLE001  # of any store; no call fails for it
            _logger.debug("an exchange with the fleet's store failed: %s", type(error).__name__)
            self._failures += 1
        finally:
            self._limit = None  # the pause before the next one has no end to be hastened
        return None

    def _watch_over(self, asked: int = 0, looks: int = 0) -> None:
        """Look again soon if an exchange has an answer, and end one that has none for long."""
        if self._watchdog is None:
            loop = asyncio.get_running_loop()
            self._watchdog = loop.call_later(
                LOOK_S, self._look, asked or self._asked + 1, looks, loop.time() + LATE_S
            )

    def _look(self, asked: int, looks: int, late: float) -> None:
        self._watchdog = None
        if self._asking is None:
            return
        now = asyncio.get_running_loop().time()
        if asked != self._asked:
            asked, looks = self._asked, 0
        elif now < late:
            looks += 1
        if looks >= PATIENCE_LOOKS and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(now)
        self._watch_over(asked, looks)

    def _heard(self, gate: GateNews) -> None:
        """Take in a gate that was published."""
        now = self._clock.monotonic()
        closed = self._member.closed
        if not self._closed and self._member.gate_changed(gate, now):
            self._regard_gate(now, closed=closed)
            self._drive()

    def _regard_gate(self, now: float, *, closed: bool) -> None:
        # With an open gate there is no wait that any call would have to be sent away for.
        self._review_line(now, closed=closed or not self._member.closed)

    async def close(self) -> None:
        """Send all waiting calls away, end the timers, and give back what was leased."""
        await super().close()
        asking, timer = self._asking, self._timer_to_ask
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._end_watch is not None:
            self._end_watch()
        ended = [task for task in (asking, timer) if task is not None]
        for task in ended:
            task.cancel()
        if ended:
            await asyncio.wait(ended)
        if self._asked and not self._member.away:
            news = self._member.news(self._clock.monotonic(), 0, {}, [], leaves=True)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(LEAVE_S):
                    await self._store.exchange(self._key, self._identity, news)
