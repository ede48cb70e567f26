"""FastAPI: dependencies authenticate and require, errors of calls have their status."""

from __future__ import annotations

import math
from contextlib import AsyncExitStack
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.middleware import Middleware

from frontegg_async import ConfigurationError, FronteggSession, Page, RateLimitError, User
from frontegg_async.auth import Claims
from frontegg_async.auth.claims import claims_of
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.integrations.error_responses import ErrorResponses
from frontegg_async.integrations.fastapi import (
    CurrentClaims,
    CurrentSession,
    Requires,
    error_handlers,
    get_claims,
    get_session,
    lifespan,
)
from frontegg_async.integrations.starlette import FronteggMiddleware

from .conftest import Tokens, bearer, client_of, messages_of, websocket

pytestmark = pytest.mark.anyio

GET_USER = "GET /identity/resources/vendor-only/users/v1/{userId}"


def app_on(session: FronteggSession, **settings: Any) -> FastAPI:
    """Return an application with a route for each way to use the dependencies."""
    settings = {"exception_handlers": error_handlers(), **settings}
    app = FastAPI(lifespan=lifespan(session), **settings)

    @app.get("/open")
    async def public() -> str:
        return "open"

    @app.get("/me")
    async def me(caller: CurrentClaims) -> dict[str, str | None]:
        return {"user_id": caller.user_id, "tenant_id": caller.tenant_id}

    @app.get("/admin")
    async def admin(caller: Annotated[Claims, Requires(roles=["Admin", "Owner"])]) -> str | None:
        return caller.tenant_id

    @app.get("/tenants/{tenant_id}", dependencies=[Requires(tenant_from="tenant_id")])
    async def tenant(tenant_id: str) -> str:
        return tenant_id

    @app.get("/step-up", dependencies=[Requires(step_up=math.inf)])
    async def step_up() -> None: ...

    @app.get("/mistake", dependencies=[Requires(tenant_from="tenant_id")])
    async def mistake() -> None: ...

    @app.get("/users/{user_id}")
    async def get_user(user_id: str, frontegg: CurrentSession) -> User:
        return await frontegg.users.get(user_id)

    @app.get("/users")
    async def list_users(frontegg: CurrentSession) -> list[User]:
        return await frontegg.users.iterate().collect(max_items=10)

    @app.get("/page", response_model_exclude_none=True)
    async def page_of_users(frontegg: CurrentSession) -> Page[User]:
        return await frontegg.users.iterate().page(0)

    @app.websocket("/ws")
    async def ws(socket: WebSocket, caller: CurrentClaims) -> None:
        await socket.accept()
        await socket.send_json({"user_id": caller.user_id})
        await socket.close()

    return app


async def statuses(
    client: httpx.AsyncClient, paths: list[str], headers: dict[str, str]
) -> list[int]:
    return [(await client.get(path, headers=headers)).status_code for path in paths]


PATHS = ["/open", "/me", "/admin", "/tenants/t1", "/tenants/t2", "/step-up"]


async def test_who_may_do_what(frontegg: FronteggSession, tokens: Tokens) -> None:
    """Each caller gets the status that its token deserves, on each kind of route."""
    async with client_of(app_on(frontegg)) as client:
        for headers, expected in (
            ({}, [200, 401, 401, 401, 401, 401]),
            (bearer("nonsense"), [200, 401, 401, 401, 401, 401]),
            ({"Authorization": tokens.ada}, [200, 401, 401, 401, 401, 401]),
            (bearer(tokens.access), [200, 401, 401, 401, 401, 401]),
            (bearer(tokens.ada), [200, 200, 200, 200, 403, 401]),
            (bearer(tokens.bob), [200, 200, 403, 200, 403, 401]),
            ({"x-api-key": tokens.access}, [200, 200, 200, 200, 403, 401]),
        ):
            assert await statuses(client, PATHS, headers) == expected, headers
        mine = await client.get("/me", headers=bearer(tokens.ada))
        assert mine.json() == {"user_id": "ada", "tenant_id": "t1"}


@pytest.mark.parametrize("handlers", [True, False], ids=["with handlers", "without"])
async def test_refusals_say_how_to_authenticate(
    handlers: bool, frontegg: FronteggSession, tokens: Tokens
) -> None:
    """A 401 has its challenge and a reason, with the handlers of errors and without."""
    settings: dict[str, Any] = {} if handlers else {"exception_handlers": {}}
    async with client_of(app_on(frontegg, **settings)) as client:
        no_token = await client.get("/me")
        bad_token = await client.get("/me", headers=bearer("nonsense"))
        forbidden = await client.get("/admin", headers=bearer(tokens.bob))
    assert no_token.headers["www-authenticate"] == "Bearer"
    assert 'error="invalid_token"' in bad_token.headers["www-authenticate"]
    assert bad_token.json()["detail"] == "it is not a JSON Web Token"
    assert "Admin, Owner" in forbidden.json()["detail"]
    assert forbidden.headers["content-type"] == (
        "application/problem+json" if handlers else "application/json"
    )


async def test_requirements_of_routers_and_applications(
    frontegg: FronteggSession, tokens: Tokens
) -> None:
    """A requirement of a router or of the application holds for all of its routes."""
    router = APIRouter(prefix="/admin", dependencies=[Requires(roles="Admin")])

    @router.get("/all")
    async def of_router() -> None: ...

    app = FastAPI(lifespan=lifespan(frontegg), dependencies=[Requires()])
    app.include_router(router)

    @app.get("/any")
    async def of_app() -> None: ...

    async with client_of(app) as client:
        paths = ["/admin/all", "/any"]
        assert await statuses(client, paths, {}) == [401, 401]
        assert await statuses(client, paths, bearer(tokens.bob)) == [403, 200]
        assert await statuses(client, paths, bearer(tokens.ada)) == [200, 200]


async def test_a_path_without_the_tenant_lets_nobody_in(
    frontegg: FronteggSession, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    """A route whose path lacks the parameter is a 500, and not open to callers of all tenants."""
    async with client_of(app_on(frontegg)) as client:
        response = await client.get("/mistake", headers=bearer(tokens.ada))
    assert response.status_code == 500
    assert "detail" not in response.json()
    assert "parameter of the route's path (none), got 'tenant_id'" in caplog.text


@pytest.mark.parametrize("settings", [{"roles": []}, {"tenant": "t", "tenant_from": "t"}])
def test_requirements_that_cannot_be_meant(settings: dict[str, Any]) -> None:
    """An empty list of roles, or two tenants, is an error when the route is declared."""
    with pytest.raises(ConfigurationError):
        Requires(**settings)


async def test_errors_of_calls(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Errors of calls have their own status; those of our credentials are no 401 of the caller."""
    async with client_of(app_on(frontegg)) as client:
        missing = await client.get("/users/nobody")
        assert missing.status_code == 404
        emulator.inject(AnswerStatus(401), on=GET_USER, times=None)
        assert (await client.get("/users/ada")).status_code == 502
        emulator.clear_faults()
        limited = AnswerStatus(429, headers={"Retry-After": "900"})
        emulator.inject(limited, on=GET_USER, times=None)
        busy = await client.get("/users/ada")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "900")


async def test_handlers_can_be_set_and_left_out(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A limit is a 429 if the handlers say so; without handlers the error itself comes through."""
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "900"}), on=GET_USER, times=None)
    handlers = error_handlers(ErrorResponses(rate_limit=429))
    async with client_of(app_on(frontegg, exception_handlers=handlers)) as client:
        assert (await client.get("/users/ada")).status_code == 429
    async with client_of(app_on(frontegg, exception_handlers={})) as client:
        with pytest.raises(RateLimitError):
            await client.get("/users/ada")


async def test_structs_are_response_models(frontegg: FronteggSession) -> None:
    """``-> User``, ``-> list[User]`` and ``-> Page[User]`` respond with Frontegg's names."""
    async with client_of(app_on(frontegg)) as client:
        user = (await client.get("/users/ada")).json()
        users = (await client.get("/users")).json()
        page = (await client.get("/page")).json()
    assert (user["id"], user["email"], user["tenantIds"]) == ("ada", "ada@example.com", ["t1"])
    assert user["lastLogin"] is None
    assert [each["id"] for each in users] == ["ada", "bob"]
    assert [each["id"] for each in page["items"]] == ["ada", "bob"]
    assert page["_metadata"]["totalItems"] == 2
    assert "lastLogin" not in page["items"][0]


async def test_openapi(frontegg: FronteggSession) -> None:
    """The schema names both headers, asks for them where they are needed, and shows the fields."""
    schema = app_on(frontegg).openapi()
    assert schema["components"]["securitySchemes"] == {
        "FronteggToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Token of a user or of client credentials.",
        },
        "FronteggAccessToken": {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "Access token.",
        },
    }
    either: list[Any] = [{"FronteggToken": []}, {"FronteggAccessToken": []}]
    paths = schema["paths"]
    guarded = [paths[path]["get"].get("security") for path in ("/open", "/me", "/admin")]
    assert guarded == [None, either, either]
    schemas = schema["components"]["schemas"]
    assert schemas["User"]["required"] == ["id"]
    assert schemas["User"]["properties"]["tenantIds"]["anyOf"][0] == {
        "items": {"type": "string"},
        "type": "array",
    }
    in_page = schemas["Page_User_"]["properties"]["items"]["items"]
    assert in_page == {"$ref": "#/components/schemas/User"}
    returned = paths["/users/{user_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert returned["schema"] == {"$ref": "#/components/schemas/User"}


async def test_dependency_overrides(frontegg: FronteggSession) -> None:
    """A test may give claims of its own: requirements are checked, no token and no lifespan."""
    app = app_on(frontegg)
    caller = claims_of({"sub": "u1", "type": "userToken", "tenantId": "t9", "roles": ["Owner"]})
    app.dependency_overrides[get_claims] = lambda: caller
    app.dependency_overrides[get_session] = lambda: frontegg
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
        paths = ["/me", "/admin", "/tenants/t9", "/tenants/t1", "/users/ada"]
        assert await statuses(client, paths, {}) == [200, 200, 200, 403, 200]


async def test_without_the_lifespan(frontegg: FronteggSession, tokens: Tokens) -> None:
    """An application whose lifespan did not run lets nobody in."""
    transport = httpx.ASGITransport(app_on(frontegg))
    async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
        assert await statuses(client, ["/me", "/users/ada"], bearer(tokens.ada)) == [500, 500]


async def test_two_applications_of_two_environments(
    frontegg: FronteggSession, tokens: Tokens
) -> None:
    """Each application has its own verifier, also one that is mounted in the other."""
    async with Emulator() as elsewhere, AsyncExitStack() as stack:
        other = await stack.enter_async_context(
            FronteggSession(
                client_id=elsewhere.client_id, api_key=elsewhere.api_key, base_url=elsewhere.url
            )
        )
        outer = app_on(frontegg, middleware=[Middleware(FronteggMiddleware)])
        inner = app_on(other)
        outer.mount("/inner", inner)
        await stack.enter_async_context(inner.router.lifespan_context(inner))
        client = await stack.enter_async_context(client_of(outer))
        both = ["/me", "/inner/me"]
        assert await statuses(client, both, bearer(tokens.ada)) == [200, 401]
        inner.state = outer.state
        assert await statuses(client, both, bearer(tokens.ada)) == [200, 200]


async def test_the_session_lives_as_long_as_the_application(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session of the environment variables is opened and closed with the application."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
    monkeypatch.setenv("FRONTEGG_API_KEY", emulator.api_key)
    monkeypatch.setenv("FRONTEGG_BASE_URL", emulator.url)
    app = FastAPI(lifespan=lifespan())
    for _ in range(2):
        async with app.router.lifespan_context(app):
            assert repr(app.state.frontegg).endswith(", open>")
        assert repr(app.state.frontegg).endswith(", not open>")


async def test_a_given_session_stays_open(frontegg: FronteggSession) -> None:
    """A session that was handed in is not closed with the application."""
    async with client_of(app_on(frontegg)):
        pass
    assert (await frontegg.users.get("ada")).id == "ada"


@pytest.mark.parametrize("handlers", [True, False], ids=["with handlers", "without"])
@pytest.mark.parametrize("can_refuse", [True, False])
async def test_websockets(
    can_refuse: bool, handlers: bool, frontegg: FronteggSession, tokens: Tokens
) -> None:
    """A websocket is refused before it is accepted: with a 401, or closed if none can be sent."""
    app = app_on(frontegg, **({} if handlers else {"exception_handlers": {}}))
    async with app.router.lifespan_context(app):
        scope = websocket("/ws", tokens.ada, can_refuse=can_refuse)
        good = await messages_of(app, scope, {"type": "websocket.connect"})
        scope = websocket("/ws", "nonsense", can_refuse=can_refuse)
        bad = await messages_of(app, scope, {"type": "websocket.connect"})
    assert [each["type"] for each in good] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert good[1]["text"] == '{"user_id":"ada"}'
    if can_refuse:
        assert [each["type"] for each in bad] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert bad[0]["status"] == 401
    else:
        assert [(each["type"], each["code"]) for each in bad] == [("websocket.close", 1008)]
