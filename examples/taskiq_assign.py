"""Assign users to tenants from a task queue, taskiq over Redis.

    taskiq worker examples.taskiq_assign:broker          # as many as there are machines
    python -m examples.taskiq_assign rows/ outcomes/ members-2026-03-31

Workers read ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY``, ``FRONTEGG_FLEET_URL`` and ``QUEUE_URL``
from their environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from taskiq import Context, SmartRetryMiddleware, TaskiqDepends, TaskiqEvents, TaskiqState
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from frontegg_async import FronteggSession
from frontegg_async.bulk import Assign, Partition
from frontegg_async.integrations.redis_claims import RedisClaims

QUEUE_URL = os.environ.get("QUEUE_URL", "redis://127.0.0.1:6379")
IDLE_MS = int(os.environ.get("QUEUE_IDLE_MS", "600000"))

broker = (
    RedisStreamBroker(
        QUEUE_URL,
        # A message is confirmed when its task has ended, and one that is not confirmed for so long
        # goes to another worker. A task that takes longer is begun twice: the second one waits for
        # the claim of the first.
        idle_timeout=IDLE_MS,
        # A worker that is killed while it looks for such messages would lock them for ever.
        unacknowledged_lock_timeout=10.0,
        # One at a time: a worker that takes a hundred leaves none for others.
        xread_count=1,
    )
    .with_result_backend(RedisAsyncResultBackend(QUEUE_URL, result_ex_time=86_400))
    .with_middlewares(SmartRetryMiddleware(default_retry_count=10, default_delay=5.0))
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_session(state: TaskiqState) -> None:
    """Open one session for all tasks of the worker."""
    state.frontegg = FronteggSession.from_env()
    await state.frontegg.open()


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close_session(state: TaskiqState) -> None:
    """Close it."""
    await state.frontegg.aclose()


def write(outcomes: pa.Table, target: Path) -> None:
    """Write a file whole: a worker that is killed, or that is one of two, leaves no half."""
    unfinished = target.with_suffix(f".{uuid4().hex}")
    pq.write_table(outcomes, unfinished)
    unfinished.replace(target)


@broker.task("assign", retry_on_error=True)
async def assign(
    source: str, group: int, target: str, run_id: str, context: Annotated[Context, TaskiqDepends()]
) -> dict[str, int]:
    """Run one row group, write its outcomes, and return their counts."""
    table = pq.ParquetFile(source).read_row_group(group, columns=["user_id", "tenant_id"])
    claims = RedisClaims.from_url(os.environ.get("FRONTEGG_CLAIMS_URL", QUEUE_URL))
    partition = Partition(Assign(), run_id=run_id, claims=claims)
    outcomes = await partition.run(context.state.frontegg, table)
    write(outcomes, Path(target))
    return dict(Counter(outcomes.column("outcome").to_pylist()))


@broker.task("wake")
async def wake() -> None:
    """Do nothing: a worker looks for tasks of dead ones only after it was given a new one."""


async def keep_awake() -> None:
    """Send ``wake`` as often as a message may have become idle."""
    while True:
        await asyncio.sleep(IDLE_MS / 1_000)
        await wake.kiq()


async def main(parts: list[tuple[str, int, str]], run_id: str) -> None:
    """Put each row group into the queue, and wait for the counts."""
    await broker.startup()
    tasks = [await assign.kiq(*part, run_id) for part in parts]
    waking = asyncio.create_task(keep_awake())
    counts: Counter[str] = Counter()
    for task in tasks:
        result = await task.wait_result(timeout=86_400)
        result.raise_for_error()
        counts += Counter(result.return_value)
    waking.cancel()
    sys.stdout.write(f"{dict(counts)}\n")
    await broker.shutdown()


if __name__ == "__main__":
    rows, outcomes = Path(sys.argv[1]), Path(sys.argv[2])
    outcomes.mkdir(parents=True, exist_ok=True)
    parts = [
        (str(source), group, str(outcomes / f"{source.stem}-{group:05}.parquet"))
        for source in sorted(rows.glob("*.parquet"))
        for group in range(pq.ParquetFile(source).num_row_groups)
    ]
    asyncio.run(main(parts, sys.argv[3]))
