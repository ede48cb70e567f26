"""What a session offers for many rows: ``assign`` for memberships, ``map`` for anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Final, Generic, TypeVar

import msgspec

from ..errors import FronteggError
from ..session import Session
from .assign import AssignRun
from .failures import FailuresFile
from .outcome import Progress, Report
from .sources import Source, rows_of
from .workers import SharedSource, check_workers, run_workers

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

DEFAULT_WORKERS: Final = 64


class Mapped(msgspec.Struct, Generic[ItemT, ResultT], frozen=True, kw_only=True):
    """What became of one item: ``value``, or ``error``.

    Args:
        item: the item.
        value: what the coroutine returned, or None if it failed.
        error: what it raised, or None.
    """

    item: ItemT
    value: ResultT | None = None
    error: FronteggError | None = None


class Bulk:
    """Bulk work on a session, with a fixed number of workers."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def assign(
        self,
        source: Source,
        *,
        invite: bool = False,
        validate_tenants: bool = False,
        workers: int = DEFAULT_WORKERS,
        failures: str | os.PathLike[str] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> Report:
        """Make users members of tenants, row by row, and report what became of every row.

        A row that fails does not stop the run; credentials that are refused do, and the rows
        that are left are then reported as skipped. Running the same source again is harmless
        as long as no invites are asked for.

        Args:
            source: path of a ``.csv``, ``.jsonl``, ``.ndjson`` or ``.parquet`` file with
                ``tenant_id``, ``user_id`` or ``email``, and perhaps ``set_active`` (camelCase is
                read too); or an iterable or async iterable of ``Assignment``.
            invite: whether Frontegg sends each new member an invite e-mail.
            validate_tenants: whether an unknown tenant is refused; Frontegg creates it if not.
            workers: rows under way at the same time.
            failures: file to write every row to that was not done, to be fed back in.
            on_progress: called after each row with the counts so far, always the same object.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            ConfigurationError: ``failures`` cannot be written.
            AuthenticationError: the credentials are refused; no row was touched.

        POST /identity/resources/users/v1/{userId}/tenant, for each row
        """
        check_workers(workers)
        rows = SharedSource(rows_of(source))
        view = self._session.for_bulk()
        try:
            file = None if failures is None else FailuresFile(failures, source)
            # Before the first row, so that refused credentials are an error and not a report.
            await view.token_info()
            run = AssignRun(
                view,
                rows,
                invite=invite,
                validate_tenants=validate_tenants,
                failures=file,
                on_progress=on_progress,
            )
            try:
                return await run.run(workers)
            finally:
                if file is not None:
                    file.close()
        finally:
            await rows.close()

    async def map(
        self,
        function: Callable[[ItemT], Awaitable[ResultT]],
        items: Iterable[ItemT] | AsyncIterable[ItemT],
        *,
        workers: int = DEFAULT_WORKERS,
    ) -> AsyncIterator[Mapped[ItemT, ResultT]]:
        """Call a coroutine function for every item, and iterate over what becomes of them.

        Results come in the order in which they are ready. Calls are made only as fast as the
        results are taken. Errors of this package are results; any other exception ends it.

        Args:
            function: takes an item, such as ``frontegg.users.lock``. Take it from
                ``frontegg.for_bulk()`` if it should wait out rate limits of minutes.
            items: what to call it with.
            workers: calls under way at the same time.
        """
        check_workers(workers)
        ready: asyncio.Queue[Mapped[ItemT, ResultT] | None] = asyncio.Queue(workers)
        source = SharedSource(items)

        async def handle(item: ItemT) -> None:
            try:
                mapped = Mapped[ItemT, ResultT](item=item, value=await function(item))
            except FronteggError as error:
                mapped = Mapped[ItemT, ResultT](item=item, error=error)
            await ready.put(mapped)

        async def produce() -> Exception | None:
            try:
                await run_workers(source, handle, workers)
            except Exception as error:  # noqa: BLE001  # raised below, in the caller's task
                failed: Exception | None = error
            else:
                failed = None
            await ready.put(None)
            return failed

        # A plain task, because a task group must not stay open across a yield.
        producer = asyncio.create_task(produce(), name="frontegg_async bulk.map")
        try:
            while (mapped := await ready.get()) is not None:
                yield mapped
            failed = await producer
            if failed is not None:
                raise failed
        finally:
            producer.cancel()
            await asyncio.wait((producer,))
            await source.close()
