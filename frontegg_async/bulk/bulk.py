"""The bulk work that a session offers: jobs over many rows, and ``map`` for any coroutine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar, Unpack, overload

import msgspec

from ..errors import FronteggError, InvalidRequestError
from ..session import Session
from .dry_run import DryRun, Plan
from .input.rows import Activation, Assignment, Removal, RowT, SuperuserChange
from .input.sources import Source
from .jobs.activate import Activate
from .jobs.assign import Assign
from .jobs.job import Job
from .jobs.remove import Remove
from .jobs.superuser import SetSuperuser
from .report.report import Report
from .run import BulkRun, retried
from .settings import DEFAULT_WORKERS, RunOptions, RunSettings
from .workers import SharedSource, check_workers, run_workers

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Mapped(msgspec.Struct, Generic[ItemT, ResultT], frozen=True, kw_only=True):
    """The result for one item: ``value``, or ``error``.

    Args:
        item: the item.
        value: the value that the coroutine returned, or None if it failed.
        error: the error that it raised, or None.
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
        source: Source[Assignment],
        *,
        invite: bool = False,
        validate_tenants: bool = False,
        **settings: Unpack[RunSettings],
    ) -> Report[Assignment]:
        """Make users members of tenants, row by row, and report the outcome of every row.

        Rows that are already satisfied are left alone, a row that fails does not stop the run,
        and the same call continues where an earlier one was stopped or killed. Rejected
        credentials stop it; the remaining rows are then reported as skipped.

        Args:
            source: path of a ``.csv``, ``.jsonl``, ``.ndjson`` or ``.parquet`` file with
                ``tenant_id``, ``user_id`` or ``email``, and perhaps ``set_active`` (camelCase is
                read too); or an iterable or async iterable of ``Assignment``.
            invite: True to have Frontegg send each new member an invite e-mail.
            validate_tenants: True to reject an unknown tenant, which Frontegg creates otherwise.
            settings: see ``RunOptions``.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            ConfigurationError: ``failures`` cannot be written.
            AuthenticationError: the credentials are rejected; no row was touched.
            LedgerError: the ledger cannot be used.

        POST /identity/resources/users/v1/{userId}/tenant, for each row that is not satisfied
        """
        job = Assign(invite=invite, validate_tenants=validate_tenants)
        return await self.start(job, source, **settings).wait()

    async def activate(
        self,
        source: Source[Activation],
        *,
        validate_tenants: bool = False,
        **settings: Unpack[RunSettings],
    ) -> Report[Activation]:
        """Choose the tenants that users work in; source, settings and errors as for ``assign``.

        PUT /identity/resources/users/v1/{userId}/tenant, for each row that is not satisfied
        """
        return await self.start(
            Activate(validate_tenants=validate_tenants), source, **settings
        ).wait()

    async def remove(
        self, source: Source[Removal], **settings: Unpack[RunSettings]
    ) -> Report[Removal]:
        """End memberships; source, settings and errors as for ``assign``.

        DELETE /identity/resources/users/v1/{userId} with ``frontegg-tenant-id``
        """
        return await self.start(Remove(), source, **settings).wait()

    async def set_superuser(
        self, source: Source[SuperuserChange], **settings: Unpack[RunSettings]
    ) -> Report[SuperuserChange]:
        """Give or take access to every tenant; source, settings and errors as for ``assign``.

        Deprecated by Frontegg, which no longer maintains super-users.

        PUT /identity/resources/users/v1/{userId}/superuser, for each row that is not satisfied
        """
        return await self.start(SetSuperuser(), source, **settings).wait()

    async def run(
        self, job: Job[RowT], source: Source[RowT], **settings: Unpack[RunSettings]
    ) -> Report[RowT]:
        """Run any job over rows, also one that a program declares; else as ``assign``.

        Args:
            job: ``Assign``, ``Activate``, ``Remove``, ``SetSuperuser``, or another ``Job``.
            source: rows of the job, as for ``assign``.
            settings: see ``RunOptions``.

        Raises:
            FronteggError: as for ``assign``.
        """
        return await self.start(job, source, **settings).wait()

    def start(
        self, job: Job[RowT], source: Source[RowT], **settings: Unpack[RunSettings]
    ) -> BulkRun[RowT]:
        """Return a run that can be watched row by row, and stopped.

        It begins when it is awaited (``report = await run``) or iterated over.

        Args:
            job: as for ``run``.
            source: rows of the job, as for ``assign``.
            settings: see ``RunOptions``.

        Raises:
            InvalidRequestError: a setting cannot work.
        """
        _check_given(source)
        return BulkRun(self._session, job, source, RunOptions(**settings))

    async def dry_run(
        self, job: Job[RowT], source: Source[RowT], **settings: Unpack[RunSettings]
    ) -> Plan[RowT]:
        """Return the plan of a run: read the source and its users, and write nothing.

        Args:
            job: as for ``start``.
            source: as for ``start``.
            settings: of ``RunOptions``, ``workers``, ``rate`` and ``literal_ids`` matter.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            AuthenticationError: the credentials are rejected.
        """
        _check_given(source)
        return await DryRun(self._session, job, source, RunOptions(**settings)).plan()

    @overload
    def retry(
        self, path: str | os.PathLike[str], **settings: Unpack[RunSettings]
    ) -> BulkRun[Any]: ...
    @overload
    def retry(
        self, path: str | os.PathLike[str], *, job: Job[RowT], **settings: Unpack[RunSettings]
    ) -> BulkRun[RowT]: ...
    def retry(
        self,
        path: str | os.PathLike[str],
        *,
        job: Job[Any] | None = None,
        **settings: Unpack[RunSettings],
    ) -> BulkRun[Any]:
        """Return a run over the rows of a ledger that failed or are in doubt, as ``start`` does.

        Args:
            path: the ledger.
            job: the job that it was begun for; needed if a program declares it.
            settings: see ``RunOptions``.

        Raises:
            LedgerError: there is no such ledger, it cannot be used, or a process runs on it.
        """
        settings["ledger"] = path
        return retried(self._session, path, RunOptions(**settings), job)

    async def map(
        self,
        function: Callable[[ItemT], Awaitable[ResultT]],
        items: Iterable[ItemT] | AsyncIterable[ItemT],
        *,
        workers: int = DEFAULT_WORKERS,
    ) -> AsyncIterator[Mapped[ItemT, ResultT]]:
        """Call a coroutine function for every item, and iterate over the results.

        Results come in the order in which they are ready. Calls are made only as fast as the
        results are taken. Errors of this package are results; any other exception ends it.

        Args:
            function: takes an item, such as ``frontegg.users.lock``. Take it from
                ``frontegg.for_bulk()`` if it should wait out rate limits of minutes.
            items: the arguments of the calls.
            workers: calls in flight at the same time.
        """
        check_workers(workers)
        ready: asyncio.Queue[Mapped[ItemT, ResultT] | None] = asyncio.Queue(workers)
        source = SharedSource(items)

        async def handle(item: ItemT) -> None:
            try:
                # Not ``Mapped[...](...)``, which takes longer than all else here.
                mapped: Mapped[ItemT, ResultT] = Mapped(item=item, value=await function(item))
            except FronteggError as error:
                mapped = Mapped(item=item, error=error)
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


def _check_given(source: object) -> None:
    """Raise InvalidRequestError if no source is given: a run would take that for a retry."""
    if source is None:
        raise InvalidRequestError("the source of the rows is None: give a path or rows")
