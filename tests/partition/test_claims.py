"""The three stores of claims keep the same rules; the two real ones over real sockets."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import ClaimStoreError, ConfigurationError
from frontegg_async.bulk import ClaimStore, MemoryClaims
from frontegg_async.bulk.partition.claims import Busy, Finished, Held
from frontegg_async.integrations.postgres_claims import PostgresClaims
from frontegg_async.integrations.redis_claims import RedisClaims

from ..support.partition_child import claims_at
from ..support.redis_servers import run_redis

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
        assert isinstance(await store.claim(key, "a", 0.01, 0.01), Held)
        while await store.claim(key, "b", 0.01, 0.01) != Held(1, []):  # noqa: ASYNC110
            await asyncio.sleep(0)
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
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(MemoryClaims())
