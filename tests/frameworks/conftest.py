"""An emulator with two users, and tokens of theirs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from frontegg_async import FronteggSession
from frontegg_async.emulator import Emulator

from ..support.sessions import session_on


class Tokens(msgspec.Struct, frozen=True):
    """Tokens of callers: Ada is an admin of the tenant t1, Bob is a member without roles."""

    ada: str
    bob: str
    access: str
    """Access token of the tenant, with the role of an admin."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        for name, roles in (("ada", ["Admin"]), ("bob", [])):
            email = f"{name}@example.com"
            running.add_user(name, email=email, tenant_ids=["t1"], roles=roles, password="pw-A-1")
        yield running


@pytest.fixture
async def frontegg(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    async with session_on(emulator) as session:
        yield session


@pytest.fixture
async def tokens(frontegg: FronteggSession) -> Tokens:
    async def login(name: str) -> str:
        result = await frontegg.authentication.login(email=f"{name}@example.com", password="pw-A-1")
        assert result.access_token is not None
        return result.access_token

    made = await frontegg.for_tenant("t1").api_tokens.create_access_token(
        description="CI", role_ids=["role-Admin"]
    )
    assert made.secret is not None
    return Tokens(await login("ada"), await login("bob"), made.secret)


@asynccontextmanager
async def client_of(app: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a client of an application that is called without a server, in its lifespan."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://app.test") as client,
    ):
        yield client


def bearer(token: str) -> dict[str, str]:
    """Return the header of a request with a token."""
    return {"Authorization": f"Bearer {token}"}


async def messages_of(app: Any, scope: dict[str, Any], *received: dict[str, Any]) -> list[Any]:
    """Return the ASGI messages that an application sends for a scope."""
    waiting, sent = list(received), list[Any]()

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def websocket(path: str, token: str | None = None, *, can_refuse: bool = True) -> dict[str, Any]:
    """Return the scope of a websocket, from a server that can send an HTTP response or not."""
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}} if can_refuse else {},
    }
