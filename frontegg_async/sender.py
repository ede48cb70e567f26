"""The one loop that sends, decides, waits and sends again.

A call is prepared once, then sent until ``retry.decide`` says otherwise. What all views of a
session share stands in ``Core``, what a view may differ in stands in ``View``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Coroutine
from types import NoneType
from typing import Any, Final, NoReturn, TypeVar
from weakref import WeakSet

import msgspec

from . import retry
from ._clock import Clock
from ._secret import Secret
from .answer import Answer, Failure, FailureKind, error_of_answer, error_of_failure
from .call import AttemptObserver, Call, View
from .errors import (
    CallTimeoutError,
    ClosedError,
    FronteggError,
    OutcomeUnknownError,
    ThrottledError,
)
from .models import secrets_of
from .operation import Arguments, Operation, ReadBack, Repeat
from .pacing import Group, Pacing
from .permits import Permits
from .requests import RequestBuilder
from .retry import Decision, Situation, Step
from .tokens import REFUSALS, Token, TokenManager
from .transport import Transport

T = TypeVar("T")

_logger: Final = logging.getLogger("frontegg_async")

OUTAGE_PATIENCE: Final = 180.0
"""Seconds that a bulk call waits for a server that fails for everybody."""

_forks = 0


def _count_fork() -> None:
    global _forks  # os.register_at_fork has nowhere else to put it
    _forks += 1


if hasattr(os, "register_at_fork"):
    # Compared in every call, and cheaper there than asking for the process id.
    os.register_at_fork(after_in_child=_count_fork)


class Core:
    """What all views of an open session share. Made where the session is opened."""

    def __init__(
        self,
        *,
        base_url: str,
        environment_id: str | None,
        transport: Transport,
        tokens: TokenManager | None,
        api_key: Secret | None,
        clock: Clock,
        max_connections: int,
    ) -> None:
        self.base_url: Final = base_url
        self.environment_id: Final = environment_id
        self.transport: Final = transport
        # Neither in a session that only serves users.
        self.tokens: Final = tokens
        self.api_key: Final = api_key
        self.clock: Final = clock
        # Before the pool's own queue, so that waiting for a place never eats an attempt's time.
        self.permits: Final = Permits(max_connections)
        self.pacing: Final = Pacing(clock)
        # Those of views with a rate of their own as well, as long as such a view lives.
        self.pacings: Final = WeakSet([self.pacing])
        self.user_tokens: Final[WeakSet[TokenManager]] = WeakSet()
        self.closed = False
        self._loop: Final = asyncio.get_running_loop()
        self._forks: Final = _forks

    def check(self) -> None:
        """Raise ClosedError unless calls can be sent from here."""
        if self.closed or self._forks != _forks or asyncio.get_running_loop() is not self._loop:
            if self._forks != _forks:
                raise ClosedError("the session was opened before a fork: make one in the child")
            if self.closed:
                raise ClosedError("the session is closed: make a new one")
            raise ClosedError("the session belongs to another event loop: make one for each")

    async def close(self) -> None:
        """End what is under way and close the connections."""
        self.closed = True
        try:
            for pacing in list(self.pacings):
                await pacing.close()
            for tokens in (self.tokens, *self.user_tokens):
                if tokens is not None:
                    await tokens.close()
        finally:
            await self.transport.close()


class Sender:
    """Sends operations for one view of a session."""

    def __init__(self, core: Core, view: View) -> None:
        self.core: Final = core
        self.view: Final = view
        self.pacing: Final = core.pacing if view.pacing is None else view.pacing
        core.pacings.add(self.pacing)
        self._requests: Final = RequestBuilder(
            core.base_url, core.environment_id, view, has_credentials=core.tokens is not None
        )
        self._tokens: Final = view.user_tokens if view.is_user else core.tokens
        self._user_authorization: Final = (
            None if view.user_token is None else Secret(f"Bearer {view.user_token.reveal()}")
        )
        if view.user_tokens is not None:
            core.user_tokens.add(view.user_tokens)

    def send(
        self,
        operation: Operation[T],
        path: tuple[str, ...],
        arguments: Arguments,
        *,
        observer: AttemptObserver | None = None,
    ) -> Coroutine[Any, Any, Answer]:
        """Send ``operation`` until it succeeds or cannot; see ``Session.send``.

        What is refused is raised here; what is returned is to be awaited.
        """
        core = self.core
        core.check()
        call = Call(
            operation,
            path,
            arguments,
            self._requests.build(operation, path, **arguments),
            core.clock.monotonic() + self.view.options.timeout,
            observer,
        )
        # No coroutine of its own: every one on the way of a call costs.
        return self._deliver(call)

    async def _deliver(self, call: Call) -> Answer:
        core = self.core
        tokens = self._tokens
        replayed = False
        while True:
            if tokens is None or call.operation.tokenless:
                token = None
            else:
                token = tokens.current() or await self._token(call, tokens)
            outcome = await self._attempt(call, token)
            if core.closed and isinstance(outcome, Failure):
                raise ClosedError("the session was closed during the call", **call.fields())
            if isinstance(outcome, Answer):
                if 200 <= outcome.status < 300:
                    self.view.budget.refund()
                    self.view.traffic.successes += 1
                    if _logger.isEnabledFor(logging.DEBUG):
                        _logger.debug(
                            "%s, attempt %d: %r", call.operation.name, call.attempts, outcome
                        )
                    if tokens is not None and tokens.rejections and token is not None:
                        tokens.accepted()
                    outcome.attempts = call.attempts
                    return outcome
                if outcome.status == 401 and token is not None and tokens is not None:
                    replay = tokens.rejected(token) and not replayed and self._untouched(call)
                    if replay:
                        replayed = True
                        call.former_token = token
                        continue
            found = await self._settle(call, outcome, token)
            if found is not None:
                return found

    async def _settle(
        self, call: Call, outcome: Answer | Failure, token: Token | None
    ) -> Answer | None:
        """Do what is to be done after an attempt that was no success.

        Returns None when the call is to be sent again, at once, or an answer that shows that it
        was done already; raises if neither is possible.
        """
        if isinstance(outcome, Answer) and call.perhaps_done and _is_gone(call, outcome):
            # By an earlier attempt, whose answer was lost.
            return Answer(204, outcome.headers, b"")
        situation = self._situation(call)
        budget = self.view.budget
        decision = retry.decide(situation, outcome, budget=budget, uniform=random.uniform)
        if decision.step is Step.READ_BACK:
            found = await self._read_back(call, call.operation.read_back)
            if found is not None:
                return found
            decision = retry.after_read_back(
                self._situation(call),
                uncertain=decision.uncertain,
                harmless=call.harmless,
                budget=budget,
                uniform=random.uniform,
            )
        self._note(call, outcome, decision)
        if decision.step is Step.FAIL:
            self._fail(call, outcome, decision, token)
        if retry.may_be_done(outcome):
            call.perhaps_done = True
        if self.view.bulk and _is_throttled(outcome, decision):
            # Back into the line of the pacing, which knows when to try again: no task waits on
            # its own. Its deadline bounds it, and not the number of attempts.
            call.put_off += 1
        else:
            if self.view.bulk and self._is_outage(call):
                call.put_off += 1
            await self.core.clock.sleep(decision.wait)
        return None

    def _is_outage(self, call: Call) -> bool:
        """Whether the server fails for everybody, so that this call's attempts need not count.

        A row that fails while others succeed is the one to be given up after some attempts.
        """
        others = self.view.traffic.successes - call.successes_before
        left = call.deadline - self.core.clock.monotonic()
        return others == 0 and left > self.view.options.timeout - OUTAGE_PATIENCE

    async def _attempt(self, call: Call, token: Token | None) -> Answer | Failure:
        # One long coroutine, because nearly every call goes straight through: nothing here is
        # awaited unless there is something to wait for.
        core = self.core
        view = self.view
        options = view.options
        group = self.pacing.group(call.operation.limit_group)
        if not group.try_admit(bulk=view.bulk):
            await self._wait_in_line(call, group)
        sent = False
        permits = core.permits
        try:
            if not permits.take():
                await self._wait_for_permit(call)
            try:
                if call.observer is not None:
                    noted = call.observer.before(call.operation)
                    if noted is not None:
                        await noted
                if core.closed or core.transport.closed:
                    raise ClosedError("the session was closed during the call", **call.fields())
                now = core.clock.monotonic()
                timeout = options.attempt_timeout
                if call.deadline - now < timeout:
                    timeout = self._remaining(call, now)
                call.attempts += 1
                call.successes_before = view.traffic.successes
                view.traffic.requests += 1
                sent, sent_at = True, now
                outcome = await core.transport.send(
                    call.request, self._authorization(call, token), options, timeout
                )
            finally:
                permits.give_back()
        finally:
            if not sent:
                group.give_back(bulk=view.bulk)
        if isinstance(outcome, Answer) and outcome.status < 429:
            group.succeeded(sent_at)
        else:
            self._report(group, outcome, sent_at)
        if call.observer is not None:
            call.observer.after(call.operation, outcome, core.clock.monotonic() - sent_at)
        return outcome

    def _remaining(self, call: Call, now: float) -> float:
        """Return the seconds until the deadline, which is nearer than an attempt may take."""
        if call.deadline <= now:
            raise CallTimeoutError("the deadline passed", **call.fields())
        return call.deadline - now

    def _report(self, group: Group, outcome: Answer | Failure, sent_at: float) -> None:
        """Tell the pacing what came of an attempt that was no success."""
        if isinstance(outcome, Failure) or outcome.status >= 500:
            group.failed(sent_at)
        elif outcome.status != 429:
            group.succeeded(sent_at)
        if isinstance(outcome, Answer) and outcome.status in {429, 503}:
            wait = retry.stated_wait(outcome.headers, self.core.clock.time())
            if outcome.status == 429 or wait is not None:
                group.throttled(sent_at, wait)

    async def _wait_in_line(self, call: Call, group: Group) -> None:
        lacking = await group.wait(
            deadline=call.deadline, max_wait=self.view.options.max_wait, bulk=self.view.bulk
        )
        if self.core.closed:
            raise ClosedError("the session was closed during the call", **call.fields())
        if lacking:
            fields = call.fields()
            fields["retry_after"] = lacking
            raise ThrottledError("the server's limit leaves no room before the deadline", **fields)

    def _authorization(self, call: Call, token: Token | None) -> str | None:
        """Return the header's value. In no variable of ours: tracebacks may show variables."""
        if token is not None:
            return token.authorization
        if self._user_authorization is None or call.operation.tokenless:
            return None
        return self._user_authorization.reveal()

    async def _wait_for_permit(self, call: Call) -> None:
        remaining = call.deadline - self.core.clock.monotonic()
        try:
            async with asyncio.timeout(max(remaining, 0.0)):
                await self.core.permits.wait()
        except TimeoutError:
            pass
        else:
            return
        raise CallTimeoutError("no connection was free before the deadline", **call.fields())

    async def _token(self, call: Call, tokens: TokenManager) -> Token:
        while True:
            remaining = max(call.deadline - self.core.clock.monotonic(), 0.0)
            try:
                return await tokens.get(remaining)
            except FronteggError as error:
                failed = error
            wait = tokens.next_fetch_in()
            if not self.view.bulk or isinstance(failed, REFUSALS) or wait >= remaining:
                break
            await self.core.clock.sleep(wait)
            self.core.check()
        # The caller's own operation and attempts, with what is known of the token's call.
        fields = failed.fields
        fields["operation"] = call.operation.name
        fields["attempts"] = call.attempts
        raise type(failed)(failed.message, **fields)

    async def _read_back(self, call: Call, read: ReadBack[Any] | None) -> Answer | None:
        """Look whether a call that got no answer was done; None if that cannot be told."""
        if read is None:
            return None
        request = self._requests.build(read.operation, call.path)
        look = Call(read.operation, call.path, {}, request, call.deadline, call.observer)
        try:
            answer = await self._deliver(look)
            found = read.operation.decode(answer.body)
        except ClosedError:
            raise
        except (FronteggError, msgspec.DecodeError):
            return None
        return answer if read.holds(found, call.body) else None

    def _untouched(self, call: Call) -> bool:
        """Whether a 401 means that nothing was done (docs/frontegg.md: a guess, so an option)."""
        return self.view.options.rejected_before_processing or call.operation.repeat in {
            Repeat.SAFE,
            Repeat.IDEMPOTENT,
        }

    def _situation(self, call: Call) -> Situation:
        options = self.view.options
        clock = self.core.clock
        return Situation(
            repeat=call.operation.repeat,
            attempt=call.attempts - call.put_off,
            max_attempts=options.max_attempts,
            remaining=call.deadline - clock.monotonic(),
            max_wait=options.max_wait,
            now=clock.time(),
            rejected_before_processing=options.rejected_before_processing,
        )

    def _fail(
        self, call: Call, outcome: Answer | Failure, decision: Decision, token: Token | None
    ) -> NoReturn:
        fields = call.fields()
        noticed_twice = call.operation.repeat in {Repeat.CONVERGING, Repeat.UNSAFE}
        # An earlier attempt stays in doubt, unless the last one was refused for good.
        doubtful = noticed_twice and call.perhaps_done
        if isinstance(outcome, Failure):
            if doubtful and outcome.kind is FailureKind.NOT_SENT:
                raise OutcomeUnknownError("an attempt got no answer, then no connection", **fields)
            raise error_of_failure(outcome, fields, uncertain=noticed_twice)
        error = error_of_answer(
            outcome,
            operation=call.operation.name,
            attempts=call.attempts,
            retry_after=decision.retry_after,
            redact=self._secrets(call, token),
        )
        if decision.uncertain:
            raise OutcomeUnknownError("a gateway lost the answer", **error.fields)
        if doubtful and (outcome.status == 429 or outcome.status >= 500):
            raise OutcomeUnknownError("an attempt got no answer", **error.fields)
        raise error

    def _secrets(self, call: Call, token: Token | None) -> tuple[str, ...]:
        """Return what the server was shown and may repeat, and no error shall."""
        shown = [used.value for used in (token, call.former_token) if used is not None]
        if self.core.api_key is not None:
            shown.append(self.core.api_key.reveal())
        if self.view.user_token is not None:
            shown.append(self.view.user_token.reveal())
        return (*shown, *secrets_of(call.arguments))

    def _note(self, call: Call, outcome: Answer | Failure, decision: Decision) -> None:
        if _is_throttled(outcome, decision):
            self.view.traffic.throttled += 1
        _logger.debug(
            "%s, attempt %d: %r; next: %s after %.3f s",
            call.operation.name,
            call.attempts,
            outcome,
            decision.step.value,
            decision.wait,
        )


def _is_throttled(outcome: Answer | Failure, decision: Decision) -> bool:
    return isinstance(outcome, Answer) and (
        outcome.status == 429 or decision.retry_after is not None
    )


def _is_gone(call: Call, answer: Answer) -> bool:
    """Whether this says that what was to be deleted is not there."""
    operation = call.operation
    return answer.status == 404 and operation.method == "DELETE" and operation.returns is NoneType
