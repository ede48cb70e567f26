"""The table of outcomes that a partition returns, and that reports are made of.

Each row of a partition has one row here, in the same order. All columns are plain types, so that
every engine and file format takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ..input.arrow import Table, pyarrow_for
from ..ledger.records import State
from ..outcome import OUTCOME_OF
from .statistics import Statistics

_COLUMNS: Final = {
    # Of the partition: the same in each of its rows.
    "partition_id": "string",
    "attempt": "int",
    "ended_at": "timestamp",
    "job": "string",
    # Of the row.
    "line": "bigint",
    "outcome": "string",
    "reason": "string",
    "status": "int",
    "error_code": "string",
    "trace_id": "string",
    "user_id": "string",
    "email": "string",
    "own_columns": "string",
    "run": "string",
}
"""The types of columns in Spark's language."""
OUTCOME_DDL: Final = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
"""The schema of a table of outcomes, as Spark's ``mapInArrow`` takes it."""


def outcome_schema() -> Any:
    """Return the ``pyarrow.Schema`` of a table of outcomes.

    - ``partition_id``: the hash of run, job and rows that identifies the partition.
    - ``attempt``: the number of the attempt on the partition, from 1; always 1 without claims.
    - ``ended_at``: time at which the attempt ended, in microseconds, UTC.
    - ``job``: name of the job.
    - ``line``: number of the row in the partition, from 1.
    - ``outcome``: a value of ``Outcome``, such as ``applied``.
    - ``reason``, ``status``, ``error_code``, ``trace_id``: as in ``RowResult``, or null.
    - ``user_id``, ``email``: the user as the row names it, or null.
    - ``own_columns``: the other columns of the row, in JSON, without those that have a default.
    - ``run``: ``AttemptFigures`` in JSON, on the first row of a partition; null on the others.
    """
    pa = pyarrow_for("make a table of outcomes")
    types = {
        "string": pa.string(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([(name, types[kind]) for name, kind in _COLUMNS.items()])


class AttemptFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one attempt on a partition, which belong to none of its rows.

    Args:
        host: where its calls went.
        started_at: time at which it began, in seconds since the epoch.
        elapsed_s: seconds that it took.
        requests: HTTP requests, retries and look-ups included.
        throttled: responses that asked to come back later.
        duplicates: rows that repeat another one.
        plan: a sentence about the reads before the writes.
        statistics: the attempt over time, without its failures: those are in the rows.
    """

    host: str
    started_at: float
    elapsed_s: float
    requests: int
    throttled: int
    duplicates: int
    plan: str
    statistics: Statistics


class RowOutcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outcome of one row, as far as the row itself does not tell it."""

    state: State
    status: int | None = None
    reason: str | None = None
    error_code: str | None = None
    trace_id: str | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an attempt on a partition.

    Args:
        partition_id: as in the table.
        attempt: as in the table.
        ended_at: as in the table.
        job: name of the job.
        figures: its figures.
    """

    partition_id: str
    attempt: int
    ended_at: datetime
    job: str
    figures: AttemptFigures


_NAMES: Final = {state: outcome.value for state, outcome in OUTCOME_OF.items()}


def outcome_table(
    ended: Ended,
    outcomes: Sequence[RowOutcome],
    said: Sequence[tuple[str | None, str | None, str]],
) -> Table:
    """Return the table of outcomes of a partition.

    Args:
        ended: the end of the attempt.
        outcomes: the outcomes of its rows, in their order.
        said: the user id, the address and the encoded own columns of each row.
    """
    pa = pyarrow_for("make a table of outcomes")
    schema = outcome_schema()
    count = len(outcomes)
    same = {
        "partition_id": ended.partition_id,
        "attempt": ended.attempt,
        "ended_at": ended.ended_at,
        "job": ended.job,
    }
    run = msgspec.json.encode(ended.figures).decode()
    columns: dict[str, Any] = {
        "line": range(1, count + 1),
        "outcome": [_NAMES[row.state] for row in outcomes],
        "reason": [row.reason for row in outcomes],
        "status": [row.status for row in outcomes],
        "error_code": [row.error_code for row in outcomes],
        "trace_id": [row.trace_id for row in outcomes],
        "user_id": [user_id for user_id, _, _ in said],
        "email": [email for _, email, _ in said],
        "own_columns": [own for _, _, own in said],
        "run": [run, *[None] * (count - 1)] if count else [],
    }
    arrays = [
        pa.repeat(pa.scalar(same[name], kind), count)
        if name in same
        else pa.array(columns[name], kind)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
