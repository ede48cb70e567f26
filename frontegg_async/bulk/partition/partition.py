"""A partition: a job on a table of rows, as a value that engines pickle and call on their workers.

    table of rows ──▶ Partition, on a worker ──▶ table of outcomes, one row for each row

A partition that is run again reads what holds, so running it again is how it is retried. With
claims the attempts on it share what cannot be read (``claims``):

    take the claim ── finished: the outcomes are given out, nothing is sent
       │         └── another attempt goes on: wait, or ClaimBusyError
       ▼
    replay the log of earlier attempts into a ledger ── rows in flight that must not be sent twice:
       │                                                wait until their last request had its time
       ▼
    run, as any bulk run ── each record of the ledger goes into the log as well, before the requests
       ▼
    keep the outcomes in place of the log
"""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Hashable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypedDict, cast

import anyio
import anyio.to_thread
import msgspec

from ...errors import ConfigurationError, InvalidRequestError
from ...fleet.fleet import Fleet
from ...fleet.redis_fleet import RedisFleet
from ...options import Options, Region
from ...pacing.published import Plan
from ...session import Session
from ..identity import header_of
from ..input.arrow import Table, TableRows, pyarrow_for
from ..input.feeds import LOAD_ROWS
from ..jobs import JOBS
from ..jobs.job import Job
from ..late_writes import LATEST_COMMIT_S
from ..ledger.file import temporary_folder
from ..ledger.ledger import Ledger
from ..ledger.records import State
from ..report.outcome_table import AttemptFigures, Ended, RowOutcome, outcome_schema, outcome_table
from ..report.report import Report
from ..run import BulkRun
from ..settings import RunOptions
from .attempt import Attempt, Terms, take_claim
from .claim_log import Result, replay
from .claims import ClaimStore, Finished, Held, PartitionClaims, holds_password
from .identity import partition_id_of
from .process_session import ProcessSession, get_process_session

BLOCK_ROWS: Final = 10_000
"""Rows of a stream that are one partition each."""
_TURNS_ROWS: Final = 1_000
_MOST_S: Final = 1e9
"""Most seconds of a setting, some thirty years: stores take no more."""
_Said = tuple[str | None, str | None, str]


class PartitionConnection(TypedDict, total=False):
    """Arguments of ``FronteggSession.from_env`` that are no secrets. ``Session`` describes them."""

    region: Region | str | None
    base_url: str | None
    environment_id: str | None
    options: Options | None
    max_connections: int
    trust_env: bool
    limits_plan: Plan | str | None


class _OfJob(msgspec.Struct, frozen=True):
    """The one field that is given by position."""

    job: Job[Any] | str


class Partition(_OfJob, frozen=True, kw_only=True):
    """A job on a part of the rows, for engines that split rows between workers.

    It is a value that pickles, and holds no api key: each worker reads that from its environment,
    as ``FronteggSession.from_env`` does. Called with a ``pyarrow.Table`` of the job's columns, it
    returns a table with the outcome of each row (``OUTCOME_SCHEMA``). Rows that fail are outcomes.
    An error that every row would meet is raised, and running the partition again goes on.

    Args:
        job: a job such as ``Assign(invite=True)``, or the name of one without options.
        run_id: names the run, such as ``members-2026-03-31``; needed with ``claims``. In the same
            run a partition whose rows have all ended is not sent again; in another run it is.
        claims: shares what attempts on a partition know of each other; None shares nothing.
        fleet: is given to the session, so that workers share token and limits.
        connection: arguments of the session, without secrets.
        options: options of the runs. The ledger is a temporary file, there is no file of failures,
            and no progress is told.
        lease_s: seconds without a sign of life after which another attempt takes over.
        wait_s: seconds that an attempt waits for another one on the same partition to end.
        settle_s: seconds after the last possible request of a lost attempt, from which on reads
            show all that it did. More where reads lag behind writes. Only jobs that must not be
            sent twice, such as invites, wait for it.
        keep_s: seconds that a claim is kept after its last change.

    Raises:
        ConfigurationError: a setting cannot work.
    """

    run_id: str = ""
    claims: PartitionClaims | None = None
    fleet: Fleet | None = None
    connection: PartitionConnection = {}
    options: RunOptions = RunOptions()
    lease_s: float = 15.0
    wait_s: float = 60.0
    settle_s: float = LATEST_COMMIT_S
    keep_s: float = 7 * 86_400.0

    def __post_init__(self) -> None:
        if isinstance(self.job, str) and self.job not in JOBS:
            raise ConfigurationError(
                f"job must be one of {', '.join(sorted(JOBS))}, or a Job of your own, got "
                f"{self.job!r}"
            )
        if self.claims is not None and not self.run_id:
            raise ConfigurationError(
                "claims need a run_id, such as run_id='members-2026-03-31': the same rows are done "
                "once in a run"
            )
        unknown = self.connection.keys() - PartitionConnection.__optional_keys__
        if unknown:
            raise ConfigurationError(
                f"connection takes {', '.join(sorted(PartitionConnection.__optional_keys__))}, and "
                f"not {', '.join(sorted(unknown))}: workers read secrets from FRONTEGG_* in their "
                "environment"
            )
        for name in ("ledger", "failures", "on_progress"):
            if getattr(self.options, name) != getattr(RunOptions(), name):
                raise ConfigurationError(f"a partition takes no {name}: leave it out of options")
        # Written so that NaN is rejected as well.
        if not self.keep_s >= self.lease_s:
            raise ConfigurationError("keep_s must be at least lease_s")
        for name in ("lease_s", "wait_s", "settle_s", "keep_s"):
            value: Any = getattr(self, name)
            least = 0.0 if name in {"wait_s", "settle_s"} else 0.001
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not least <= value <= _MOST_S:
                raise ConfigurationError(
                    f"{name} must be a number of seconds, from {least:g} to {_MOST_S:g}, got "
                    f"{value!r}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        fleet = self.fleet
        if isinstance(fleet, RedisFleet) and holds_password(fleet.url.reveal()):
            # Its own pickle has it; a partition's lies in the store of an engine, and in its logs.
            raise TypeError(
                "the URL of the fleet holds a password, which is not pickled with a partition: set "
                "FRONTEGG_FLEET_URL in the workers' environment, and leave out fleet"
            )
        return cast("tuple[Any, ...]", super().__reduce__())

    # For engines

    def __call__(self, table: Table) -> Table:
        """Run the rows of a table, and return the table of outcomes; for threads of workers.

        Ray Data calls it in ``map_batches(partition, batch_format="pyarrow")``, Dask as any
        function. It waits; in an event loop, await ``run`` instead.

        Args:
            table: a ``pyarrow.Table`` with the columns of the job's rows, such as ``user_id`` and
                ``tenant_id``: text, and booleans for flags; null is as good as empty.

        Raises:
            InvalidRequestError: a column is missing, unknown or of another type; nothing was sent.
            ClaimError: the claim is held, lost, or its store is away; run it again.
            FronteggError: what stopped the run, such as rejected credentials or an outage.
        """
        return self._process_session().run(lambda session, store: self._run(session, store, table))

    def batches(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Run a stream of ``pyarrow.RecordBatch``, and yield batches of outcomes.

        Spark calls it in ``mapInArrow(partition.batches, OUTCOME_DDL)``. Each ten thousand rows,
        however they come, are a partition of their own, so that memory is bounded; the last one is
        shorter.

        Args:
            batches: with columns as ``__call__`` takes them.

        Raises:
            FronteggError: as ``__call__`` does.
        """
        for table in _blocks(batches):
            yield from self(table).to_batches()

    async def run(self, session: Session, table: Table) -> Table:
        """Run the rows of a table on a session of the program's own, and return the outcomes.

        Args:
            session: an open session; ``connection`` and ``fleet`` are not used.
            table: as ``__call__`` takes it.

        Raises:
            FronteggError: as ``__call__`` does.
        """
        store = None if self.claims is None else self.claims.open()
        try:
            return await self._run(session, store, table)
        finally:
            if store is not None:
                with anyio.CancelScope(shield=True):
                    await store.aclose()

    # Inside

    def _process_session(self) -> ProcessSession:
        settings = (*map(_value_of, (self.connection, self.fleet, self.claims)),)
        return get_process_session(settings, lambda: ProcessSession(self._session, self.claims))

    def _session(self) -> Session:
        settings: dict[str, Any] = dict(self.connection)
        if self.fleet is not None:
            settings["fleet"] = self.fleet
        return Session.from_env(**settings)

    async def _run(self, session: Session, store: ClaimStore | None, table: Table) -> Table:
        given = self.job
        job: Job[Any] = JOBS[given]() if isinstance(given, str) else given
        rows = TableRows(table, job.columns.kind, literal_ids=self.options.literal_ids)
        if not rows.count:
            return outcome_schema().empty_table()
        header = header_of(session, job, self.options)
        partition_id = await anyio.to_thread.run_sync(
            partition_id_of, header, self.run_id, rows.table
        )
        work = _Work(self, session, job, rows, partition_id)
        return await (work.once() if store is None else work.claimed(store))


class _Work:
    """One call of a partition."""

    def __init__(
        self,
        partition: Partition,
        session: Session,
        job: Job[Any],
        rows: TableRows,
        partition_id: str,
    ) -> None:
        self._partition: Final = partition
        self._session: Final = session
        self._job: Final = job
        self._rows: Final = rows
        self._id: Final = partition_id

    async def once(self) -> Table:
        """Run the rows without a claim."""
        folder = temporary_folder()
        try:
            report, started_at = await self._run(folder / "ledger", None)
            result, said = await anyio.to_thread.run_sync(
                self._result, folder / "ledger", report, started_at, 1
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._table(result, said)

    async def claimed(self, store: ClaimStore) -> Table:
        """Run the rows under a claim, or return the outcomes of an attempt that has ended them."""
        given = self._partition
        terms = Terms(lease_s=given.lease_s, wait_s=given.wait_s, keep_s=given.keep_s)
        found = await take_claim(store, self._id, terms)
        if isinstance(found, Finished):
            result = Result.decode(found.result)
            return self._table(result, await anyio.to_thread.run_sync(self._said))
        attempt, held = found
        try:
            return await attempt.guard(self._attempted(attempt, held))
        finally:
            with anyio.CancelScope(shield=True):
                await attempt.release()

    async def _attempted(self, attempt: Attempt, held: Held) -> Table:
        folder = temporary_folder()
        ledger = folder / "ledger"
        try:
            if held.records:
                in_flight = await anyio.to_thread.run_sync(self._replay, ledger, held.records)
                if in_flight and not self._job.repeatable:
                    left = self._partition.settle_s - held.idle_s
                    await self._session.clock.sleep(max(left, 0.0))
            report, started_at = await self._run(ledger, attempt)
            result, said = await anyio.to_thread.run_sync(
                self._result, ledger, report, started_at, held.attempt
            )
            await attempt.finish(result.encode())
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._table(result, said)

    async def _run(self, ledger: Path, attempt: Attempt | None) -> tuple[Report[Any], float]:
        """Run the rows, and return the report and the time at which it began.

        Raises:
            FronteggError: the reason that the run stopped before its last row.
        """
        options = msgspec.structs.replace(self._partition.options, ledger=ledger)
        started_at = time.time()
        report = await BulkRun(self._session, self._job, self._rows, options, attempt)
        if report.stopped is not None:
            raise report.stopped
        return report, started_at

    def _replay(self, path: Path, records: list[bytes]) -> int:
        """Write the ledger as earlier attempts left it; return the number of rows in flight."""
        header = header_of(self._session, self._job, self._partition.options)
        with closing(Ledger.begin(path, header, self._job.form)) as ledger:
            feed = self._rows.rows()
            while rows := list(islice(feed, LOAD_ROWS)):
                ledger.add(rows)
            ledger.finish_loading()
            after = -1
            # As before their outcomes: a row that ended has its turn all the same.
            while pending := ledger.pending(after, _TURNS_ROWS):
                ledger.take_turns(pending)
                after = pending[-1].line
            replay(records, ledger)
            # The attempt that had these outcomes has not reported them.
            ledger.reopen((State.FAILED, State.UNKNOWN))
            return ledger.counts(duplicates=False).get(State.IN_FLIGHT, 0)

    def _result(
        self, path: Path, report: Report[Any], started_at: float, attempt: int
    ) -> tuple[Result, list[_Said]]:
        with closing(Ledger.read(path)) as ledger:
            exported = list(ledger.export())
        statistics = msgspec.structs.replace(report.statistics, failures=())
        result = Result(
            attempt=attempt,
            ended_at=datetime.now(UTC),
            figures=AttemptFigures(
                host=self._session.base_url,
                started_at=started_at,
                elapsed_s=report.elapsed_s,
                requests=report.requests,
                throttled=report.throttled,
                duplicates=report.duplicates,
                plan=report.plan,
                statistics=statistics,
            ),
            outcomes=[
                RowOutcome(row.state, row.status, row.reason, row.error_code, row.trace_id)
                for row in exported
            ],
        )
        return result, [(row.user_id, row.email, row.own) for row in exported]

    def _said(self) -> list[_Said]:
        new = self._job.form.new
        return [new(line, row)[2:5] for line, row in self._rows.rows()]

    def _table(self, result: Result, said: list[_Said]) -> Table:
        ended = Ended(
            partition_id=self._id,
            attempt=result.attempt,
            ended_at=result.ended_at,
            job=self._job.name,
            figures=result.figures,
        )
        return outcome_table(ended, result.outcomes, said)


class _Same:
    """A setting that stays in this process, known again as the same object or an equal one."""

    def __init__(self, setting: object) -> None:
        self._setting: Final = setting

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._setting == other._setting

    def __hash__(self) -> int:
        return hash(type(self._setting))


def _value_of(setting: object) -> Hashable:
    """Return a value that is the same for copies of a setting, which engines make for each call."""
    try:
        return pickle.dumps(setting)
    except (TypeError, pickle.PicklingError, AttributeError):
        return _Same(setting)


def _blocks(batches: Iterator[Any]) -> Iterator[Table]:
    """Yield tables of ``BLOCK_ROWS`` rows, and the rest."""
    pa = pyarrow_for("read batches")
    waiting: list[Any] = []
    count = 0
    schema: Any = None
    for batch in batches:
        if not isinstance(batch, pa.RecordBatch):
            raise InvalidRequestError(
                f"a stream holds pyarrow.RecordBatch, and this is a {type(batch).__name__}"
            )
        if not batch.num_rows:
            continue
        if schema is None:
            schema = batch.schema
        elif batch.schema != schema:
            raise InvalidRequestError(
                "the batches of a stream must have the same columns and types, and differ: cast "
                "and order the columns first"
            )
        waiting.append(batch)
        count += batch.num_rows
        while count >= BLOCK_ROWS:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, BLOCK_ROWS)
            waiting = table.slice(BLOCK_ROWS).to_batches()
            count -= BLOCK_ROWS
    if count:
        yield pa.Table.from_batches(waiting)
