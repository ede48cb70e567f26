"""The ASGI middleware: it authenticates before Starlette and before any other application."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from frontegg_async import ConfigurationError, FronteggSession, NotFoundError
from frontegg_async.auth import require
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.integrations.starlette import FronteggMiddleware, error_handlers, lifespan

from .conftest import Tokens, bearer, client_of, messages_of, websocket

pytestmark = pytest.mark.anyio

PUBLIC = ["/health", "/docs/*"]
JWKS = "GET /.well-known/jwks.json"


async def me(request: Request) -> Response:
    return JSONResponse({"user_id": request.state.claims.user_id})


async def ok(request: Request) -> Response:
    assert isinstance(request.state.frontegg, FronteggSession)
    return PlainTextResponse("ok")


async def get_user(request: Request) -> Response:
    user = await request.state.frontegg.users.get(request.path_params["user_id"])
    return Response(user.to_json(), media_type="application/json")


async def ws(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json({"user_id": socket.state.claims.user_id})
    await socket.close()


def app_on(session: FronteggSession, *, handlers: bool = True, **settings: Any) -> Starlette:
    admins = Middleware(FronteggMiddleware, requires=require(roles="Admin"))
    return Starlette(
        routes=[
            Route("/me", me),
            Route("/health", ok),
            Route("/docs/{path:path}", ok),
            Route("/users/{user_id}", get_user),
            Mount("/admin", routes=[Route("/all", ok)], middleware=[admins]),
            WebSocketRoute("/ws", ws),
        ],
        lifespan=lifespan(session),
        middleware=[Middleware(FronteggMiddleware, public=PUBLIC, **settings)],
        exception_handlers=error_handlers() if handlers else {},
    )


async def statuses(client: httpx.AsyncClient, paths: list[str], token: str | None) -> list[int]:
    headers = {} if token is None else bearer(token)
    return [(await client.get(path, headers=headers)).status_code for path in paths]


async def test_who_gets_through(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Public paths are open to all, others to callers with a token, a mount to its role."""
    async with client_of(app_on(frontegg)) as client:
        paths = ["/health", "/docs/a/b", "/me", "/admin/all"]
        assert await statuses(client, paths, None) == [200, 200, 401, 401]
        assert await statuses(client, paths, "nonsense") == [200, 200, 401, 401]
        assert await statuses(client, paths, tokens.bob) == [200, 200, 200, 403]
        assert await statuses(client, paths, tokens.ada) == [200, 200, 200, 200]
        response = await client.get("/me", headers={"x-api-key": tokens.access})
        assert response.json() == {"user_id": None}
        assert (await client.get("/me")).headers["www-authenticate"] == "Bearer"


async def test_a_caller_is_verified_once(
    emulator: Emulator, frontegg: FronteggSession, tokens: Tokens
) -> None:
    """The middleware of a mount takes the claims that the first one has verified."""
    app = app_on(frontegg)
    async with client_of(app) as client:
        verified: list[object] = []
        authenticate = app.state.frontegg_verifier.authenticate

        async def counting(headers: Any) -> Any:
            verified.append(headers)
            return await authenticate(headers)

        app.state.frontegg_verifier.authenticate = counting
        assert await statuses(client, ["/admin/all"], tokens.ada) == [200]
    assert len(verified) == 1


@pytest.mark.parametrize(
    ("path", "root", "is_public"),
    [
        ("/health", "", True),
        ("/health/", "", False),
        ("/healthy", "", False),
        ("/Health", "", False),
        ("/docs", "", False),
        ("/docs/", "", True),
        ("/docs/a", "", True),
        ("/docs/../admin/all", "", False),
        ("/docs/./a", "", False),
        ("/docs//a", "", False),
        ("/docs/a/..", "", False),
        ("//docs/a", "", False),
        ("/api/health", "/api", True),
        ("/api/me", "/api", False),
        ("/apihealth", "/api", False),
        ("/health", "/health", False),
    ],
)
async def test_public_paths(
    path: str, root: str, is_public: bool, frontegg: FronteggSession
) -> None:
    """A path is public as it is written, below the root of a proxy, and never by a detour."""
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    guarded = FronteggMiddleware(app, public=PUBLIC)
    starlette = Starlette(lifespan=lifespan(frontegg))
    async with starlette.router.lifespan_context(starlette):
        scope: dict[str, Any] = {"type": "http", "path": path, "root_path": root, "headers": []}
        sent = await messages_of(guarded, {**scope, "app": starlette})
    assert bool(reached) is is_public
    assert [each["status"] for each in sent if "status" in each] == ([] if is_public else [401])


@pytest.mark.parametrize("path", ["health", "/a/*/b", "*", ""])
def test_public_paths_that_would_not_work(path: str) -> None:
    """A public path that could never match, or would match all, is refused."""
    with pytest.raises(ConfigurationError, match="public"):
        FronteggMiddleware(lambda *_: None, public=[path])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_errors_of_calls(
    emulator: Emulator, frontegg: FronteggSession, tokens: Tokens
) -> None:
    """Errors get their status from the handlers, from the middleware, or from neither."""
    for app in (app_on(frontegg), app_on(frontegg, handlers=False)):
        async with client_of(app) as client:
            response = await client.get("/users/nobody", headers=bearer(tokens.ada))
            assert response.status_code == 404
            assert response.headers["content-type"] == "application/problem+json"
    async with client_of(app_on(frontegg, handlers=False, responses=None)) as client:
        with pytest.raises(NotFoundError):
            await client.get("/users/nobody", headers=bearer(tokens.ada))


async def test_an_error_after_the_response_began(frontegg: FronteggSession) -> None:
    """An error that comes too late for a response of its own is left to the server."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise NotFoundError("too late")

    guarded = FronteggMiddleware(app, public=["/"])
    starlette = Starlette(lifespan=lifespan(frontegg))
    async with starlette.router.lifespan_context(starlette):
        scope: dict[str, Any] = {"type": "http", "path": "/", "headers": [], "app": starlette}
        with pytest.raises(NotFoundError, match="too late"):
            await messages_of(guarded, scope)


async def test_keys_that_cannot_be_fetched(
    emulator: Emulator, frontegg: FronteggSession, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    """Without keys, a caller gets a 502 and not a 401, and the log says why."""
    emulator.inject(AnswerStatus(500), on=JWKS, times=None)
    with caplog.at_level(logging.ERROR, "frontegg_async.integrations"):
        async with client_of(app_on(frontegg)) as client:
            assert await statuses(client, ["/me"], tokens.ada) == [502]
    assert "responded 502: jwks" in caplog.text


@pytest.mark.parametrize("can_refuse", [True, False])
async def test_websockets(can_refuse: bool, frontegg: FronteggSession, tokens: Tokens) -> None:
    """A websocket is refused before it is accepted: with a 401, or closed if none can be sent."""
    app = app_on(frontegg)
    connect = {"type": "websocket.connect"}
    async with app.router.lifespan_context(app):
        good = await messages_of(app, websocket("/ws", tokens.ada, can_refuse=can_refuse), connect)
        bad = await messages_of(app, websocket("/ws", can_refuse=can_refuse), connect)
    assert good[1]["text"] == '{"user_id":"ada"}'
    if can_refuse:
        assert [each["type"] for each in bad] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert bad[0]["status"] == 401
        assert (b"www-authenticate", b"Bearer") in bad[0]["headers"]
    else:
        assert [(each["type"], each["code"]) for each in bad] == [("websocket.close", 1008)]


async def test_requests_share_nothing(frontegg: FronteggSession, tokens: Tokens) -> None:
    """The claims of a request are not put into the state that a server gives to all of them."""
    app = app_on(frontegg)
    shared: dict[str, Any] = {"of": "the server"}
    headers = [(b"authorization", f"Bearer {tokens.ada}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/me", "headers": headers, "state": shared}
    async with app.router.lifespan_context(app):
        sent = await messages_of(app, scope)
    assert sent[0]["status"] == 200
    assert shared == {"of": "the server"}


# Other frameworks


LIFESPAN = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows HTTP only, and no state of Starlette's kind."""
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    user_id = scope["state"]["claims"].user_id
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": user_id.encode()})


async def with_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """An application that runs a lifespan of its own."""
    if scope["type"] != "lifespan":
        await without_lifespan(scope, receive, send)
        return
    for done in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{done}"
        await send({"type": f"lifespan.{done}.complete"})


@pytest.mark.parametrize("app", [with_lifespan, without_lifespan])
async def test_any_asgi_application(app: Any, emulator: Emulator, tokens: Tokens) -> None:
    """The middleware runs its own lifespan before an application of any framework."""

    def session() -> FronteggSession:
        return FronteggSession(
            client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
        )

    guarded = FronteggMiddleware(app, lifespan=lifespan(session))
    answers: list[tuple[int, bytes]] = []
    waiting, sent = list(LIFESPAN), list[Any]()

    async def receive() -> Any:
        message = waiting.pop(0)
        if message["type"] == "lifespan.shutdown":
            assert sent == [{"type": "lifespan.startup.complete"}]
            for token in (tokens.ada, "nonsense"):
                headers = [(b"authorization", f"Bearer {token}".encode())]
                scope = {"type": "http", "path": "/", "headers": headers}
                start, body = await messages_of(guarded, scope)
                answers.append((start["status"], body["body"]))
        return message

    async def send(message: Any) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            assert repr(guarded.state.frontegg).endswith(", not open>")
        sent.append(message)

    await guarded({"type": "lifespan"}, receive, send)
    assert sent[-1] == {"type": "lifespan.shutdown.complete"}
    assert answers[0] == (200, b"ada")
    assert answers[1][0] == 401


async def test_a_lifespan_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot work stops the server, with the reason in its message."""
    for name in ("FRONTEGG_CLIENT_ID", "FRONTEGG_API_KEY", "FRONTEGG_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    guarded = FronteggMiddleware(with_lifespan, lifespan=lifespan())
    waiting, sent = list(LIFESPAN), list[Any]()

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ConfigurationError):
        await guarded({"type": "lifespan"}, receive, send)
    assert [each["type"] for each in sent] == ["lifespan.startup.failed"]
    assert "no credentials" in sent[0]["message"]
