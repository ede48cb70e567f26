"""The errors of this package, in one tree.

    FronteggError
    ├── ConfigurationError         a setting that cannot work; a redirect; a proxy that refuses
    ├── ClosedError                the session is unopened, closed, on another loop, or forked
    ├── InvalidRequestError        rejected before sending (``attempts == 0``), or 4xx
    ├── AuthenticationError        401, or the auth route rejected the credentials
    ├── PermissionDeniedError      403
    ├── NotFoundError              404
    ├── ConflictError              409
    ├── RateLimitError             429, or a stated wait is longer than the caller allows
    ├── ServerError                5xx, or a gateway gave up (408, 421, 425, 460, 499)
    ├── ResponseDecodeError        a response that does not match the operation's return type
    ├── ConnectionFailedError      no connection, or it broke; calling again is harmless
    ├── CallTimeoutError           the deadline passed; calling again is harmless
    ├── OutcomeUnknownError        no response, or one that proves nothing: it may have been done
    ├── BatchInterruptedError      of the calls that a long list was split into, one failed
    ├── UnauthorizedError          a caller of this application has no valid token (401)
    ├── ForbiddenError             a caller of this application lacks a role or a permission (403)
    ├── LoginError                 a hosted login has not succeeded: begin it again
    │   └── LoginDeniedError       the user declined, or has to be asked
    ├── BulkCallerError            the source of a bulk run, or its on_progress, raised
    └── LedgerError                the ledger of a bulk run cannot be used
        ├── LedgerBusyError        another process is running on it
        ├── LedgerMismatchError    it was begun for another input, job, environment or settings
        ├── LedgerDamagedError     it is no ledger, or has changed
        ├── LedgerDiskFullError    there is no space to write it
        └── ClaimError             the claim of a partition cannot be used: run the partition again
            ├── ClaimBusyError     another attempt on the partition is going on
            ├── ClaimLostError     the lease ended: another attempt may have begun
            └── ClaimStoreError    the store of claims does not respond, or rejects this client

All carry the known facts: ``operation``, ``status``, ``error_code``, ``messages``,
``trace_id``, ``attempts`` and ``retry_after``. None of them holds a token, an api key or an
exception of the HTTP library.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self, TypedDict, Unpack

from ._core.printable import printable

MAX_MESSAGES: Final = 10
"""Messages of the server that an error holds."""
_MAX_MESSAGE_CHARS: Final = 500
_MAX_CODE_CHARS: Final = 100

HINTS: Final[dict[str, str]] = {
    # The codes that docs/frontegg.md lists as seen.
    "ER-00004": "The route does not exist on this host: check base_url and the region.",
    "ER-00006": "The server could not parse the request body as JSON of the expected shape.",
    "ER-00008": (
        "Name the application, for this environment has several: application_id=, "
        "session.for_application(id), FRONTEGG_APPLICATION_ID or --application."
    ),
    "ER-01008": (
        "Compare the application's id with those in Frontegg's portal, and assign the tenant to "
        "the application first."
    ),
    "ER-01097": "The user must enrol in multi-factor authentication first.",
}
"""Advice by Frontegg error code."""

_MESSAGE_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (
        "Tenant ID is defined",
        "This route takes no tenant: call it on the session, not on a for_tenant() view.",
    ),
    ("Tenant ID is not specified", "This route needs a tenant: call it on a for_tenant() view."),
    (
        "Failed to verify user JWT",
        "This host takes user tokens only: environment tokens go to a region's API host.",
    ),
)


class ErrorFields(TypedDict, total=False):
    """Attributes of an error, as keyword arguments."""

    operation: str | None
    status: int | None
    error_code: str | None
    messages: tuple[str, ...]
    trace_id: str | None
    attempts: int
    retry_after: float | None


class BatchErrorFields(ErrorFields, total=False):
    """Further attributes of the error of an interrupted batch."""

    task_ids: tuple[str, ...]
    accepted: int


class FronteggError(Exception):
    """Root of the tree: catching it catches every error of this package.

    Attributes:
        operation: name of the operation, such as ``users.add_to_tenant``, or None.
        status: HTTP status of the last response, or None if there was none.
        error_code: Frontegg's code, such as ``ER-00008``, or None.
        messages: the server's own messages, shortened, at most ten.
        trace_id: id of the request that Frontegg's support asks for, or None.
        attempts: requests that were sent for this call; 0 if it was rejected before sending.
        retry_after: seconds that the server asked to wait, or None.
    """

    def __init__(self, message: str, /, **fields: Unpack[ErrorFields]) -> None:
        # Messages hold strings of servers, proxies and files, and end up on terminals and in logs:
        # control characters are escaped here, for all of them.
        message = printable(message)
        super().__init__(message)
        self.message: str = message
        self.operation: str | None = fields.get("operation")
        self.status: int | None = fields.get("status")
        self.error_code: str | None = _short(fields.get("error_code"))
        self.messages: tuple[str, ...] = tuple(
            printable(text[:_MAX_MESSAGE_CHARS])[:_MAX_MESSAGE_CHARS]
            for text in fields.get("messages", ())[:MAX_MESSAGES]
        )
        self.trace_id: str | None = _short(fields.get("trace_id"))
        self.attempts: int = fields.get("attempts", 0)
        self.retry_after: float | None = fields.get("retry_after")

    @property
    def hint(self) -> str | None:
        """Advice about this error, or None."""
        if self.error_code in HINTS:
            return HINTS[self.error_code]
        for needle, hint in _MESSAGE_HINTS:
            if any(needle in text for text in self.messages):
                return hint
        return None

    @property
    def fields(self) -> ErrorFields:
        """The attributes as keyword arguments for another error."""
        return {
            "operation": self.operation,
            "status": self.status,
            "error_code": self.error_code,
            "messages": self.messages,
            "trace_id": self.trace_id,
            "attempts": self.attempts,
            "retry_after": self.retry_after,
        }

    def again(self) -> Self:
        """Return the same error without its traceback, so that each waiter raises its own."""
        return type(self)(self.message, **self.fields)

    def __str__(self) -> str:
        text = self.message if self.operation is None else f"{self.operation}: {self.message}"
        if self.messages:
            text += f": {'; '.join(self.messages)}"
        known = [
            part
            for part in (
                f"status {self.status}" if self.status is not None else "",
                self.error_code or "",
                f"trace id {self.trace_id}" if self.trace_id else "",
                f"{self.attempts} attempts" if self.attempts > 1 else "",
            )
            if part
        ]
        if known:
            text += f" ({', '.join(known)})"
        return f"{text}. {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only fields: the default would lose them across processes.
        return (_rebuild, (type(self), self.message, self.fields))


def _short(text: str | None) -> str | None:
    return None if text is None else printable(text[:_MAX_CODE_CHARS])[:_MAX_CODE_CHARS]


def _quotable(value: str) -> str:
    """Return a value as it may stand between the quotes of a header (RFC 9110, 5.6.4)."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in value)
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _rebuild(kind: type[FronteggError], message: str, fields: ErrorFields) -> FronteggError:
    return kind(message, **fields)


class ConfigurationError(FronteggError):
    """A setting that cannot work; the message names it and a value that would."""


class ClosedError(FronteggError):
    """The session is not open in this place: unopened, closed, on another loop, or forked."""


class InvalidRequestError(FronteggError):
    """Rejected before sending (``attempts == 0``), or by the server with a 4xx of no own type."""


class AuthenticationError(FronteggError):
    """The credentials or the token were rejected (401)."""


class PermissionDeniedError(FronteggError):
    """The token is valid, but not for this operation (403)."""


class NotFoundError(FronteggError):
    """There is no such object, or no such route (404)."""


class ConflictError(FronteggError):
    """The state on the server does not allow it (409)."""


class RateLimitError(FronteggError):
    """Too many requests; ``retry_after`` is the wait in seconds that the server asked for."""


class ServerError(FronteggError):
    """The server failed, or a gateway before it gave up (5xx, 408, 421, 425, 460, 499)."""


class ResponseDecodeError(FronteggError):
    """A response that does not match the operation's return type; ``status`` is its status.

    It cannot be decoded, reports an error with the status of a success (``messages`` and
    ``error_code`` hold it), or is about another object than was asked for. A write may have been
    done or not.
    """


class ConnectionFailedError(FronteggError):
    """The server was not reached, or the connection broke; calling again is harmless."""


class CallTimeoutError(FronteggError):
    """The deadline of the call passed; calling again is harmless."""


class OutcomeUnknownError(FronteggError):
    """The server may or may not have done the work: look before you send the call again.

    No response came, or one that proves nothing, such as a 504; ``status`` and ``messages`` are
    those of the last response.
    """

    @classmethod
    def after(cls, error: FronteggError) -> OutcomeUnknownError:
        """Return the error of a call that failed with ``error`` and may have been done."""
        if isinstance(error, OutcomeUnknownError):
            return error
        return cls(f"{error.message}, and it may have been done", **error.fields)


class BatchInterruptedError(FronteggError):
    """Of the calls that a long list was split into, one failed; ``__cause__`` is its error.

    Attributes:
        task_ids: the tasks that had been started by then; they go on.
        accepted: number of items, from the start of the list, that these tasks hold. Later items
            were not sent, except by the call that failed: if its error is an OutcomeUnknownError
            or a ResponseDecodeError, its items may have been accepted too.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        task_ids: tuple[str, ...] = (),
        accepted: int = 0,
        **fields: Unpack[ErrorFields],
    ) -> None:
        super().__init__(message, **fields)
        self.task_ids: tuple[str, ...] = task_ids
        self.accepted: int = accepted

    @property
    def fields(self) -> BatchErrorFields:
        """The attributes as keyword arguments for another error."""
        return {**super().fields, "task_ids": self.task_ids, "accepted": self.accepted}


class UnauthorizedErrorFields(ErrorFields, total=False):
    """Fields of an ``UnauthorizedError``, as keyword arguments."""

    challenge: Mapping[str, str]


class UnauthorizedError(FronteggError):
    """A caller of this application has no valid token: answer 401 with ``headers``.

    Raised by ``frontegg_async.auth``, about the token in a request to this application, and by
    ``frontegg_async.webhooks``, about a hook's signature; an ``AuthenticationError`` is about this
    application's own credentials. ``status`` is the one to answer with.

    Attributes:
        challenge: parameters of the ``WWW-Authenticate`` header, such as ``error``; empty if
            the caller sent no token.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        challenge: Mapping[str, str] = MappingProxyType({}),
        **fields: Unpack[ErrorFields],
    ) -> None:
        fields.setdefault("status", 401)
        super().__init__(message, **fields)
        self.challenge: Mapping[str, str] = dict(challenge)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the 401 response."""
        parameters = ", ".join(
            f'{name}="{_quotable(value)}"' for name, value in self.challenge.items()
        )
        return {"WWW-Authenticate": f"Bearer {parameters}".rstrip()}

    @property
    def fields(self) -> UnauthorizedErrorFields:
        """The attributes as keyword arguments for another error."""
        return {**super().fields, "challenge": self.challenge}


class ForbiddenError(FronteggError):
    """A caller of this application has a valid token, but lacks a role or a permission: 403."""

    def __init__(self, message: str, /, **fields: Unpack[ErrorFields]) -> None:
        fields.setdefault("status", 403)
        super().__init__(message, **fields)


class LoginError(FronteggError):
    """A hosted login has not succeeded, and has to be begun again.

    The callback belongs to no login of this browser, the server did not take its code, or the
    tokens are of another login. ``status`` is the one to answer the browser with.
    """

    def __init__(self, message: str, /, **fields: Unpack[ErrorFields]) -> None:
        fields.setdefault("status", 400)
        super().__init__(message, **fields)


class LoginDeniedError(LoginError):
    """The login page sent the user back without a login; ``error_code`` is OAuth's.

    ``access_denied``: the user or the environment declined. ``login_required`` and others that
    end alike: the user has to be asked, which ``prompt="none"`` forbids.
    """

    def __init__(self, message: str, /, **fields: Unpack[ErrorFields]) -> None:
        fields.setdefault("status", 403)
        super().__init__(message, **fields)


class BulkCallerError(FronteggError):
    """The source of a bulk run, or its ``on_progress``, raised; ``__cause__`` is its exception.

    A report has it as ``stopped``. The run raises the exception itself, or this error in place of
    one that has another meaning to the event loop, such as ``CancelledError``.
    """


class LedgerError(FronteggError):
    """The ledger of a bulk run cannot be used; the message gives the reason and a way out."""


class LedgerBusyError(LedgerError):
    """Another process is running on the ledger."""


class LedgerMismatchError(LedgerError):
    """The ledger was begun for another input, job, environment, settings or program version."""


class LedgerDamagedError(LedgerError):
    """The file is no ledger, or it has changed since it was written."""


class LedgerDiskFullError(LedgerError):
    """There is no space to write the ledger; nothing is sent that could not be recorded."""


class ClaimError(LedgerError):
    """The claim of a partition cannot be used; nothing is sent without it. Run it again."""


class ClaimBusyError(ClaimError):
    """Another attempt on the partition is going on; ``retry_after`` says when its lease ends."""


class ClaimLostError(ClaimError):
    """The lease of the claim ended, and another attempt may have begun; this one sends no more."""


class ClaimStoreError(ClaimError):
    """The store of claims does not respond, or rejects this client."""
