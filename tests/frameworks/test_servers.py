"""The examples under their servers: two workers, 1,000 requests, and an end without an error."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import aiohttp
import pytest

from frontegg_async.emulator import Emulator

from .conftest import Tokens, bearer
from .servers import aiohttp_processes, uvicorn

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


def requests_of(tokens: Tokens) -> list[tuple[str, dict[str, str], int]]:
    """Return path, headers and expected status of good and bad requests."""
    head, body, signature = tokens.ada.split(".")
    return [
        ("/me", bearer(tokens.ada), 200),
        ("/me", bearer(tokens.bob), 200),
        ("/me", {"x-api-key": tokens.access}, 200),
        ("/users/bob", bearer(tokens.ada), 200),
        ("/tenants/t1/users", bearer(tokens.ada), 200),
        ("/users/nobody", bearer(tokens.ada), 404),
        ("/users/bob", bearer(tokens.bob), 403),
        ("/tenants/t2/users", bearer(tokens.ada), 403),
        ("/me", {}, 401),
        ("/me", bearer("nonsense"), 401),
        ("/me", bearer(f"{head}.{body}.{signature[::-1]}"), 401),
        ("/me", bearer(tokens.access), 401),
        ("/me", {"x-api-key": tokens.ada}, 401),
    ]


async def send_all(url: str, tokens: Tokens) -> Counter[tuple[str, int, int]]:
    """Send 1,000 requests, 20 at a time; count them by path, expected status and status."""
    kinds = requests_of(tokens)
    waiting = [kinds[number % len(kinds)] for number in range(1_000)]
    random.Random(7).shuffle(waiting)
    statuses: Counter[tuple[str, int, int]] = Counter()
    async with aiohttp.ClientSession() as client:

        async def send() -> None:
            while waiting:
                path, headers, expected = waiting.pop()
                async with client.get(url + path, headers=headers) as response:
                    await response.read()
                    statuses[path, expected, response.status] += 1

        await asyncio.gather(*(send() for _ in range(20)))
    return statuses


@pytest.mark.parametrize(
    "app", ["fastapi_app:app", "starlette_app:app", "litestar_app:app", "django_app:application"]
)
async def test_examples(app: str, emulator: Emulator, tokens: Tokens) -> None:
    """Each of 1,000 mixed requests gets its status, none a 500; SIGTERM ends without an error."""
    async with uvicorn(app, emulator, workers=2) as server:
        statuses = await send_all(server.url, tokens)
        exit_code = await server.stop()
    assert {key for key in statuses if key[1] != key[2]} == set()
    assert statuses.total() == 1_000
    assert exit_code == 0
    assert not [line for line in server.log if not line.startswith("INFO:")]


async def test_example_of_aiohttp(emulator: Emulator, tokens: Tokens) -> None:
    """The same for two processes of aiohttp.web on one port, which log nothing at all."""
    async with aiohttp_processes("aiohttp_app.py", emulator, workers=2) as servers:
        statuses = await send_all(servers[0].url, tokens)
        exit_codes = [await server.stop() for server in servers]
    assert {key for key in statuses if key[1] != key[2]} == set()
    assert statuses.total() == 1_000
    assert exit_codes == [0, 0]
    assert [server.log for server in servers] == [[], []]
