"""aiohttp.web: a cleanup context, a middleware that authenticates callers, and a decorator.

Needs ``pip install frontegg-async[jwt]``::

    routes = web.RouteTableDef()


    @routes.get("/users/{user_id}")
    @requires(roles="Admin")
    async def get_user(request: web.Request) -> web.Response:
        user = await request.config_dict[FRONTEGG].users.get(request.match_info["user_id"])
        return web.Response(body=user.to_json(), content_type="application/json")


    app = web.Application(middlewares=[frontegg_middleware(public=["/health"])])
    app.cleanup_ctx.append(cleanup_context(issuer="https://acme.frontegg.com"))
    app.add_routes(routes)

=========================  =======================================================================
``app[FRONTEGG]``          the session that the cleanup context opened; in handlers
                           ``request.config_dict[FRONTEGG]``, which applications below find too
``app[VERIFIER]``          the ``TokenVerifier``
``request[CLAIMS]``        claims of the caller, once authenticated
``frontegg_middleware``    authenticates callers, except on public paths: 401 without a valid token.
                           Errors of this package get the responses of ``error_responses``
``requires(...)``          403 if the caller lacks something. It authenticates as well, where the
                           middleware did not
=========================  =======================================================================

The requests of websockets are refused in the same way, before the upgrade.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias, TypeVar, Unpack

from aiohttp import web

from ..auth.claims import Claims
from ..auth.requirements import Requirement
from ..auth.verifier import TokenVerifier
from ..errors import ConfigurationError, FronteggError
from ..frontegg import FronteggSession
from .callers import (
    DEFAULT,
    PublicPaths,
    RouteRequirement,
    SessionSource,
    VerifierSettings,
    response_to,
    serving,
)
from .error_responses import ErrorResponse, ErrorResponses

P = ParamSpec("P")
R = TypeVar("R", bound=web.StreamResponse)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware

    _RequestKey = web.RequestKey
else:
    # aiohttp 3.13 takes keys of any type, later ones warn of others than their own.
    _RequestKey = getattr(web, "RequestKey", web.AppKey)

FRONTEGG: Final = web.AppKey("FRONTEGG", FronteggSession)
VERIFIER: Final = web.AppKey("VERIFIER", TokenVerifier)
CLAIMS: Final = _RequestKey("CLAIMS", Claims)
_VERIFIED_BY: Final = _RequestKey("VERIFIED_BY", TokenVerifier)


class CallerError(web.HTTPException):
    """Response for a caller whom ``requires`` refuses."""

    def __init__(self, response: ErrorResponse) -> None:
        headers = dict(response.headers)
        content_type = headers.pop("Content-Type")
        self.status_code = response.status
        super().__init__(headers=headers, text=response.body.decode(), content_type=content_type)


def cleanup_context(
    session: SessionSource = FronteggSession.from_env, **settings: Unpack[VerifierSettings]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return a cleanup context that sets ``app[FRONTEGG]`` and ``app[VERIFIER]``.

    Args:
        session: function that makes the session, which is opened and closed with the application;
            by default it is made from the ``FRONTEGG_*`` environment variables. Or an open session,
            which is not closed.
        settings: those of ``TokenVerifier``. On the host of a region it needs ``issuer``.
    """

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with serving(session, settings) as (app[FRONTEGG], app[VERIFIER]):
            yield

    return run


def frontegg_middleware(
    *,
    public: Iterable[str] = (),
    requires: Requirement | None = None,
    responses: ErrorResponses | None = DEFAULT,
) -> Middleware:
    """Return a middleware that authenticates callers and responds to errors.

    Args:
        public: paths that need no token. ``/health`` is this path alone, ``/docs/*`` all paths
            that begin with ``/docs/``. A path with an empty or dotted segment, such as
            ``/docs/../admin``, is never public.
        requires: requirement on all callers, such as ``require(roles="Admin")``.
        responses: makes the response for an error of this package. None leaves errors of handlers
            to the application; callers are refused all the same.

    Raises:
        ConfigurationError: a path cannot be matched.
    """
    paths = PublicPaths(public)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path not in paths:
                claims = await authenticated(request)
                if requires is not None:
                    requires.check(claims)
        except FronteggError as error:
            return _response(error, responses or DEFAULT)
        if responses is None:
            return await handler(request)
        try:
            return await handler(request)
        except FronteggError as error:
            if request.writer.output_size > 0:
                raise  # the response has begun, and cannot be another one
            return _response(error, responses)

    return middleware


def requires(
    *,
    roles: str | Sequence[str] | None = None,
    permissions: str | Sequence[str] | None = None,
    tenant: str | None = None,
    tenant_from: str | None = None,
    step_up: float | timedelta | None = None,
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Return a decorator of handlers, for callers who satisfy a requirement.

    A handler is a function, a method with the request among its arguments, or a method of a
    ``web.View``. Without arguments, any caller with a valid token satisfies the requirement.

    Args:
        roles: keys of roles, of which one is enough.
        permissions: keys of permissions, of which one is enough. Wildcards of the caller count.
        tenant: tenant that the token must act in.
        tenant_from: part of the path that names this tenant, such as ``tenant_id``.
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

    def decorate(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(handler)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            request = _request_among(args)
            try:
                requirement.check(await authenticated(request), request.match_info)
            except FronteggError as error:
                # aiohttp responds with it also where there is no middleware of ours.
                refused = CallerError(response_to(error, DEFAULT))
            else:
                return await handler(*args, **kwargs)
            raise refused

        return checked

    return decorate


async def authenticated(request: web.Request) -> Claims:
    """Return the claims of the caller, who is authenticated once for each request.

    For handlers of public paths, which may ask for a token or not.

    Raises:
        FronteggError: the caller has no valid token, or it cannot be looked up.
    """
    verifier: TokenVerifier | None = request.config_dict.get(VERIFIER)
    if verifier is None:
        raise ConfigurationError(
            "app[VERIFIER] is not set: add cleanup_context() to app.cleanup_ctx"
        )
    # An application below another may have a verifier of its own.
    if request.get(_VERIFIED_BY) is not verifier:
        request[CLAIMS] = await verifier.authenticate(request.headers)
        request[_VERIFIED_BY] = verifier
    return request[CLAIMS]


def _request_among(args: Sequence[object]) -> web.Request:
    for each in args:
        if isinstance(each, web.Request):
            return each
        if isinstance(each, web.View):
            return each.request
    raise ConfigurationError("requires() decorates handlers, which are given the request")


def _response(error: FronteggError, responses: ErrorResponses) -> web.Response:
    response = response_to(error, responses)
    return web.Response(status=response.status, headers=response.headers, body=response.body)
