"""What a bulk run sends with: every attempt is counted, and intents go on file before it."""

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
from .late_writes import LateWrites
from .ledger.records import Entry, LedgerRow
from .ledger.writer import LedgerWriter
from .user_reader import unproven

T = TypeVar("T")


class EngineObserver(Protocol):
    """Hears what happens; what a run reports is made of it."""

    def ended(self, row: LedgerRow[Any], entry: Entry) -> Awaitable[None] | None:
        """Hear what a row ended in; what is returned holds the run back until it is done."""
        ...

    def repeated(self, rows: int) -> None:
        """Hear of rows that repeat others, and will not end by themselves."""
        ...

    def attempted(self, outcome: Response | Failure, seconds: float) -> None:
        """Hear what an attempt ended in."""
        ...


class Reader:
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
        return self._view.decoded(operation, answer, *path, **arguments)

    def before(self, operation: Operation[Any]) -> None:
        """Nothing to put on file: it only reads."""

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Pass it on."""
        self._observer.attempted(outcome, seconds)


class Sending:
    """Sends the calls of one row, and keeps what is known of its writes.

    Attributes:
        resend: whether it may be sent although that may be a second invite.
        attempts: how often something was sent.
        unproven: how many answers had the status of a success and did not prove it.
        under_way: whether the server may have done, or may be doing, something of it.
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
        # Only rows that another of the same user may undo.
        self._ordered_of: Final = row.who if row.ordered else None
        # What an earlier run had under way stays so until it is settled.
        self._touched = row.in_doubt
        self._doubts: frozenset[str] = frozenset()
        self.resend: Final = resend
        self.attempts = 0
        self.unproven = 0
        self.under_way = row.in_doubt
        self._succeeded: frozenset[str] = frozenset()
        if row.in_doubt:
            self._lost()

    @property
    def in_doubt(self) -> bool:
        """Whether a write may have been done although it did not succeed."""
        return bool(self._doubts)

    def has_done(self, operation: Operation[Any]) -> bool:
        """Whether a write has succeeded, whatever became of others of the row."""
        return operation.name in self._succeeded and operation.name not in self._doubts

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Awaitable[Response]:
        """Send an operation and return its answer."""
        return self._view.send(operation, *path, body=body, tenant_id=tenant_id, observer=self)

    def decoded(self, operation: Operation[T], answer: Response, /, *path: str) -> T:
        """Decode an answer, and compare it with the path that was asked for.

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
        """Return the error for an answer that does not show what it should; a write is in doubt."""
        self._doubt_answer(operation)
        return unproven(operation, answer, problem)

    def settle(self, operation: Operation[Any]) -> None:
        """Hear that what was in doubt of an operation has been seen to be done."""
        self._doubts -= {operation.name}

    def _doubt_answer(self, operation: Operation[Any]) -> None:
        if operation.repeat is not RetrySafety.SAFE:
            self.unproven += 1
            self._doubt(operation)

    def _doubt(self, operation: Operation[Any]) -> None:
        self._doubts |= {operation.name}
        self._lost()

    def _lost(self) -> None:
        """Let the next row of the user wait, because this one may still take effect."""
        if self._ordered_of is not None:
            self._late.lost(self._ordered_of)

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Hear that a request is sent; the row is on file since it was handed out."""
        if operation.repeat is not RetrySafety.SAFE:
            self.under_way = True
        return None

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Count the attempt, and note what it may have done."""
        self.attempts += 1
        self._observer.attempted(outcome, seconds)
        if operation.repeat is RetrySafety.SAFE:
            return
        if isinstance(outcome, Response) and 200 <= outcome.status < 300:
            # Until its content is looked at: ``decoded`` and ``refute``.
            self._touched = True
            self._succeeded |= {operation.name}
            self.settle(operation)
        else:
            effect = effect_of(
                outcome,
                rejected_before_processing=self._view.options.rejected_before_processing,
            )
            if effect is Effect.DONE:
                # By its status, but nothing can be read of it that would prove it.
                self._touched = True
                self._doubt_answer(operation)
            elif effect is Effect.IN_DOUBT:
                self._touched = True
                self._doubt(operation)
        self.under_way = self._touched


class CautiousSending(Sending):
    """Sends the calls of a row that must not be sent twice: nothing else is in doubt."""

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Put on file that the row is about to be sent."""
        super().before(operation)
        return (
            None
            if operation.repeat is RetrySafety.SAFE
            else self._recorder.intend(self._line, self._line)
        )

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Count the attempt; a row of which nothing can have been done is not under way."""
        super().after(operation, outcome, seconds)
        if operation.repeat is not RetrySafety.SAFE and not self.under_way:
            self._recorder.take_back(self._line)
