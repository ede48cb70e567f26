"""One call in flight, the settings of a view of a session, and the observer of attempts."""

from __future__ import annotations

import math
from collections.abc import Awaitable
from types import NoneType
from typing import Any, Final, NoReturn, Protocol

import msgspec

from ..auth.token_manager import Token, TokenManager
from ..errors import ErrorFields
from ..models import gather_secrets
from ..operation import Arguments, Body, Operation
from ..options import Options
from ..pacing import RunAllowance
from .response import Failure, Response
from .retry import RetryBudget
from .secret import Secret
from .transport import Request

BULK_TIMEOUT_S: Final = 600.0
BULK_WAITERS: Final = 256
"""Calls that may wait for a rate of their own at the same time without one of them giving up."""
BULK_MAX_WAIT_S: Final = 300.0
BULK_MAX_ATTEMPTS: Final = 10
"""Bulk work waits in seconds and tries as often, at least."""


class Traffic:
    """Counts the traffic of a session, or of a bulk view of it.

    Attributes:
        requests: attempts: a call that was retried counts more than once.
        successes: calls that succeeded.
        throttled: responses that rejected an attempt because of a rate limit.
    """

    __slots__ = ("requests", "successes", "throttled")

    def __init__(self) -> None:
        self.requests = 0
        self.successes = 0
        self.throttled = 0


class AttemptObserver(Protocol):
    """Is called before and after every attempt of a call; a bulk run keeps its ledger with it.

    It may have a method ``confirm()`` as well, for an attempt that had to wait for its connection
    after ``before``: what that raises keeps it from being sent.
    """

    def before(self, operation: Operation[Any]) -> Awaitable[None] | None:
        """Note that an attempt is about to be sent.

        The attempt waits for the awaitable, if one is returned. An exception from either keeps it
        from being sent.
        """
        ...

    def after(self, operation: Operation[Any], outcome: Response | Failure, seconds: float) -> None:
        """Note the outcome of an attempt, and the seconds that it took."""
        ...


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Settings in which the views of a session differ."""

    options: Options
    traffic: Traffic
    budget: RetryBudget
    run: RunAllowance | None = None
    """Allowance of a bulk run. Its calls let others go first, and wait out limits and outages
    until their deadline. None makes calls interactive."""
    tenant_id: str | None = None
    application_id: str | None = None
    """Application that every call names in its header."""
    user_token: Secret | None = None
    """Token of a user as it was given, used as long as it is valid."""
    user_tokens: TokenManager | None = None
    """Manager of a user's tokens, which renews them."""

    def for_bulk(self, run: RunAllowance) -> View:
        """Return a view for bulk work, which counts its own traffic from zero."""
        options = self.options
        # Its own rate is no reason to give up, however slow it is.
        rate = run.rate
        own = 0.0 if rate is None else BULK_WAITERS * rate.seconds / rate.calls
        options = msgspec.structs.replace(
            options,
            timeout=max(options.timeout, BULK_TIMEOUT_S, own),
            max_wait=max(options.max_wait, BULK_MAX_WAIT_S),
            max_attempts=max(options.max_attempts, BULK_MAX_ATTEMPTS),
        )
        return msgspec.structs.replace(
            self, options=options, traffic=Traffic(), budget=RetryBudget(math.inf), run=run
        )

    @property
    def bulk(self) -> bool:
        """True if calls belong to a bulk run."""
        return self.run is not None

    @property
    def is_user(self) -> bool:
        """True if calls carry a user's token instead of the environment token."""
        return self.user_token is not None or self.user_tokens is not None


class Call(msgspec.Struct, eq=False):
    """One call in flight."""

    operation: Operation[Any]
    path: tuple[str, ...]
    arguments: Arguments
    request: Request
    """The one request for all attempts."""
    began: float
    deadline: float
    observer: AttemptObserver | None
    view_secrets: tuple[Secret, ...]
    """Secrets that go with every call of the view."""
    token: Token | None = None
    """The token that it was last sent with."""
    tokens_before: tuple[Token, ...] = ()
    """The tokens that it was sent with before that one."""
    new_tokens: int = 0
    """Tokens that were tried after the first one was rejected."""
    attempts: int = 0
    sent_at: float | None = None
    """Time at which the last attempt was sent; None as long as it was not."""
    uncounted: int = 0
    """Attempts that do not count towards ``max_attempts``."""
    successes_before: int = 0
    in_doubt: bool = False
    """True if the server may have done an attempt."""
    times_throttled: int = 0
    throttled_by: ErrorFields | None = None
    """Status and trace id of the last response that throttled it."""
    singled_out: bool = False

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens that it was sent with."""
        return self.tokens_before if self.token is None else (*self.tokens_before, self.token)

    @property
    def body(self) -> Body | None:
        """Body that is sent as JSON."""
        return self.arguments.get("body")

    @property
    def deletes(self) -> bool:
        """True for a DELETE without a result: after one that was done, another finds nothing."""
        operation = self.operation
        return operation.method == "DELETE" and operation.returns is NoneType

    @property
    def harmless(self) -> bool:
        """True if sending it again is harmless even if it was done."""
        read = self.operation.read_back
        return read is not None and bool(read.harmless(self.body))

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets sent with it, to redact them from responses."""
        # Asked for each row of a bulk run.
        found = [token.value for token in self.tokens]
        found += [secret.reveal() for secret in self.view_secrets]
        gather_secrets(self.arguments, found)
        return tuple(found)

    def fields(self) -> ErrorFields:
        """Return the fields of an error about this call."""
        return {"operation": self.operation.name, "attempts": self.attempts}

    def __repr__(self) -> str:
        # Never the arguments: a header among them may hold a token.
        return f"<Call of {self.operation.name}, {self.attempts} attempts>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich, which would otherwise read all fields, as much as ``repr`` shows."""
        return [("operation", self.operation.name), ("attempts", self.attempts)]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Call holds tokens and is not pickled")
