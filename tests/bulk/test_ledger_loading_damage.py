"""Damage of a ledger whose rows were not all entered when its run died."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from frontegg_async import LedgerDamagedError
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import ExportedRow, LedgerRow, State

from ..support.bulk import FORM, HEADER, noted
from ..support.ledger_damage import FLIPS, SUFFIXES, flipped, put

ROWS: Final = [
    noted(
        line,
        f"user-{line % 60}" if line % 7 else f"ordered-{line % 5}",
        None,
        f"t{line % 3}" if line % 7 else f"t{line // 140}",
        flag=line % 7 == 0,
        problem="bad" if line % 41 == 0 else None,
        ordered=line % 7 == 0,
    )
    for line in range(1, 301)
]
"""Line n + 60 repeats line n. Every seventh row is ordered, and repeats or follows another one."""
CHUNK: Final = 50


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the files of a ledger whose run died while it read, with rows sent and rows waiting."""
    path = tmp_path_factory.mktemp("half") / "ledger"
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.begin_loading()
    ledger.add_new(ROWS[:100])
    ledger.settle()
    given = ledger.pending(0, 20)
    ledger.write((), (), [(given[0].line, given[-1].line)])
    ledger.pending(60, 99)  # decides which rows behind line 60 are duplicates
    ledger.add_new(ROWS[100:180])
    files = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in SUFFIXES}
    ledger.close()
    return files


def carried_on(path: Path) -> tuple[list[LedgerRow], dict[State, int], list[ExportedRow]]:
    """Return all that a run gives out and reports which reads the source again to its end."""
    with closing(Ledger.begin(path, HEADER, FORM)) as ledger:
        ledger.begin_loading()
        given: list[LedgerRow] = []
        after = 0
        for start in range(0, len(ROWS), CHUNK):
            ledger.add_new(ROWS[start : start + CHUNK])
            while found := ledger.pending(after, 999):
                given += found
                after = found[-1].line
        ledger.finish_loading()
        assert not ledger.pending(after, 999)
        return given, ledger.counts(), list(ledger.export())


def change(path: Path, statement: str) -> None:
    """Change the database behind the back of its checks."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute(statement).rowcount > 0


def test_undamaged(half: dict[str, bytes], tmp_path: Path) -> None:
    """Each row is given out once, rows in flight as such, and a duplicate never."""
    put(tmp_path / "copy", half)
    given, counts, _ = carried_on(tmp_path / "copy")
    lines = [row.line for row in given]
    assert lines == sorted(set(lines))
    assert sum(row.in_doubt for row in given) == 20
    assert counts[State.INVALID] == 7
    said = {(row.row.user_id, row.own) for row in given if row.line % 7}
    assert sum(bool(line % 7) for line in lines) == len(said)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET twin = NULL WHERE line = (SELECT max(line) FROM rows WHERE twin = 0)",
        "UPDATE rows SET twin = 0 WHERE line = (SELECT max(line) FROM rows WHERE twin IS NULL)",
    ],
)
def test_one_bit_of_a_twin(half: dict[str, bytes], tmp_path: Path, statement: str) -> None:
    """A changed bit that marks duplicates is found as damage."""
    path = tmp_path / "copy"
    put(path, half)
    change(path, statement)
    with pytest.raises(LedgerDamagedError, match="the state of 1 of 180 rows"):
        Ledger.begin(path, HEADER, FORM)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE firsts SET line = line + 1",
        "UPDATE firsts SET key = key || X'00'",
        "UPDATE placed SET line = 150",
        "DELETE FROM firsts",
    ],
)
def test_what_is_derived(half: dict[str, bytes], tmp_path: Path, statement: str) -> None:
    """Derived columns are derived again, so damage to them changes nothing."""
    path = tmp_path / "copy"
    put(path, half)
    right = carried_on(path)
    put(path, half)
    change(path, statement)
    assert carried_on(path) == right


def test_a_key_that_changed(half: dict[str, bytes], tmp_path: Path) -> None:
    """A damaged key is called damage and no other input, and no row from there on is given out."""
    path = tmp_path / "copy"
    put(path, half)
    change(path, "UPDATE rows SET key = X'00' WHERE line = 71")
    with closing(Ledger.begin(path, HEADER, FORM)) as ledger:
        ledger.begin_loading()
        ledger.add_new(ROWS[:CHUNK])
        with pytest.raises(LedgerDamagedError, match="row 71"):
            ledger.add_new(ROWS[CHUNK:])
        assert [row.line for row in ledger.pending(0, 999)][-1] <= CHUNK


@pytest.mark.parametrize("seed", [1, 2])
def test_flipped_bytes(half: dict[str, bytes], tmp_path: Path, seed: int) -> None:
    """With any changed bytes, a run that carries on gives out the right rows, or rejects them."""
    path = tmp_path / "copy"
    put(path, half)
    right = carried_on(path)
    chance = random.Random(seed)
    refused = 0
    for _ in range(FLIPS):
        put(path, flipped(half, chance))
        try:
            assert carried_on(path) == right
        except LedgerDamagedError:
            refused += 1
    assert FLIPS // 10 < refused < FLIPS
