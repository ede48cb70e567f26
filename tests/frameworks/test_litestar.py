"""Litestar: dependencies and guards authenticate and require, errors have their status."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, Router, WebSocket, get, websocket
from litestar.params import FromPath

from frontegg_async import ConfigurationError, FronteggSession, NotFoundError, User
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.integrations.error_responses import ErrorResponses
from frontegg_async.integrations.litestar import (
    CurrentClaims,
    CurrentSession,
    FronteggPlugin,
    requires,
)

from .conftest import Tokens, bearer, messages_of
from .conftest import websocket as websocket_scope

pytestmark = pytest.mark.anyio

GET_USER = "GET /identity/resources/vendor-only/users/v1/{userId}"


@get("/open")
async def public() -> str:
    return "open"


@get("/me")
async def me(claims: CurrentClaims) -> dict[str, str | None]:
    return {"user_id": claims.user_id, "tenant_id": claims.tenant_id}


@get("/admin", guards=[requires(roles=["Admin", "Owner"])])
async def admin(claims: CurrentClaims) -> str:
    return claims.sub


@get("/tenants/{tenant_id:str}", guards=[requires(tenant_from="tenant_id")])
async def tenant(tenant_id: FromPath[str]) -> str:
    return tenant_id


@get("/mistake", guards=[requires(tenant_from="tenant_id")])
async def mistake() -> None: ...


@get("/users/{user_id:str}")
async def get_user(user_id: FromPath[str], frontegg: CurrentSession) -> User:
    return await frontegg.users.get(user_id)


@get("/users")
async def list_users(frontegg: CurrentSession) -> list[User]:
    return await frontegg.users.iterate().collect(max_items=10)


@get("/all")
async def of_router() -> None: ...


@get("/permission", guards=[requires(permissions="nobody.has.it")])
async def two_guards() -> None: ...


@websocket("/ws", guards=[requires(roles="Admin")])
async def ws(socket: WebSocket[Any, Any, Any], claims: CurrentClaims) -> None:
    await socket.accept()
    await socket.send_json({"user_id": claims.user_id})
    await socket.close()


def app_on(plugin: FronteggPlugin, **settings: Any) -> Litestar:
    """Return an application with a route for each way to use the plugin."""
    below = Router("/router", route_handlers=[of_router, two_guards], guards=[requires()])
    handlers: list[Any] = [public, me, admin, tenant, mistake, get_user, list_users, below, ws]
    return Litestar(handlers, plugins=[plugin], logging_config=None, **settings)


@asynccontextmanager
async def client_of(app: Litestar) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a client of an application that is called without a server, in its lifespan.

    ``AsyncTestClient`` of Litestar blocks the event loop that the emulator runs on.
    """
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client = httpx.AsyncClient(transport=transport, base_url="http://app.test")
    async with app.lifespan(), client:
        yield client


async def statuses(
    client: httpx.AsyncClient, paths: list[str], headers: dict[str, str]
) -> list[int]:
    return [(await client.get(path, headers=headers)).status_code for path in paths]


PATHS = ["/open", "/me", "/admin", "/tenants/t1", "/tenants/t2", "/router/all"]


async def test_who_may_do_what(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Each caller gets the status that its token deserves, on each kind of route."""
    async with client_of(app_on(FronteggPlugin(frontegg))) as client:
        for headers, expected in (
            ({}, [200, 401, 401, 401, 401, 401]),
            (bearer("nonsense"), [200, 401, 401, 401, 401, 401]),
            (bearer(tokens.access), [200, 401, 401, 401, 401, 401]),
            (bearer(tokens.ada), [200, 200, 200, 200, 403, 200]),
            (bearer(tokens.bob), [200, 200, 403, 200, 403, 200]),
            ({"x-api-key": tokens.access}, [200, 200, 200, 200, 403, 200]),
        ):
            assert await statuses(client, PATHS, headers) == expected, headers
        # Guards add up, and a path without the tenant is not open to callers of all tenants.
        assert await statuses(client, ["/router/permission", "/mistake"], bearer(tokens.ada)) == [
            403,
            500,
        ]
        mine = await client.get("/me", headers=bearer(tokens.ada))
        assert mine.json() == {"user_id": "ada", "tenant_id": "t1"}


async def test_a_request_is_verified_once(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Guards and dependencies of one request share its claims; the next request has its own."""
    app = app_on(FronteggPlugin(frontegg))
    async with client_of(app) as client:
        authenticate = app.state.frontegg_verifier.authenticate
        count = 0

        class Counting:
            async def authenticate(self, headers: Any) -> Any:
                nonlocal count
                count += 1
                return await authenticate(headers)

        app.state.frontegg_verifier = Counting()
        assert (await client.get("/admin", headers=bearer(tokens.ada))).text == "ada"
        assert count == 1
        assert (await client.get("/me", headers=bearer(tokens.bob))).json()["user_id"] == "bob"
        assert count == 2


async def test_errors_of_calls(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Errors of calls have their own status; those of our credentials are no 401 of the caller."""
    async with client_of(app_on(FronteggPlugin(frontegg))) as client:
        missing = await client.get("/users/nobody")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"
        emulator.inject(AnswerStatus(401), on=GET_USER, times=None)
        assert (await client.get("/users/ada")).status_code == 502
        emulator.clear_faults()
        limited = AnswerStatus(429, headers={"Retry-After": "900"})
        emulator.inject(limited, on=GET_USER, times=None)
        busy = await client.get("/users/ada")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "900")


async def test_responses_can_be_set_and_left_out(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A limit is a 429 if asked for; without responses only callers get 401 and 403.

    A handler of the application's own stays.
    """

    def own(_: Request[Any, Any, Any], error: NotFoundError) -> Response[str]:
        return Response(error.operation or "", status_code=410)

    app = app_on(FronteggPlugin(frontegg), exception_handlers={NotFoundError: own})
    async with client_of(app) as client:
        assert (await client.get("/users/nobody")).status_code == 410
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "900"}), on=GET_USER, times=None)
    plugin = FronteggPlugin(frontegg, responses=ErrorResponses(rate_limit=429))
    async with client_of(app_on(plugin)) as client:
        assert (await client.get("/users/ada")).status_code == 429
    plugin = FronteggPlugin(frontegg, responses=None)
    async with client_of(app_on(plugin)) as client:
        assert await statuses(client, ["/users/ada", "/me"], {}) == [500, 401]


async def test_structs_are_responses(frontegg: FronteggSession) -> None:
    """``-> User`` and ``-> list[User]`` respond with Frontegg's names, also in OpenAPI."""
    app = app_on(FronteggPlugin(frontegg))
    async with client_of(app) as client:
        user = (await client.get("/users/ada")).json()
        users = (await client.get("/users")).json()
    assert (user["id"], user["email"], user["tenantIds"]) == ("ada", "ada@example.com", ["t1"])
    assert [each["id"] for each in users] == ["ada", "bob"]
    schema = app.openapi_schema.to_schema()
    shown = schema["components"]["schemas"]["User"]
    assert shown["required"] == ["id"]
    assert {"email", "tenantIds", "superUser"} <= shown["properties"].keys()


async def test_openapi(frontegg: FronteggSession) -> None:
    """Operations that take a token say so, others do not, and Litestar's default stays as it is."""
    schema = app_on(FronteggPlugin(frontegg)).openapi_schema.to_schema()
    assert schema["components"]["securitySchemes"].keys() == {
        "FronteggToken",
        "FronteggAccessToken",
    }
    either: list[dict[str, list[str]]] = [{"FronteggToken": []}, {"FronteggAccessToken": []}]
    paths = ["/open", "/me", "/admin", "/router/all", "/users"]
    shown = [schema["paths"][path]["get"].get("security") for path in paths]
    assert shown == [None, either, either, either, None]
    assert (
        "securitySchemes"
        not in Litestar([public], logging_config=None).openapi_schema.to_schema()["components"]
    )
    assert app_on(FronteggPlugin(frontegg), openapi_config=None).openapi_config is None


async def test_without_the_plugin(tokens: Tokens) -> None:
    """A guard without the plugin lets nobody in."""
    app = Litestar([tenant], logging_config=None)
    async with client_of(app) as client:
        assert await statuses(client, ["/tenants/t1"], bearer(tokens.ada)) == [500]


@pytest.mark.parametrize("settings", [{"roles": []}, {"tenant": "t", "tenant_from": "t"}])
def test_requirements_that_cannot_be_meant(settings: dict[str, Any]) -> None:
    """An empty list of roles, or two tenants, is an error when the route is declared."""
    with pytest.raises(ConfigurationError):
        requires(**settings)


async def test_the_session_lives_as_long_as_the_application(
    emulator: Emulator, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that the plugin makes is closed with the application, one that it got is not."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
    monkeypatch.setenv("FRONTEGG_API_KEY", emulator.api_key)
    monkeypatch.setenv("FRONTEGG_BASE_URL", emulator.url)
    app = app_on(FronteggPlugin())
    for _ in range(2):
        async with client_of(app):
            assert repr(app.state.frontegg).endswith(", open>")
        assert repr(app.state.frontegg).endswith(", not open>")
    async with client_of(app_on(FronteggPlugin(frontegg))):
        pass
    assert (await frontegg.users.get("ada")).id == "ada"


async def test_websockets(frontegg: FronteggSession, tokens: Tokens) -> None:
    """A websocket without a good token, or a role, is closed before it is accepted."""
    app: Any = app_on(FronteggPlugin(frontegg))
    async with client_of(app):
        connect = {"type": "websocket.connect"}
        good = await messages_of(app, websocket_scope("/ws", tokens.ada), connect)
        bad = [
            await messages_of(app, websocket_scope("/ws", token), connect)
            for token in (None, "nonsense", tokens.bob)
        ]
    assert [each["type"] for each in good] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert [[(each["type"], each["code"]) for each in sent] for sent in bad] == [
        [("websocket.close", 1008)]
    ] * 3
