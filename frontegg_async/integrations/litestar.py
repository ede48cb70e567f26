"""Litestar: a plugin with session and caller as dependencies, and a guard.

Needs ``pip install frontegg-async[litestar]``::

    @get("/users/{user_id:str}", guards=[requires(roles="Admin")])
    async def get_user(user_id: FromPath[str], frontegg: CurrentSession) -> User:
        return await frontegg.users.get(user_id)


    app = Litestar([get_user], plugins=[FronteggPlugin(issuer="https://acme.frontegg.com")])

=======================  =========================================================================
``frontegg``             dependency ``frontegg: CurrentSession``: the session, which is
                         ``app.state.frontegg`` as well
``claims``               dependency ``claims: CurrentClaims``: claims of the caller; 401 without a
                         valid token
``requires(...)``        guard of a handler, controller, router or application; 403 if the caller
                         lacks something. Without arguments, any caller with a valid token passes
errors                   get the responses of ``error_responses``
websockets               are closed with 1008 before they are accepted, for which servers
                         respond 403
OpenAPI                  operations that have a guard of ``requires`` or take ``claims`` show the
                         two headers that a token comes in
=======================  =========================================================================

A dependency or exception handler of the same name that the application has itself is left alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from datetime import timedelta
from typing import Any, Final, TypeAlias, Unpack, cast

from .._core.extras import imports_of

with imports_of("litestar", __name__):
    from litestar import Litestar, Request, Response
    from litestar.config.app import AppConfig
    from litestar.connection import ASGIConnection
    from litestar.di import NamedDependency, Provide
    from litestar.enums import ScopeType
    from litestar.exceptions import WebSocketException
    from litestar.handlers import HTTPRouteHandler
    from litestar.handlers.base import BaseRouteHandler
    from litestar.openapi.spec import Components, SecurityRequirement, SecurityScheme
    from litestar.plugins import InitPlugin, ReceiveRoutePlugin
    from litestar.routes import BaseRoute, HTTPRoute
    from litestar.types import Scope

from ..auth.claims import Claims
from ..auth.verifier import TokenVerifier
from ..errors import ConfigurationError, ForbiddenError, FronteggError, UnauthorizedError
from ..frontegg import FronteggSession
from .callers import (
    DEFAULT,
    RouteRequirement,
    SessionSource,
    VerifierSettings,
    close_code,
    response_to,
    serving,
)
from .error_responses import ErrorResponses

__all__ = [
    "CurrentClaims",
    "CurrentSession",
    "FronteggPlugin",
    "get_claims",
    "get_session",
    "requires",
]

CurrentSession: TypeAlias = NamedDependency[FronteggSession]
"""Type of a parameter that is named ``frontegg``."""
CurrentClaims: TypeAlias = NamedDependency[Claims]
"""Type of a parameter that is named ``claims``."""

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

_CLAIMS: Final = "frontegg_async.claims"
"""Key of a connection's state: claims of the caller."""
_GUARD: Final = "frontegg_async_requirement"
"""Attribute of guards that ``requires`` made."""

_SCHEMES: Final = {
    "FronteggToken": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="JWT",
        description="Token of a user or of client credentials.",
    ),
    "FronteggAccessToken": SecurityScheme(
        type="apiKey", name="x-api-key", security_scheme_in="header", description="Access token."
    ),
}
_EITHER: Final[tuple[SecurityRequirement, ...]] = tuple({name: []} for name in _SCHEMES)
"""Security of an operation that takes a token in one of the headers."""


class FronteggPlugin(InitPlugin, ReceiveRoutePlugin):
    """Opens the session with the application, and authenticates callers where handlers ask for it.

    Args:
        session: function that makes the session, which is opened and closed with the application;
            by default it is made from the ``FRONTEGG_*`` environment variables. Or an open session,
            which is not closed.
        responses: makes the response for an error of this package. None leaves errors to the
            application, but for 401 and 403.
        settings: those of ``TokenVerifier``. On the host of a region it needs ``issuer``.
    """

    __slots__ = ("_responses", "_session", "_settings")

    def __init__(
        self,
        session: SessionSource = FronteggSession.from_env,
        *,
        responses: ErrorResponses | None = DEFAULT,
        **settings: Unpack[VerifierSettings],
    ) -> None:
        self._session: Final = session
        self._responses: Final = responses
        self._settings: Final = settings

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add lifespan, dependencies, exception handlers and OpenAPI security schemes."""
        config: Any = app_config  # whose generic types are not all given
        config.lifespan.append(self._lifespan)
        app_config.dependencies.setdefault("frontegg", Provide(get_session))
        app_config.dependencies.setdefault("claims", Provide(get_claims))
        every = (FronteggError,) if self._responses else (UnauthorizedError, ForbiddenError)
        for kind in every:
            config.exception_handlers.setdefault(kind, self._respond)
        if app_config.openapi_config is not None:
            # The default of Litestar is one object for all applications.
            openapi = app_config.openapi_config = copy(app_config.openapi_config)
            known = openapi.components
            components = list(known) if isinstance(known, list) else [known]
            openapi.components = [*components, Components(security_schemes=dict(_SCHEMES))]
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Show in OpenAPI which operations of a route take a token."""
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if _authenticates(handler):
                    handler.security = [*(handler.security or ()), *_EITHER]

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncGenerator[None]:
        async with serving(self._session, self._settings) as (session, verifier):
            app.state.frontegg, app.state.frontegg_verifier = session, verifier
            yield

    def _respond(self, _: Request[Any, Any, Any], error: FronteggError) -> Response[bytes]:
        response = response_to(error, self._responses or DEFAULT)
        return Response(response.body, status_code=response.status, headers=dict(response.headers))


async def get_session(scope: Scope) -> FronteggSession:
    """Return the session that the plugin opened."""
    session: FronteggSession = _state(scope, "frontegg")
    return session


async def get_claims(scope: Scope) -> Claims:
    """Return the claims of the caller, who is authenticated once for each request.

    Raises:
        FronteggError: the caller has no valid token, or it cannot be looked up.
        WebSocketException: the same, of a websocket.
    """
    try:
        return await _authenticated(scope)
    except FronteggError as error:
        refused = _refused(scope, error)
    raise refused


def requires(
    *,
    roles: str | Sequence[str] | None = None,
    permissions: str | Sequence[str] | None = None,
    tenant: str | None = None,
    tenant_from: str | None = None,
    step_up: float | timedelta | None = None,
) -> Guard:
    """Return a guard that lets callers pass if they satisfy a requirement.

    Without arguments, any caller with a valid token does.

    Args:
        roles: keys of roles, of which one is enough.
        permissions: keys of permissions, of which one is enough. Wildcards of the caller count.
        tenant: tenant that the token must act in.
        tenant_from: parameter of the path that names this tenant, such as ``tenant_id``.
        step_up: seconds since a login with a second factor, at most; ``math.inf`` for any time.

    Raises:
        ConfigurationError: a list is empty, which would let everyone in, or a value cannot work.
    """
    requirement = RouteRequirement.of(
        roles=roles,
        permissions=permissions,
        tenant=tenant,
        tenant_from=tenant_from,
        step_up=step_up,
    )

    async def check(connection: Connection, _: BaseRouteHandler) -> None:
        try:
            claims = await _authenticated(connection.scope)
            requirement.check(claims, connection.path_params)
            return
        except FronteggError as error:
            refused = _refused(connection.scope, error)
        raise refused

    setattr(check, _GUARD, requirement)
    return check


async def _authenticated(scope: Scope) -> Claims:
    known: Claims | None = scope["state"].get(_CLAIMS)
    if known is None:
        verifier: TokenVerifier = _state(scope, "frontegg_verifier")
        headers = ASGIConnection[Any, Any, Any, Any](scope).headers
        known = scope["state"][_CLAIMS] = await verifier.authenticate(headers)
    return known


def _state(scope: Scope, name: str) -> Any:
    value = scope["litestar_app"].state.get(name)
    if value is None:
        raise ConfigurationError(
            f"app.state.{name} is not set: give the application the FronteggPlugin, and run its "
            "lifespan"
        )
    return value


def _refused(scope: Scope, error: FronteggError) -> Exception:
    if scope["type"] != ScopeType.WEBSOCKET:
        return error
    status = response_to(error, DEFAULT).status
    return WebSocketException(detail=f"HTTP {status}", code=close_code(status))


def _authenticates(handler: HTTPRouteHandler) -> bool:
    takes_claims = "claims" in handler.parsed_fn_signature.parameters
    guards = cast("list[object]", handler.resolve_guards())  # pyright: ignore[reportUnknownMemberType]
    return takes_claims or any(hasattr(guard, _GUARD) for guard in guards)
