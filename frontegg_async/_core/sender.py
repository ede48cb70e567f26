"""The one loop that sends, decides, waits and sends again.

A call is prepared once, then sent until ``retry.decide`` ends it. ``Core`` (``shared.py``) holds
the state that all views of a session share, ``View`` the settings of one view.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable
from typing import Any, Final, NoReturn

from ..auth.token_manager import REFUSALS, Token, TokenManager
from ..errors import (
    CallTimeoutError,
    ClosedError,
    ConnectionFailedError,
    FronteggError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from ..operation import Arguments, Operation, ReadBack
from ..pacing import LimitGroup
from . import retry
from .call import AttemptObserver, Call, View
from .decoding import decode_response
from .proxies import not_used
from .rate_limit_headers import clock_offset
from .request_builder import RequestBuilder
from .response import (
    Failure,
    FailureKind,
    Response,
    error_of_failure,
    error_of_response,
    recorded,
)
from .retry import Decision, Effect, RetryContext, Step
from .secret import Secret
from .shared import Core

_logger: Final = logging.getLogger("frontegg_async")

NO_ROOM: Final = "the rate limit leaves no time before the deadline"
_OFTEN_THROTTLED: Final = 3
"""Times a call is throttled before it goes to the end of its line."""
_DATE_INTERVAL_S: Final = 60.0
"""Seconds between two readings of the server's ``Date``, for responses that come without one."""


class Sender:
    """Sends operations for one view of a session."""

    def __init__(self, core: Core, view: View) -> None:
        self.core: Final = core
        self.view: Final = view
        self._requests: Final = RequestBuilder(
            core.origin, core.environment_id, view, has_credentials=core.tokens is not None
        )
        self._tokens: Final = view.user_tokens if view.is_user else core.tokens
        self._user_authorization: Final = (
            None if view.user_token is None else Secret(f"Bearer {view.user_token.reveal()}")
        )
        # Secrets that a server may repeat, besides a call's own token and arguments.
        self._secrets: Final = tuple(
            secret
            for secret in (core.api_key, view.user_token, *view.options.headers.values())
            if isinstance(secret, Secret)
        )
        if view.user_tokens is not None:
            core.user_tokens.add(view.user_tokens)

    async def deliver(
        self,
        operation: Operation[Any],
        path: tuple[str, ...],
        arguments: Arguments,
        observer: AttemptObserver | None,
        *,
        is_decoded: bool,
        look: Call | None = None,
    ) -> Any:
        """Send an operation until it succeeds or cannot.

        Returns what the response decodes to if ``is_decoded``, else the response itself; see
        ``call`` and ``send`` of a session. ``look`` is the call that reads back another one.

        Nearly every call goes straight through, and awaits nothing but the transport: there is a
        token, the limit has room, a connection is free, and the response is a success. Beside each
        of these steps stands the way that is taken otherwise.
        """
        core = self.core
        view = self.view
        call = look or self._begin(operation, path, arguments, observer)
        tokens = None if operation.tokenless else self._tokens
        group = core.pacing.group(operation.limit_group, operation.name)
        try:
            while True:
                token = (
                    None if tokens is None else tokens.current() or await self._token(call, tokens)
                )
                if not group.try_admit(view.run):
                    await self._wait_in_line(call, group)
                if not core.connections.take():
                    await self._wait_for_connection(call, group)
                pending = None
                try:
                    if observer is not None and (noted := observer.before(operation)) is not None:
                        await noted
                    timeout = self._begin_attempt(call, token)
                    pending = core.transport.send(
                        call.request,
                        token.authorization if token else self._other_authorization(operation),
                        view.options,
                        timeout,
                        None if observer is None else getattr(observer, "confirm", None),
                    )
                    outcome = await pending
                except BaseException:
                    self._withdraw(call, group, pending)
                    raise
                finally:
                    core.connections.give_back()
                answer = self._report(call, group, outcome, token)
                if answer is None:
                    answer = await self._settle(call, outcome, token)
                if answer is not None:
                    break
                call.sent_at = None
        except FronteggError as error:
            if retry.ends_in_doubt(error, operation.repeat, in_doubt=call.in_doubt):
                raise OutcomeUnknownError.after(error) from None
            raise
        if look is None and (recording := recorded.get()) is not None:
            recording.add(answer)
        return decode_response(operation, answer, path, arguments) if is_decoded else answer

    def _begin(
        self,
        operation: Operation[Any],
        path: tuple[str, ...],
        arguments: Arguments,
        observer: AttemptObserver | None,
    ) -> Call:
        """Begin a call: check its arguments, and build the one request for all its attempts.

        Raises:
            ClosedError: the session is closed, or belongs to another loop or process.
            InvalidRequestError: an argument cannot be sent.
        """
        core = self.core
        core.check()
        return Call(
            operation,
            path,
            arguments,
            self._requests.build(operation, path, **arguments),
            began := core.clock.monotonic(),
            began + self.view.options.timeout,
            observer,
            self._secrets,
        )

    # An attempt

    def _begin_attempt(self, call: Call, token: Token | None) -> float:
        """Count an attempt that is sent now, with a token; return the seconds that it may take.

        Raises:
            CallTimeoutError: the deadline has passed.
            ClosedError: the connections have been closed.
        """
        core = self.core
        if core.closed or core.transport.closed:
            core.check_transport(call.fields())
        now = core.clock.monotonic()
        timeout = self.view.options.attempt_timeout
        if call.deadline - now < timeout:
            if call.deadline <= now:
                raise CallTimeoutError("the deadline passed", **call.fields())
            timeout = call.deadline - now
        if token is not call.token:
            if call.token is not None:
                call.tokens_before = call.tokens
            call.token = token
        traffic = self.view.traffic
        call.attempts += 1
        call.successes_before = traffic.successes
        traffic.requests += 1
        call.sent_at = now
        return timeout

    def _withdraw(
        self, call: Call, group: LimitGroup, pending: Awaitable[Response | Failure] | None
    ) -> None:
        """Take an attempt back that has ended in an exception: it is not in flight any more."""
        if pending is not None:
            self.core.transport.abandon(pending)
        if call.sent_at is None:
            group.give_back(self.view.run)
        else:
            group.failed(call.sent_at)

    def _report(
        self, call: Call, group: LimitGroup, outcome: Response | Failure, token: Token | None
    ) -> Response | None:
        """Tell the pacing, the observer and the tokens about the outcome of an attempt.

        Returns the response if it is a success.
        """
        core, view = self.core, self.view
        sent_at = call.sent_at or call.began
        response = None
        if isinstance(outcome, Failure):
            group.failed(sent_at)
        else:
            response = outcome
            outcome.sent = call
            now = core.clock.time()
            if sent_at >= core.next_date_at:
                self._read_clock(outcome, now)
                core.next_date_at = sent_at + _DATE_INTERVAL_S
            outcome.server_time = now + core.clock_offset
            if outcome.status >= 400 and outcome.throttled:
                view.traffic.throttled += 1
                call.times_throttled += 1
                call.throttled_by = {"status": outcome.status, "trace_id": outcome.trace_id}
                call.singled_out = group.throttled(sent_at, outcome.retry_after)
            elif outcome.status >= 500:
                group.failed(sent_at)
            else:
                group.succeeded(sent_at, outcome.exhausted_wait)
        if call.observer is not None:
            call.observer.after(call.operation, outcome, core.clock.monotonic() - sent_at)
        if response is None or not 200 <= response.status < 300:
            return None
        if view.budget.spent:
            view.budget.refund()
        view.traffic.successes += 1
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug("%s, attempt %d: %r", call.operation.name, call.attempts, response)
        if token is not None and self._tokens is not None:
            tokens = self._tokens
            if tokens.rejecting_routes or not token.accepted:
                tokens.accepted(token, call.operation.limit_group)
        if call.attempts > 1:
            response.attempts = call.attempts
        return response

    def _read_clock(self, response: Response, now: float) -> None:
        """Compare the server's clock with ours, for responses that have no ``Date``."""
        offset = clock_offset(response.headers, now)
        if offset is not None:
            self.core.clock_offset = offset

    async def _settle(
        self, call: Call, outcome: Response | Failure, token: Token | None
    ) -> Response | None:
        """Execute the decision about an attempt that was no success.

        Returns None when the call is to be sent again, at once, or a response that shows that it
        was done already; raises if neither is possible.
        """
        if self.core.closed and isinstance(outcome, Failure):
            raise ClosedError("the session was closed during the call", **call.fields())
        budget, uniform = self.view.budget, random.uniform
        context = self._context(call, token)
        decision = retry.decide(context, outcome, budget=budget, uniform=uniform)
        if decision.step is Step.NEW_TOKEN:
            replaced = self._replace(call, token)
            decision = retry.after_new_token(
                context, outcome, replaced=replaced, budget=budget, uniform=uniform
            )
            call.new_tokens += decision.step is Step.SEND_AGAIN
        if decision.effect is Effect.IN_DOUBT:
            call.in_doubt = True
        if decision.step is Step.READ_BACK:
            found = await self._read_back(call, call.operation.read_back)
            if found is not None:
                return found
            decision = retry.after_read_back(
                self._context(call, token),
                decision.effect,
                harmless=call.harmless,
                budget=budget,
                uniform=uniform,
            )
        self._note(call, outcome, decision)
        if decision.step is Step.FAIL:
            self._fail(call, outcome, decision)
        if decision.step is Step.DONE and isinstance(outcome, Response):
            return Response(204, outcome.headers, b"", attempts=call.attempts, sent=call)
        if not decision.counts:
            call.uncounted += 1
        if decision.wait:
            await self.core.clock.sleep(decision.wait)
        return None

    async def _wait_in_line(self, call: Call, group: LimitGroup) -> None:
        clock = self.core.clock
        lacking = await group.wait(
            # To its place in line; behind the others once it is throttled often, because the
            # first in line tries for all of them if the server takes calls.
            began=call.began if call.times_throttled < _OFTEN_THROTTLED else clock.monotonic(),
            deadline=call.deadline,
            max_wait=self.view.options.max_wait,
            run=self.view.run,
        )
        if self.core.closed:
            raise ClosedError("the session was closed during the call", **call.fields())
        if not lacking and call.deadline - clock.monotonic() < group.answer_time:
            # Sent now, it would most likely end in doubt.
            group.give_back(self.view.run)
            lacking = group.answer_time
        if lacking:
            fields = call.fields()
            fields["retry_after"] = lacking
            if call.throttled_by is not None:
                fields.update(call.throttled_by)
            raise RateLimitError(NO_ROOM, **fields)

    def _other_authorization(self, operation: Operation[Any]) -> Secret | None:
        """Return the header's value for an attempt without a token of a manager."""
        return None if operation.tokenless else self._user_authorization

    async def _wait_for_connection(self, call: Call, group: LimitGroup) -> None:
        """Wait for a free connection; if the limit is used up meanwhile, wait in line again."""
        run = self.view.run
        while True:
            was_closed = group.closed
            try:
                await self._take_connection(call)
            except BaseException:
                group.give_back(run)
                raise
            if was_closed or not group.closed:
                return
            self.core.connections.give_back()
            group.give_back(run)
            await self._wait_in_line(call, group)
            if self.core.connections.take():
                return

    async def _take_connection(self, call: Call) -> None:
        remaining = call.deadline - self.core.clock.monotonic()
        try:
            async with asyncio.timeout(max(remaining, 0.0)):
                await self.core.connections.wait()
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
        # The caller's own operation and attempts, with the other fields of the token's call.
        fields = failed.fields
        fields["operation"] = call.operation.name
        fields["attempts"] = call.attempts
        if isinstance(failed, OutcomeUnknownError):
            # The doubt is about the renewal of the token, and not about this call.
            kind = ConnectionFailedError if failed.status is None else ServerError
            raise kind("the token could not be renewed", **fields)
        raise type(failed)(failed.message, **fields)

    async def _read_back(self, call: Call, read: ReadBack[Any] | None) -> Response | None:
        """Return a response that shows a call in doubt as done, or None."""
        if read is None:
            return None
        look = Call(
            read.operation,
            call.path,
            call.arguments,
            self._requests.build(read.operation, call.path),
            call.began,
            call.deadline,
            call.observer,
            self._secrets,
            tokens_before=call.tokens,
        )
        try:
            answer: Response = await self.deliver(
                read.operation,
                call.path,
                call.arguments,
                call.observer,
                is_decoded=False,
                look=look,
            )
            found = decode_response(read.operation, answer, call.path, {})
        except ClosedError:
            raise
        except FronteggError:
            return None
        return answer if read.holds(found, call.body) else None

    def _replace(self, call: Call, token: Token | None) -> bool:
        """Report a token that was rejected; return whether the next attempt has another."""
        tokens = self._tokens
        if tokens is None or token is None:
            return False
        return tokens.rejected(token, call.operation.limit_group)

    def _context(self, call: Call, token: Token | None) -> RetryContext:
        options = self.view.options
        now = self.core.clock.monotonic()
        return RetryContext(
            repeat=call.operation.repeat,
            attempt=call.attempts - call.uncounted,
            failures=call.attempts - call.times_throttled,
            max_attempts=options.max_attempts,
            remaining=call.deadline - now,
            max_wait=options.max_wait,
            elapsed=now - call.began,
            bulk=self.view.bulk,
            others_succeeded=self.view.traffic.successes > call.successes_before,
            singled_out=call.singled_out,
            deletes=call.deletes,
            has_token=token is not None,
            unproven_token=token is not None and token.unproven,
            new_tokens=call.new_tokens,
            rejected_before_processing=options.rejected_before_processing,
            in_doubt=call.in_doubt,
        )

    def _fail(self, call: Call, outcome: Response | Failure, decision: Decision) -> NoReturn:
        if isinstance(outcome, Failure):
            error = error_of_failure(outcome, call.fields())
            if outcome.kind is FailureKind.NOT_SENT and self.core.unused_proxy is not None:
                raise type(error)(
                    f"{error.message}; {not_used(self.core.unused_proxy)}", **error.fields
                )
            raise error
        raise error_of_response(
            outcome,
            operation=call.operation.name,
            attempts=call.attempts,
            retry_after=decision.retry_after,
            credential=self._credential(call),
        )

    def _credential(self, call: Call) -> str:
        """Return the name of the credential that the call was sent with."""
        if call.operation.tokenless or (call.token is None and self._user_authorization is None):
            return "credentials in this call"
        return "user's token" if self.view.is_user else "environment token"

    @staticmethod
    def _note(call: Call, outcome: Response | Failure, decision: Decision) -> None:
        # In line, the pacing knows when to try again: no call sleeps by itself.
        wait = f" after {decision.wait:.3f} s" if decision.wait else ""
        _logger.debug(
            "%s, attempt %d: %r; next: %s%s",
            call.operation.name,
            call.attempts,
            outcome,
            decision.step.value,
            " in line" if decision.in_line else wait,
        )
