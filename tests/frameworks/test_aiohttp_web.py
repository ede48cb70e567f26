"""aiohttp.web: middleware and decorator authenticate and require, errors have their status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from frontegg_async import ConfigurationError, FronteggSession, NotFoundError
from frontegg_async.auth import require
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.integrations.aiohttp_web import (
    CLAIMS,
    FRONTEGG,
    VERIFIER,
    authenticated,
    cleanup_context,
    frontegg_middleware,
    requires,
)
from frontegg_async.integrations.error_responses import ErrorResponses

from .conftest import Tokens, bearer

pytestmark = pytest.mark.anyio

GET_USER = "GET /identity/resources/vendor-only/users/v1/{userId}"
PUBLIC = ["/open", "/docs/*"]

Client = TestClient[web.Request, web.Application]


async def ok(request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def me(request: web.Request) -> web.Response:
    caller = request[CLAIMS]
    return web.json_response({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


@requires(tenant_from="tenant_id")
async def tenant(request: web.Request) -> web.Response:
    return web.Response(text=request.match_info["tenant_id"])


class Admins:
    """Handlers that are methods of an object."""

    @requires(roles="Admin")
    async def show(self, request: web.Request) -> web.Response:
        """Show the admin."""
        return web.Response(text=(await authenticated(request)).sub)


class AdminView(web.View):
    """Handlers of one resource."""

    @requires(roles=["Admin", "Owner"])
    async def get(self) -> web.Response:
        """Show the admin."""
        return web.Response(text=self.request[CLAIMS].sub)


async def get_user(request: web.Request) -> web.Response:
    user = await request.config_dict[FRONTEGG].users.get(request.match_info["user_id"])
    return web.Response(body=user.to_json(), content_type="application/json")


async def fails_late(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun")
    raise NotFoundError("too late for a response of its own")


async def ws(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(request[CLAIMS].sub)
    await socket.close()
    return socket


def routes() -> list[web.RouteDef]:
    return [
        web.get("/open", ok),
        web.get("/docs/{path:.*}", ok),
        web.get("/me", me),
        web.get("/tenants/{tenant_id}", tenant),
        web.get("/mistake", requires(tenant_from="tenant_id")(ok)),
        web.get("/method", Admins().show),
        web.view("/view", AdminView),
        web.get("/users/{user_id}", get_user),
        web.get("/late", fails_late),
        web.get("/ws", ws),
    ]


def app_on(session: FronteggSession, **settings: Any) -> web.Application:
    arguments: dict[str, Any] = {"public": PUBLIC, **settings}
    app = web.Application(middlewares=[frontegg_middleware(**arguments)])
    app.cleanup_ctx.append(cleanup_context(session))
    app.add_routes(routes())
    return app


@asynccontextmanager
async def client_of(app: web.Application) -> AsyncGenerator[Client]:
    """Give a client of an application on a free port, in its lifespan."""
    async with TestClient(TestServer(app)) as client:
        yield client


async def statuses(client: Client, paths: list[str], headers: dict[str, str]) -> list[int]:
    found: list[int] = []
    for path in paths:
        async with client.get(path, headers=headers) as response:
            found.append(response.status)
    return found


PATHS = ["/open", "/docs/a/b", "/me", "/method", "/view", "/tenants/t1", "/tenants/t2", "/nowhere"]


async def test_who_may_do_what(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Each caller gets the status that its token deserves, on each kind of handler."""
    async with client_of(app_on(frontegg)) as client:
        for headers, expected in (
            ({}, [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer("nonsense"), [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer(tokens.access), [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer(tokens.ada), [200, 200, 200, 200, 200, 200, 403, 404]),
            (bearer(tokens.bob), [200, 200, 200, 403, 403, 200, 403, 404]),
            ({"x-api-key": tokens.access}, [200, 200, 200, 200, 200, 200, 403, 404]),
        ):
            assert await statuses(client, PATHS, headers) == expected, headers
        # A path without the tenant is not open to callers of all tenants.
        assert await statuses(client, ["/mistake"], bearer(tokens.ada)) == [500]
        async with client.get("/me", headers=bearer(tokens.ada)) as mine:
            assert await mine.json() == {"user_id": "ada", "tenant_id": "t1"}


async def test_public_paths_do_not_lead_elsewhere(frontegg: FronteggSession) -> None:
    """A dotted path below a public one is not public, however it is spelt."""
    async with client_of(app_on(frontegg)) as client:
        reader, writer = await _connected(client)
        for path in ("/docs/../me", "/docs/%2e%2e/me", "/docs//me", "/openly"):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: app.test\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 401"), path
            length = head.lower().partition(b"content-length:")[2].split()[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ConfigurationError, match="public must hold paths"):
        frontegg_middleware(public=["docs/*"])


async def _connected(client: Client) -> Any:
    return await asyncio.open_connection(client.host, client.port)


async def test_requirement_on_all_callers(frontegg: FronteggSession, tokens: Tokens) -> None:
    """A requirement of the middleware holds for all paths but the public ones."""
    async with client_of(app_on(frontegg, requires=require(roles="Admin"))) as client:
        paths = ["/open", "/me"]
        assert await statuses(client, paths, bearer(tokens.bob)) == [200, 403]
        assert await statuses(client, paths, bearer(tokens.ada)) == [200, 200]


async def test_the_decorator_alone(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Without the middleware, ``requires`` authenticates and refuses, with the challenge."""
    app = web.Application()
    app.cleanup_ctx.append(cleanup_context(frontegg))
    app.add_routes(routes())
    async with client_of(app) as client:
        assert await statuses(client, ["/view"], bearer(tokens.ada)) == [200]
        assert await statuses(client, ["/view"], bearer(tokens.bob)) == [403]
        async with client.get("/view", headers=bearer("nonsense")) as response:
            assert response.status == 401
            assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
            assert response.content_type == "application/problem+json"


async def test_errors_of_calls(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Errors of calls have their own status; those of our credentials are no 401 of the caller."""
    async with client_of(app_on(frontegg, public=["/*"])) as client:
        assert await statuses(client, ["/users/nobody"], {}) == [404]
        emulator.inject(AnswerStatus(401), on=GET_USER, times=None)
        assert await statuses(client, ["/users/ada"], {}) == [502]
        emulator.clear_faults()
        limited = AnswerStatus(429, headers={"Retry-After": "900"})
        emulator.inject(limited, on=GET_USER, times=None)
        async with client.get("/users/ada") as busy:
            assert (busy.status, busy.headers["Retry-After"]) == (503, "900")


async def test_responses_can_be_set_and_left_out(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A limit is a 429 if asked for; without responses only callers get 401 and 403."""
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "900"}), on=GET_USER, times=None)
    public = ["/users/*"]
    app = app_on(frontegg, public=public, responses=ErrorResponses(rate_limit=429))
    async with client_of(app) as client:
        assert await statuses(client, ["/users/ada"], {}) == [429]
    async with client_of(app_on(frontegg, public=public, responses=None)) as client:
        assert await statuses(client, ["/users/ada", "/me"], {}) == [500, 401]


async def test_a_response_that_has_begun(frontegg: FronteggSession, tokens: Tokens) -> None:
    """An error after the first bytes breaks the connection, and is no second response in it."""
    async with (
        client_of(app_on(frontegg)) as client,
        client.get("/late", headers=bearer(tokens.ada)) as response,
    ):
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_applications_below(frontegg: FronteggSession, tokens: Tokens) -> None:
    """An application below finds session and verifier of the one above, or its own."""
    async with (
        Emulator() as elsewhere,
        FronteggSession(
            client_id=elsewhere.client_id, api_key=elsewhere.api_key, base_url=elsewhere.url
        ) as other,
    ):
        outer, inner, foreign = app_on(frontegg), web.Application(), web.Application()
        inner.add_routes(routes())
        foreign.cleanup_ctx.append(cleanup_context(other))
        foreign.add_routes(routes())
        outer.add_subapp("/inner", inner)
        outer.add_subapp("/foreign", foreign)
        async with client_of(outer) as client:
            paths = ["/inner/users/ada", "/inner/view", "/foreign/view"]
            assert await statuses(client, paths, bearer(tokens.ada)) == [200, 200, 401]


async def test_without_the_cleanup_context(tokens: Tokens) -> None:
    """An application without the cleanup context lets nobody in."""
    app = web.Application(middlewares=[frontegg_middleware(public=["/open"])])
    app.add_routes(routes())
    async with client_of(app) as client:
        assert await statuses(client, ["/open", "/me"], bearer(tokens.ada)) == [200, 500]


async def test_the_session_lives_as_long_as_the_application(
    emulator: Emulator, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session of the environment variables is closed with the application, a given one is not."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
    monkeypatch.setenv("FRONTEGG_API_KEY", emulator.api_key)
    monkeypatch.setenv("FRONTEGG_BASE_URL", emulator.url)
    app = web.Application()
    app.cleanup_ctx.append(cleanup_context())
    async with client_of(app):
        assert repr(app[FRONTEGG]).endswith(", open>")
        assert app[VERIFIER] is not None
    assert repr(app[FRONTEGG]).endswith(", not open>")
    async with client_of(app_on(frontegg)):
        pass
    assert (await frontegg.users.get("ada")).id == "ada"


async def test_websockets(frontegg: FronteggSession, tokens: Tokens) -> None:
    """A websocket is refused with a 401 before the upgrade."""
    async with client_of(app_on(frontegg)) as client:
        async with client.ws_connect("/ws", headers=bearer(tokens.ada)) as socket:
            assert await socket.receive_str() == "ada"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", headers=bearer("nonsense"))
        assert refused.value.status == 401
