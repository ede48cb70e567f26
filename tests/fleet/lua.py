"""The script in a real Redis, beside the Python that it copies."""
# pyright: reportUnknownMemberType=false
# redis-py leaves the types of commands open.

from __future__ import annotations

import math
import struct
from collections import Counter
from itertools import islice
from typing import Any, Final

import msgspec
from redis import Redis

from frontegg_async.fleet.news import Grant
from frontegg_async.fleet.script import packed_news, source, unpacked_grant

from .random_exchanges import random_exchanges
from .records import difference

BATCH: Final = 250


def numbers(grant: Grant) -> list[float]:
    """Return all numbers of a grant."""
    values: tuple[float, ...] = msgspec.structs.astuple(grant.gate)
    others: tuple[float, ...] = msgspec.structs.astuple(grant)[1:-2]
    slots = (len(grant.interactive), *grant.interactive, len(grant.bulk), *grant.bulk)
    return [float(value) for value in (*values, *others, *slots)]


def compare(redis: Redis, exchanges: int) -> tuple[float, Counter[str]]:
    """Exchange the same news in Python and in Redis.

    Returns:
        The largest difference of any number of a grant, a state or a member, and the number of
        times that each situation was visited.
    """
    visited: Counter[str] = Counter()
    name = redis.script_load(source())
    played = random_exchanges(exchanges, BATCH, visited)
    largest = 0.0
    while batch := list(islice(played, BATCH)):
        with redis.pipeline(transaction=False) as pipeline:
            for each in batch:
                pipeline.evalsha(
                    name,
                    1,
                    f"{{{each.episode}}}",
                    each.member,
                    packed_news(each.news),
                    "gates",
                    600_000,
                    repr(each.now),
                )
            grants: list[Any] = pipeline.execute()
        for each, data in zip(batch, grants, strict=True):
            largest = max(largest, apart(numbers(each.grant), numbers(unpacked_grant(data))))
        last = batch[-1]
        stored: dict[bytes, bytes] = redis.hgetall(f"{{{last.episode}}}")  # type: ignore[assignment]
        assert last.state is not None
        assert last.members is not None
        largest = max(largest, difference(last.state, doubles(stored.pop(b"s"))))
        assert {key[1:].decode() for key in stored} == set(last.members)
        for member, record in last.members.items():
            largest = max(largest, apart(record, doubles(stored[f"m{member}".encode()])))
    return largest, visited


def apart(ours: list[float], theirs: list[float]) -> float:
    """Return the largest difference of numbers, all of which count; NaN equals NaN alone."""
    if [each != each for each in ours] != [each != each for each in theirs]:
        return math.inf
    return difference(ours, theirs)


def doubles(data: bytes) -> list[float]:
    """Return stored numbers."""
    return list(struct.unpack(f"<{len(data) // 8}d", data))
