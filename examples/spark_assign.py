"""Assign users to tenants with Spark; run it again to go on where it was stopped.

    spark-submit examples/spark_assign.py rows/ outcomes/ --run-id members-2026-03-31 \
        --partitions 100

``rows/`` holds Parquet files with the columns ``user_id`` and ``tenant_id``. The executors read
``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY``, ``FRONTEGG_FLEET_URL`` and
``FRONTEGG_CLAIMS_URL`` from their environment
(``spark.executorEnv.NAME``).
"""

from __future__ import annotations

import argparse
import os

from pyspark.sql import SparkSession

from frontegg_async.bulk import OUTCOME_DDL, Assign, Partition
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
    spark = (
        SparkSession.builder.appName("frontegg assign")
        # A second copy of a slow task would do the rows of the first one beside it.
        .config("spark.speculation", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "10000")
        .getOrCreate()
    )
    rows = spark.read.parquet(arguments.rows).select("user_id", "tenant_id")
    # By value and in order, so that a task that is run again has the same rows again.
    rows = rows.repartitionByRange(arguments.partitions, "user_id", "tenant_id")
    rows = rows.sortWithinPartitions("user_id", "tenant_id")
    outcomes = rows.mapInArrow(partition.batches, OUTCOME_DDL)
    outcomes.write.mode("overwrite").parquet(arguments.outcomes)
    spark.stop()


if __name__ == "__main__":
    main()
