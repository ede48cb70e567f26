"""Django's async views: a middleware that authenticates callers, and a decorator.

Needs ``pip install frontegg-async[django]``, and a server of ASGI. There is no model, and nothing
to put into ``INSTALLED_APPS``::

    MIDDLEWARE = ["frontegg_async.integrations.django.FronteggMiddleware"]
    FRONTEGG = {"VERIFIER": {"issuer": "https://acme.frontegg.com"}, "PUBLIC": ["/health"]}


    @requires(roles="Admin")
    async def get_user(request: HttpRequest, user_id: str) -> HttpResponse:
        user = await get_session(request).users.get(user_id)
        return HttpResponse(user.to_json(), content_type="application/json")

========================  ========================================================================
``FRONTEGG``              a dict of ``Settings``, all of them optional
``FronteggMiddleware``    authenticates callers, except on public paths: 401 without a valid token.
                          Errors of this package get the responses of ``error_responses``
``requires(...)``         403 if the caller lacks something. It authenticates as well, where the
                          middleware did not
``get_session``           the session, and the claims of the caller, of a request that one of the
``get_claims``            two has seen
``with_lifespan``         wraps the ASGI application, to open and close the session with it
========================  ========================================================================

**Life of the session.** Django does not tell its parts when a server starts and stops. Two ways
lead to one session for each event loop, which is each process:

========================  ========================================================================
``with_lifespan`` in      it is opened before the first request, and closed when the server stops:
``asgi.py``               uvicorn, Hypercorn and Granian say so
without it                the first request opens it. It is closed when the event loop ends in
                          order (``asyncio.run``), and by the end of the process otherwise, which
                          is how uvicorn ends after a signal. Nothing is lost: a session keeps
                          connections and a token
========================  ========================================================================

**Sync views** run in a thread. ``requires`` decorates them too, and inside
``async_to_sync(get_session(request).users.get)(user_id)`` runs on the loop of the server. A server
of WSGI has no such loop: there requests are refused with an error that says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import timedelta
from functools import wraps
from typing import Any, Final, TypeAlias, TypedDict, cast

from .._core.extras import imports_of

with imports_of("django", __name__):
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
    from django.conf import settings as django_settings
    from django.core.handlers.asgi import ASGIRequest
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from django.utils.module_loading import import_string

from ..auth.claims import Claims
from ..auth.requirements import Requirement
from ..auth.verifier import TokenVerifier
from ..errors import ConfigurationError, FronteggError
from ..frontegg import FronteggSession
from .callers import (
    DEFAULT,
    PublicPaths,
    RouteRequirement,
    VerifierSettings,
    response_to,
)
from .error_responses import ErrorResponses

View: TypeAlias = Callable[..., Any]
AsyncView: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An application of ASGI, of any library's types."""

_SESSION: Final = "_frontegg_session"
_CLAIMS: Final = "_frontegg_claims"
"""Attributes of requests."""


class Settings(TypedDict, total=False):
    """Settings of a project, under ``FRONTEGG``.

    SESSION: function that makes the session, or its dotted path, or a dict of the arguments of
        ``FronteggSession.from_env``. By default it is made from the ``FRONTEGG_*`` environment
        variables alone.
    VERIFIER: dict of the arguments of ``TokenVerifier``. On the host of a region it needs
        ``issuer``.
    PUBLIC: paths that need no token, for the middleware. ``/health`` is this path alone,
        ``/docs/*`` all paths that begin with ``/docs/``.
    REQUIRES: requirement on all callers, for the middleware, such as ``require(roles="Admin")``.
    RESPONSES: ``ErrorResponses`` that makes the response for an error of this package. None
        leaves errors of views to Django; callers are refused all the same.
    """

    SESSION: Callable[[], FronteggSession] | str | Mapping[str, Any]
    VERIFIER: VerifierSettings
    PUBLIC: Iterable[str]
    REQUIRES: Requirement | None
    RESPONSES: ErrorResponses | None


# The session

_Running: TypeAlias = tuple[FronteggSession, TokenVerifier]
_lives: Final[dict[asyncio.AbstractEventLoop, AsyncGenerator[_Running]]] = {}
_running: Final[dict[asyncio.AbstractEventLoop, _Running]] = {}


async def open_session() -> _Running:
    """Return the session and the verifier of the running event loop, opened if need be.

    Raises:
        ConfigurationError: a setting is missing or cannot work.
    """
    loop = asyncio.get_running_loop()
    found = _running.get(loop)
    if found is not None:
        return found
    for other in [each for each in list(_running) if each.is_closed()]:
        # Of a loop that did not end in order, as in tests.
        del _running[other], _lives[other]
    # A generator that has begun is known to its loop, which ends it when it ends itself.
    life = _live()
    # Opening a session does not suspend this task, so that no other opens a second one.
    found = _running[loop] = await anext(life)
    _lives[loop] = life
    return found


async def close_session() -> None:
    """Close the session of the running event loop; the next request opens another one."""
    loop = asyncio.get_running_loop()
    life = _lives.pop(loop, None)
    _running.pop(loop, None)
    if life is not None:
        await life.aclose()


async def _live() -> AsyncGenerator[_Running]:
    # No generator within this one: a loop ends all of them at the same time.
    async with _session() as session:
        yield session, TokenVerifier(session, **_settings().get("VERIFIER", {}))


def _session() -> FronteggSession:
    """Make the session that the settings describe."""
    source = _settings().get("SESSION", {})
    if isinstance(source, Mapping):
        return FronteggSession.from_env(**source)
    make = cast("Any", import_string(source) if isinstance(source, str) else source)
    session: FronteggSession = make()
    return session


def with_lifespan(application: Application) -> Application:
    """Return an ASGI application that opens the session when it starts, and closes it at the end.

    ::

        application = with_lifespan(get_asgi_application())
    """

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        await receive()
        try:
            await open_session()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await close_session()
        await send({"type": "lifespan.shutdown.complete"})

    return serve


# Requests


class FronteggMiddleware:
    """Authenticates the callers of all views, and responds to errors of this package."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        settings = _settings()
        self._get_response: Final = get_response
        self._public: Final = PublicPaths(settings.get("PUBLIC", ()))
        self._requires: Final = settings.get("REQUIRES")
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve a request."""
        try:
            session, verifier = await _opened(request)
            setattr(request, _SESSION, session)
            if request.path_info not in self._public:
                claims = await _authenticated(request, verifier)
                if self._requires is not None:
                    self._requires.check(claims)
        except FronteggError as error:
            return _response(error)
        return await self._get_response(request)

    def process_exception(self, _: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the response for an error of a view, or None for those that are not ours."""
        catches = _settings().get("RESPONSES", DEFAULT) is not None
        return _response(exception) if catches and isinstance(exception, FronteggError) else None


def requires(
    *,
    roles: str | Sequence[str] | None = None,
    permissions: str | Sequence[str] | None = None,
    tenant: str | None = None,
    tenant_from: str | None = None,
    step_up: float | timedelta | None = None,
) -> Callable[[View], AsyncView]:
    """Return a decorator of views, for callers who satisfy a requirement.

    A view is an async function, ``MyView.as_view()``, or a sync function, which Django runs in a
    thread. Without arguments, any caller with a valid token satisfies the requirement.

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

    def decorate(view: View) -> AsyncView:
        run = cast("AsyncView", view if _is_async(view) else sync_to_async(view))

        @wraps(view)
        async def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                session, verifier = await _opened(request)
                setattr(request, _SESSION, session)
                requirement.check(await _authenticated(request, verifier), kwargs)
            except FronteggError as error:
                return _response(error)
            return await run(request, *args, **kwargs)

        return checked

    return decorate


def _is_async(view: View) -> bool:
    # Also of what as_view() returns: inspect sees its mark from Python 3.12 on only.
    return iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]


def get_session(request: HttpRequest) -> FronteggSession:
    """Return the session, in a view behind the middleware or ``requires``.

    Raises:
        ConfigurationError: the view is behind neither.
    """
    session: FronteggSession | None = getattr(request, _SESSION, None)
    if session is None:
        raise ConfigurationError(
            "the request has no session: add FronteggMiddleware to MIDDLEWARE, or requires() to "
            "the view"
        )
    return session


def get_claims(request: HttpRequest) -> Claims:
    """Return the claims of the caller, in a view behind the middleware or ``requires``.

    Raises:
        ConfigurationError: the view is behind neither, or its path is public.
    """
    claims: Claims | None = getattr(request, _CLAIMS, None)
    if claims is None:
        raise ConfigurationError(
            "the caller was not authenticated: add requires() to the view, or take its path from "
            "PUBLIC"
        )
    return claims


async def _opened(request: HttpRequest) -> _Running:
    if not isinstance(request, ASGIRequest):
        raise ConfigurationError(
            "the request came over WSGI, where each has an event loop of its own: serve the "
            "project by ASGI (uvicorn project.asgi:application), and test it by AsyncClient"
        )
    return await open_session()


async def _authenticated(request: HttpRequest, verifier: TokenVerifier) -> Claims:
    claims: Claims | None = getattr(request, _CLAIMS, None)
    if claims is None:
        claims = await verifier.authenticate(cast("Mapping[str, str]", request.headers))
        setattr(request, _CLAIMS, claims)
    return claims


def _response(error: FronteggError) -> HttpResponse:
    response = response_to(error, _settings().get("RESPONSES") or DEFAULT)
    return HttpResponse(response.body, status=response.status, headers=dict(response.headers))


def _settings() -> Settings:
    """Return the settings of the project.

    Raises:
        ConfigurationError: they are no dict, or one is not known.
    """
    settings: object = getattr(django_settings, "FRONTEGG", {})
    if not isinstance(settings, Mapping):
        raise ConfigurationError(f"FRONTEGG must be a dict, got {type(settings).__name__}")
    names: list[object] = [*settings]
    unknown = sorted(str(name) for name in names if name not in Settings.__annotations__)
    if unknown:
        known = ", ".join(Settings.__annotations__)
        raise ConfigurationError(f"FRONTEGG has no {', '.join(unknown)}: it takes {known}")
    return cast("Settings", settings)
