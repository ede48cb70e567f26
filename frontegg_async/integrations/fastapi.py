"""FastAPI: the session and the caller as dependencies, and requirements on callers.

Needs ``pip install frontegg-async[fastapi]``::

    app = FastAPI(
        lifespan=lifespan(issuer="https://acme.frontegg.com"),
        exception_handlers=error_handlers(),
    )

    @app.get("/users/{user_id}", dependencies=[Requires(roles="Admin")])
    async def get_user(user_id: str, frontegg: CurrentSession) -> User:
        return await frontegg.users.get(user_id)

=====================  ===========================================================================
``CurrentSession``     the session that the lifespan opened
``CurrentClaims``      claims of the caller; 401 without a valid token
``Requires(...)``      claims that satisfy a requirement; 403 if they do not. Stands in
                       ``dependencies`` of a route, router or application, or as
                       ``Annotated[Claims, Requires(...)]``
``lifespan``           opens the session, and makes the ``TokenVerifier``
``error_handlers``     respond to errors of calls: 404 for ``NotFoundError`` and so on
``get_session``        functions behind the first two, for ``app.dependency_overrides``
``get_claims``
=====================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from .._core.extras import imports_of

with imports_of("fastapi", __name__):
    from fastapi import Depends, HTTPException, Security, WebSocketException, params
    from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
    from fastapi.openapi.models import SecurityBase as SecurityModel
    from fastapi.requests import HTTPConnection
    from fastapi.responses import Response
    from fastapi.security.base import SecurityBase

from ..auth.claims import Claims
from ..errors import ConfigurationError, FronteggError
from ..frontegg import FronteggSession
from . import starlette
from .callers import DEFAULT, RouteRequirement, close_code, response_to
from .error_responses import ErrorResponse, ErrorResponses
from .starlette import lifespan

__all__ = [
    "CurrentClaims",
    "CurrentSession",
    "Requires",
    "error_handlers",
    "get_claims",
    "get_session",
    "lifespan",
]


class _Scheme(SecurityBase):
    """A header with a token, as OpenAPI shows it. Only the verifier reads the header itself."""

    def __init__(self, scheme_name: str, model: SecurityModel) -> None:
        self.scheme_name = scheme_name
        self.model = model

    async def __call__(self) -> None:
        """Do nothing."""


_BEARER: Final = _Scheme(
    "FronteggToken",
    HTTPBearer(bearerFormat="JWT", description="Token of a user or of client credentials."),
)
_API_KEY: Final = _Scheme(
    "FronteggAccessToken",
    APIKey.model_validate(
        {"in": APIKeyIn.header, "name": "x-api-key", "description": "Access token."}
    ),
)


class _CallerError(HTTPException):
    """Error of authentication, which FastAPI responds to without ``error_handlers`` too."""

    def __init__(self, error: FronteggError, answer: ErrorResponse) -> None:
        problem: dict[str, Any] = msgspec.json.decode(answer.body)
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
        super().__init__(answer.status, problem.get("detail", problem["title"]), headers)
        self.error = error


async def get_session(connection: HTTPConnection) -> FronteggSession:
    """Return the session that the lifespan of the application opened."""
    session: FronteggSession | None = getattr(connection.app.state, "frontegg", None)
    if session is None:
        raise ConfigurationError(starlette.NO_LIFESPAN)
    return session


async def get_claims(
    connection: HTTPConnection,
    _bearer: Annotated[None, Security(_BEARER)] = None,
    _api_key: Annotated[None, Security(_API_KEY)] = None,
) -> Claims:
    """Return the claims of the caller, who is authenticated once for each request."""
    try:
        _, verifier = starlette.running(connection.app.state)
        return await starlette.authenticated(connection.scope, verifier)
    except FronteggError as error:
        refused = _refused(connection, error)
    raise refused


CurrentSession: TypeAlias = Annotated[FronteggSession, Depends(get_session)]
CurrentClaims: TypeAlias = Annotated[Claims, Depends(get_claims)]


def Requires(  # noqa: N802  # it stands where FastAPI's Depends does
    *,
    roles: str | Sequence[str] | None = None,
    permissions: str | Sequence[str] | None = None,
    tenant: str | None = None,
    tenant_from: str | None = None,
    step_up: float | timedelta | None = None,
) -> params.Depends:
    """Return a dependency that is the caller's claims, if they satisfy a requirement.

    Without arguments, any caller with a valid token does.

    Args:
        roles: keys of roles, of which one is enough.
        permissions: keys of permissions, of which one is enough. Wildcards of the caller count.
        tenant: tenant that the token must act in.
        tenant_from: parameter of the path that names this tenant, such as ``tenant_id``.
        step_up: seconds since a login with a second factor, at most; ``math.inf`` for any time.

    Raises:
        ConfigurationError: a list is empty, which would let everyone in, or a value is no such.
    """
    requirement = RouteRequirement.of(
        roles=roles,
        permissions=permissions,
        tenant=tenant,
        tenant_from=tenant_from,
        step_up=step_up,
    )

    async def check(connection: HTTPConnection, claims: CurrentClaims) -> Claims:
        try:
            return requirement.check(claims, connection.path_params)
        except FronteggError as error:
            refused = _refused(connection, error)
        raise refused

    return params.Depends(check)


def error_handlers(
    responses: ErrorResponses = DEFAULT,
) -> dict[Any, Any]:
    """Return ``exception_handlers`` for an application, which respond to errors of this package.

    Without them, callers without a valid token still get 401 and 403, and errors of calls are
    500s as any other exception.

    Args:
        responses: makes the response for an error.
    """

    async def respond(connection: Any, error: _CallerError) -> Response | None:
        return await starlette.responded(connection, responses.respond(error.error))

    return {**starlette.error_handlers(responses), _CallerError: respond}


def _refused(connection: HTTPConnection, error: FronteggError) -> Exception:
    answer = response_to(error, DEFAULT)
    if starlette.offers_denial(connection.scope):
        return _CallerError(error, answer)
    return WebSocketException(close_code(answer.status))
