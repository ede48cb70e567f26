"""The outcome of one attempt: a response, or a failure to get one. Values, not exceptions.

Exceptions of the HTTP library hold the request and with it the bearer token. They are turned
into a ``Failure`` where they are caught, so none of them is ever the context of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from enum import Enum
from typing import Any, Final, NoReturn, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from .. import errors
from ..errors import MAX_MESSAGES, ErrorFields, FronteggError
from .error_body import read_error_body
from .lazy_headers import LazyHeaders
from .rate_limit_headers import exhausted_wait, is_throttled, parse_retry_after
from .redaction import ANYWHERE_CHARS, redacted

_MAX_TRACE_ID_CHARS: Final = 64
_plain_trace_id: Final = re.compile(r"[0-9a-f]{32}").fullmatch


class Recording:
    """Collects the responses of the calls of one ``with_response``, until it ends.

    Tasks that were begun meanwhile, such as a program's own in the background, hold it for as long
    as they live: a response that comes after the end is not kept.
    """

    __slots__ = ("answers", "ended")

    def __init__(self) -> None:
        self.answers: Final[list[Response]] = []
        self.ended = False

    def add(self, answer: Response) -> None:
        """Keep a response, unless it comes after the end."""
        if not self.ended:
            self.answers.append(answer)

    def end(self) -> tuple[Response, ...]:
        """Return the responses, and forget them."""
        self.ended = True
        answers = tuple(self.answers)
        self.answers.clear()
        return answers


recorded: Final[ContextVar[Recording | None]] = ContextVar("recorded", default=None)
"""Recording to which the calls of this task add their responses; None without ``with_response``."""


class Sent(Protocol):
    """A call that was sent, such as ``Call``."""

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets sent with it, which the server may repeat."""
        ...


class Response(msgspec.Struct, eq=False):
    """An HTTP response, read to its end.

    Args:
        status: HTTP status.
        headers: names are case-insensitive.
        body: raw bytes, decompressed.
        attempts: requests that were sent for it, the last one included.
        server_time: seconds since the epoch on the server's clock at the arrival, as far as known.
        sent: the call that it belongs to, for its secrets; None if there are none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempts: int = 1
    server_time: float = 0.0
    sent: Sent | None = None
    _retry_after: float | UnsetType | None = UNSET

    @property
    def retry_after(self) -> float | None:
        """Seconds from the arrival that the server asked to wait, or None. Parsed once."""
        if self._retry_after is UNSET:
            self._retry_after = parse_retry_after(self.headers, self.server_time)
        return self._retry_after

    @property
    def exhausted_wait(self) -> float | None:
        """Seconds until a limit is fresh again that this success has used up, or None."""
        headers = self.headers
        if isinstance(headers, LazyHeaders) and not headers.states_limit:
            return None
        return exhausted_wait(headers, self.server_time)

    @property
    def throttled(self) -> bool:
        """True if it was rejected because of a rate limit: a 429, or a 503 with a stated wait."""
        # Asked of every response where a run is observed, and no success states a wait.
        return self.status >= 400 and is_throttled(self.status, self.retry_after)

    @property
    def trace_id(self) -> str | None:
        """Id under which Frontegg's support finds this call, or None."""
        found = self.headers.get("frontegg-trace-id")
        # It ends up in logs and files: only printable ASCII, shortened, and without secrets.
        if not found or not (found.isascii() and found.isprintable()):
            return None
        if _plain_trace_id(found):
            for secret in () if self.sent is None else self.sent.secrets():
                if ANYWHERE_CHARS <= len(secret) <= len(found):
                    break  # it may be there, as it is or in hex
            else:
                return found  # nearly every one
        return self.redacted(found)[:_MAX_TRACE_ID_CHARS]

    def redacted(self, text: str) -> str:
        """Return a string of the server with ``***`` in place of the secrets sent to it."""
        return redacted(text, () if self.sent is None else self.sent.secrets())

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Response may hold tokens and is not pickled: pass on the values needed")

    def __repr__(self) -> str:
        # Never the body: it may hold a token or personal data.
        return f"<Response {self.status}, {len(self.body)} bytes, trace id {self.trace_id}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich, which would otherwise read all fields, as much as ``repr`` shows."""
        return [("status", self.status), ("bytes", len(self.body)), ("trace_id", self.trace_id)]


class FailureKind(Enum):
    """Reason for the missing response, as far as it decides the next step."""

    NOT_SENT = "not sent"
    """No connection was made that could be used: the server has seen nothing."""
    PROXY_REFUSED = "refused by the proxy"
    """The proxy refuses such connections: the server has seen nothing, and never will."""
    TIMED_OUT = "timed out"
    """Sent, perhaps; no whole response in time."""
    BROKEN = "broken"
    """Sent, perhaps; the connection ended before a whole response."""
    MALFORMED = "malformed"
    """The response is not HTTP, or compressed in a way that cannot be undone."""
    TOO_LARGE = "too large"
    """The body is longer than ``max_response_bytes``."""


class Failure:
    """An attempt that ended without a response.

    Attributes:
        kind: reason, by which the next step is decided.
        detail: one sentence without secrets.
        status: status of the response, if that much had arrived.
    """

    __slots__ = ("detail", "kind", "status")

    def __init__(self, kind: FailureKind, detail: str, status: int | None = None) -> None:
        self.kind = kind
        self.detail = detail
        self.status = status

    def __repr__(self) -> str:
        return f"<Failure {self.kind.value}: {self.detail}>"


_STATUS_ERRORS: Final[dict[int, tuple[type[FronteggError], str]]] = {
    400: (errors.InvalidRequestError, "the server rejected the request"),
    401: (errors.AuthenticationError, "the server rejected the {credential}"),
    403: (errors.PermissionDeniedError, "the {credential} may not do this"),
    404: (errors.NotFoundError, "not found"),
    408: (errors.ServerError, "the server gave up waiting"),
    409: (errors.ConflictError, "the state on the server does not allow this"),
    421: (errors.ServerError, "the server does not serve this host on this connection"),
    425: (errors.ServerError, "the server does not accept the request yet"),
    429: (errors.RateLimitError, "too many requests"),
    460: (errors.ServerError, "a gateway gave up waiting"),
    499: (errors.ServerError, "a gateway gave up waiting"),
}


def error_of_response(
    answer: Response,
    *,
    operation: str,
    attempts: int,
    retry_after: float | None = None,
    credential: str = "token",
) -> FronteggError:
    """Make the error for a response that is no success, without the secrets that were sent.

    Args:
        answer: the response.
        operation: name of the operation.
        attempts: requests that were sent.
        retry_after: seconds that the server asked to wait.
        credential: kind of the credential sent with the call, in words.
    """
    status = answer.status
    kind, message = _STATUS_ERRORS.get(status) or _error_of_range(status, answer)
    messages, error_code = read_error_body(answer.body)
    messages = tuple(answer.redacted(text) for text in messages[:MAX_MESSAGES])
    error_code = error_code and answer.redacted(error_code)
    return kind(
        message.replace("{credential}", credential),
        operation=operation,
        status=status,
        error_code=error_code,
        messages=messages,
        trace_id=answer.trace_id,
        attempts=attempts,
        retry_after=retry_after,
    )


def _error_of_range(status: int, answer: Response) -> tuple[type[FronteggError], str]:
    if status >= 500:
        return errors.ServerError, "the server failed"
    if status >= 400:
        return errors.InvalidRequestError, "the server rejected the request"
    if status >= 300:
        # Following it would hand the token to any host that the header names.
        target = _host(answer)
        return (
            errors.ConfigurationError,
            f"the host redirects to {target} and redirects are not followed: check base_url",
        )
    return errors.ResponseDecodeError, "not a final HTTP status"


def _host(answer: Response) -> str:
    """Return the host that a redirect names; the rest of the URL may hold ids."""
    location = answer.headers.get("location", "")
    if "//" not in location:
        return "another path"
    try:
        host = urlsplit(location).netloc
    except ValueError:
        return "an address that cannot be read"
    return repr(answer.redacted(host)[:200])


_FAILURE_ERRORS: Final[dict[FailureKind, type[FronteggError]]] = {
    FailureKind.NOT_SENT: errors.ConnectionFailedError,
    FailureKind.PROXY_REFUSED: errors.ConfigurationError,
    FailureKind.TIMED_OUT: errors.CallTimeoutError,
    FailureKind.BROKEN: errors.ConnectionFailedError,
    FailureKind.MALFORMED: errors.ResponseDecodeError,
    FailureKind.TOO_LARGE: errors.ResponseDecodeError,
}


def error_of_failure(failure: Failure, fields: ErrorFields) -> FronteggError:
    """Make the error for an attempt without a response, with the fields of its call."""
    fields["status"] = failure.status
    return _FAILURE_ERRORS[failure.kind](failure.detail, **fields)
