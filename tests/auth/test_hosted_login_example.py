"""The example of hosted login, in a browser that follows redirects, against the emulator."""

from __future__ import annotations

import importlib.util
import re
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from frontegg_async.emulator import Emulator, HostedLoginPolicy

from ..support.browsers import Browser, browser, query_of

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "hosted_login.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """Load the example."""
    spec = importlib.util.spec_from_file_location("hosted_login_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def running(
    example: Any, monkeypatch: pytest.MonkeyPatch, **policy: Any
) -> AsyncGenerator[tuple[str, Emulator, Browser]]:
    """Run the example on an emulator; give its origin, the emulator and a browser."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        registered = HostedLoginPolicy(redirect_uris=[f"{origin}/callback"], **policy)
        async with Emulator(hosted_login=registered) as emulator, browser() as user:
            emulator.add_user("ada", email="ada@x.io", tenant_ids=["acme"], password="pw")
            monkeypatch.setenv("FRONTEGG_CLIENT_ID", emulator.client_id)
            monkeypatch.setenv("FRONTEGG_DOMAIN", emulator.url)
            runner = web.AppRunner(example.make_app(origin))
            await runner.setup()
            try:
                await web.SockSite(runner, listening).start()
                yield origin, emulator, user
            finally:
                await runner.cleanup()


async def test_a_visit(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor is sent to the login page, comes back to the page wanted, and logs out."""
    async with running(example, monkeypatch) as (origin, emulator, user):
        async with user.http.get(f"{origin}/me?tab=1") as shown:
            assert str(shown.url).startswith(f"{emulator.url}/oauth/authorize?")
            login_page = str(shown.url)
        form = {"email": "ada@x.io", "password": "pw"}
        async with user.http.post(login_page, data=form) as shown:
            assert str(shown.url) == f"{origin}/me?tab=1"
            assert await shown.text() == "<p>ada@x.io of acme</p>"
        emulator.revoke_user("ada", sessions=False)
        async with user.http.get(f"{origin}/me") as shown:
            assert await shown.text() == "<p>ada@x.io of acme</p>"
        async with user.http.post(f"{origin}/logout") as shown:
            assert str(shown.url) == f"{origin}/"
            assert "Log in" in await shown.text()
        async with user.http.get(f"{origin}/me") as shown:
            assert "/oauth/authorize?" in str(shown.url)


async def test_attacks(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback of another browser, one shown twice, and a page of another host are errors."""
    async with running(example, monkeypatch, user_id="ada") as (origin, _, attacker):
        page = (await attacker.open(f"{origin}/login"))[1]
        theirs = (await attacker.open(page))[1]
        async with browser() as victim:
            assert await victim.open(theirs) == (400, "")
            page = (await victim.open(f"{origin}/login"))[1]
            assert query_of(page)["state"] != query_of(theirs)["state"]
            mine = (await victim.open(page))[1]
            denied = re.sub(r"code=[^&]+", "error=access_denied", mine)
            assert await victim.open(theirs) == (400, "")
            assert await victim.open(denied) == (400, "")  # the login is used up by now
            page = (await victim.open(f"{origin}/login"))[1]
            mine = (await victim.open(page))[1]
            assert await victim.open(mine) == (302, "/")
            assert await victim.open(mine) == (400, "")
        evil = f"{origin}/login?next=//evil.example"
        assert await attacker.open(evil) == (400, "")
