"""Drives rows through a job: plan, send, settle rows in doubt, record.

A row goes from the ledger through the plan to one of a fixed number of workers. Before that, and
while the rows in front of it are sent, its user is looked up if it names an address. Rows of one
user are sent one after the other, in the order of the source. The outcome of a row is recorded in
the ledger, and the report is made from the ledger.

Intents are recorded before the requests. Where a second request would do harm, the intent of a row
is recorded right before its request, so that only rows in flight are in doubt after a kill. Where
it would not, the intents of a group are recorded together when the group is handed out, which costs
a fraction; rows that were not sent are set back to pending when the run ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from enum import IntEnum
from typing import Any, Final, TypeAlias

import anyio
import msgspec

from ..errors import (
    ClosedError,
    FronteggError,
    NotFoundError,
    OutcomeUnknownError,
    ResponseDecodeError,
)
from ..models.users import User
from ..session import Session
from .chunk_reader import Chunk, ChunkReader
from .jobs.job import Job
from .late_writes import LateWrites
from .ledger.invites import Invites
from .ledger.ledger import Ledger
from .ledger.records import Entry, LedgerRow, State
from .ledger.writer import LedgerWriter
from .loader import Loader
from .planner import Planner
from .row_queue import RowQueue
from .row_sender import EngineObserver, Reader, Sending, sending_of
from .settings import RunOptions
from .stop_conditions import FATAL, OutageWatch, is_left_to_next_run
from .user_lookup import UserLookup
from .user_reader import read_user

_CONFLICTS: Final = frozenset({400, 409})
"""Statuses of a duplicate add (docs/frontegg.md: a guess); a 400 may also say something else."""
LATE_COMMIT_S: Final = 3.0
"""Seconds after which a write that got no response is looked for a second time."""
MAX_UNPROVEN: Final = 3
"""Times that a row is sent while its responses have a success status and do not prove it."""
GRACE_S: Final = 8.0
"""Seconds that rows in flight get to end after a run was asked to stop."""
Row: TypeAlias = LedgerRow[Any]

_IN_FLIGHT_BEFORE: Final = "it was in flight when an earlier run ended"


class _Seen(IntEnum):
    """The part of a row that a read of its user shows to be done."""

    NOTHING = 0
    BEGUN = 1
    """The part that must not be sent twice is done."""
    HELD = 2


class Engine:
    """Runs a job over the rows of a ledger that are pending.

    Attributes:
        stopped: the error that ended the run early, or None.
    """

    def __init__(
        self,
        view: Session,
        job: Job[Any],
        ledger: Ledger,
        recorder: LedgerWriter,
        options: RunOptions,
        observer: EngineObserver,
        loader: Loader,
    ) -> None:
        self._loader: Final = loader
        self._view: Final = view
        self._allowance: Final = view.allowance
        reader = Reader(view, observer)
        self._reader: Final = reader
        self._job: Final = job
        self._recorder: Final = recorder
        self._options: Final = options
        self._observer: Final = observer
        self.planner: Final = Planner(reader, job, options.plan)
        self._repeatable: Final = job.repeatable
        self._replicated: Final = recorder.replica is not None
        self._sending: Final = sending_of(job, fenced=self._replicated)
        self._late: Final = LateWrites(view.clock)
        self._invites: Final = Invites(view.clock, job.invites_to)
        self._ledger: Final = ledger
        lookup = UserLookup(reader, ledger, recorder.run, options.workers)
        self._chunks: Final = ChunkReader(ledger, recorder.run, lookup, loader)
        self._lookup_errors: Final[dict[int, FronteggError]] = {}
        self._after = -1
        self._queue: Final = RowQueue(options.workers)
        self._scope: anyio.CancelScope | None = None
        self._taking: anyio.CancelScope | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._outage: Final = OutageWatch(options.workers)
        self.stopped: FronteggError | None = None

    @property
    def stopping(self) -> bool:
        """True once no more rows are taken."""
        return self._queue.stopped

    def stop(self) -> None:
        """Take no more rows. Rows in flight get some seconds to end."""
        if not self.stopping:
            self._queue.stop()
            self._loader.stop(at_once=False)
            if self._taking is not None:
                self._taking.cancel()
            if self._scope is not None:
                loop = asyncio.get_running_loop()
                self._grace = loop.call_later(GRACE_S, self._scope.cancel)

    async def run(self) -> None:
        """Send pending rows and rows that still come; return when none is left or the run stops.

        Raises:
            LedgerError: an outcome could not be recorded. Rows that were sent without a recorded
                outcome count as in flight for the next run.
        """
        failed: list[Exception] = []
        if not self._repeatable:
            await self._recorder.run(self._ledger.within, self._invites.load)

        async def guarded(function: Callable[[], Any]) -> None:
            try:
                await function()
            except FronteggError as error:
                self._stop_for(error)
            except Exception as error:  # noqa: BLE001  # raised below, outside of a group
                failed.append(error)
                group.cancel_scope.cancel()

        try:
            async with anyio.create_task_group() as group:
                self._scope = group.cancel_scope
                group.start_soon(guarded, self._produce)
                for _ in range(self._options.workers):
                    group.start_soon(guarded, self._work)
        finally:
            self._scope = None
            if self._grace is not None:
                self._grace.cancel()
            for row in self._queue.take_back():
                self._take_back(row)
        if failed:
            raise failed[0]
        await self._recorder.flush()

    def _stop_for(self, error: FronteggError) -> None:
        if self.stopped is None and not isinstance(error, ClosedError if self.stopping else ()):
            self.stopped = error
        self.stop()

    # Rows in

    async def _produce(self) -> None:
        """Take rows from the ledger, leave out satisfied rows, and hand out the rest."""
        while (chunk := await self._next_chunk()) is not None:
            rows = [left for row in chunk.rows if (left := await self._left_of(row))]
            self._lookup_errors.update(chunk.errors)
            self._discount(chunk.repeated)
            held = await self.planner.holding(rows, self._queue.users)
            group = self._queue.group
            for start in range(0, len(rows), group):
                await self._hand_out(rows[start : start + group], held)
            self._after = chunk.last
        self._queue.end()

    async def _next_chunk(self) -> Chunk | None:
        """Return the next rows; a look-up of their users is cancelled when the run stops."""
        chunk = None
        with anyio.CancelScope() as self._taking:
            if not self.stopping:
                chunk = await self._chunks.take(self._after)
        return chunk

    def _discount(self, repeated: int) -> None:
        """Take duplicates out of the count of rows that are still to be sent."""
        if repeated:
            self._observer.repeated(repeated)
            if self._allowance is not None:
                self._allowance.remaining -= repeated

    async def _left_of(self, row: Row) -> Row | None:
        """Return a row with the part that is left to do; end it if a later row has left none."""
        if not row.overtaken_by:
            return row
        left = self._job.left_of(row.row)
        if left is None:
            state = State.UNKNOWN if row.in_doubt else State.FAILED
            reason = f"not sent again: {_later_row(row)} was done, and would be undone"
            await self._end(row, Entry(row.line, state, reason=reason))
            return None
        return msgspec.structs.replace(row, left=left)

    async def _hand_out(self, rows: Sequence[Row], held: Collection[int]) -> None:
        if not await self._queue.room():
            return
        for row in rows:
            if row.line in held:
                # A row that was in flight when a run died was done by that run.
                state = State.DONE if row.in_doubt else State.ALREADY
                await self._end(row, Entry(row.line, state))
        self._after = rows[-1].line
        self._loader.reached(self._after)
        rows = [row for row in rows if row.line not in held]
        if not rows:
            return
        if self._repeatable:
            try:
                await self._recorder.intend(rows[0].line, rows[-1].line)
            except asyncio.CancelledError:
                for row in rows:
                    self._take_back(row)
                raise
        self._queue.put(rows)

    def _take_back(self, row: Row) -> None:
        # A row that an earlier run left in flight stays in doubt until it is settled.
        if not row.in_doubt:
            self._recorder.take_back(row.line)

    async def _work(self) -> None:
        queue, more = self._queue, True
        while more:
            while (row := queue.take()) is not None:
                try:
                    await self._do(row)
                finally:
                    queue.done(row)
            more = await queue.more()

    # A row

    async def _do(self, row: Row) -> None:
        """Make the change of a row, and record its outcome.

        Nearly every row goes straight through: its user is known, and it may be sent again
        unnoticed. ``_execute`` and ``_recover`` are for all others.
        """
        kind, resend = self._sending, self._options.resend
        sending = kind(self._view, self._recorder, self._observer, self._late, row, resend=resend)
        user_id = row.user_id
        try:
            if user_id is None or row.follows or not self._repeatable:
                entry = await self._execute(row, user_id, sending)
            else:
                try:
                    answer = await self._job.send(sending, row.wish, user_id)
                except FronteggError as error:
                    entry = await self._recover(row, user_id, sending, error)
                else:
                    entry = sending.entry(answer)
        except FronteggError as error:
            await self._fail(row, sending, error)
        except BaseException:
            if not sending.in_flight:
                self._take_back(row)
            raise
        else:
            self._outage.responded()
            if row.overtaken_by and entry.reason is None:
                reason = f"except for the part that {_later_row(row)} has replaced"
                entry = msgspec.structs.replace(entry, reason=reason)
            held_back = self._record(row, entry, sending)
            if held_back is not None:
                await held_back

    async def _fail(self, row: Row, sending: Sending, error: FronteggError) -> None:
        """Record the outcome of a row that failed; raise the error if it ends the run."""
        if is_left_to_next_run(error):
            if not sending.in_flight:
                self._take_back(row)
            raise error  # the row stays as it is in the ledger, for the next run
        in_doubt = self._is_in_doubt(row, sending, error)
        shown = OutcomeUnknownError.after(error) if in_doubt else error
        entry = Entry(
            row.line,
            State.UNKNOWN if isinstance(shown, OutcomeUnknownError) else State.FAILED,
            shown.status or 0,
            sending.attempts,
            shown.trace_id,
            str(shown),
            shown.error_code,
        )
        await self._end(row, entry, sending)
        is_outage = self._outage.is_outage(shown, in_doubt=sending.in_doubt)
        if is_outage or isinstance(shown, FATAL):
            raise error

    async def _execute(self, row: Row, user_id: str | None, sending: Sending) -> Entry:
        """Make the change of a row, and return the entry for its outcome."""
        if user_id is None:
            error = self._lookup_errors.pop(row.line)
            # A row that an earlier run left in flight may have been done.
            raise OutcomeUnknownError.after(error) if row.in_doubt else error.again()
        if row.follows:
            await self._late.passed(user_id)
        if self._repeatable:
            begun = self._options.plan != "never" and await self._begun(row, user_id)
            return await self._write(row, user_id, sending, begun=begun)
        invited = self._invites.state_of(row)
        if row.in_doubt and self._replicated:
            return await self._resume(row, user_id, sending)
        if (row.in_doubt or invited is State.UNKNOWN) and not self._options.resend:
            why = _IN_FLIGHT_BEFORE if row.in_doubt else "an earlier row may have sent the invite"
            return await self._settle(row, user_id, sending, OutcomeUnknownError(why))
        begun = invited in {State.DONE, State.ALREADY}
        return await self._write(row, user_id, sending, begun=begun)

    async def _resume(self, row: Row, user_id: str, sending: Sending) -> Entry:
        """Do the rest of a row that a lost attempt had in flight, after that had its time.

        A claim lets its next attempt begin only then (``bulk.partition``), so what a read does not
        show was not done.

        Raises:
            OutcomeUnknownError: the user cannot be read.
        """
        try:
            begun = False
            try:
                user = await read_user(self._reader, user_id)
                if not row.follows and self._job.holds(row.wish, user):
                    return Entry(row.line, State.DONE, 0, sending.attempts)
                begun = self._shows_begun(row, user)
            except NotFoundError:
                if self._job.holds_without_user:
                    return Entry(row.line, State.DONE, 0, sending.attempts)
            return await self._write(row, user_id, sending, begun=begun)
        except FATAL:
            raise
        except FronteggError as error:
            if error.operation == self._job.operation.name or is_left_to_next_run(error):
                raise
            raise OutcomeUnknownError.after(error) from None

    async def _write(
        self, row: Row, user_id: str, sending: Sending, *, begun: bool = False
    ) -> Entry:
        """Send a row, or only the rest of it if it has begun, until its outcome is known."""
        job = self._job
        try:
            answer = await (job.finish if begun else job.send)(sending, row.wish, user_id)
        except FronteggError as error:
            return await self._recover(row, user_id, sending, error, begun=begun)
        return sending.entry(answer)

    async def _recover(
        self,
        row: Row,
        user_id: str,
        sending: Sending,
        error: FronteggError,
        *,
        begun: bool = False,
    ) -> Entry:
        """Return the entry of a row that failed and may be done all the same, or raise the error.

        Its rest is sent if there is one, and all of it where that is allowed.
        """
        if is_left_to_next_run(error):
            raise error
        if self._is_in_doubt(row, sending, error) and not self._counts_as_done(error):
            return await self._settle(row, user_id, sending, error, begun=begun)
        if not await self._begun_before(row, user_id, error):
            raise error
        return await self._write(row, user_id, sending, begun=True)

    async def _begun_before(self, row: Row, user_id: str, error: FronteggError) -> bool:
        """Return whether an error only says that there was nothing to do."""
        if not self._may_mean_done(error):
            return False
        if error.status in _CONFLICTS and self._options.conflicts == "failed":
            return False
        return self._counts_as_done(error) or await self._begun(row, user_id)

    def _may_mean_done(self, error: FronteggError) -> bool:
        """Return whether an error may mean that the row was satisfied before."""
        job = self._job
        return error.operation == job.operation.name and error.status in job.holds_already

    def _counts_as_done(self, error: FronteggError) -> bool:
        """Return whether a conflict counts as proof, without a read of the user."""
        already = self._options.conflicts == "already"
        return already and error.status == 409 and self._may_mean_done(error)

    def _is_in_doubt(self, row: Row, sending: Sending, error: FronteggError) -> bool:
        """Return whether a row that failed may have been done, by this run or an earlier one."""
        return sending.in_doubt or (row.in_doubt and self._may_mean_done(error))

    async def _begun(self, row: Row, user_id: str) -> bool:
        """Return whether the user shows that a row has begun that this run has not sent."""
        return await self._look(row, user_id, sent=False) is not _Seen.NOTHING

    async def _look(self, row: Row, user_id: str, *, sent: bool = True) -> _Seen:
        """Return the part of a row that its user shows; nothing if the user cannot be read."""
        try:
            user = await read_user(self._reader, user_id)
        except FATAL:
            raise
        except NotFoundError:
            return _Seen.HELD if sent and self._job.holds_without_user else _Seen.NOTHING
        except FronteggError:
            return _Seen.NOTHING
        if not row.follows and self._job.holds(row.wish, user):
            return _Seen.HELD
        return _Seen.BEGUN if self._shows_begun(row, user) else _Seen.NOTHING

    def _shows_begun(self, row: Row, user: User) -> bool:
        # Reads may lag behind writes, and show a user as they were before an earlier row.
        stale = row.follows and self._job.reversible
        return not stale and self._job.begun(row.wish, user)

    async def _settle(
        self,
        row: Row,
        user_id: str,
        sending: Sending,
        error: FronteggError,
        *,
        begun: bool = False,
    ) -> Entry:
        """Read the user of a row in doubt; if the row was not done, send it again where allowed.

        A response that proves nothing came at once, from a server that works, so a row that may be
        repeated unnoticed is sent again at once. Otherwise a second read waits for a late commit.

        Args:
            row: the row that was sent.
            user_id: id of its user.
            sending: knows the operations in doubt.
            error: the reason that the row is in doubt.
            begun: True if only the rest of the row was sent, which may be repeated unnoticed.

        Raises:
            OutcomeUnknownError: no read showed that the row was done.
        """
        doubt = OutcomeUnknownError.after(error)
        again = (
            isinstance(error, ResponseDecodeError)
            and sending.unproven < MAX_UNPROVEN
            and (begun or self._repeatable)
        )
        old = _Seen.BEGUN if begun else _Seen.NOTHING
        try:
            seen = await self._look(row, user_id)
            if seen <= old and not again:
                await self._view.clock.sleep(LATE_COMMIT_S)
                seen = await self._look(row, user_id)
                if seen <= old:
                    if not self._options.resend:
                        raise doubt
                    return sending.entry(await self._job.send(sending, row.wish, user_id))
        except FATAL as fatal:
            self._stop_for(fatal)
            raise doubt from None
        if seen is _Seen.HELD:
            return Entry(row.line, State.DONE, doubt.status or 0, sending.attempts, doubt.trace_id)
        if seen > old:
            sending.settle(self._job.operation)
        return await self._write(row, user_id, sending, begun=begun or seen is _Seen.BEGUN)

    async def _end(self, row: Row, entry: Entry, sending: Sending | None = None) -> None:
        held_back = self._record(row, entry, sending)
        if held_back is not None:
            await held_back

    def _record(self, row: Row, entry: Entry, sending: Sending | None) -> Awaitable[None] | None:
        """Record an outcome; returns an awaitable where a consumer is to be waited for."""
        if not self._repeatable:
            added = sending is not None and sending.has_done(self._job.operation)
            entry = self._invites.ended(row, entry, added=added)
        self._recorder.record(entry)
        if self._allowance is not None:
            self._allowance.remaining -= 1
        return self._observer.ended(row, entry)


def _later_row(row: Row) -> str:
    return f"line {row.overtaken_by}, a later row of the same user,"
