"""The code of the pages on frameworks, run as it is printed there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import FronteggSession
from frontegg_async.emulator import AnswerStatus, Emulator

from ..support.suites import ROOT, WITHOUT_ASYNCIO, files_of, run_pytest
from .conftest import Tokens, bearer, client_of

PAGES = ["fastapi.md", "starlette.md", "litestar.md", "aiohttp.md", "django.md"]

TEST_OF_HOOKS = """
import jwt
from test_app import *

PATH = "/webhooks/frontegg"
SECRET = "a secret of a webhook, of a usual length"


async def check(monkeypatch, post):
    monkeypatch.setenv("FRONTEGG_WEBHOOK_SECRET", SECRET)
    body = {"eventKey": "frontegg.user.deleted", "eventContext": {}, "user": {}}
    sent = [("ada", SECRET, 200, "ada@example.com"), ("gone", SECRET, 200, "gone")]
    for user_id, secret, status, text in [*sent, ("ada", SECRET + "x", 401, "")]:
        body["eventContext"]["userId"] = user_id
        headers = {"x-webhook-secret": jwt.encode({}, secret, algorithm="HS256")}
        found, content = await post(body, headers)
        assert found == status
        assert text in content


def by_httpx(client):
    async def post(body, headers):
        response = await client.post(PATH, json=body, headers=headers)
        return response.status_code, response.text

    return post
"""
TESTS_OF_HOOKS = {
    "fastapi.md": """
from hooks import hooks


async def test_hook(client, monkeypatch):
    app.include_router(hooks)
    await check(monkeypatch, by_httpx(client))
""",
    "starlette.md": """
from hooks import hooks


async def test_hook(client, monkeypatch):
    app.router.routes += hooks
    await check(monkeypatch, by_httpx(client))
""",
    "litestar.md": """
from hooks import receive


async def test_hook(client, monkeypatch):
    app.register(receive)
    await check(monkeypatch, by_httpx(client))
""",
    "aiohttp.md": """
from hooks import hooks


@pytest.fixture
def app():
    application = make_app()
    application.add_routes(hooks)
    return application


async def test_hook(client, monkeypatch):
    async def post(body, headers):
        response = await client.post(PATH, json=body, headers=headers)
        return response.status, await response.text()

    await check(monkeypatch, post)
""",
    "django.md": """
from app import path, urlpatterns
from django.views.decorators.csrf import csrf_exempt
from hooks import receive


async def test_hook(frontegg, monkeypatch):
    urlpatterns.append(path(PATH.removeprefix("/"), csrf_exempt(receive)))
    client = AsyncClient()

    async def post(body, headers):
        sent = {"data": body, "content_type": "application/json", "headers": headers}
        response = await client.post(PATH, **sent)
        return response.status_code, response.text

    await check(monkeypatch, post)
""",
}
"""Code that gives the webhook of a page to its application, and sends to it."""


def run(folder: Path, *names: str) -> str:
    """Run tests in a folder, and return the last line of the output."""
    done = run_pytest(folder, *WITHOUT_ASYNCIO, *names)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("page", PAGES)
def test_pages(page: str, tmp_path: Path) -> None:
    """The application of a page passes the tests of the page."""
    files = files_of(page)
    for name in ("app.py", "test_app.py"):
        (tmp_path / name).write_text(files[name])
    assert run(tmp_path, "test_app.py").startswith("2 passed")


@pytest.mark.parametrize("page", PAGES)
def test_webhooks_of_pages(page: str, tmp_path: Path) -> None:
    """The webhook of a page takes signed events, also of a user who is gone, and no other."""
    for name, text in files_of(page).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "test_hooks.py").write_text(TEST_OF_HOOKS + TESTS_OF_HOOKS[page])
    assert "passed" in run(tmp_path, "test_hooks.py", "-k", "test_hook")


def example(name: str) -> dict[str, Any]:
    """Run an example of the page about the official package, and return its names."""
    page = (ROOT / "docs" / "coming-from-frontegg.md").read_text()
    (source,) = re.findall(rf"<!-- example: {name} -->\n```python\n(.*?)```", page, re.DOTALL)
    defined: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, name, "exec"), defined)  # noqa: S102
    return defined


@pytest.mark.anyio
async def test_the_application_that_came_from_frontegg(
    emulator: Emulator, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application after the change lets in an admin, and neither a member nor a stranger."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
    monkeypatch.setenv("FRONTEGG_API_KEY", emulator.api_key)
    monkeypatch.setenv("FRONTEGG_BASE_URL", emulator.url)
    async with client_of(example("fastapi")["app"]) as client:
        assert (await client.get("/users", headers=bearer(tokens.ada))).json() == "ada"
        assert (await client.get("/users", headers=bearer(tokens.bob))).status_code == 403
        assert (await client.get("/users")).status_code == 401


@pytest.mark.anyio
async def test_audit_logs(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The operation of the page sends an audit log for a tenant."""
    await frontegg.users.get("ada")  # the token is there, and the next answer is the audit's
    emulator.inject(AnswerStatus(201, b'{"severity": "Info"}'))
    sent = await example("audits")["send_audit"](frontegg, "t1", severity="Info", action="test")
    assert sent == {"severity": "Info"}
    (request,) = (each for each in emulator.requests if each.raw_path == "/audits")
    assert request.headers["frontegg-tenant-id"] == "t1"
    assert json.loads(request.body) == {"severity": "Info", "action": "test"}
