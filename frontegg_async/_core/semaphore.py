"""Limits the calls in flight to the number of connections; the rest wait in order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final


class ConnectionSemaphore:
    """A semaphore, first come, first served.

    ``asyncio.Semaphore`` does the same, but acquiring and releasing without a wait costs it two
    coroutines and two generators, and nearly every call finds a connection free. Here that is an
    addition: a connection that is given back goes straight to the task that has waited longest,
    so a free one is never promised to another task.

    Attributes:
        free: connections that are not in use.
    """

    __slots__ = ("_line", "free")

    def __init__(self, number: int) -> None:
        self.free = number
        self._line: Final[deque[asyncio.Future[None]]] = deque()

    def take(self) -> bool:
        """Take a connection, or return False if none is free."""
        if self.free:
            self.free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Wait for a connection, which is then taken."""
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except BaseException:
            # Also of a coroutine that is closed by hand.
            if turn.done() and not turn.cancelled():
                self.give_back()  # the connection came together with the cancellation
            elif turn in self._line:
                self._line.remove(turn)
            raise

    def give_back(self) -> None:
        """Give a connection to the task that has waited longest, or leave it free."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
