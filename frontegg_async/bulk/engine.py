"""Drives rows through a job: plan, send, settle what is in doubt, record.

A row goes from the ledger through the plan into a queue, and from there to one of a fixed number
of workers. Rows of one user follow each other in the order of the source. What a row ends in is
recorded; what the ledger says is what the run reports.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar, Unpack

import anyio
import msgspec

from .._clock import Clock
from ..answer import Answer, Failure
from ..endpoints.users import Users
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
)
from ..models.users import User
from ..operation import Arguments, Operation, Repeat
from ..session import Session
from .entries import Entry, LedgerRow, State
from .jobs import Job
from .ledger import Ledger
from .planner import Planner
from .recorder import LedgerRecorder
from .settings import RunOptions

T = TypeVar("T")

_FATAL: Final = (AuthenticationError, ClosedError, ConfigurationError, LedgerError)
"""What the next row would run into as well."""
_OUTAGE: Final = (ConnectionFailedError, CallTimeoutError, ServerError)
CHUNK_ROWS: Final = 1_000
"""Rows that are taken from the ledger at a time: ten blocks to read."""
LATE_COMMIT: Final = 3.0
"""Seconds after which a write that got no answer is looked for a second time."""
OUTAGE_ROWS: Final = 20
"""Rows in a row that fail for want of a server, after which the run stops; as many as there are
workers, if those are more."""
GRACE: Final = 8.0
"""Seconds that rows under way get to end after a run was asked to stop."""


class EngineObserver(Protocol):
    """Hears what happens; what a run reports is made of it."""

    async def ended(self, row: LedgerRow, entry: Entry) -> None:
        """Hear what a row ended in."""
        ...

    def attempted(self, outcome: Answer | Failure, seconds: float) -> None:
        """Hear what an attempt ended in."""
        ...


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
        reader = _Reader(view, observer)
        self._users: Final = Users(reader)
        self._job: Final = job
        self._ledger: Final = ledger
        self._recorder: Final = recorder
        self._options: Final = options
        self._observer: Final = observer
        self._sleep: Final = sleep
        self.planner: Final = Planner(reader, job, options.plan)
        self._after = -1
        self._queue: asyncio.Queue[LedgerRow | None] = asyncio.Queue()
        # Enough to keep every worker busy while the next rows are planned.
        self._places: Final = asyncio.Semaphore(4 * options.workers + 64)
        self._busy: Final[dict[str, deque[LedgerRow]]] = {}
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
            self._queue.put_nowait(None)
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
        # A new one each time: the old one ends in the mark that sent its workers home.
        self._queue = asyncio.Queue()

        async def guarded(function: Callable[[], Any]) -> None:
            try:
                await function()
            except FronteggError as error:
                self._give_up(error)
            except Exception as error:  # noqa: BLE001  # raised below, outside of a group
                failed.append(error)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            self._scope = group.cancel_scope
            group.start_soon(guarded, self._produce)
            for _ in range(self._options.workers):
                group.start_soon(guarded, self._work)
        self._scope = None
        if self._grace is not None:
            self._grace.cancel()
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
            for row in rows:
                if self.stopping:
                    return
                self._after = row.line
                if row.line in held:
                    # One that was in flight when a run died is that run's doing.
                    state = State.DONE if row.in_doubt else State.ALREADY
                    await self._end(row, Entry(row.line, state))
                else:
                    await self._places.acquire()
                    self._queue_up(row)
        self._queue.put_nowait(None)

    def _queue_up(self, row: LedgerRow) -> None:
        waiting = self._busy.get(_who(row))
        if waiting is None:
            self._busy[_who(row)] = deque()
            self._queue.put_nowait(row)
        else:
            waiting.append(row)

    async def _work(self) -> None:
        while True:
            row: LedgerRow | None = await self._queue.get()
            if row is None:
                self._queue.put_nowait(None)  # for the next worker
                return
            while row is not None:
                try:
                    if not self.stopping:
                        await self._do(row)
                except FronteggError as error:
                    self._give_up(error)  # and go on, to let go of the rows that wait
                finally:
                    self._places.release()
                waiting = self._busy[_who(row)]
                if not waiting:
                    del self._busy[_who(row)]
                row = waiting.popleft() if waiting else None

    # A row

    async def _do(self, row: LedgerRow) -> None:
        sending = _Sending(self._view, self._recorder, self._observer, row.line)
        try:
            entry = await self._entry(row, sending)
        except FronteggError as error:
            if isinstance(error, LedgerError | ThrottledError | ClosedError):
                raise  # it stays as the ledger has it, for the next run
            entry = Entry(
                row.line,
                State.UNKNOWN if isinstance(error, OutcomeUnknownError) else State.FAILED,
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
        else:
            self._failing = 0
            await self._end(row, entry)

    async def _entry(self, row: LedgerRow, sending: _Sending) -> Entry:
        """Do what a row says, and return what it ended in."""
        user_id = row.user_id
        if not user_id:
            user = await self._find(row)
            user_id = user.id or ""
            if self._options.plan != "never" and self._job.holds(row, user):
                return Entry(row.line, State.DONE if row.in_doubt else State.ALREADY)
        if self._job.harmless_twice:
            return await self._write(row, user_id, sending)
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

    async def _write(self, row: LedgerRow, user_id: str, sending: _Sending) -> Entry:
        try:
            answer = await self._job.send(sending, row, user_id)
        except OutcomeUnknownError as error:
            return await self._settle(row, user_id, str(error), sending, error)
        except FronteggError as error:
            if not await self._begun_before(row, user_id, error):
                raise
            return _done(row, sending, await self._job.finish(sending, row, user_id))
        return _done(row, sending, answer)

    async def _find(self, row: LedgerRow) -> User:
        user = await self._users.get_by_email(row.email or "")
        if not user.id:
            raise NotFoundError("no user has this e-mail address")
        return user

    async def _begun_before(self, row: LedgerRow, user_id: str, error: FronteggError) -> bool:
        """Whether a refusal only says that there was nothing to do."""
        if error.status not in self._job.holds_already:
            return False
        if error.status == 409 and self._options.conflicts != "look":
            return self._options.conflicts == "already"
        return await self._begun(row, user_id)

    async def _begun(self, row: LedgerRow, user_id: str) -> bool:
        """Whether the user shows that the row was sent; what cannot be read counts as no."""
        try:
            return self._job.begun(row, await self._users.get(user_id))
        except _FATAL:
            raise
        except FronteggError:
            return False

    async def _settle(
        self,
        row: LedgerRow,
        user_id: str,
        reason: str,
        sending: _Sending,
        error: OutcomeUnknownError | None = None,
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
        await self._observer.ended(row, entry)


class _Reader:
    """Reads for a run, and lets its observer hear of every attempt."""

    def __init__(self, view: Session, observer: EngineObserver) -> None:
        self._view: Final = view
        self._observer: Final = observer

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return self._view.clock

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send ``operation`` and return its decoded answer."""
        answer = await self._view.send(operation, *path, observer=self, **arguments)
        return self._view.decoded(operation, answer)

    async def before(self, operation: Operation[Any]) -> None:
        """Nothing to put on file: it only reads."""

    def after(self, operation: Operation[Any], outcome: Answer | Failure, seconds: float) -> None:
        """Pass it on."""
        self._observer.attempted(outcome, seconds)


class _Sending:
    """Sends the calls of one row, and notes on file what is about to be written."""

    def __init__(
        self, view: Session, recorder: LedgerRecorder, observer: EngineObserver, line: int
    ) -> None:
        self._view: Final = view
        self._recorder: Final = recorder
        self._observer: Final = observer
        self._line: Final = line
        self._untouched = True
        self.attempts = 0

    async def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Answer:
        """Send an operation and return its answer."""
        return await self._view.send(
            operation, *path, body=body, tenant_id=tenant_id, observer=self
        )

    async def before(self, operation: Operation[Any]) -> None:
        """Put on file that the row is about to be sent."""
        if operation.repeat is not Repeat.SAFE:
            await self._recorder.intend(self._line)

    def after(self, operation: Operation[Any], outcome: Answer | Failure, seconds: float) -> None:
        """Count the attempt; one that was refused for its rate is not under way any more."""
        self.attempts += 1
        self._observer.attempted(outcome, seconds)
        if operation.repeat is Repeat.SAFE:
            return
        if not isinstance(outcome, Answer) or outcome.status != 429:
            self._untouched = False
        elif self._untouched:
            self._recorder.take_back(self._line)


def _done(row: LedgerRow, sending: _Sending, answer: Answer | None) -> Entry:
    if answer is None:
        return Entry(row.line, State.ALREADY, 0, sending.attempts)
    return Entry(row.line, State.DONE, answer.status, sending.attempts, answer.trace_id)


def _who(row: LedgerRow) -> str:
    return row.user_id or (row.email or "").lower()
