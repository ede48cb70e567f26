"""Kills of a run inside the process, with the files that a SIGKILL would leave."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from frontegg_async import FronteggError, FronteggSession, Report
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.emulator import Emulator

from .clocks import LeapingClock
from .sessions import API_KEY


class Commits:
    """The commits of every ledger: none while files are copied, and a trap at one of them."""

    def __init__(self) -> None:
        self.lock: Final = threading.Lock()
        self._left = 0
        self._snap: Callable[[], object] | None = None

    def set(self, after: int, snap: Callable[[], object]) -> None:
        """Call ``snap`` in the place of the commit that is this many further on, and then do it."""
        self._left, self._snap = after, snap

    def disarm(self) -> None:
        """Remove the trap."""
        self._snap = None

    @contextmanager
    def installed(self) -> Generator[None]:
        """Put it around the transactions of the package, for as long as this lasts."""
        original: Any = Ledger._transaction
        commits = self

        @contextmanager
        def transaction(self: Ledger) -> Generator[None]:
            with commits.lock:
                if commits._snap is not None:
                    commits._left -= 1
                    if commits._left <= 0:
                        snap, commits._snap = commits._snap, None
                        snap()
                with original(self):
                    yield

        Ledger._transaction = transaction  # type: ignore[method-assign]
        try:
            yield
        finally:
            Ledger._transaction = original  # type: ignore[method-assign]


class Death:
    """One run that may be killed. ``left`` is a copy of its ledger from that moment."""

    def __init__(self, server: Emulator, clock: LeapingClock, ledger: Path) -> None:
        self._server: Final = server
        self._clock: Final = clock
        self._ledger: Final = ledger
        self._session: FronteggSession | None = None
        self._task: asyncio.Task[Report] | None = None
        self.happened = False
        self.left: Final = ledger.with_name(f"{ledger.name}x")

    async def run(self, work: Callable[[FronteggSession], Any]) -> Report | None:
        """Run to the end and return the report, or None if it was killed."""
        async with FronteggSession(
            client_id=self._server.client_id,
            api_key=API_KEY,
            base_url=self._server.url,
            clock=self._clock,
        ) as session:
            self._session = session
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(work(session))
            try:
                with suppress(asyncio.CancelledError, FronteggError):
                    return await self._task
            finally:
                if self.happened:
                    # It counts as closed already, so nothing else closes it.
                    assert session._sender is not None
                    await session._sender.core.close()
            error = None if self._task.cancelled() else self._task.exception()
            if error is not None and not self.happened:
                raise error
        return None

    def cancel(self) -> None:
        """Cancel the run as a program would; it may still write."""
        assert self._task is not None
        self._task.cancel()

    def kill(self) -> None:
        """Kill it: keep the files as they are now, and let nothing more be sent."""
        assert self._session is not None
        assert self._session._sender is not None
        assert self._task is not None
        self._session._sender.core.closed = True
        self.happened = True
        for suffix in ("", "-wal"):
            file = Path(f"{self._ledger}{suffix}")
            if file.exists():
                shutil.copyfile(file, f"{self.left}{suffix}")
        self._loop.call_soon_threadsafe(self._task.cancel)
