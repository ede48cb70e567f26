"""Drives rows through a job: plan, send, settle what is in doubt, record.

A row goes from the ledger through the plan to one of a fixed number of workers. Rows of one user
follow each other in the order of the source. What a row ends in is recorded; what the ledger says
is what the run reports.

Intents go on file before anything is sent. Where a second request would do harm, that is row by
row, right before it is sent: what is in doubt after a kill is what was on its way. Where it would
not, whole groups are put on file when they are handed out, which costs a fraction; what is taken
back when the run ends is what was not sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio

from ..answer import Answer
from ..errors import (
    AuthenticationError,
    CallTimeoutError,
    ClosedError,
    ConfigurationError,
    ConnectionFailedError,
    FronteggError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    ServerError,
    ThrottledError,
    UndecodableAnswerError,
)
from ..models.users import User
from ..sender import NO_ROOM
from ..session import Session
from .entries import Entry, LedgerRow, State
from .jobs import Job
from .ledger import Ledger
from .planner import Planner
from .reading import read_user, read_user_by_email
from .recorder import LedgerRecorder
from .sending import CautiousSending, EngineObserver, Reader, Sending
from .settings import RunOptions

Step: TypeAlias = Callable[[Sending, LedgerRow, str], Awaitable[Answer | None]]
"""Does a part of a row."""

_FATAL: Final = (AuthenticationError, ClosedError, ConfigurationError, LedgerError)
"""What the next row would run into as well."""
_CONFLICTS: Final = frozenset({400, 409})
"""Statuses of a duplicate add (docs/frontegg.md: a guess); a 400 may also say something else."""
_OUTAGE: Final = (ConnectionFailedError, CallTimeoutError, ServerError)
CHUNK_ROWS: Final = 1_000
"""Rows that are taken from the ledger at a time: ten blocks to read."""
GROUP_ROWS: Final = 8
"""Rows for every worker that are handed out at a time."""
ENOUGH_ROWS: Final = 4
"""Rows for every worker that are handed out and not done, down to which no more are."""
LATE_COMMIT: Final = 3.0
"""Seconds after which a write that got no answer is looked for a second time."""
MAX_UNPROVEN: Final = 3
"""Times that a row is sent whose answers do not prove what their status says."""
OUTAGE_ROWS: Final = 20
"""Rows in a row that fail for want of a server, after which the run stops; as many as there are
workers, if those are more."""
GRACE: Final = 8.0
"""Seconds that rows under way get to end after a run was asked to stop."""


class Engine:
    """Runs a job over the rows of a ledger that are pending.

    Attributes:
        stopped: the error that ended the run early, or None.
        stopping: whether no more rows are taken.
    """

    def __init__(
        self,
        view: Session,
        job: Job,
        ledger: Ledger,
        recorder: LedgerRecorder,
        options: RunOptions,
        observer: EngineObserver,
        sleep: Callable[[float], Any],
    ) -> None:
        self._view: Final = view
        self._allowance: Final = view.allowance
        reader = Reader(view, observer)
        self._reader: Final = reader
        self._job: Final = job
        self._ledger: Final = ledger
        self._recorder: Final = recorder
        self._options: Final = options
        self._observer: Final = observer
        self._sleep: Final = sleep
        self.planner: Final = Planner(reader, job, options.plan)
        self._harmless: Final = job.harmless_twice
        self._sending: Final = Sending if job.harmless_twice else CautiousSending
        self._after = -1
        self._ready: Final[deque[LedgerRow]] = deque()
        self._arrived: Final = asyncio.Event()
        self._handed_out = 0
        self._exhausted = False
        # What is handed out is in doubt after a kill: no more than keeps the workers busy.
        self._enough: Final = ENOUGH_ROWS * options.workers
        self._group: Final = GROUP_ROWS * options.workers
        self._wanted: Final = asyncio.Event()
        self._busy: Final[dict[str, deque[LedgerRow] | None]] = {}
        self._turns: Final[dict[str, asyncio.Event]] = {}
        self._scope: anyio.CancelScope | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._failing = 0
        self.stopped: FronteggError | None = None
        self.stopping = False

    def stop(self) -> None:
        """Take no more rows. Those under way get some seconds to end."""
        if not self.stopping:
            self.stopping = True
            self._arrived.set()
            self._wanted.set()
            if self._scope is not None:
                loop = asyncio.get_running_loop()
                self._grace = loop.call_later(GRACE, self._scope.cancel)

    async def run(self) -> None:
        """Do what is pending; return when it is done, or nothing more is to be sent.

        Raises:
            LedgerError: an outcome could not be recorded. What was sent and not recorded counts
                as in flight for the next run.
        """
        failed: list[Exception] = []
        self._exhausted = False

        async def guarded(function: Callable[[], Any]) -> None:
            try:
                await function()
            except FronteggError as error:
                self._give_up(error)
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
            self._let_go()
        if failed:
            raise failed[0]
        await self._recorder.flush()

    def _give_up(self, error: FronteggError) -> None:
        if self.stopped is None and not isinstance(error, ClosedError if self.stopping else ()):
            self.stopped = error
        self.stop()

    # Rows in

    async def _produce(self) -> None:
        """Take rows from the ledger, leave those out that hold, and hand out the rest."""
        while not self.stopping:
            rows = await self._recorder.run(self._ledger.pending, self._after, CHUNK_ROWS)
            if not rows:
                break
            held = await self.planner.holding(rows, self._busy)
            for start in range(0, len(rows), self._group):
                await self._hand_out(rows[start : start + self._group], held)
        self._exhausted = True
        self._arrived.set()

    async def _hand_out(self, rows: Sequence[LedgerRow], held: Collection[int]) -> None:
        while self._handed_out > self._enough and not self.stopping:
            self._wanted.clear()
            await self._wanted.wait()
        if self.stopping:
            return
        for row in rows:
            if row.line in held:
                # One that was in flight when a run died is that run's doing.
                state = State.DONE if row.in_doubt else State.ALREADY
                await self._end(row, Entry(row.line, state))
        self._after = rows[-1].line
        rows = [row for row in rows if row.line not in held]
        if not rows:
            return
        if self._harmless:
            try:
                await self._recorder.intend(rows[0].line, rows[-1].line)
            except asyncio.CancelledError:
                for row in rows:
                    self._take_back(row)
                raise
        for row in rows:
            self._handed_out += 1
            self._queue_up(row)
        self._arrived.set()

    def _queue_up(self, row: LedgerRow) -> None:
        who = _who(row)
        if who not in self._busy:
            self._busy[who] = None
            self._ready.append(row)
            return
        waiting = self._busy[who]
        if waiting is None:
            waiting = self._busy[who] = deque()
        waiting.append(row)

    def _let_go(self) -> None:
        """Take back what was handed out and not begun."""
        waiting = [row for rows in self._busy.values() for row in rows or ()]
        for row in (*self._ready, *waiting):
            self._take_back(row)
        self._ready.clear()
        self._busy.clear()
        self._handed_out = 0

    def _take_back(self, row: LedgerRow) -> None:
        # What an earlier run had under way stays in doubt until it is settled.
        if not row.in_doubt:
            self._recorder.take_back(row.line)

    async def _work(self) -> None:
        while not self.stopping:
            if not self._ready:
                if self._exhausted and not self._busy:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            row = self._ready.popleft()
            try:
                await self._do(row)
            finally:
                self._done_with(row)

    def _done_with(self, row: LedgerRow) -> None:
        """Let the next row of the same user come, and the next rows of the source."""
        who = _who(row)
        waiting = self._busy[who]
        if waiting:
            self._ready.appendleft(waiting.popleft())
        else:
            del self._busy[who]
            if self._exhausted and not self._busy:
                self._arrived.set()
        self._handed_out -= 1
        if self._handed_out <= self._enough:
            self._wanted.set()

    # A row

    async def _do(self, row: LedgerRow) -> None:
        resend = self._options.resend
        sending = self._sending(self._view, self._recorder, self._observer, row.line, resend=resend)
        try:
            entry = await self._entry(row, sending)
        except FronteggError as error:
            if isinstance(error, LedgerError | ClosedError) or _leaves_no_room(error):
                if not sending.under_way:
                    self._take_back(row)
                raise  # it stays as the ledger has it, for the next run
            doubtful = isinstance(error, OutcomeUnknownError) or (
                isinstance(error, UndecodableAnswerError) and sending.under_way
            )
            entry = Entry(
                row.line,
                State.UNKNOWN if doubtful else State.FAILED,
                error.status or 0,
                sending.attempts,
                error.trace_id,
                str(error),
                error.error_code,
            )
            await self._end(row, entry)
            self._failing = self._failing + 1 if isinstance(error, _OUTAGE) else 0
            if isinstance(error, _FATAL) or self._failing >= max(
                OUTAGE_ROWS, self._options.workers
            ):
                raise
        except BaseException:
            if not sending.under_way:
                self._take_back(row)
            raise
        else:
            self._failing = 0
            await self._end(row, entry)

    def _entry(self, row: LedgerRow, sending: Sending) -> Coroutine[Any, Any, Entry]:
        """Do what a row says, and return what it ended in."""
        if row.user_id and self._harmless and not row.follows:
            # On the way of nearly every row: a coroutine less.
            return self._write(row, row.user_id, sending)
        return self._looked_up(row, sending)

    async def _looked_up(self, row: LedgerRow, sending: Sending) -> Entry:
        user_id = row.user_id
        reads = self._options.plan != "never"
        begun = False
        if not user_id:
            user = await self._find(row)
            user_id = user.id or ""
            if reads and self._job.holds(row, user):
                return Entry(row.line, State.DONE if row.in_doubt else State.ALREADY)
            begun = reads and self._job.begun(row, user)
        elif row.follows and self._harmless:
            begun = reads and await self._begun(row, user_id)
        if self._harmless:
            step = self._job.finish if begun else self._job.send
            return await self._write(row, user_id, sending, step)
        async with self._turn(user_id):
            if row.in_doubt and not self._options.resend:
                reason = "it was under way when an earlier run ended"
                return await self._settle(row, user_id, reason, sending)
            return await self._write(row, user_id, sending)

    @asynccontextmanager
    async def _turn(self, user_id: str) -> AsyncGenerator[None]:
        """Let no other row write to a user, by whichever name it knows the user."""
        while user_id in self._turns:
            await self._turns[user_id].wait()
        self._turns[user_id] = asyncio.Event()
        try:
            yield
        finally:
            self._turns.pop(user_id).set()

    async def _write(
        self,
        row: LedgerRow,
        user_id: str,
        sending: Sending,
        step: Step | None = None,
        doubt: UndecodableAnswerError | None = None,
    ) -> Entry:
        """Send a row, or the step that is left of it, until its outcome is known."""
        job = self._job
        step = job.send if step is None else step
        for _ in range(MAX_UNPROVEN):
            try:
                return _done(row, sending, await step(sending, row, user_id), doubt)
            except OutcomeUnknownError as error:
                return await self._settle(row, user_id, str(error), sending, error)
            except UndecodableAnswerError as error:
                if not sending.under_way:
                    raise  # by a look before anything was sent
                doubt = error
                held, begun = await self._seen_after(row, user_id)
                if held:
                    return _done(row, sending, None, doubt)
                if begun:
                    step = job.finish
                elif not self._harmless:
                    break
            except FronteggError as error:
                if await self._begun_before(row, user_id, error):
                    return await self._write(row, user_id, sending, job.finish, doubt)
                if doubt is None or isinstance(error, LedgerError | ClosedError):
                    raise
                if _leaves_no_room(error):
                    raise
                break  # an earlier request may have been done all the same
        return await self._settle(row, user_id, str(doubt), sending, doubt)

    async def _find(self, row: LedgerRow) -> User:
        return await read_user_by_email(self._reader, row.email or "")

    async def _seen_after(self, row: LedgerRow, user_id: str) -> tuple[bool, bool]:
        """Whether a row that was sent is seen to hold, and to have begun."""
        try:
            user = await read_user(self._reader, user_id)
        except NotFoundError:
            held = self._job.holds_without_user
            return held, held
        except FronteggError:
            return False, False
        return self._job.holds(row, user), self._job.begun(row, user)

    async def _begun_before(self, row: LedgerRow, user_id: str, error: FronteggError) -> bool:
        """Whether a refusal only says that there was nothing to do."""
        job = self._job
        if error.operation != job.operation.name or error.status not in job.holds_already:
            return False
        if error.status in _CONFLICTS and self._options.conflicts == "failed":
            return False
        if error.status == 409 and self._options.conflicts == "already":
            return True
        return await self._begun(row, user_id)

    async def _begun(self, row: LedgerRow, user_id: str) -> bool:
        """Whether the user shows that the row was sent; what cannot be read counts as no."""
        try:
            return self._job.begun(row, await read_user(self._reader, user_id))
        except _FATAL:
            raise
        except FronteggError:
            return False

    async def _settle(
        self,
        row: LedgerRow,
        user_id: str,
        reason: str,
        sending: Sending,
        error: OutcomeUnknownError | UndecodableAnswerError | None = None,
    ) -> Entry:
        """Look whether a row was done that got no answer, and once more for a late commit."""
        status = 0 if error is None or error.status is None else error.status
        attempts = sending.attempts
        trace_id = None if error is None else error.trace_id
        code = None if error is None else error.error_code
        unknown = Entry(row.line, State.UNKNOWN, status, attempts, trace_id, reason, code)
        try:
            if not await self._begun(row, user_id):
                await self._sleep(LATE_COMMIT)
                if not await self._begun(row, user_id):
                    if not self._options.resend:
                        return unknown
                    return _done(row, sending, await self._job.send(sending, row, user_id))
            rest = await self._job.finish(sending, row, user_id)
        except _FATAL as fatal:
            self._give_up(fatal)
            return unknown
        if rest is not None:
            status, trace_id = rest.status, rest.trace_id
        return Entry(row.line, State.DONE, status, sending.attempts, trace_id)

    async def _end(self, row: LedgerRow, entry: Entry) -> None:
        self._recorder.record(entry)
        if self._allowance is not None:
            self._allowance.remaining -= 1
        held_back = self._observer.ended(row, entry)
        if held_back is not None:
            await held_back


def _done(
    row: LedgerRow,
    sending: Sending,
    answer: Answer | None,
    doubt: UndecodableAnswerError | None = None,
) -> Entry:
    """Return the entry of a row that holds; ``doubt`` is the error of an earlier request."""
    last = answer or doubt
    if last is None:
        return Entry(row.line, State.ALREADY, 0, sending.attempts)
    return Entry(row.line, State.DONE, last.status or 0, sending.attempts, last.trace_id)


def _leaves_no_room(error: FronteggError) -> bool:
    """Whether the limit is used up for all rows; a row that alone is refused has failed."""
    return isinstance(error, ThrottledError) and error.message == NO_ROOM


def _who(row: LedgerRow) -> str:
    return row.user_id or (row.email or "").lower()
