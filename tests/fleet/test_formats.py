"""Versions of the package side by side that store a limit differently."""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
import pytest

from frontegg_async.fleet import redis_exchanges, script
from frontegg_async.fleet.news import GateNews, News
from frontegg_async.fleet.redis_exchanges import RedisExchanges

from ..support.redis_servers import RedisServer

OTHER: Final = script.STORED_FORMAT + 1
REFUSED: Final = News(refused=1, refused_sent=1e9, flight=1)


def test_a_new_layout_has_a_new_number() -> None:
    """Fields that are stored or published are those that the number of the format stands for."""
    layout = (script.STATE, script.MEMBER, GateNews.__struct_fields__)
    digest = hashlib.sha256(msgspec.json.encode(layout)).hexdigest()[:16]
    assert (script.STORED_FORMAT, digest) == (3, "524b184aa59727ba"), (
        "raise STORED_FORMAT with the layout"
    )


@pytest.mark.anyio
async def test_two_formats_in_one_redis(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each version keeps a limit of its own: neither counts, overwrites nor hears the other."""
    heard: list[GateNews] = []
    async with redis.client() as client:
        ours = RedisExchanges(client)
        end = ours.watch("group", heard.append)
        channel = f"frontegg_async:limits:{script.STORED_FORMAT}:gates"
        while dict(await client.pubsub_numsub(channel))[channel.encode()] == 0:
            pass
        await ours.exchange("group", "ours", News())
        redis_exchanges._script.cache_clear()
        with monkeypatch.context() as other:
            other.setattr(script, "STATE", ("added", *script.STATE))
            other.setattr(redis_exchanges, "STORED_FORMAT", OTHER)
            theirs = RedisExchanges(client)
            await theirs.exchange("group", "theirs", REFUSED)
            grant = await theirs.exchange("group", "theirs", REFUSED)
            assert (grant.members, grant.gate.closed) == (1, True)
        redis_exchanges._script.cache_clear()
        grant = await ours.exchange("group", "ours", News())
        assert (grant.members, grant.gate.closed) == (1, False)
        names: list[bytes] = await client.keys()  # type: ignore[assignment]  # not decoded
        assert {name.rpartition(b"{")[0] for name in names} == {
            b"frontegg_async:limits:%d:" % number for number in (script.STORED_FORMAT, OTHER)
        }
        await ours.exchange("group", "ours", REFUSED)
        while not heard:
            await client.ping()
        assert [gate.closed for gate in heard] == [True]
        end()
        await theirs.aclose()
        await ours.aclose()
