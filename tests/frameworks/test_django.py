"""Django: middleware and decorator authenticate and require; one session for each event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="test", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)

import django
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.views import View

from frontegg_async import ConfigurationError, FronteggSession, RateLimitError
from frontegg_async.auth import require
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.integrations.django import (
    close_session,
    get_claims,
    get_session,
    open_session,
    requires,
    with_lifespan,
)
from frontegg_async.integrations.error_responses import ErrorResponses

from ..support.sessions import session_on
from .conftest import Tokens, bearer, messages_of

pytestmark = pytest.mark.anyio
django.setup()

GET_USER = "GET /identity/resources/vendor-only/users/v1/{userId}"
MIDDLEWARE = ["frontegg_async.integrations.django.FronteggMiddleware"]


async def ok(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse("ok")


async def me(request: HttpRequest) -> HttpResponse:
    caller = get_claims(request)
    return JsonResponse({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


@requires(tenant_from="tenant_id")
async def tenant(request: HttpRequest, tenant_id: str) -> HttpResponse:
    return HttpResponse(tenant_id)


class AdminView(View):
    """Handlers of one path."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Show the admin."""
        return HttpResponse(get_claims(request).sub)


@requires(roles="Admin")
def sync_view(request: HttpRequest) -> HttpResponse:
    """Call Frontegg from a thread, on the event loop of the server."""
    assert threading.current_thread() is not threading.main_thread()
    user = async_to_sync(get_session(request).users.get)(get_claims(request).sub)
    return HttpResponse(user.email)


async def get_user(request: HttpRequest, user_id: str) -> HttpResponse:
    user = await get_session(request).users.get(user_id)
    return HttpResponse(user.to_json(), content_type="application/json")


urlpatterns = [
    path("open", ok),
    path("docs/<path:rest>", ok),
    path("me", me),
    path("tenants/<tenant_id>", tenant),
    path("mistake", requires(tenant_from="tenant_id")(ok)),
    path("view", requires(roles=["Admin", "Owner"])(AdminView.as_view())),
    path("sync", sync_view),
    path("users/<user_id>", get_user),
]

Project = Callable[..., Any]


@pytest.fixture
async def project(emulator: Emulator) -> AsyncIterator[Project]:
    """Give a function that returns ``override_settings`` for a project on the emulator."""

    def changed(*, middleware: list[str] = MIDDLEWARE, **frontegg: Any) -> Any:
        base = {"SESSION": lambda: session_on(emulator), "PUBLIC": ["/open", "/docs/*"]}
        return override_settings(MIDDLEWARE=middleware, FRONTEGG={**base, **frontegg})

    yield changed
    await close_session()


async def statuses(paths: list[str], headers: dict[str, str]) -> list[int]:
    client = AsyncClient(raise_request_exception=False)
    return [(await client.get(path, headers=headers)).status_code for path in paths]


PATHS = ["/open", "/docs/a/b", "/me", "/view", "/sync", "/tenants/t1", "/tenants/t2", "/nowhere"]


async def test_who_may_do_what(project: Project, tokens: Tokens) -> None:
    """Each caller gets the status that its token deserves, on each kind of view."""
    with project():
        for headers, expected in (
            ({}, [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer("nonsense"), [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer(tokens.access), [200, 200, 401, 401, 401, 401, 401, 401]),
            (bearer(tokens.ada), [200, 200, 200, 200, 200, 200, 403, 404]),
            (bearer(tokens.bob), [200, 200, 200, 403, 403, 200, 403, 404]),
        ):
            assert await statuses(PATHS, headers) == expected, headers
        assert await statuses(["/me", "/view"], {"x-api-key": tokens.access}) == [200, 200]
        assert await statuses(["/docs/../me", "/docs//me", "/openly"], {}) == [401, 401, 401]
        # A path without the tenant is not open to callers of all tenants.
        assert await statuses(["/mistake"], bearer(tokens.ada)) == [500]
        mine = await AsyncClient().get("/me", headers=bearer(tokens.ada))
        assert mine.json() == {"user_id": "ada", "tenant_id": "t1"}
        from_thread = await AsyncClient().get("/sync", headers=bearer(tokens.ada))
        assert from_thread.content == b"ada@example.com"


async def test_requirement_on_all_callers(project: Project, tokens: Tokens) -> None:
    """A requirement of the middleware holds for all paths but the public ones."""
    with project(REQUIRES=require(roles="Admin")):
        assert await statuses(["/open", "/me"], bearer(tokens.bob)) == [200, 403]
        assert await statuses(["/open", "/me"], bearer(tokens.ada)) == [200, 200]


async def test_the_decorator_alone(project: Project, tokens: Tokens) -> None:
    """Without the middleware, ``requires`` authenticates and refuses, with the challenge."""
    with project(middleware=[]):
        assert await statuses(["/view", "/sync", "/me"], bearer(tokens.ada)) == [200, 200, 500]
        assert await statuses(["/view", "/sync"], bearer(tokens.bob)) == [403, 403]
        response = await AsyncClient().get("/view", headers=bearer("nonsense"))
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


async def test_errors_of_calls(project: Project, emulator: Emulator, tokens: Tokens) -> None:
    """Errors of calls have their own status; those of our credentials are no 401 of the caller."""
    with project(PUBLIC=["/*"]):
        assert await statuses(["/users/nobody"], {}) == [404]
        emulator.inject(AnswerStatus(401), on=GET_USER, times=None)
        assert await statuses(["/users/ada"], {}) == [502]
        emulator.clear_faults()
        limited = AnswerStatus(429, headers={"Retry-After": "900"})
        emulator.inject(limited, on=GET_USER, times=None)
        busy = await AsyncClient().get("/users/ada")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "900")


async def test_responses_can_be_set_and_left_out(project: Project, emulator: Emulator) -> None:
    """A limit is a 429 if asked for; without responses only callers get 401 and 403."""
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "900"}), on=GET_USER, times=None)
    with project(PUBLIC=["/users/*"], RESPONSES=ErrorResponses(rate_limit=429)):
        assert await statuses(["/users/ada"], {}) == [429]
    with project(PUBLIC=["/users/*"], RESPONSES=None):
        assert await statuses(["/me"], {}) == [401]
        with pytest.raises(RateLimitError):
            await AsyncClient().get("/users/ada")


async def test_wsgi_is_refused(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Over WSGI no request comes through, and the log says why."""
    with project(), project(middleware=[]):
        client = Client(raise_request_exception=False)
        assert (await sync_to_async(client.get)("/sync")).status_code == 500
    with project():
        client = Client(raise_request_exception=False)
        assert (await sync_to_async(client.get)("/open")).status_code == 500
    assert sum("came over WSGI" in record.getMessage() for record in caplog.records) == 2


def test_each_loop_has_a_session_that_ends_with_it(emulator_in_thread: Emulator) -> None:
    """The first request of a loop opens a session, later ones share it, and the loop closes it."""
    sessions: list[FronteggSession] = []

    def make() -> FronteggSession:
        sessions.append(session_on(emulator_in_thread))
        return sessions[-1]

    async def serve() -> None:
        client = AsyncClient()
        answers = await asyncio.gather(*(client.get("/users/ada") for _ in range(10)))
        assert {each.status_code for each in answers} == {200}
        assert repr(sessions[-1]).endswith(", open>")

    with override_settings(MIDDLEWARE=MIDDLEWARE, FRONTEGG={"SESSION": make, "PUBLIC": ["/*"]}):
        for number in (1, 2):
            asyncio.run(serve())
            assert len(sessions) == number
            assert repr(sessions[-1]).endswith(", not open>")


@pytest.fixture
def emulator_in_thread() -> Any:
    """Give an emulator that outlives the event loops of a test, with one user."""
    started: list[Emulator] = []
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with Emulator() as emulator:
            emulator.add_user("ada", email="ada@example.com", tenant_ids=["t1"])
            started.append(emulator)
            ready.set()
            await stop.wait()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()


async def test_with_lifespan(project: Project, emulator: Emulator) -> None:
    """The wrapped application opens the session when it starts, and closes it when it ends."""
    lifespan = {"type": "lifespan", "asgi": {"version": "3.0"}}
    with project():
        seen: list[FronteggSession] = []
        waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent: list[Any] = []

        async def receive() -> Any:
            message = waiting.pop(0)
            if message["type"] == "lifespan.shutdown":
                seen.append((await open_session())[0])
                assert repr(seen[0]).endswith(", open>")
            return message

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await with_lifespan(get_asgi_application())(lifespan, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert repr(seen[0]).endswith(", not open>")


async def test_a_mistake_stops_the_start(project: Project) -> None:
    """A setting that cannot work fails the startup with its message."""
    with project(VERIFIER={"leeway": -1}):
        application = with_lifespan(get_asgi_application())
        with pytest.raises(ConfigurationError, match="leeway"):
            await messages_of(application, {"type": "lifespan"}, {"type": "lifespan.startup"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"ISSUER": "https://acme.frontegg.com"}, "FRONTEGG has no ISSUER: it takes SESSION"),
        (["PUBLIC"], "FRONTEGG must be a dict, got list"),
        ({"PUBLIC": ["health"]}, "public must hold paths"),
    ],
)
def test_settings_that_are_not_known(value: object, message: str) -> None:
    """A setting that is misspelt or of another form stops the application from loading."""
    changed = override_settings(MIDDLEWARE=MIDDLEWARE, FRONTEGG=value)
    with changed, pytest.raises(ConfigurationError, match=message):
        get_asgi_application()


async def test_sources_of_the_session(
    project: Project, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SESSION`` may be a dotted path, or a dict on top of the environment variables."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
    monkeypatch.setenv("FRONTEGG_API_KEY", emulator.api_key)
    with project(SESSION={"base_url": emulator.url}):
        assert (await open_session())[0].base_url == emulator.url
        await close_session()
    monkeypatch.setenv("FRONTEGG_BASE_URL", emulator.url)
    with project(SESSION="frontegg_async.FronteggSession.from_env"), pytest.raises(ImportError):
        await open_session()
    with project(SESSION=f"{__name__}.make_session"):
        assert (await open_session())[0].base_url == emulator.url


def make_session() -> FronteggSession:
    return FronteggSession.from_env()
