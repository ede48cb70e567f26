"""A partition as a value: tables in, tables of outcomes out, and what is rejected before a call."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import anyio
import pytest

from frontegg_async import ConfigurationError, InvalidRequestError, Options, RedisFleet
from frontegg_async.bulk import (
    OUTCOME_DDL,
    Assign,
    MemoryClaims,
    Partition,
    PartitionConnection,
    RunOptions,
    SetSuperuser,
)
from frontegg_async.bulk.partition import partition as module
from frontegg_async.bulk.partition.process_session import close_process_sessions
from frontegg_async.bulk.report.outcome_table import outcome_schema
from frontegg_async.emulator import Emulator
from frontegg_async.integrations.redis_claims import RedisClaims

from ..support.bulk import crowd
from ..support.routes import ADD
from ..support.sessions import API_KEY

# pyarrow has no type hints: as values, its modules can be declared as Any.
pa: Any = import_module("pyarrow")

pytestmark = pytest.mark.anyio


def test_the_schema_is_public() -> None:
    """The schema of outcomes is a constant, in pyarrow's words and in Spark's."""
    from frontegg_async import bulk

    assert outcome_schema() == bulk.OUTCOME_SCHEMA
    assert [each.split()[0] for each in OUTCOME_DDL.split(", ")] == outcome_schema().names
    assert "ended_at timestamp" in OUTCOME_DDL


async def test_each_row_has_its_outcome(anyio_backend: str) -> None:
    """Rows of every kind come out in their order: done, repeated, failed, malformed, held."""
    async with crowd(3) as (server, session, _):
        server.add_user("held", tenant_ids=["t"])
        table = pa.table(
            {
                "user_id": ["p0", "p1", "nobody", None, "p0", "held", None],
                "email": [None, None, "", "p2@example.test", None, None, None],
                "tenant_id": pa.array(["t"] * 6 + [None]),
                "set_active": [False, True, None, None, None, None, None],
            }
        )
        found = await Partition("assign", options=RunOptions(plan="always")).run(session, table)
        assert found.schema == outcome_schema()
        rows = found.to_pylist()
        assert [row["line"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
        assert [row["outcome"] for row in rows] == [
            *("applied", "applied", "failed", "applied", "applied", "unchanged", "invalid")
        ]
        assert [row["user_id"] for row in rows[:3]] == ["p0", "p1", "nobody"]
        assert rows[1]["own_columns"] == '{"tenant_id":"t","set_active":true}'
        assert (rows[2]["status"], bool(rows[2]["reason"]), len(rows[2]["trace_id"])) == (
            404,
            True,
            32,
        )
        assert rows[3]["email"] == "p2@example.test"
        assert rows[6]["reason"] == "neither user_id nor email is given"
        assert [row["run"] is None for row in rows] == [False] + [True] * 6
        assert len({row["partition_id"] for row in rows}) == 1
        assert server.count(ADD) == 4


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
        pa.dictionary(pa.uint32(), pa.string_view()),
    ],
    ids=str,
)
async def test_text_of_every_type_is_the_same_partition(anyio_backend: str, kind: Any) -> None:
    """Any type of text, cut into chunks of any size, is the partition that was done before."""
    users = ["p0", "p1", "p2", "p3"]
    plain = pa.table({"user_id": users, "tenant_id": ["t"] * 4})
    text = pa.array(users)
    if pa.types.is_dictionary(kind):
        # As polars makes them; pyarrow casts to fewer dictionaries than there are.
        indices = pa.array(range(4), kind.index_type)
        text = pa.DictionaryArray.from_arrays(indices, text.cast(kind.value_type))
    text = text.cast(kind)
    other = pa.table(
        {
            "Tenant ID": pa.chunked_array([pa.array(["t"]), pa.array(["t"] * 3)]),
            "userId": pa.chunked_array([text.slice(0, 3), text.slice(3)]),
            "email": pa.nulls(4),
        }
    )
    partition = Partition(Assign(), run_id="run", claims=MemoryClaims())
    async with crowd(4) as (server, session, _):
        first = await partition.run(session, plain)
        sent = len(server.requests)
        again = await partition.run(session, other)
        assert len(server.requests) == sent
        assert again.column("partition_id").equals(first.column("partition_id"))
        more = pa.table({"user_id": [*users[:3], "p33"], "tenant_id": ["t"] * 4})
        assert (await partition.run(session, more)).column("partition_id")[0] != first[0][0]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"user_id": ["a"]}, "needs tenant_id"),
        ({"tenant_id": ["t"]}, "user_id or email"),
        ({"user_id": ["a"], "tenant_id": ["t"], "name": ["n"]}, "column 'name', which is none of"),
        ({"user_id": ["a"], "userId": ["a"], "tenant_id": ["t"]}, "twice"),
        ({"user_id": [7], "tenant_id": ["t"]}, "must be text, and is int64: cast it"),
        (
            {"user_id": ["a"], "tenant_id": ["t"], "set_active": [1]},
            "text or booleans, and is int64",
        ),
        ({"user_id": pa.array([["a"]]), "tenant_id": ["t"]}, "must be text"),
    ],
)
async def test_wrong_columns_are_rejected(
    anyio_backend: str, columns: dict[str, Any], problem: str
) -> None:
    """A column that is missing, unknown or of another type is an error before any request."""
    async with crowd(1) as (server, session, _):
        with pytest.raises(InvalidRequestError, match=problem):
            await Partition(Assign()).run(session, pa.table(columns))
        with pytest.raises(InvalidRequestError, match=r"must come as a pyarrow.Table"):
            await Partition(Assign()).run(session, [columns])
        assert not server.requests


async def test_no_rows_cost_nothing(anyio_backend: str) -> None:
    """An empty table has an empty table of outcomes, and not even a token is fetched."""
    async with crowd(1) as (server, session, _):
        empty = pa.array([], pa.string())
        table = pa.table({"user_id": empty, "tenant_id": empty})
        found = await Partition(Assign()).run(session, table)
        assert (found.num_rows, found.schema) == (0, outcome_schema())
        assert not server.requests


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"job": "assing"}, "job must be one of activate, assign"),
        ({"claims": MemoryClaims()}, "claims need a run_id"),
        ({"connection": {"api_key": "k"}}, "secrets from FRONTEGG_"),
        ({"options": RunOptions(ledger="x.ledger")}, "takes no ledger"),
        ({"options": RunOptions(failures="x.csv")}, "takes no failures"),
        ({"lease_s": 0.0}, "lease_s must be"),
        ({"settle_s": float("nan")}, "settle_s must be"),
        ({"wait_s": True}, "wait_s must be"),
        ({"keep_s": float("inf")}, "keep_s must be a number of seconds, from 0.001 to 1e\\+09"),
    ],
)
def test_bad_settings(settings: dict[str, Any], problem: str) -> None:
    """A setting that cannot work is an error when the value is made, and not on a worker."""
    given: dict[str, Any] = {"job": Assign(), **settings}
    with pytest.raises(ConfigurationError, match=problem):
        Partition(**given)


def test_it_is_pickled_whole() -> None:
    """A partition comes out of pickle as it went in, and holds no secret."""
    partition = Partition(
        SetSuperuser(),
        run_id="run",
        claims=RedisClaims.from_env(),
        connection=PartitionConnection(base_url="https://f.example", options=Options(timeout=5.0)),
        options=RunOptions(workers=4, plan="always"),
    )
    packed = pickle.dumps(partition)
    assert pickle.loads(packed) == partition  # noqa: S301
    assert b"api_key" not in packed
    plain = Partition(Assign(), fleet=RedisFleet.from_url("redis://redis.internal/0"))
    assert pickle.loads(pickle.dumps(plain)) == plain  # noqa: S301
    secret = Partition(Assign(), fleet=RedisFleet.from_url("redis://:canary@redis.internal/0"))
    assert "canary" not in repr(secret)
    with pytest.raises(TypeError, match="set FRONTEGG_FLEET_URL"):
        pickle.dumps(secret)


async def test_streams_of_one_schema(anyio_backend: str) -> None:
    """Batches of other columns or types than the first one's are rejected, and not run."""
    first = pa.record_batch({"user_id": ["a"], "tenant_id": ["t"]})
    for other in (
        pa.record_batch({"user_id": pa.array(["b"], pa.large_string()), "tenant_id": ["t"]}),
        pa.record_batch({"user_id": pa.nulls(1), "tenant_id": ["t"]}),
        pa.record_batch({"tenant_id": ["t"], "user_id": ["b"]}),
    ):
        with pytest.raises(InvalidRequestError, match="the same columns and types"):
            list(Partition(Assign()).batches(iter([first, other])))


async def test_streams_are_cut_into_blocks(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However an engine cuts its batches, the same blocks of rows are the same partitions."""
    monkeypatch.setattr(module, "BLOCK_ROWS", 10)
    table = pa.table({"user_id": [f"u{n}" for n in range(35)], "tenant_id": ["t"] * 35})
    async with Emulator(api_key=API_KEY, implicit_users=True) as server:
        monkeypatch.setenv("FRONTEGG_CLIENT_ID", server.client_id)
        monkeypatch.setenv("FRONTEGG_API_KEY", API_KEY)
        partition = Partition(
            Assign(),
            run_id="run",
            claims=MemoryClaims(),
            connection=PartitionConnection(base_url=server.url),
        )

        def run(size: int) -> Any:
            batches: Iterator[Any] = iter(table.to_batches(max_chunksize=size))
            return pa.Table.from_batches(partition.batches(batches), schema=outcome_schema())

        first = await anyio.to_thread.run_sync(run, 7)
        sent = len(server.requests)
        again = await anyio.to_thread.run_sync(run, 100)
        await anyio.to_thread.run_sync(close_process_sessions)
        assert again.drop_columns("trace_id").equals(first.drop_columns("trace_id"))
        assert len(server.requests) == sent
        assert first.column("user_id").to_pylist() == table.column("user_id").to_pylist()
        lines = [*range(1, 11)] * 3 + [1, 2, 3, 4, 5]
        assert first.column("line").to_pylist() == lines
        assert server.count(ADD) == 35
