"""Responses of the auth route: the lives of tokens, and responses without a token."""

from __future__ import annotations

import asyncio

import pytest

from frontegg_async import (
    ResponseDecodeError,
)
from frontegg_async.auth import grants
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.models.authentication import TokenGrant

from ..support.clocks import FakeClock, spin
from ..support.routes import AUTH, GET
from ..support.sessions import session_on
from ..support.tokens import StubFetch, make_manager

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock that the test moves."""
    return FakeClock()


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        (1.0, 1.0),
        (1e7, 1e7),
        (0.5, 1.0),
        (0.0, 300.0),
        (-5.0, 300.0),
        (None, 300.0),
        ("3600", 3_600.0),
        (" 60.5 ", 60.5),
        ("soon", 300.0),
        ("nan", 300.0),
        ("", 300.0),
        (1e300, grants.MAX_LIFE_S),
        (10**309, 300.0),
        ("inf", grants.MAX_LIFE_S),
    ],
)
async def test_life_of_a_token(
    clock: FakeClock, expires_in: float | str | None, life: float
) -> None:
    """Any life works: counted from before the request, one fetch for it, a new one after it."""
    fetch = StubFetch(TokenGrant(token="first", expires_in=expires_in))
    manager = make_manager(fetch, clock)
    fetch.gate = asyncio.Event()
    waiting = asyncio.create_task(manager.get(1.0))
    await spin()
    started = clock.now
    clock.advance(life / 10)
    fetch.gate.set()
    first = await waiting
    assert first.expires_at == pytest.approx(started + life)
    assert [await manager.get(1.0) for _ in range(10)] == [first] * 10
    assert fetch.calls == 1
    clock.advance(life)
    assert (await manager.get(1.0)).value == "token-2"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'{"token": null}',
        b'{"token": ""}',
        b'{"token": 5}',
        b'{"token": "a\\nb", "expiresIn": 60}',
        b'{"token": "a b", "expiresIn": 60}',
        b'{"token": "\\u00e9", "expiresIn": 60}',
        b'{"token": "t", "x": ' + b"[" * 200_000,
        b"<html>hello</html>",
        b"\xff\xfe",
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_unusable_answers_of_the_auth_route(
    emulator: Emulator, clock: FakeClock, body: bytes
) -> None:
    """A response without a usable token is an error that names the host, and backs off."""
    bad = emulator.inject(
        AnswerStatus(200, body=body, content_type="application/json"), on=AUTH, times=None
    )
    async with session_on(emulator, clock=clock) as session:
        for _ in range(10):
            with pytest.raises(ResponseDecodeError, match=emulator.url) as caught:
                await session.users.get("user-0")
            assert caught.value.operation == "users.get"
        assert emulator.count(AUTH) == 1
        assert emulator.count(GET) == 0
        bad.clear()
        clock.advance(1.0)
        assert (await session.users.get("user-0")).id == "user-0"
