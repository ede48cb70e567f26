"""A token in a real Redis: kept until it ends, shared, never lost to an older one."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any, Final

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from frontegg_async import FronteggSession, StoredToken, TokenStore
from frontegg_async.auth import TokenVerifier
from frontegg_async.emulator import Emulator
from frontegg_async.integrations.redis import RedisTokenStore

from ..support.redis_servers import run_redis
from ..support.routes import AUTH, GET
from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

PREFIX: Final = "frontegg_async:token:"
LIFE: Final = 3_600.0


def stored(value: str = "token-1", *, ends_in: float = LIFE) -> StoredToken:
    now = time.time()
    return StoredToken(value=value, issued_at=now - 1.0, expires_at=now + ends_in)


def sharing(emulator: Emulator, redis: Redis) -> FronteggSession:
    return session_on(emulator, token_store=RedisTokenStore(redis))


async def stored_tokens(redis: Redis) -> list[Any]:
    """Return the stored values; a session writes one and ends its lease beside its calls."""
    names = [name if isinstance(name, str) else name.decode() for name in await redis.keys()]
    return [await redis.get(name) for name in names if not name.endswith(":lease")]


async def test_a_saved_token_is_loaded(redis: Redis) -> None:
    """A token comes back as it was, under its own key only."""
    store: TokenStore = RedisTokenStore(redis)
    token = stored()
    await store.save("a", token)
    assert await store.load("a") == token
    assert await store.load("b") is None


async def test_the_value_in_redis(redis: Redis) -> None:
    """The documented JSON stands under prefix and key, and nothing else is written."""
    token = stored()
    await RedisTokenStore(redis, prefix="app:").save("a", token)
    names = [name if isinstance(name, str) else name.decode() for name in await redis.keys()]
    assert names == ["app:a"]
    found: Any = await redis.get("app:a")
    assert json.loads(found) == {
        "value": token.value,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
    }


async def test_redis_forgets_a_token_when_it_ends(redis: Redis) -> None:
    """The key expires at ``expires_at``, to the millisecond."""
    token = stored()
    await RedisTokenStore(redis).save("a", token)
    assert await redis.pexpiretime(f"{PREFIX}a") == int(token.expires_at * 1_000)


async def test_a_token_that_has_ended_is_not_kept(redis: Redis) -> None:
    """Saving a token whose time is over leaves nothing to load, not even the one before it."""
    store = RedisTokenStore(redis)
    await store.save("a", stored())
    await store.save("a", stored("token-2", ends_in=-1.0))
    assert await store.load("a") is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"token-1",
        b'"token-1"',
        b'{"value":1,"issued_at":0,"expires_at":0}',
        b'{"value":"\xff","issued_at":0,"expires_at":0}',
        b'{"value":"token-1","issued_at":0,"expires_at":',
        b'{"value":"token-1","x":' + b"[" * 100_000,
    ],
)
async def test_garbage_is_a_miss(redis: Redis, garbage: bytes) -> None:
    """A value that is no token loads as None, survives a discard, and gives way to a save."""
    store = RedisTokenStore(redis)
    await redis.set(f"{PREFIX}a", garbage)
    assert await store.load("a") is None
    await store.discard("a", "token-1")
    assert await redis.exists(f"{PREFIX}a") == 1
    token = stored()
    await store.save("a", token)
    assert await store.load("a") == token


async def test_a_key_of_another_type_is_a_miss(redis: Redis) -> None:
    """A list under the key is garbage like any other."""
    store = RedisTokenStore(redis)
    name = f"{PREFIX}a"
    await redis.rpush(name, "token-1")
    assert await store.load("a") is None
    await store.discard("a", "token-1")
    assert await redis.exists(name) == 1
    token = stored()
    await store.save("a", token)
    assert await store.load("a") == token


@pytest.mark.parametrize("value", ["token-1", "a\"b\\c'd", "\N{SNOWMAN}\x00\n"])
async def test_discard_forgets_that_token_only(redis: Redis, value: str) -> None:
    """A discard deletes the token that it names, and neither a newer one nor another key."""
    store = RedisTokenStore(redis)
    await store.save("a", stored(value))
    await store.save("b", stored(value))
    await store.discard("a", "an older token")
    assert await store.load("a") is not None
    await store.discard("a", value)
    assert await store.load("a") is None
    assert await store.load("b") is not None
    await store.discard("a", value)


async def test_discard_outlives_a_script_flush(redis: Redis) -> None:
    """A Redis that has forgotten the script, as after a restart, is told it again."""
    store = RedisTokenStore(redis)
    await store.save("a", stored())
    await store.discard("a", "an older token")
    await redis.script_flush()
    await store.discard("a", "token-1")
    assert await store.load("a") is None


async def test_discards_never_take_a_newer_token(redis: Redis) -> None:
    """However saves and discards of the old token interleave, the new one is there at the end."""
    store = RedisTokenStore(redis)
    for _ in range(20):
        await store.save("a", stored("old"))
        await asyncio.gather(
            *(store.discard("a", "old") for _ in range(5)),
            store.save("a", stored("new")),
            *(store.discard("a", "old") for _ in range(5)),
        )
        found = await store.load("a")
        assert found is not None
        assert found.value == "new"


async def test_sessions_share_one_token_call(redis: Redis, emulator: Emulator) -> None:
    """A second session calls with the first one's token, also after the first is closed."""
    async with sharing(emulator, redis) as first:
        await first.users.get("user-0")
        async with sharing(emulator, redis) as second:
            await second.users.get("user-1")
    async with sharing(emulator, redis) as third:
        await third.users.get("user-2")
    assert emulator.count(AUTH) == 1
    assert emulator.count(GET) == 3


async def test_other_credentials_share_nothing(redis: Redis, emulator: Emulator) -> None:
    """Sessions with another secret have another key, and the names of keys tell no secret."""
    async with (
        Emulator(api_key="another-secret") as other,
        sharing(emulator, redis) as first,
        sharing(other, redis) as second,
    ):
        other.add_user("user-0", tenant_ids=["home"])
        await first.users.get("user-0")
        await second.users.get("user-0")
        assert other.count(AUTH) == 1
    # The sessions are closed: tokens are stored, and the leases of their fetches have ended.
    names = [str(name) for name in await redis.keys()]
    assert len(names) == 2
    assert not any(API_KEY in name or "another-secret" in name for name in names)


async def test_the_secret_is_not_stored(redis: Redis, emulator: Emulator) -> None:
    """The value that a session leaves in Redis does not hold its api key."""
    async with sharing(emulator, redis) as session:
        await session.users.get("user-0")
    (name,) = await redis.keys()
    assert API_KEY not in str(await redis.get(name))


async def test_a_revoked_token_is_replaced_once(redis: Redis, emulator: Emulator) -> None:
    """After a revocation one session fetches a new token, and the others take it from Redis."""
    async with sharing(emulator, redis) as first, sharing(emulator, redis) as second:
        await first.users.get("user-0")
        await second.users.get("user-0")
        revoked = await stored_tokens(redis)
        emulator.revoke_tokens()
        await first.users.get("user-1")
        await second.users.get("user-1")
        replaced = await stored_tokens(redis)
        assert emulator.count(AUTH) == 2
        assert len(revoked) == len(replaced) == 1
        assert replaced != revoked


async def test_calls_go_on_without_redis(
    tmp_path: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A Redis that is gone costs a warning without the token in it, and no call."""
    with run_redis(tmp_path) as server:
        async with (
            Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as redis,
            sharing(emulator, redis) as session,
        ):
            await session.users.get("user-0")
            server.stop()
            emulator.revoke_tokens()
            with caplog.at_level(logging.DEBUG):
                await session.users.get("user-1")
            async with sharing(emulator, redis) as newcomer:
                await newcomer.users.get("user-2")
            with pytest.raises(RedisError):
                await RedisTokenStore(redis).load("a")
    assert emulator.count(AUTH) == 3
    assert "the token store cannot be read" in caplog.text
    assert "the token store cannot be written" in caplog.text
    tokens = {request.headers.get("Authorization", "") for request in emulator.requests} - {""}
    assert len(tokens) == 3
    assert not any(token.removeprefix("Bearer ") in caplog.text for token in tokens)


async def test_the_client_is_not_closed(redis: Redis, emulator: Emulator) -> None:
    """The client that was handed in outlives the session."""
    async with sharing(emulator, redis) as session:
        await session.users.get("user-0")
    assert await redis.ping()


async def test_looked_up_access_tokens_are_shared(emulator: Emulator, redis: Redis) -> None:
    """A second process takes the rights of an access token from Redis, without a look-up."""
    async with session_on(emulator) as frontegg:
        tokens = frontegg.for_tenant("t1").api_tokens
        made = await tokens.create_access_token(description="CI", role_ids=["role-Admin"])
        for _ in range(2):
            verifier = TokenVerifier(frontegg, access_token_store=RedisTokenStore(redis))
            claims = await verifier.verify_access_token(made.secret or "")
            assert claims.has_role("Admin")
    active = "GET /identity/resources/vendor-only/tenants/access-tokens/v1/active"
    assert emulator.count(active) == 1
