"""One report of the outcomes of many partitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async import Assignment, AuthenticationError, InvalidRequestError, Report
from frontegg_async.bulk import Assign, MemoryClaims, Partition, RunOptions
from frontegg_async.bulk.ledger.records import State
from frontegg_async.bulk.report.outcome_table import (
    AttemptFigures,
    Ended,
    RowOutcome,
    outcome_schema,
    outcome_table,
)
from frontegg_async.bulk.report.statistics import LimitWait, StatisticsRecorder
from frontegg_async.cli.app import app

from ..support.bulk import crowd
from ..support.partition_child import table_of
from ..support.sessions import session_on

# pyarrow has no type hints: as values, its modules can be declared as Any.
pa: Any = import_module("pyarrow")
ds: Any = import_module("pyarrow.dataset")
pq: Any = import_module("pyarrow.parquet")

pytestmark = pytest.mark.anyio


def table(
    name: str,
    states: list[State],
    *,
    attempt: int = 1,
    begun: float = 1_000.0,
    waited: float = 0.0,
    job: str = "assign",
) -> Any:
    """Return the outcomes of an attempt that took ten seconds."""
    recorder = StatisticsRecorder()
    for number in range(len(states)):
        recorder.row(0.1 * number)
        recorder.attempt(0.1 * number, 0.02, throttled=number == 0)
    waits = [LimitWait(operation="users.add_to_tenant", seconds=waited)]
    figures = AttemptFigures(
        host="https://f.example",
        started_at=begun,
        elapsed_s=10.0,
        requests=len(states),
        throttled=1,
        duplicates=1,
        plan="",
        statistics=recorder.result(waited_s=waited, waits=waits),
    )
    ended = Ended(
        partition_id=name,
        attempt=attempt,
        ended_at=datetime.fromtimestamp(begun + 10.0, UTC),
        job=job,
        figures=figures,
    )
    outcomes = [
        RowOutcome(state, 404, f"no user ann-{number} here (status 404)")
        if state is State.FAILED
        else RowOutcome(state, 201)
        for number, state in enumerate(states)
    ]
    said = [(f"ann-{number}", None, '{"tenant_id":"acme"}') for number in range(len(states))]
    return outcome_table(ended, outcomes, said)


DONE, HELD, FAILED = State.DONE, State.ALREADY, State.FAILED


def test_the_attempt_that_ended_last_counts() -> None:
    """A row of two attempts counts as the one has it that ended last, whatever its number."""
    first = table("a", [DONE, FAILED, FAILED], attempt=2, begun=900.0)
    second = table("a", [HELD, DONE, FAILED])
    other = table("b", [DONE, FAILED], begun=1_020.0)
    for tables in ([first, second, other], [other, second, first, second]):
        report = Report.of(tables)
        assert {name: count for name, count in report.labelled.items() if count} == {
            "added": 2,
            "already_member": 1,
            "failed": 2,
        }
        assert [(each.line, each.row and each.row.user_id) for each in report.failures] == [
            (3, "ann-2"),
            (2, "ann-1"),
        ] or [(each.line, each.row and each.row.user_id) for each in report.failures] == [
            (2, "ann-1"),
            (3, "ann-2"),
        ]
        (group,) = report.statistics.failures
        assert (group.reason, group.count, len(group.examples)) == ("no user … here", 2, 2)
        # Of all attempts that were made: 3 + 3 + 2 requests, from 900 s to 1,030 s.
        assert (report.requests, report.throttled) == (8, 3)
        assert report.elapsed_s == pytest.approx(130.0)
        assert report.duplicates == 2
        assert sum(report.statistics.latencies) == 8
        assert report.statistics.rows == 8


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=3),  # milliseconds
            st.integers(min_value=1, max_value=4) | st.just(2**31 - 1),
            st.tuples(*[st.sampled_from([DONE, HELD, FAILED, State.UNKNOWN])] * 3),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[:2],
    ),
    st.randoms(use_true_random=False),
)
def test_attempts_in_any_order(
    attempts: list[tuple[int, int, tuple[State, ...]]], chance: Random
) -> None:
    """However attempts are numbered and read, rows are those of the last one; requests are all."""
    tables = [
        table("a", list(states), attempt=number, begun=1_000.0 + 0.001 * ended)
        for ended, number, states in attempts
    ]
    chance.shuffle(tables)
    report = Report.of(tables)
    last = max(attempts, key=lambda each: each[:2])[2]
    assert (report.applied, report.unchanged, report.failed, report.unknown) == tuple(
        map(last.count, (DONE, HELD, FAILED, State.UNKNOWN))
    )
    assert len(report.failures) == report.failed + report.unknown
    assert (report.rows, report.requests) == (3, 3 * len(attempts))


def test_attempts_that_cannot_be_told_apart() -> None:
    """Of two with the same number and end, figures and listed failures are those of one."""
    done, failed = table("a", [DONE]), table("a", [FAILED])
    for tables in ([done, failed], [failed, done]):
        report = Report.of(tables)
        listed = (report.failed, len(report.failures), len(report.statistics.failures))
        assert listed in {(0, 0, 0), (1, 1, 1)}


def test_an_end_far_away() -> None:
    """An attempt of a worker whose clock is centuries ahead is the last one."""
    first = table("a", [FAILED], begun=900.0)
    report = Report.of([table("a", [DONE], begun=2.0e10), first])
    assert (report.applied, report.failed) == (1, 0)


async def test_an_attempt_after_its_claim_was_forgotten(anyio_backend: str) -> None:
    """A first attempt that ends after a second one of a claim that is gone is the later one."""
    async with crowd(1) as (server, session, _):

        def forgetful() -> Partition:
            options = RunOptions(plan="never")
            return Partition(Assign(), run_id="run", claims=MemoryClaims(), options=options)

        rows = table_of([("p0", "t"), ("late", "t")])
        partition = forgetful()
        async with session_on(server, api_key="wrong") as stranger:
            with pytest.raises(AuthenticationError):
                await partition.run(stranger, rows)
        second = await partition.run(session, rows)
        server.add_user("late")
        first = await forgetful().run(session, rows)
    assert [each.column("attempt")[0].as_py() for each in (second, first)] == [2, 1]
    for outcomes in ([second, first], [first, second]):
        assert (Report.of(outcomes).failed, Report.of(outcomes).done) == (0, True)


def test_waits_side_by_side_do_not_add_up() -> None:
    """Two attempts at the same time that waited half of theirs waited half of the whole."""
    report = Report.of([table("a", [DONE], waited=5.0), table("b", [DONE], waited=5.0)])
    assert report.elapsed_s == pytest.approx(10.0)
    assert report.statistics.waited_s == pytest.approx(5.0)
    assert report.statistics.waits[0].seconds == pytest.approx(5.0)
    later = Report.of([table("a", [DONE], waited=5.0), table("b", [DONE], begun=1_010.0)])
    assert later.statistics.waited_s == pytest.approx(5.0)
    assert later.elapsed_s == pytest.approx(20.0)
    assert [sample.rows for sample in later.statistics.samples if sample.rows] == [1, 1]


def as_files(folder: Path, tables: list[Any]) -> Path:
    """Write tables as an engine does, with a file that is no table beside them."""
    inner = folder / "part=1"
    inner.mkdir()
    for number, each in enumerate(tables):
        pq.write_table(each, (inner if number else folder) / f"{number}.parquet")
    (folder / "_SUCCESS").write_text("")
    (folder / "_temporary").mkdir()
    pq.write_table(tables[0], folder / "_temporary" / "x.parquet")
    return folder


SOURCES: dict[str, Callable[[Path], object]] = {
    "path": lambda folder: folder,
    "string": str,
    "several": lambda folder: [folder / "0.parquet", folder / "part=1"],
    "dataset": lambda folder: ds.dataset(
        [str(path) for path in sorted(folder.rglob("[0-9].parquet"))]
    ),
    "reader": lambda folder: pq.read_table(folder / "0.parquet").to_reader(),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source(tmp_path: Path, source: Callable[[Path], object]) -> None:
    """Files, folders, datasets and readers are read; hidden and temporary files are left out."""
    found = source(as_files(tmp_path, [table("a", [DONE, FAILED]), table("b", [DONE])]))
    report = Report.of(found)
    one = isinstance(found, pa.RecordBatchReader)
    assert (report.applied, report.failed) == (1 if one else 2, 1)


def test_types_of_engines() -> None:
    """Columns that an engine returned in its own types of text and time are read."""
    plain = table("a", [DONE, FAILED])
    text, time = pa.large_string(), pa.timestamp("ns")
    types = [
        pa.dictionary(pa.int32(), text)
        if field.name == "job"
        else text
        if pa.types.is_string(field.type)
        else time
        if pa.types.is_timestamp(field.type)
        else field.type
        for field in outcome_schema()
    ]
    columns = [
        column.cast(pa.timestamp("us")).cast(kind)
        if kind == time
        else column.dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else column.cast(kind)
        for column, kind in zip(plain.columns, types, strict=True)
    ]
    other = pa.table(dict(zip(plain.column_names, columns, strict=True)))
    assert Report.of(other).labelled == Report.of(plain).labelled


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (7, "are a int"),
        (pa.table({"a": [1]}), "no table of outcomes: it lacks partition_id"),
        ("no/such.parquet", "cannot read no/such.parquet: No such file"),
    ],
)
def test_what_is_no_outcome(source: object, problem: str) -> None:
    """Something else is an error that says what it lacks."""
    with pytest.raises(InvalidRequestError, match=problem):
        Report.of(source)


@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("partition_id", None, "lacks its partition_id"),
        ("attempt", None, "lacks its attempt"),
        ("ended_at", None, "lacks its ended_at"),
        ("line", None, "lacks its line"),
        ("outcome", None, "lacks its outcome"),
        ("outcome", ["done", "done"], "'done' is no outcome"),
        ("attempt", ["first", "first"], "column attempt .* none of outcomes"),
        ("ended_at", ["now", "now"], "column ended_at .* none of outcomes"),
        ("status", [[404], [404]], "column status .* none of outcomes"),
        ("user_id", [["a"], ["b"]], "column user_id .* none of outcomes"),
        ("own_columns", ["{", "{"], "own_columns of a row are '{'"),
        ("run", ["{}", None], "column run .* no figures"),
    ],
)
def test_damaged_outcomes(column: str, values: list[Any] | None, problem: str) -> None:
    """A column that is not as a partition wrote it is an error that names it."""
    good = table("a", [DONE, FAILED])
    number = good.schema.get_field_index(column)
    other = pa.nulls(2) if values is None else pa.array(values)
    with pytest.raises(InvalidRequestError, match=problem):
        Report.of(good.set_column(number, column, other))


def test_jobs_do_not_mix(tmp_path: Path) -> None:
    """Outcomes of two jobs are no report, and an empty folder is none either."""
    with pytest.raises(InvalidRequestError, match="of several jobs, assign and remove"):
        Report.of([table("a", [DONE]), table("b", [DONE], job="remove")])
    with pytest.raises(InvalidRequestError, match=r"no .parquet files"):
        Report.of(tmp_path)
    assert Report.of([]).rows == 0


async def test_a_partition_and_a_run_report_the_same(anyio_backend: str, tmp_path: Path) -> None:
    """The merged report of partitions has the figures that one run over the same rows has."""
    pairs = [(f"p{number}", "t") for number in range(40)] + [("nobody", "t"), ("p0", "t")]
    async with crowd(40) as (_, session, _):
        outcomes = [
            await Partition(Assign(), options=RunOptions(plan="always")).run(
                session, table_of(pairs[start : start + 15])
            )
            for start in range(0, len(pairs), 15)
        ]
    async with crowd(40) as (_, session, _):
        report = await session.bulk.assign(
            [Assignment(user_id=user, tenant_id=to) for user, to in pairs],
            plan="always",
        )
    merged = Report.of(outcomes)
    # The last row is in another partition than the one that it repeats: it holds by then.
    assert (merged.applied, merged.unchanged, merged.failed) == (40, 1, 1)
    assert (report.applied, report.unchanged, report.failed) == (41, 0, 1)
    assert merged.labels == report.labels
    assert merged.title == report.title
    (one,), (other,) = merged.statistics.failures, report.statistics.failures
    assert (one.reason, one.count) == (other.reason, other.count)

    folder = tmp_path / "outcomes"
    folder.mkdir()
    for number, each in enumerate(outcomes):
        pq.write_table(each, folder / f"{number}.parquet")
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["bulk", "report", str(folder), "--report", str(page)])
    assert done.exit_code == 3, done.output
    assert "3 partitions, 3 attempts" in done.output
    assert "40  added" in done.output
    html = page.read_text()
    assert "Users into tenants" in html
    assert "41 of 42 rows are done" in html
    as_json = CliRunner().invoke(app, ["bulk", "report", "--json", str(folder)])
    assert '"added":40' in as_json.stdout
    assert '"partitions":3' in as_json.stdout
    rejected = CliRunner().invoke(app, ["bulk", "report", str(folder), "--report", "x.txt"])
    assert rejected.exit_code == 2
