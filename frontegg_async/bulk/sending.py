"""What a bulk run sends with: every attempt is counted, and intents go on file before it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, Protocol, TypeVar, Unpack

import msgspec

from .._clock import Clock
from ..answer import Answer, Failure
from ..operation import Arguments, Operation, Repeat
from ..session import Session
from .entries import Entry, LedgerRow
from .recorder import LedgerRecorder

T = TypeVar("T")


class EngineObserver(Protocol):
    """Hears what happens; what a run reports is made of it."""

    def ended(self, row: LedgerRow, entry: Entry) -> Awaitable[None] | None:
        """Hear what a row ended in; what is returned holds the run back until it is done."""
        ...

    def attempted(self, outcome: Answer | Failure, seconds: float) -> None:
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

    def after(self, operation: Operation[Any], outcome: Answer | Failure, seconds: float) -> None:
        """Pass it on."""
        self._observer.attempted(outcome, seconds)


class Sending:
    """Sends the calls of one row.

    Attributes:
        resend: whether it may be sent although that may be a second invite.
        attempts: how often something was sent.
        under_way: whether the server may have done, or may be doing, something of it.
    """

    def __init__(
        self,
        view: Session,
        recorder: LedgerRecorder,
        observer: EngineObserver,
        line: int,
        *,
        resend: bool,
    ) -> None:
        self._view: Final = view
        self._recorder: Final = recorder
        self._observer: Final = observer
        self._line: Final = line
        self._touched = False
        self.resend: Final = resend
        self.attempts = 0
        self.under_way = False

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Awaitable[Answer]:
        """Send an operation and return its answer."""
        return self._view.send(operation, *path, body=body, tenant_id=tenant_id, observer=self)

    def decoded(self, operation: Operation[T], answer: Answer, /, *path: str) -> T:
        """Decode an answer, and compare it with the path that was asked for."""
        return self._view.decoded(operation, answer, *path)

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Hear that a request is sent; the row is on file since it was handed out."""
        if operation.repeat is not Repeat.SAFE:
            self.under_way = True
        return None

    def after(self, operation: Operation[Any], outcome: Answer | Failure, seconds: float) -> None:
        """Count the attempt; one that was refused for its rate has done nothing."""
        self.attempts += 1
        self._observer.attempted(outcome, seconds)
        if operation.repeat is not Repeat.SAFE:
            if not isinstance(outcome, Answer) or outcome.status != 429:
                self._touched = True
            self.under_way = self._touched


class CautiousSending(Sending):
    """Sends the calls of a row that must not be sent twice: nothing else is in doubt."""

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Put on file that the row is about to be sent."""
        super().before(operation)
        return (
            None
            if operation.repeat is Repeat.SAFE
            else self._recorder.intend(self._line, self._line)
        )

    def after(self, operation: Operation[Any], outcome: Answer | Failure, seconds: float) -> None:
        """Count the attempt; what was refused for its rate is not under way any more."""
        super().after(operation, outcome, seconds)
        if operation.repeat is not Repeat.SAFE and not self.under_way:
            self._recorder.take_back(self._line)
