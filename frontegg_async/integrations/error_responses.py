"""HTTP responses of a web application for errors of this package: one table for all frameworks.

=========================  ======  ==============================================================
error                      status  why
=========================  ======  ==============================================================
UnauthorizedError          401     the caller has no valid token; with ``WWW-Authenticate``
ForbiddenError             403     the caller lacks a role or a permission
LoginError                 400     a hosted login has not succeeded: it has to be begun again
LoginDeniedError           403     the user declined it, or has to be asked
NotFoundError              404     Frontegg does not know the user, tenant, ... of the request
ConflictError              409     the state at Frontegg does not allow it
InvalidRequestError        4xx     that of Frontegg; 400 for values rejected before sending
RateLimitError             503     with ``Retry-After``; 429 by setting
CallTimeoutError           504     Frontegg did not respond in time
OutcomeUnknownError        504     the same, and the write may have been done
AuthenticationError        502     the credentials of this application were refused, which is no
PermissionDeniedError              fault of the caller
other errors of a call     502     Frontegg failed, was not reached, or its response is no such
others                     500     a setting, a closed session, a ledger
=========================  ======  ==============================================================

The body is a problem document (RFC 9457). It has the messages of Frontegg for a 4xx, and nothing of
the error itself for a 5xx but its trace id, so no secret, host or setting is shown to a caller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal

import msgspec

from ..errors import (
    AuthenticationError,
    BatchInterruptedError,
    CallTimeoutError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    FronteggError,
    InvalidRequestError,
    LoginDeniedError,
    LoginError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    UnauthorizedError,
)

MEDIA_TYPE: Final = "application/problem+json"
_LONG_S: Final = 60
"""Seconds in ``Retry-After`` for a wait that is no number."""

_STATUSES: Final[tuple[tuple[type[FronteggError], int], ...]] = (
    (UnauthorizedError, 401),
    (ForbiddenError, 403),
    (LoginDeniedError, 403),
    (LoginError, 400),
    (NotFoundError, 404),
    (ConflictError, 409),
    (CallTimeoutError, 504),
    (OutcomeUnknownError, 504),
    (AuthenticationError, 502),
    (PermissionDeniedError, 502),
    (ServerError, 502),
    (ConnectionFailedError, 502),
    (ResponseDecodeError, 502),
    (BatchInterruptedError, 502),
)


class ErrorResponse(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP response for an error.

    Args:
        status: its status.
        headers: its headers, with ``Content-Type``.
        body: its body, a problem document.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class ErrorResponses(msgspec.Struct, frozen=True, kw_only=True):
    """Makes HTTP responses for errors.

    Args:
        rate_limit: status for a limit of Frontegg's. 503 says that the application is busy; 429
            says that the caller asked too often, which is seldom so.
    """

    rate_limit: Literal[429, 503] = 503

    def respond(self, error: FronteggError) -> ErrorResponse:
        """Return the response for an error."""
        status = self._status_of(error)
        headers = {"Content-Type": MEDIA_TYPE}
        if isinstance(error, UnauthorizedError):
            headers |= error.headers
        if isinstance(error, RateLimitError):
            seconds = error.retry_after or 1.0
            headers["Retry-After"] = str(
                max(1, math.ceil(seconds)) if math.isfinite(seconds) else _LONG_S
            )
        problem = {"title": HTTPStatus(status).phrase, "status": status}
        detail = _detail(error, status)
        if detail:
            problem["detail"] = detail
        if error.trace_id:
            problem["trace_id"] = error.trace_id
        return ErrorResponse(status=status, headers=headers, body=msgspec.json.encode(problem))

    def _status_of(self, error: FronteggError) -> int:
        if isinstance(error, RateLimitError):
            return self.rate_limit
        if isinstance(error, InvalidRequestError):
            known = error.status in HTTPStatus._value2member_map_
            return error.status if known and error.status and 400 <= error.status < 500 else 400
        return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def _detail(error: FronteggError, status: int) -> str:
    if status >= 500:
        return ""
    if isinstance(error, UnauthorizedError | ForbiddenError | LoginError):
        return error.message
    return "; ".join(error.messages) or (error.message if error.attempts == 0 else "")
