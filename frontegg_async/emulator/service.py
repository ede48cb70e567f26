"""Checks before a handler runs: length of the URL, limits, token, headers.

==================================================================  =====
``POST /auth/vendor``: 200 with ``token`` and ``expiresIn``, or 401   spec
401 and 429 come before any processing                              guess
401 carries ``errors`` and no ``errorCode``                         guess
403 on environment-only routes with a tenant header                 seen
403 (or 401) for a user's token on an environment's route           guess
401 for an environment's token on a user's route                    guess
501 if a token has to be signed and the extra for it is missing     ours
403 for account credentials without ``frontegg-environment-id``     guess
404 ER-00004 for an unknown route                                   seen
414 for a path and query of more than 8 KB                          seen
``frontegg-trace-id`` on every response, errors included            guess
``x-frontegg-forwarded-for`` is the caller's address for limits, if   doc
the shared secret of the application is in the verifier's header
==================================================================  =====
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from secrets import compare_digest
from typing import Final

import msgspec

from .http.record import RecordedRequest
from .http.request import Call, decode
from .http.response import RejectedError, Response, error_response
from .limits import Limiter
from .routes import _fallback as fallback
from .routes._route import Route, Takes
from .routes._schemas import UserResponse
from .state.environment import State, User
from .state.keys import CannotSignError
from .state.lag import Lag
from .state.store import Store
from .state.tokens import Kind, Token

__all__ = ["Service"]


class _Credentials(msgspec.Struct, rename="camel"):
    client_id: str
    secret: str


_CREDENTIALS: Final = msgspec.json.Decoder(_Credentials)


def _address(call: Call) -> str:
    """Return the IP address that limits count a call for."""
    forwarded = call.headers.get("x-frontegg-forwarded-for")
    if forwarded is None:
        return call.address
    application_id = call.headers.get("frontegg-application-id", "")
    if application_id not in call.store.applications.known:
        return call.address
    secret = call.store.applications.secrets_of(application_id)["sharedSecret"]
    verifier = call.headers.get("x-frontegg-headers-verifier", "")
    return (
        forwarded
        if compare_digest(verifier.encode(errors="replace"), secret.encode())
        else call.address
    )


class Service:
    """The emulated service without its sockets: a call goes in, a response comes out."""

    def __init__(
        self,
        state: State,
        store: Store,
        limiter: Limiter | None,
        lag: Lag | None,
        max_url_length: int,
    ) -> None:
        self.state = state
        self.store = store
        self._limiter = limiter
        self._lag = lag
        self._max_url_length = max_url_length

    def answer(
        self, route: Route | None, call: Call, length: int, record: RecordedRequest | None
    ) -> Response:
        """Check and handle a call, in one step that nothing can interrupt."""
        if length > self._max_url_length:
            return Response(414, b"<html><h1>414 Request-URI Too Large</h1></html>", "text/html")
        if route is None:
            return error_response(404, "Cannot find the route", "ER-00004")
        if self._limiter is None:
            return self._work(route, call, record)
        admitted = self._limiter.admit(route.key, _address(call))
        if isinstance(admitted, Response):
            return admitted
        response = self._work(route, call, record)
        if not admitted:
            return response
        return msgspec.structs.replace(response, headers={**response.headers, **admitted})

    def commit_late(self, route: Route, call: Call, at: float) -> None:
        """Do the work of a call that was answered before; it counts as done at time ``at``."""
        self._work(route, call, None, at)

    def recording(self) -> AbstractContextManager[None]:
        """Have the events of some work sent when it is done."""
        return self.state.hooks.recording(self._show)

    def _show(self, user: User, tenant_id: str | None) -> UserResponse:
        return UserResponse.full(user, self.state, tenant_id)

    def _work(
        self, route: Route, call: Call, record: RecordedRequest | None, at: float | None = None
    ) -> Response:
        """Check the token and the headers of a call, handle it, and have its events sent."""
        if not self.state.hooks.registered:
            return self._checked_work(route, call, record, at)
        with self.recording():
            return self._checked_work(route, call, record, at)

    def _checked_work(
        self, route: Route, call: Call, record: RecordedRequest | None, at: float | None
    ) -> Response:
        self.store.jobs.tick()
        try:
            if route.handle is None:
                return self._authenticate(call)
            if route.takes is not Takes.NOTHING:
                self._check_token(route, call, record)
            if self._lag is not None:
                if route.method == "GET":
                    with self._lag.past():
                        return route.handle(self.state, call)
                if call.values:
                    self._lag.about_to_write(call.values[0], at)
            return route.handle(self.state, call)
        except RejectedError as rejected:
            return rejected.response
        except CannotSignError as error:
            return error_response(501, str(error))

    def _check_token(self, route: Route, call: Call, record: RecordedRequest | None) -> None:
        """Look up the token of a call and keep it there; reject a call without a good one."""
        token = call.token = self._bearer(call.headers)
        if token is None:
            raise RejectedError(401, "Unauthorized")
        if record is not None:
            record.client_id = token.client_id
            record.user_id = token.user_id
        if token.kind is Kind.ENVIRONMENT:
            if route.takes is Takes.USER:
                raise RejectedError(401, "Failed to verify user JWT")
            if token.account and not call.headers.get("frontegg-environment-id"):
                raise RejectedError(403, "Environment ID is not specified")
            if route.environment_only and "frontegg-tenant-id" in call.headers:
                raise RejectedError(403, "Tenant ID is defined - forbidden route for tenants")
        elif (route.takes or fallback.takes(route.key)) is Takes.ENVIRONMENT:
            status = self.store.policy.user_token_refusal
            raise RejectedError(status, "Forbidden route for user tokens")

    def _authenticate(self, call: Call) -> Response:
        credentials = decode(_CREDENTIALS, call)
        token = self.store.tokens.issue(credentials.client_id, credentials.secret)
        if token is None:
            raise RejectedError(401, "Invalid authentication")
        body = {"token": token, "expiresIn": self.store.tokens.lifetime}
        return Response(200, msgspec.json.encode(body))

    def _bearer(self, headers: Mapping[str, str]) -> Token | None:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            # An older spelling that some clients still use (client).
            token = headers.get("x-access-token", "")
        return self.store.tokens.find(token)
