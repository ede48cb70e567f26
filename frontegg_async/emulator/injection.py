"""Faults in general, and injections that let them strike."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from .home import Home, at_home
from .http.response import Response

__all__ = ["Fault", "Injection"]


class Fault:
    """A way for a request to go wrong; a subclass overrides ``before``, ``after`` or both."""

    needs_reused_connection: ClassVar[bool] = False
    """Strike only on a connection that has already served a request."""

    @property
    def commits_after(self) -> float | None:
        """Return the seconds from the response to the work, or None if there is no late work."""
        return None

    async def before(self, injection: "Injection") -> Response | None:
        """Strike before the work: return a response to send instead, or None to go on."""
        return None

    async def after(self, answer: Response, injection: "Injection") -> Response:
        """Strike after the work: return a response to send in place of ``answer``."""
        return answer


@dataclass(eq=False)
class Injection:
    """A fault with the requests that it strikes, counts of them, and a way to end it."""

    fault: Fault
    on: str | None = None
    times: int | None = 1
    every: int | None = None
    home: Home = field(default_factory=Home, repr=False)
    """The event loop that it runs in; for its own use."""
    struck: int = 0
    """Requests that it has struck so far."""
    seen: int = 0
    """Requests that it could have struck so far."""
    _released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _waiting: list[tuple[int, asyncio.Event]] = field(
        default_factory=list[tuple[int, asyncio.Event]], repr=False
    )

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be a positive integer or None, got {self.times}")
        if self.every is not None and self.every < 1:
            raise ValueError(f"every must be a positive integer or None, got {self.every}")

    @property
    def cleared(self) -> bool:
        """Return whether :meth:`clear` has ended it."""
        return self._released.is_set()

    @property
    def spent(self) -> bool:
        """Return whether it will strike no more."""
        return self.cleared or (self.times is not None and self.struck >= self.times)

    def strikes(self, key: str | None, *, reused: bool) -> bool:
        """Return whether a request is struck, and count it."""
        if self.on not in (None, key) or self.spent:
            return False
        if self.fault.needs_reused_connection and not reused:
            return False
        self.seen += 1
        if self.every is not None and self.seen % self.every:
            return False
        self.struck += 1
        for wanted, event in self._waiting:
            if self.struck >= wanted:
                event.set()
        return True

    async def wait(self, struck: int = 1) -> None:
        """Wait until this many requests have been struck."""
        await self.home.wait(partial(self._wait, struck))

    async def _wait(self, struck: int) -> None:
        if self.struck < struck:
            event = asyncio.Event()
            self._waiting.append((struck, event))
            await event.wait()

    @at_home
    def clear(self) -> None:
        """End it: strike no more, and let stalled requests go on."""
        self._released.set()

    async def hold(self, seconds: float | None) -> None:
        """Keep a request waiting until the time is up or the fault is cleared."""
        try:
            async with asyncio.timeout(seconds):
                await self._released.wait()
        except TimeoutError:
            pass
