"""Observers: hooks around every call of a session; and the responses behind typed methods.

The hooks of an observer are called in this order; a session takes any number of observers::

    call_started ── attempt_ended ── attempt_ended ── … ── call_ended

    observed                                 not observed
    ──────────────────────────────────────   ──────────────────────────────────────────────
    every call of the session and its        calls of the session itself that get and renew
    views, of pages, tasks and bulk work     tokens

Hooks run in the task of the call, between its steps, so every call waits for them. An observer
that raises is left out for the rest of the call, and logged; the call goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, cast
from weakref import WeakValueDictionary

import msgspec

from ._core.call import AttemptObserver
from ._core.clock import Clock
from ._core.response import Failure, Recording, Response, recorded
from .errors import ConfigurationError, FronteggError
from .operation import Operation

T = TypeVar("T")

_logger: Final = logging.getLogger("frontegg_async")
_failed_before: Final[WeakValueDictionary[int, Observer]] = WeakValueDictionary()
"""By identity: an observer may have no hash, as a dataclass, and may equal another one."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a call.

    Args:
        number: 1 for the first of the call.
        seconds: from sending it to the end of its response.
        status: HTTP status, None without a response.
        throttled: True if it was rejected because of a rate limit.
        failure: reason for the missing response, such as ``timed out``, or None.
    """

    number: int
    seconds: float
    status: int | None = None
    throttled: bool = False
    failure: str | None = None


class ObservedCall:
    """State of a call. Holds neither ids nor bodies nor secrets.

    Attributes:
        operation: the operation: ``operation.name``, ``method``, ``template``.
        base_url: the host that it is sent to.
        attempts: requests that have ended.
        throttled: requests that were rejected because of a rate limit.
        seconds: age of the call, with all waits and attempts.
        status: HTTP status of the last response, None if there was none.
        trace_id: id under which Frontegg's support finds the last response, or None.
    """

    __slots__ = (
        "__weakref__",
        "_began",
        "_clock",
        "_inner",
        "_observers",
        "attempts",
        "base_url",
        "operation",
        "status",
        "throttled",
        "trace_id",
    )

    def __init__(
        self,
        operation: Operation[Any],
        base_url: str,
        clock: Clock,
        observers: Iterable[Observer],
        inner: AttemptObserver | None,
    ) -> None:
        self.operation: Final = operation
        self.base_url: Final = base_url
        self.attempts = 0
        self.throttled = 0
        self.status: int | None = None
        self.trace_id: str | None = None
        self._clock: Final = clock
        self._began: Final = clock.monotonic()
        self._inner: Final = inner
        self._observers = list(observers)

    @property
    def seconds(self) -> float:
        """Age of the call, with all waits and attempts."""
        return self._clock.monotonic() - self._began

    # Used by the session

    def __enter__(self) -> Self:
        self._tell(lambda observer: observer.call_started(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, FronteggError):
            self.status = error.status
            self.trace_id = error.trace_id
        self._observers.reverse()  # the first to start is the last to end, as nested blocks
        self._tell(lambda observer: observer.call_ended(self, error))

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Call the caller's own observer of attempts."""
        return None if self._inner is None else self._inner.before(operation)

    def confirm(self) -> None:
        """Ask the caller's own observer of attempts once more, if it can be asked."""
        confirm = getattr(self._inner, "confirm", None)
        if confirm is not None:
            confirm()

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Pass on an attempt of this call; reading back after a lost response is one as well."""
        if self._inner is not None:
            self._inner.after(operation, outcome, seconds)
        self.attempts += 1
        if isinstance(outcome, Response):
            self.status, self.trace_id = outcome.status, outcome.trace_id
            self.throttled += outcome.throttled
            attempt = Attempt(
                number=self.attempts,
                seconds=seconds,
                status=outcome.status,
                throttled=outcome.throttled,
            )
        else:
            self.status = self.trace_id = None
            attempt = Attempt(number=self.attempts, seconds=seconds, failure=outcome.kind.value)
        self._tell(lambda observer: observer.attempt_ended(self, attempt))

    def _tell(self, event: Callable[[Observer], None]) -> None:
        for observer in tuple(self._observers):
            try:
                event(observer)
            except Exception:  # a program's own code must not fail the call
                self._observers = [each for each in self._observers if each is not observer]
                # One error, then debug: the next million calls will most likely end the same way.
                level = logging.DEBUG if id(observer) in _failed_before else logging.ERROR
                _failed_before[id(observer)] = observer
                _logger.log(
                    level, "%s failed in %s", type(observer).__name__, self.operation.name,
                    exc_info=True,
                )  # fmt: skip

    def __repr__(self) -> str:
        return f"<ObservedCall of {self.operation.name}, {self.attempts} attempts>"


class Observer:
    """Hooks around the calls of a session: ``FronteggSession(observers=[...])``.

    Derive from it, and override the hooks that you need. One observer may serve several sessions,
    and sees calls that are in flight at the same time: keep state of a call by its
    ``ObservedCall``, which is the same object from beginning to end.
    """

    def call_started(self, call: ObservedCall) -> None:
        """Run when a call begins, in the task that made it."""

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """Run when one request of the call has ended."""

    def call_ended(self, call: ObservedCall, error: BaseException | None) -> None:
        """Run when the call ends, in the same task.

        Args:
            call: the call.
            error: the ``FronteggError`` or cancellation that it raises; None for a success. Its
                message may hold strings of the server.
        """


def check_observers(observers: object) -> tuple[Observer, ...]:
    """Return the observers of a session.

    Raises:
        ConfigurationError: an item is no observer.
    """
    if not isinstance(observers, Iterable):
        raise ConfigurationError(f"observers must be a list, got {type(observers).__name__}")
    found = tuple(cast("Iterable[object]", observers))
    for observer in found:
        if not isinstance(observer, Observer):
            raise ConfigurationError(
                "observers must be objects of classes derived from frontegg_async.Observer, "
                f"got {observer if isinstance(observer, type) else type(observer)!r}"
            )
    return tuple(each for each in found if isinstance(each, Observer))


class CallResult(msgspec.Struct, Generic[T], frozen=True):
    """Result of a method, and the responses that it came from.

    Args:
        value: the result of the method.
        answers: the responses of its calls, in their order; methods that split long lists have
            several, and one that needed no call has none.
    """

    value: T
    answers: tuple[Response, ...]

    @property
    def status(self) -> int | None:
        """HTTP status of the last response."""
        return self.answers[-1].status if self.answers else None

    @property
    def trace_id(self) -> str | None:
        """Id under which Frontegg's support finds the last response."""
        return self.answers[-1].trace_id if self.answers else None

    @property
    def attempts(self) -> int:
        """Requests that were sent, over all responses."""
        return sum(answer.attempts for answer in self.answers)


async def with_response(call: Awaitable[T]) -> CallResult[T]:
    """Await any method of a session, and return its result with the responses behind it.

    ::

        result = await with_response(frontegg.users.get(user_id))
        log.info("read", user=result.value.id, trace_id=result.trace_id, status=result.status)

    Raises:
        TypeError: it is a task or a future, whose calls are made elsewhere: give the coroutine.
        FronteggError: as the method; errors have status and trace id themselves.
    """
    if isinstance(call, asyncio.Future):
        raise TypeError("with_response() takes the coroutine itself, and not a task or a future")
    outer = recorded.get()
    recording = Recording()
    before = recorded.set(recording)
    try:
        value = await call
    finally:
        recorded.reset(before)
        answers = recording.end()
        if outer is not None:
            for answer in answers:
                outer.add(answer)
    return CallResult(value, answers)
