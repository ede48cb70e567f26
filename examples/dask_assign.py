"""Assign users to tenants on a Dask cluster; run it again to go on where it was stopped.

    python examples/dask_assign.py rows/ outcomes/ --run-id members-2026-03-31 \
        --scheduler tcp://scheduler:8786

``rows/`` holds Parquet files with the columns ``user_id`` and ``tenant_id``; each row group is a
partition. Both folders must be reached by all workers under the same path. The workers read
``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY``, ``FRONTEGG_FLEET_URL`` and
``FRONTEGG_CLAIMS_URL`` from their environment.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
from distributed import Client, as_completed

from frontegg_async.bulk import Assign, Partition
from frontegg_async.integrations.redis_claims import RedisClaims


def assign(partition: Partition, source: Path, group: int, target: Path) -> Counter[str]:
    """Run one row group on a worker, write its outcomes, and return their counts."""
    table = pq.ParquetFile(source).read_row_group(group, columns=["user_id", "tenant_id"])
    outcomes = partition(table)
    unfinished = target.with_suffix(f".{uuid4().hex}")  # of this copy of the task alone
    pq.write_table(outcomes, unfinished)
    unfinished.replace(target)  # a worker that is killed leaves no half of a file
    return Counter(outcomes.column("outcome").to_pylist())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=Path)
    parser.add_argument("outcomes", type=Path)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--scheduler", help="without it, workers on this machine")
    arguments = parser.parse_args()
    partition = Partition(
        Assign(),
        run_id=arguments.run_id,
        claims=RedisClaims.from_env() if "FRONTEGG_CLAIMS_URL" in os.environ else None,
    )
    arguments.outcomes.mkdir(parents=True, exist_ok=True)
    parts = [
        (source, group, arguments.outcomes / f"{source.stem}-{group:05}.parquet")
        for source in sorted(arguments.rows.glob("*.parquet"))
        for group in range(pq.ParquetFile(source).num_row_groups)
    ]
    counts: Counter[str] = Counter()
    with Client(arguments.scheduler) as client:
        # ``retries`` is for errors; a partition whose worker was lost is run elsewhere anyway.
        futures = client.map(assign, [partition] * len(parts), *zip(*parts, strict=True), retries=5)
        for future in as_completed(futures):
            counts += future.result()
            future.release()
    sys.stdout.write(f"{dict(counts)}\n")


if __name__ == "__main__":
    main()
