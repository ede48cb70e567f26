"""Senders of a bulk run, which count every attempt and record intents before requests."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, Protocol, TypeVar, Unpack

import msgspec

from .._core.clock import Clock
from .._core.response import Failure, Response
from .._core.retry import Effect, effect_of
from ..errors import ResponseDecodeError
from ..operation import Arguments, Operation, RetrySafety
from ..session import Session
from .jobs.job import Job
from .late_writes import LateWrites
from .ledger.records import Entry, LedgerRow, State
from .ledger.writer import LedgerWriter
from .user_reader import unproven

T = TypeVar("T")


class EngineObserver(Protocol):
    """Receives the events of an engine, for progress and report."""

    def ended(self, row: LedgerRow[Any], entry: Entry) -> Awaitable[None] | None:
        """Note the outcome of a row. The run waits for an awaitable that is returned."""
        ...

    def repeated(self, rows: int) -> None:
        """Note a number of duplicates, for which ``ended`` will not be called."""
        ...

    def attempted(self, outcome: Response | Failure, seconds: float) -> None:
        """Note the end of an attempt."""
        ...


class Reader:
    """Sends the reads of a run, and reports every attempt to its observer."""

    def __init__(self, view: Session, observer: EngineObserver) -> None:
        self._view: Final = view
        self._observer: Final = observer

    @property
    def clock(self) -> Clock:
        """Clock of the session."""
        return self._view.clock

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send ``operation`` and return its decoded response."""
        answer = await self._view.send(operation, *path, observer=self, **arguments)
        return self._view.decoded(operation, answer, *path, **arguments)

    def before(self, operation: Operation[Any]) -> None:
        """Record nothing: reads have no intents."""

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Report the attempt to the observer."""
        self._observer.attempted(outcome, seconds)


class Sending:
    """Sends the calls of one row, and keeps track of its writes.

    Attributes:
        resend: True if the row may be sent although that may be a second invite.
        attempts: number of requests.
        unproven: number of responses with a success status that did not prove it.
        in_flight: True if the server may have done, or may be doing, a part of the row.
    """

    def __init__(
        self,
        view: Session,
        recorder: LedgerWriter,
        observer: EngineObserver,
        late: LateWrites,
        row: LedgerRow[Any],
        *,
        resend: bool,
    ) -> None:
        self._view: Final = view
        self._recorder: Final = recorder
        self._observer: Final = observer
        self._late: Final = late
        self._line: Final = row.line
        # Set for rows that another one of the same user may undo.
        self._ordered_of: Final = row.user_id if row.ordered else None
        # A row that an earlier run left in flight stays so until it is settled.
        self._touched = row.in_doubt
        self._doubts: frozenset[str] = frozenset()
        self.resend: Final = resend
        self.attempts = 0
        self.unproven = 0
        self.in_flight = row.in_doubt
        self._succeeded: frozenset[str] = frozenset()
        if row.in_doubt:
            self._lost()

    @property
    def in_doubt(self) -> bool:
        """True if a write may have been done although it did not succeed."""
        return bool(self._doubts)

    def has_done(self, operation: Operation[Any]) -> bool:
        """Return whether a write has succeeded, regardless of other writes of the row."""
        return operation.name in self._succeeded and operation.name not in self._doubts

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Awaitable[Response]:
        """Send an operation and return its response."""
        arguments: Arguments = {}
        if body is not None:
            arguments["body"] = body
        if tenant_id is not None:
            arguments["tenant_id"] = tenant_id
        return self._view.send(operation, *path, observer=self, **arguments)

    def decoded(self, operation: Operation[T], answer: Response, /, *path: str) -> T:
        """Decode a response, and compare it with the path of the request.

        Raises:
            ResponseDecodeError: as ``Session.decoded`` does; a write is in doubt then.
        """
        try:
            return self._view.decoded(operation, answer, *path)
        except ResponseDecodeError:
            self._doubt_answer(operation)
            raise

    def refute(
        self, operation: Operation[Any], answer: Response, problem: str
    ) -> ResponseDecodeError:
        """Return the error for a response that does not prove its write, which is in doubt then."""
        self._doubt_answer(operation)
        return unproven(operation, answer, problem)

    def entry(self, answer: Response | None) -> Entry:
        """Return the entry of a row that is done; without a response, nothing had to be written."""
        if answer is None:
            # Satisfied, and perhaps by an attempt in doubt, of this run or an earlier one.
            state = State.DONE if self.in_flight else State.ALREADY
            return Entry(self._line, state, 0, self.attempts)
        return Entry(self._line, State.DONE, answer.status, self.attempts, answer.trace_id)

    def settle(self, operation: Operation[Any]) -> None:
        """Note that an operation in doubt was seen to be done."""
        self._doubts -= {operation.name}

    def _doubt_answer(self, operation: Operation[Any]) -> None:
        if operation.repeat is not RetrySafety.SAFE:
            self.unproven += 1
            self._doubt(operation)

    def _doubt(self, operation: Operation[Any]) -> None:
        self._doubts |= {operation.name}
        self._lost()

    def _lost(self) -> None:
        """Make the next row of the user wait, because this one may still take effect."""
        if self._ordered_of is not None:
            self._late.lost(self._ordered_of)

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Note a request; the intent of the row was recorded when it was handed out."""
        if operation.repeat is not RetrySafety.SAFE:
            self.in_flight = True
        return None

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Count the attempt, and note its possible effect."""
        self.attempts += 1
        self._observer.attempted(outcome, seconds)
        if operation.repeat is RetrySafety.SAFE:
            return
        if isinstance(outcome, Response) and 200 <= outcome.status < 300:
            # Until ``decoded`` or ``refute`` judge its content.
            self._touched = True
            self._succeeded |= {operation.name}
            if self._doubts:
                self.settle(operation)
        else:
            effect = effect_of(
                outcome,
                rejected_before_processing=self._view.options.rejected_before_processing,
            )
            if effect is Effect.DONE:
                # By its status; its content cannot be read and proves nothing.
                self._touched = True
                self._doubt_answer(operation)
            elif effect is Effect.IN_DOUBT:
                self._touched = True
                self._doubt(operation)
        self.in_flight = self._touched


class CautiousSending(Sending):
    """Sends the calls of a row that must not be sent twice, with an intent before each write."""

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Record that the row is about to be sent."""
        super().before(operation)
        return None if operation.repeat is RetrySafety.SAFE else self._intend()

    async def _intend(self) -> None:
        await self._recorder.intend(self._line, self._line)
        # The process may have been stopped since the replica took it, for longer than its claim.
        self._recorder.check()

    def confirm(self) -> None:
        """Look at the claim again: the process may have been stopped since as well."""
        self._recorder.check()

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Count the attempt; set the row back to pending if it cannot have had an effect."""
        super().after(operation, outcome, seconds)
        if operation.repeat is not RetrySafety.SAFE and not self.in_flight:
            self._recorder.take_back(self._line)


class FencedSending(Sending):
    """Sends the calls of a row as long as the ledger's replica allows it."""

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Raise LedgerError if nothing may be sent any more."""
        self._recorder.check()
        return super().before(operation)

    def confirm(self) -> None:
        """Raise LedgerError if nothing may be sent any more."""
        self._recorder.check()


def sending_of(job: Job[Any], *, fenced: bool) -> type[Sending]:
    """Return the sender for the rows of a job; ``fenced`` if the ledger has a replica."""
    if not job.repeatable:
        return CautiousSending
    return FencedSending if fenced else Sending
