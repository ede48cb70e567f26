"""How faults are dealt out: what a fault is, and the injection that lets it strike."""

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar

from .http.response import Response

__all__ = ["Fault", "Injection"]


class Fault:
    """What can go wrong; a subclass overrides one of the two moments, or both."""

    needs_reused_connection: ClassVar[bool] = False
    """Strike only on a connection that has already served a request."""

    @property
    def commits_after(self) -> float | None:
        """Return the seconds after which the work is done although it was answered; None: never."""
        return None

    async def before(self, injection: "Injection") -> Response | None:
        """Strike before anything is done: return what to answer instead, or None to go on."""
        return None

    async def after(self, answer: Response, injection: "Injection") -> Response:
        """Strike after everything is done: return what to send in place of ``answer``."""
        return answer


@dataclass(eq=False)
class Injection:
    """A fault at work: how often it strikes, how often it struck, and the way to end it."""

    fault: Fault
    on: str | None = None
    times: int | None = 1
    every: int | None = None
    struck: int = 0
    """How many requests it has hit so far."""
    seen: int = 0
    """How many requests it could have hit so far."""
    _released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _waiting: list[tuple[int, asyncio.Event]] = field(
        default_factory=list[tuple[int, asyncio.Event]], repr=False
    )

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, or None: {self.times}")
        if self.every is not None and self.every < 1:
            raise ValueError(f"every must be at least 1, or None: {self.every}")

    @property
    def cleared(self) -> bool:
        """Whether it has been ended by :meth:`clear`."""
        return self._released.is_set()

    @property
    def spent(self) -> bool:
        """Whether it will not strike any more."""
        return self.cleared or (self.times is not None and self.struck >= self.times)

    def strikes(self, key: str | None, *, reused: bool) -> bool:
        """Decide about a request, and count it."""
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
        """Return once this many requests have been hit; at once if they already have."""
        if self.struck < struck:
            event = asyncio.Event()
            self._waiting.append((struck, event))
            await event.wait()

    def clear(self) -> None:
        """End it: strike no more, and let whatever it stalls go on."""
        self._released.set()

    async def hold(self, seconds: float | None) -> None:
        """Keep a request waiting until the time is up or the fault is cleared."""
        try:
            async with asyncio.timeout(seconds):
                await self._released.wait()
        except TimeoutError:
            pass
