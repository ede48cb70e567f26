"""The ledger: it returns the rows and outcomes as written, also after it was closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from frontegg_async import LedgerDiskFullError
from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, State

from ..support.bulk import FORM, HEADER, noted

TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give a new ledger."""
    opened = Ledger.begin(tmp_path / "ledger", HEADER, FORM)
    yield opened
    opened.close()


def rows(count: int, *, start: int = 1) -> list[Row]:
    return [noted(line, f"user-{line}", None, "tenant") for line in range(start, start + count)]


def test_what_is_entered_is_pending(ledger: Ledger) -> None:
    """Rows come back as they were entered, in their order, behind a line and up to a number."""
    given_rows = [
        noted(2, "u", None, "t", flag=True),
        noted(3, None, "E@x.test", "t"),
        noted(7, "u", "e\"\\'é😀@x.test", "t2"),
        noted(9, "u", problem="is no row"),
    ]
    ledger.add(given_rows)
    found = ledger.pending(0, 10)
    assert [(row.line, row.row) for row in found] == given_rows[:3]
    assert not any(row.in_doubt for row in found)
    assert ledger.pending(2, 1) == found[1:2]
    assert ledger.counts() == {State.PENDING: 3, State.INVALID: 1}
    assert not ledger.loaded
    ledger.finish_loading()
    assert ledger.loaded


def test_twins(ledger: Ledger) -> None:
    """Rows that say the same are done once, and each of them is counted and exported."""
    ledger.add([noted(1, "u", None, "t"), noted(2, None, "E@X.test", "t")])
    ledger.add(
        [
            noted(3, "u", "other@x.test", "t"),  # the id counts, not the address
            noted(4, None, "e@x.TEST", "t"),
            noted(5, "u", None, "t", flag=True),
            noted(6, "U", None, "t"),
            noted(7, "u", None, "t"),
            noted(8, None, None, "t", problem="no user"),
            noted(9, None, None, "t", problem="no user"),
        ]
    )
    # The first call stops at the first possible duplicate, the next one knows.
    waiting = ledger.pending(0, 99)
    assert [row.line for row in waiting] == [1, 2]
    assert ledger.counts() == {State.PENDING: 7, State.INVALID: 2}
    waiting += ledger.pending(2, 99)
    assert [row.line for row in waiting] == [1, 2, 4, 5, 6]
    looked_up = [replace(row, found_id=None if row.row.user_id else "e") for row in waiting]
    assert [row.line for row in ledger.take_turns(looked_up)] == [1, 2, 5, 6]
    assert [row.line for row in ledger.pending(0, 99)] == [1, 2, 5, 6]
    ledger.write((), [Entry(1, State.FAILED, 404, 2, TRACE, "why", "ER-1")], ())
    ledger.write((), [Entry(2, State.DONE, 201, 1)], ())
    assert ledger.counts() == {
        State.FAILED: 3,
        State.DONE: 2,
        State.PENDING: 2,
        State.INVALID: 2,
    }
    failed = list(ledger.export([State.FAILED]))
    assert [row.line for row in failed] == [1, 3, 7]
    assert {(row.status, row.attempts, row.trace_id, row.reason, row.error_code)
            for row in failed} == {(404, 2, TRACE, "why", "ER-1")}  # fmt: skip
    assert [row.email for row in failed] == [None, "other@x.test", None]
    assert [row.reason for row in ledger.export([State.INVALID])] == ["no user"] * 2


def test_rows_under_way(ledger: Ledger) -> None:
    """An intent without an outcome is in doubt; one that was taken back is not."""
    ledger.add(rows(3))
    ledger.write((), (), [(1, 2)])
    ledger.write([2], (), ())
    assert [(row.line, row.in_doubt) for row in ledger.pending(0, 9)] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    # In one commit, intents are taken back before new ones are written.
    ledger.write([1], (), [(1, 1)])
    assert ledger.counts() == {State.IN_FLIGHT: 1, State.PENDING: 2}
    assert {row.status for row in ledger.export()} == {None}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (TRACE, TRACE),
        (TRACE.upper(), TRACE),
        (None, None),
        ("", None),
        ("0" * 32, None),
        ("ab", None),
        ("x" * 32, None),
        ("é" * 32, None),
        (" " * 32, None),
        ("ab " * 10 + "ab", None),
        (TRACE + "00", None),
        ("٣" * 32, None),
    ],
)
def test_trace_ids(ledger: Ledger, told: str | None, kept: str | None) -> None:
    """A trace id of the usual form is kept, and any other is left out without harm."""
    ledger.add(rows(1))
    ledger.write((), [Entry(1, State.FAILED, 500, 1, told, "r")], ())
    (row,) = ledger.export()
    assert row.trace_id == kept
    assert row.state is State.FAILED


def test_totals(ledger: Ledger) -> None:
    """Requests and times of runs are added up."""
    assert ledger.totals().runs == 0
    ledger.add_run(requests=3, throttled=1, elapsed_s=0.5)
    ledger.add_run(requests=4, throttled=0, elapsed_s=1.5)
    totals = ledger.totals()
    assert (totals.runs, totals.requests, totals.throttled, totals.elapsed_s) == (2, 7, 1, 2.0)


def test_reopened_rows_forget_their_ends(ledger: Ledger) -> None:
    """A reopened row has no trace of its former outcome; a row in doubt stays in doubt."""
    ledger.add([*rows(3), noted(4, "user-1", None, "tenant")])
    ledger.write(
        (),
        [
            Entry(1, State.FAILED, 404, 1, TRACE, "not found", "ER-1"),
            Entry(2, State.UNKNOWN, 0, 1, None, "no answer"),
            Entry(3, State.DONE, 201, 1, TRACE),
        ],
        (),
    )
    assert ledger.reopen((State.FAILED, State.UNKNOWN)) == 2
    assert ledger.counts() == {State.PENDING: 2, State.IN_FLIGHT: 1, State.DONE: 1}
    assert {row.reason for row in ledger.export()} == {None}
    ledger.write((), [Entry(1, State.DONE, 201, 1)], ())
    assert {(row.reason, row.error_code, row.trace_id) for row in ledger.export([State.DONE])} == {
        (None, None, None),
        (None, None, TRACE),
    }


@pytest.mark.parametrize("attempts", [1, 2, 100, 300])
@pytest.mark.parametrize("status", [0, 201, 404])
def test_outcomes_take_no_space(tmp_path: Path, attempts: int, status: int) -> None:
    """Recording an intent and an outcome for every row does not make the file longer."""
    path = tmp_path / "ledger"
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.add(rows(5_000))
    ledger.finish_loading()
    ledger.close()
    size = path.stat().st_size
    ledger = Ledger.begin(path, HEADER, FORM)
    for start in range(1, 5_001, 500):
        lines = range(start, start + 500)
        ledger.write((), (), [(start, start + 499)])
        ledger.write(
            (), [Entry(line, State(12 + line % 4), status, attempts, TRACE) for line in lines], ()
        )
    ledger.close()
    assert path.stat().st_size <= size


def test_a_disk_without_space(ledger: Ledger) -> None:
    """With no page to be had outcomes are still written, the texts at most are left out."""
    ledger.add(rows(1_000))
    ledger.finish_loading()
    database = ledger._database  # pyright: ignore[reportPrivateUsage]
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    for line in range(1, 1_001):
        ledger.write((), (), [(line, line)])
        ledger.write(
            (), [Entry(line, State.FAILED, 404, 1, TRACE, "a long reason " * 20, "ER")], ()
        )
    assert ledger.counts() == {State.FAILED: 1_000}
    with pytest.raises(LedgerDiskFullError, match="disk may be full"):
        ledger.add(rows(1_000, start=1_001))
    assert ledger.counts() == {State.FAILED: 1_000}
