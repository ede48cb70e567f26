"""Places on the wire: as many calls as there are connections, the rest in line."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final


class ConnectionSemaphore:
    """So many places, first come, first served.

    ``asyncio.Semaphore`` means the same, but taking and giving back a place that is free costs it
    two coroutines and two generators, and nearly every call finds one free. Here that is an
    addition: a place that is given back goes to whoever waits longest without becoming free in
    between, so a free one is nobody else's.

    Attributes:
        free: places that nobody has.
    """

    __slots__ = ("_line", "free")

    def __init__(self, number: int) -> None:
        self.free = number
        self._line: Final[deque[asyncio.Future[None]]] = deque()

    def take(self) -> bool:
        """Take a place if one is free."""
        if self.free:
            self.free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Wait in line for a place, which is then taken."""
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give_back()  # the place came with the cancellation
            elif turn in self._line:
                self._line.remove(turn)
            raise

    def give_back(self) -> None:
        """Give a place to whoever waits longest, or leave it free."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
