"""A partition in a process of its own, to be killed: ``partition_child.py SETTINGS``.

The credentials come from ``FRONTEGG_*``, the URL of the claims from ``FRONTEGG_CLAIMS_URL``.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import msgspec

from frontegg_async.bulk import Assign, Partition
from frontegg_async.bulk.partition.claims import UrlClaims
from frontegg_async.integrations.postgres_claims import PostgresClaims
from frontegg_async.integrations.redis_claims import RedisClaims

# pyarrow has no type hints: as values, its modules can be declared as Any.
pa: Any = import_module("pyarrow")


class PartitionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a child: the pairs of user and tenant, and fields of ``Partition``."""

    pairs: list[tuple[str, str]]
    run_id: str = "run"
    invite: bool = True
    lease_s: float = 15.0
    wait_s: float = 60.0


def table_of(pairs: list[tuple[str, str]]) -> Any:
    """Return the table of a partition."""
    return pa.table({"user_id": [user for user, _ in pairs], "tenant_id": [to for _, to in pairs]})


def claims_at(url: str) -> UrlClaims:
    """Return the claims at a URL."""
    return (RedisClaims if url.startswith("redis") else PostgresClaims).from_url(url)


def partition_of(settings: PartitionSettings, url: str | None) -> Partition:
    """Return the partition of a test, with claims at a URL, if there is one."""
    return Partition(
        Assign(invite=settings.invite),
        run_id=settings.run_id,
        claims=None if url is None else claims_at(url),
        lease_s=settings.lease_s,
        wait_s=settings.wait_s,
    )


if __name__ == "__main__":
    own = msgspec.json.decode(sys.argv[1], type=PartitionSettings)
    partition = partition_of(own, os.environ.get("FRONTEGG_CLAIMS_URL"))
    found = partition(table_of(own.pairs)).column("outcome").value_counts().to_pylist()
    counts = {each["values"]: each["counts"] for each in found}
    sys.stdout.write(msgspec.json.encode(counts).decode())
