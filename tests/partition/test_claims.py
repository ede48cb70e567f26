"""The three stores of claims keep the same rules; the two real ones over real sockets."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
from collections.abc import AsyncIterator, Coroutine
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from frontegg_async import ClaimStoreError, ConfigurationError
from frontegg_async.bulk import ClaimStore, MemoryClaims
from frontegg_async.bulk.partition.claims import Busy, Finished, Held
from frontegg_async.integrations import postgres_claims
from frontegg_async.integrations.postgres_claims import PostgresClaims
from frontegg_async.integrations.redis_claims import RedisClaims

from ..support.partition_child import claims_at
from ..support.redis_servers import run_redis, slowed

pytestmark = pytest.mark.anyio

KEEP_S = 60.0


@pytest.fixture(params=["memory", "redis", "postgres"])
async def store(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[ClaimStore]:
    """Give each store, open."""
    name = str(request.param)
    opened = (
        MemoryClaims().open()
        if name == "memory"
        else claims_at(request.getfixturevalue(f"{name}_url")).open()
    )
    yield opened
    await opened.aclose()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """Give a key that no other test has."""
    return f"{os.getpid()}-{request.node.name}"


async def taken(store: ClaimStore, key: str, holder: str, lease_s: float = 60.0) -> Held:
    """Take a claim, and wait for a short lease to end."""
    while isinstance(found := await store.claim(key, holder, lease_s, KEEP_S), Busy):  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert isinstance(found, Held)
    return found


async def test_one_at_a_time(store: ClaimStore, key: str) -> None:
    """A held claim is busy for others; released, it comes with its log and the next number."""
    assert await taken(store, key, "a") == Held(1, [])
    busy = await store.claim(key, "b", 60.0, KEEP_S)
    assert isinstance(busy, Busy)
    assert 0 < busy.seconds <= 60
    assert await store.write(key, "a", b"one", 60.0, KEEP_S)
    assert await store.write(key, "a", b"", 60.0, KEEP_S)
    assert not await store.write(key, "b", b"never", 60.0, KEEP_S)
    assert await store.write(key, "a", b"\0two\xff", 60.0, KEEP_S)
    await store.release(key, "b")
    assert isinstance(await store.claim(key, "b", 60.0, KEEP_S), Busy)
    await store.release(key, "a")
    held = await taken(store, key, "b")
    assert (held.attempt, held.records) == (2, [b"one", b"\0two\xff"])
    assert 0.0 <= held.idle_s < 30.0


async def test_the_fence(store: ClaimStore, key: str) -> None:
    """After its lease an attempt writes nothing: neither a record nor a result, also much later."""
    await taken(store, key, "slow", 0.02)
    held = await taken(store, key, "next")
    assert held.attempt == 2
    assert held.idle_s < 30.0
    assert not await store.write(key, "slow", b"late", 60.0, KEEP_S)
    assert not await store.finish(key, "slow", b"late", KEEP_S)
    await store.release(key, "slow")
    assert await store.write(key, "next", b"", 0.02, KEEP_S)
    assert (await taken(store, key, "last")).records == []


async def test_a_lease_that_is_over_is_over(store: ClaimStore, key: str) -> None:
    """An attempt whose lease ended writes nothing, even if no other one has begun."""
    await taken(store, key, "a", 0.02)
    while await store.write(key, "a", b"", 0.001, KEEP_S):  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert not await store.finish(key, "a", b"result", KEEP_S)


async def test_a_result_is_given_out(store: ClaimStore, key: str) -> None:
    """A finished claim has its result for everyone, and takes no records any more."""
    await taken(store, key, "a")
    await store.write(key, "a", b"one", 60.0, KEEP_S)
    assert await store.finish(key, "a", b"\0result", KEEP_S)
    for holder in ("a", "b"):
        assert await store.claim(key, holder, 60.0, KEEP_S) == Finished(b"\0result")
        assert not await store.write(key, holder, b"more", 60.0, KEEP_S)
        await store.release(key, holder)


async def test_claims_are_forgotten(anyio_backend: str, claims_url: str, key: str) -> None:
    """A claim that nothing was heard of for ``keep_s`` is gone: the next attempt is the first."""
    store = claims_at(claims_url).open()
    try:
        # Nothing is heard of it for ever longer: to ask for the claim itself would keep it alive.
        for patience in count():
            mine = f"{key}-{patience}"
            assert isinstance(await store.claim(mine, "a", 0.01, 0.01), Held)
            for _ in range(2**patience):
                await store.claim(f"{key}-another", "a", 60.0, KEEP_S)
            if await store.claim(mine, "b", 60.0, KEEP_S) == Held(1, []):
                break
    finally:
        await store.aclose()


async def test_two_processes_make_the_tables_at_once(
    anyio_backend: str, postgres_url: str, key: str
) -> None:
    """The tables of PostgreSQL are made once, also where many stores use them first together."""
    connection: Any = await import_module("asyncpg").connect(postgres_url)
    await connection.execute("CREATE SCHEMA nothing_yet")
    await connection.close()
    stores = [claims_at(f"{postgres_url}?search_path=nothing_yet").open() for _ in range(8)]
    try:
        found = await asyncio.gather(
            *(store.claim(key, f"h{number}", 60.0, KEEP_S) for number, store in enumerate(stores))
        )
        assert sum(isinstance(each, Held) for each in found) == 1
    finally:
        for store in stores:
            await store.aclose()


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:1/0", "postgresql://user:canary-5d1@127.0.0.1:1/db"],
)
async def test_a_store_that_is_away(anyio_backend: str, url: str) -> None:
    """A store that does not respond is a typed error, and names no password."""
    store = claims_at(url).open()
    with pytest.raises(ClaimStoreError) as raised:
        await store.claim("key", "a", 60.0, KEEP_S)
    assert "canary" not in str(raised.value)
    await store.aclose()


async def test_a_store_that_comes_back(anyio_backend: str, tmp_path: Path) -> None:
    """A store that was away is used again as soon as it responds."""
    with run_redis(tmp_path) as first:
        store = claims_at(f"redis://127.0.0.1:{first.port}").open()
        await taken(store, "key", "a")
    with pytest.raises(ClaimStoreError):
        await store.claim("key", "b", 60.0, KEEP_S)
    await store.aclose()


async def test_a_store_that_hangs_is_not_waited_for(anyio_backend: str, claims_url: str) -> None:
    """Who stops waiting for a store that hangs is free at once, and asks it again when it is back.

    More often than a store has connections: none of them may stay with what is given up.
    """
    port = urlsplit(claims_url).port
    assert port is not None
    async with slowed(port) as way:
        store = claims_at(claims_url.replace(f":{port}/", f":{way.port}/")).open()
        key = f"{os.getpid()}-hang"
        await taken(store, key, "a")
        way.clear.clear()
        for number in range(6):
            asked: Coroutine[Any, Any, object] = (
                store.write(key, "a", b"x", 60.0, KEEP_S)
                if number
                else store.claim(f"{key}-other", "b", 60.0, KEEP_S)
            )
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asked, 0.05)
        way.clear.set()
        assert await store.write(key, "a", b"y", 60.0, KEEP_S)
        await store.aclose()


async def test_a_worker_that_stops_while_it_claims(anyio_backend: str, postgres_url: str) -> None:
    """A claim that a stopped worker was just looking at is free for others after two seconds."""
    store = PostgresClaims.from_url(postgres_url).open()
    key = f"{os.getpid()}-locked"
    await taken(store, key, "a", 0.001)
    connect: Any = postgres_claims.asyncpg.connect  # asyncpg has no type hints
    stopped = await connect(postgres_url)
    await stopped.execute(postgres_claims._BEGIN)  # pyright: ignore[reportPrivateUsage]
    await stopped.fetchrow(postgres_claims._LOOK, key)  # pyright: ignore[reportPrivateUsage]
    async with asyncio.timeout(20):
        assert (await taken(store, key, "b")).attempt == 2
    stopped.terminate()
    await store.aclose()


async def test_a_server_that_ends_sessions(anyio_backend: str, postgres_url: str) -> None:
    """Sessions that an administrator or a restart ends, at any moment, are a typed error."""
    store = PostgresClaims.from_url(postgres_url).open()
    key = f"{os.getpid()}-ended"
    await taken(store, key, "a")
    connect: Any = postgres_claims.asyncpg.connect  # asyncpg has no type hints
    other = await connect(postgres_url)
    end = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""
    seen: list[object] = []
    for number in range(12):
        asked = [store.claim(f"{key}-{each}", f"b{number}", 0.001, KEEP_S) for each in range(8)]
        ended = asyncio.gather(*asked, return_exceptions=True)
        for _ in range(2):
            await other.execute(end)
        seen += await ended
    failed = [each for each in seen if isinstance(each, BaseException)]
    assert failed
    assert {type(each) for each in failed} == {ClaimStoreError}
    await other.close()
    await store.aclose()


async def test_a_response_that_is_lost(redis_url: str, key: str, anyio_backend: str) -> None:
    """Redis is asked again by redis-py: a holder gets its claim twice, and has finished once."""
    store = RedisClaims.from_url(redis_url).open()
    await taken(store, key, "a")
    assert isinstance(await store.claim(key, "b", 60.0, KEEP_S), Busy)
    assert isinstance(await store.claim(key, "a", 60.0, KEEP_S), Held)
    assert await store.finish(key, "a", b"result", KEEP_S)
    assert await store.finish(key, "a", b"result", KEEP_S)
    assert not await store.finish(key, "b", b"other", KEEP_S)
    await store.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:can/ary@h/0",
        "redis://:can?ary@h/0",
        "redis://h/0?canary=1",
        "redis://h/canary",
        "redis://h:99999/0",
        "redis://",
        "postgresql://u:can/ary@h/db",
        "postgresql://u:can?ary@h/db",
        "postgresql://u:can#ary@h/db",
        "postgresql://h:canary/db",
    ],
)
def test_urls_that_are_not_what_they_look_like(url: str) -> None:
    """A URL that would be read otherwise is a typed error at once, and no part of it is shown."""
    kind = RedisClaims if url.startswith("redis") else PostgresClaims
    with pytest.raises(ConfigurationError, match=f"the URL of {kind.__name__}") as raised:
        kind.from_url(url)
    assert not re.search("can|ary|99999", str(raised.value).replace("cannot", ""))


@pytest.mark.parametrize("part", ["?sslpassword=canary", "?bad_query", "?sslmode=odd"])
async def test_urls_that_only_asyncpg_knows(anyio_backend: str, part: str) -> None:
    """Options that cannot work are a configuration error when they are first used."""
    store = PostgresClaims.from_url(f"postgresql://u@127.0.0.1:1/db{part}").open()
    expected = ClaimStoreError if "canary" in part else ConfigurationError
    with pytest.raises(expected) as raised:
        await store.claim("key", "a", 60.0, KEEP_S)
    assert "canary" not in str(raised.value)
    await store.aclose()


def test_passwords_are_not_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL without a password travels; one with it is rejected, and shown nowhere."""
    for kind, plain in ((RedisClaims, "redis://h/1"), (PostgresClaims, "postgresql://u@h/db")):
        claims = kind.from_url(plain)
        copy: Any = pickle.loads(pickle.dumps(claims))  # noqa: S301
        assert copy == claims
        assert hash(copy) == hash(claims)
        with_secret = kind.from_url(plain.replace("//", "//user:canary@").replace("@u@", "@"))
        assert "canary" not in repr(with_secret)
        with pytest.raises(TypeError, match="from_env"):
            pickle.dumps(with_secret)
        with pytest.raises(TypeError, match="password"):
            pickle.dumps(kind.from_url(f"{plain}?password=canary"))
        with pytest.raises(ConfigurationError, match="must begin with"):
            kind.from_url("mysql://h")
        lazy = pickle.loads(pickle.dumps(kind.from_env("CLAIMS_TEST_URL")))  # noqa: S301
        with pytest.raises(ConfigurationError, match="set CLAIMS_TEST_URL"):
            lazy.url()
        monkeypatch.setenv("CLAIMS_TEST_URL", plain)
        assert lazy.url().reveal() == plain
        monkeypatch.delenv("CLAIMS_TEST_URL")
    # A password that begins with digits and has a slash is read as a port; one of a key file.
    for url in ("postgresql://u:1/canary@h/db", "postgresql://u@h/db?sslpassword=canary"):
        with pytest.raises(TypeError, match="holds a password"):
            pickle.dumps(PostgresClaims.from_url(url))
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(MemoryClaims())
