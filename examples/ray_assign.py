"""Assign users to tenants with Ray Data; run it again to go on where it was stopped.

    python examples/ray_assign.py rows/ outcomes/ --run-id members-2026-03-31 --partitions 100

``rows/`` holds Parquet files with the columns ``user_id`` and ``tenant_id``. The workers read
``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY``, ``FRONTEGG_FLEET_URL`` and
``FRONTEGG_CLAIMS_URL`` from their environment.
"""

from __future__ import annotations

import argparse
import os

import pyarrow as pa
import ray.data

from frontegg_async import ClaimError
from frontegg_async.bulk import Assign, Partition
from frontegg_async.integrations.redis_claims import RedisClaims


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("outcomes")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--partitions", type=int, default=100)
    arguments = parser.parse_args()
    partition = Partition(
        Assign(),
        run_id=arguments.run_id,
        claims=RedisClaims.from_env() if "FRONTEGG_CLAIMS_URL" in os.environ else None,
    )

    def assign(table: pa.Table) -> pa.Table:  # Ray takes functions and classes, and no values
        return partition(table)

    # Otherwise Ray takes blocks as they come, and a second run has other partitions.
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    rows = ray.data.read_parquet(arguments.rows, columns=["user_id", "tenant_id"])
    # Without ``repartition`` a small file is one task, and one worker does all of it.
    outcomes = rows.repartition(arguments.partitions).map_batches(
        assign,
        batch_format="pyarrow",
        batch_size=None,  # the block as it is: the same rows are the same partition again
        max_retries=5,
        retry_exceptions=[ClaimError],
    )
    outcomes.write_parquet(arguments.outcomes)


if __name__ == "__main__":
    main()
