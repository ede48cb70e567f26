"""Starlette and other ASGI frameworks: a lifespan, and a middleware that authenticates callers.

Needs ``pip install frontegg-async[starlette]``::

    app = Starlette(
        routes=[Route("/me", me)],
        lifespan=lifespan(issuer="https://acme.frontegg.com"),
        middleware=[Middleware(FronteggMiddleware, public=["/health"])],
        exception_handlers=error_handlers(),
    )

A request that comes through has its ``Claims`` in ``request.state.claims``, which is
``scope["state"]["claims"]`` of ASGI, and the session in ``request.state.frontegg``. Others are
answered by the middleware:

==========================  ======================================================================
no token, or no valid one   401 with ``WWW-Authenticate``
a requirement is not met    403, or 401 for a step-up
it cannot be looked up      502, 503 or 504: see ``error_responses``
a websocket                 the same response before it is accepted, where the server can send one
                            (``websocket.http.response``); otherwise it is closed with 1008, and
                            the server responds 403
==========================  ======================================================================

The middleware is plain ASGI and works without Starlette, before an application of any framework.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    MutableMapping,
)
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, Unpack

from ..auth.claims import Claims
from ..auth.requirements import Requirement
from ..auth.verifier import TokenVerifier
from ..errors import ConfigurationError, FronteggError
from ..frontegg import FronteggSession
from .callers import (
    DEFAULT,
    PublicPaths,
    SessionSource,
    VerifierSettings,
    close_code,
    response_to,
    serving,
)
from .error_responses import ErrorResponse, ErrorResponses

if TYPE_CHECKING:
    from starlette.responses import Response

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_LIFESPAN: Final = (
    "app.state.frontegg is not set: give the application, or the middleware before it, the "
    "lifespan() of this module. An application that is mounted in another takes the other's "
    "state: inner.state = outer.state"
)
_CLAIMS: Final = "frontegg_async.claims"
"""Key of a scope: claims of the caller, and the verifier that they were verified by."""


class HasState(Protocol):
    """An application with a place for values, such as those of Starlette and FastAPI."""

    @property
    def state(self) -> Any:
        """Values of the application, as attributes."""
        ...


Lifespan: TypeAlias = Callable[[HasState], AbstractAsyncContextManager[None]]


def lifespan(
    session: SessionSource = FronteggSession.from_env,
    **settings: Unpack[VerifierSettings],
) -> Lifespan:
    """Return a lifespan that sets ``app.state.frontegg`` and ``app.state.frontegg_verifier``.

    A lifespan of your own enters it: ``async with lifespan(issuer=...)(app): yield``.

    Args:
        session: function that makes the session, which is opened and closed with the application;
            by default it is made from the ``FRONTEGG_*`` environment variables. Or an open session,
            which is not closed.
        settings: those of ``TokenVerifier``. On the host of a region it needs ``issuer``.
    """

    @asynccontextmanager
    async def run(app: HasState) -> AsyncGenerator[None]:
        async with serving(session, settings) as (session_open, verifier):
            app.state.frontegg, app.state.frontegg_verifier = session_open, verifier
            yield

    return run


def error_handlers(
    responses: ErrorResponses = DEFAULT,
) -> dict[Any, Any]:
    """Return ``exception_handlers`` for an application, which respond to errors of this package.

    Args:
        responses: makes the response for an error.
    """

    async def respond(connection: Any, error: FronteggError) -> Response | None:
        return await responded(connection, response_to(error, responses))

    return {FronteggError: respond}


class FronteggMiddleware:
    """Authenticates the callers of an ASGI application, over HTTP and websockets.

    Args:
        app: application behind it.
        public: paths that need no token. ``/health`` is this path alone, ``/docs/*`` all paths
            that begin with ``/docs/``. A path with an empty or dotted segment, such as
            ``/docs/../admin``, is never public.
        requires: requirement on all callers, such as ``require(roles="Admin")``. A second
            middleware, on a mount or route, adds a requirement and does not verify again.
        lifespan: lifespan that the middleware runs before that of the application, for frameworks
            without ``app.state``. By default the application runs it.
        responses: makes the response for an error of this package, also for one that the
            application raises. None leaves errors of the application to the server.
    """

    def __init__(
        self,
        app: App,
        *,
        public: Iterable[str] = (),
        requires: Requirement | None = None,
        lifespan: Lifespan | None = None,
        responses: ErrorResponses | None = DEFAULT,
    ) -> None:
        self.state: Final = SimpleNamespace()
        self._app: Final = app
        self._public: Final = PublicPaths(public)
        self._requires: Final = requires
        self._lifespan: Final = lifespan
        self._responses: Final = responses or DEFAULT
        self._catches: Final = responses is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection, or the lifespan."""
        if scope["type"] in {"http", "websocket"}:
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan" and self._lifespan is not None:
            await _live(self._app, self._lifespan(self), scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            session, verifier = self._running(scope)
            share(scope, frontegg=session)
            if not self._is_public(scope):
                claims = await authenticated(scope, verifier)
                if self._requires is not None:
                    self._requires.check(claims)
        except FronteggError as error:
            await _refuse(response_to(error, self._responses), scope, send)
            return
        if not self._catches:
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except FronteggError as error:
            if begun:
                raise
            await _refuse(response_to(error, self._responses), scope, send)

    def _running(self, scope: Scope) -> tuple[FronteggSession, TokenVerifier]:
        if self._lifespan is not None:
            return running(self.state)
        return running(getattr(scope.get("app"), "state", None))

    def _is_public(self, scope: Scope) -> bool:
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if path == root or path.startswith(f"{root}/"):
            path = path[len(root) :]
        return path in self._public


def running(state: Any) -> tuple[FronteggSession, TokenVerifier]:
    """Return the session and the verifier of a running application.

    Raises:
        ConfigurationError: its lifespan was not run.
    """
    try:
        return state.frontegg, state.frontegg_verifier
    except AttributeError:
        pass
    raise ConfigurationError(NO_LIFESPAN)


async def authenticated(scope: Scope, verifier: TokenVerifier) -> Claims:
    """Return the claims of a caller, who is authenticated once for each request.

    Raises:
        FronteggError: the caller has no valid token, or it cannot be looked up.
    """
    known: tuple[Claims, TokenVerifier] | None = scope.get(_CLAIMS)
    # A mounted application may have another environment, whose callers are others.
    if known is not None and known[1] is verifier:
        return known[0]
    claims = await verifier.authenticate(_credentials(scope))
    scope[_CLAIMS] = claims, verifier
    share(scope, claims=claims)
    return claims


def share(scope: Scope, **values: object) -> None:
    """Put values into the state of one request. Servers may share the mapping between requests."""
    scope["state"] = {**(scope.get("state") or {}), **values}


def _credentials(scope: Scope) -> dict[str, str]:
    """Return the headers that may hold a token, under their names in lower case.

    A header that comes twice is taken once, the first time.
    """
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name.lower() in {b"authorization", b"x-api-key"}:
            found.setdefault(name.lower().decode(), value.decode("latin-1"))
    return found


# Responses


def offers_denial(scope: Scope) -> bool:
    """Return whether a connection can get an HTTP response: of websockets, not on all servers."""
    return scope["type"] == "http" or "websocket.http.response" in (scope.get("extensions") or {})


async def responded(connection: Any, answer: ErrorResponse) -> Response | None:
    """Return the response of Starlette, or close a websocket that gets none."""
    from starlette.responses import Response
    from starlette.websockets import WebSocket, WebSocketState

    if isinstance(connection, WebSocket):
        accepted = connection.application_state is not WebSocketState.CONNECTING
        if accepted or not offers_denial(connection.scope):
            if connection.application_state is not WebSocketState.DISCONNECTED:
                await connection.close(close_code(answer.status))
            return None
    return Response(answer.body, answer.status, dict(answer.headers))


async def _refuse(answer: ErrorResponse, scope: Scope, send: Send) -> None:
    if not offers_denial(scope):
        await send({"type": "websocket.close", "code": close_code(answer.status), "reason": ""})
        return
    prefix = "websocket." if scope["type"] == "websocket" else ""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    start = {"type": f"{prefix}http.response.start", "status": answer.status, "headers": encoded}
    await send(start)
    await send({"type": f"{prefix}http.response.body", "body": answer.body})


# Lifespan


async def _live(
    app: App,
    lifespan: AbstractAsyncContextManager[None],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Run a lifespan around that of an application, which need not have one.

    It ends before the server hears that the application has: after that the loop may stop.
    """
    stack = AsyncExitStack()
    taken = False

    async def taking() -> Message:
        nonlocal taken
        taken = True
        return await receive()

    async def ending(message: Message) -> None:
        if message["type"] != "lifespan.startup.complete":
            await stack.aclose()
        await send(message)

    async with stack:
        try:
            await stack.enter_async_context(lifespan)
        except Exception as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        try:
            await app(scope, taking, ending)
        except Exception:
            if taken:
                raise
            # As Django's: it does not know this kind of scope. Servers would stop asking.
            await taking()
            await ending({"type": "lifespan.startup.complete"})
            await taking()
            await ending({"type": "lifespan.shutdown.complete"})
