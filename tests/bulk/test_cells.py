"""Cells of files: values reach the server unchanged, and written ones can be read again."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import Assignment, FronteggSession, LedgerDamagedError, LedgerMismatchError
from frontegg_async.bulk import (
    Assign,
    Job,
    Malformed,
    Remove,
    SetSuperuser,
    SuperuserChange,
    read_rows,
)
from frontegg_async.bulk.input.cells import is_plain, protected, unprotected
from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.input.originals import Original
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import ExportedRow, State
from frontegg_async.bulk.report.export import Format, write_rows
from frontegg_async.emulator import Emulator

pytestmark = pytest.mark.anyio

DAMAGED = ["#N/A", "#REF!", "1.23457E+15", "nan", "NULL", "None", "undefined", "12345.0"]


def read(folder: Path, content: str, suffix: str = ".csv", **options: Any) -> list[Row]:
    path = folder / f"rows{suffix}"
    path.write_text(content, encoding="utf-8", newline="")
    return list(read_rows(path, **options))


def count(report: Any) -> dict[str, int]:
    return {name: rows for name, rows in report.labelled.items() if rows}


# Placeholders that spreadsheets and programs write for missing values


@pytest.mark.parametrize("column", ["tenant_id", "user_id", "email"])
@pytest.mark.parametrize("form", [".csv", ".jsonl", "rows"])
async def test_lost_values_are_no_ids(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, form: str, column: str
) -> None:
    """A row whose id is the trace of a lost value is invalid, says so, and makes no tenant."""
    emulator.add_user("u-1")
    rows: list[dict[str, Any]] = []
    for value in DAMAGED:
        row = {"user_id": "u-1", "tenant_id": "acme", column: value}
        if column == "email":
            row["user_id"] = ""
        rows.append({"user_id": row["user_id"], "email": row.get("email", ""), **row})
    before = emulator.memberships()
    source: Any = [Assignment(**row) for row in rows]
    if form != "rows":
        source = tmp_path / f"rows{form}"
        with source.open("w", newline="") as file:
            if form == ".csv":
                writer = csv.DictWriter(file, ["user_id", "email", "tenant_id"])
                writer.writeheader()
                writer.writerows(rows)
            else:
                file.writelines(json.dumps(row) + "\n" for row in rows)
    report = await frontegg.bulk.assign(source)
    assert count(report) == {"invalid": len(DAMAGED)}
    assert all(failure.reason.startswith(f"{column} is ") for failure in report.failures)
    assert emulator.memberships() == before


async def test_a_tenant_that_is_really_called_so(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """With ``literal_ids`` such ids are sent, and a ledger that was begun without it says so."""
    emulator.add_user("u-1")
    path = tmp_path / "rows.csv"
    path.write_text("user_id,tenant_id\n" + "".join(f'u-1,"{value}"\n' for value in DAMAGED))
    assert count(await frontegg.bulk.assign(path)) == {"invalid": len(DAMAGED)}
    with pytest.raises(LedgerMismatchError, match="settings"):
        await frontegg.bulk.assign(path, literal_ids=True)
    plan = await frontegg.bulk.dry_run(Assign(), path, literal_ids=True)
    assert (plan.to_send, plan.invalid) == (len(DAMAGED), 0)
    report = await frontegg.bulk.assign(path, literal_ids=True, ledger=tmp_path / "second")
    assert count(report) == {"added": len(DAMAGED)}
    assert {("u-1", value) for value in DAMAGED} <= emulator.memberships()
    again = await frontegg.bulk.assign(path, literal_ids=True, ledger=tmp_path / "second")
    assert count(again) == {"added": len(DAMAGED)}
    assert again.requests == 0 or again.applied == len(DAMAGED)


def test_an_address_beside_an_id_may_be_missing(tmp_path: Path) -> None:
    """An export with NULL in the address column is fine as long as each row has an id."""
    ((_, row),) = read(tmp_path, "user_id,email,tenant_id\nu,NULL,t\n")
    assert row == Assignment(user_id="u", email="NULL", tenant_id="t")


@pytest.mark.parametrize("bad", ["ac\u200bme", "ac\u00a0me", "..", "a/../b", "%2e%2e"])
def test_rows_are_checked_like_calls(tmp_path: Path, bad: str) -> None:
    """An id that no call would send is an invalid row, and not one that fails later."""
    for column in ("user_id", "tenant_id"):
        values = {"user_id": "u", "tenant_id": "t", column: bad}
        content = f"{','.join(values)}\n{','.join(values.values())}\n"
        ((_, row),) = read(tmp_path, content)
        assert isinstance(row, Malformed)
        assert row.reason.startswith(column)


# JSON objects with a key twice


@pytest.mark.parametrize(
    "line",
    [
        '{"user_id": "u", "tenant_id": "a", "tenant_id": "b"}',
        '{"user_id": "u", "tenant_id": "a", "tenant\\u005fid": "b"}',
        '{"user_id": "u", "tenant_id": "a", "note": 1, "note": 2}',
        '{"user_id": "u", "tenant_id": "a:b", "at": "10:00", "tenant_id": "c"}',
        '{"user_id": "u", "tenant_id": "a", "more": {"b": 1}, "tenant_id": "c"}',
        '{"user_id": "u", "tenant_id": "a", "tenant_id": "a"}',
    ],
)
def test_a_key_twice(tmp_path: Path, line: str) -> None:
    """An object with a key twice is invalid, however the key is spelled, and its text is kept."""
    ((_, row),) = read(tmp_path, f"{line}\n", ".jsonl")
    assert row == Malformed("has a key twice", Original(text=line))


@pytest.mark.parametrize(
    "more",
    [
        '"at": "10:00:00"',
        '"more": {"a": 1, "a": 2}',
        '"more": [{"user_id": "x"}, {"user_id": "y"}]',
        f'"number": {"9" * 300}, "at": "10:00"',
        '"a:b": "c"',
    ],
)
def test_colons_that_are_no_second_key(tmp_path: Path, more: str) -> None:
    """Colons in strings and in nested objects do not make a row invalid."""
    plain = '{"user_id": "u", "tenant_id": "t"}'
    ((_, row),) = read(tmp_path, f"{plain[:-1]}, {more}}}\n", ".jsonl")
    assert row == Assignment(user_id="u", tenant_id="t")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "user_id", ":"]), st.text(max_size=3))))
def test_keys_are_counted(tmp_path_factory: pytest.TempPathFactory, pairs: Any) -> None:
    """A JSON object is malformed for a repeated key if and only if there is one."""
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs)
    ((_, row),) = read(tmp_path_factory.mktemp("keys"), f"{{{body}}}\n", ".jsonl")
    twice = len({key for key, _ in pairs}) < len(pairs)
    assert (isinstance(row, Malformed) and row.reason == "has a key twice") == twice


# Files that a run writes

any_text = st.one_of(
    st.text(max_size=10),
    st.text("=+-@'\"\\;,\t\r\n\0\x1b u0=x\uff1d\u200b", max_size=8),
    st.sampled_from(["=1+1", "'=1+1", "''", "\\x3d", "'\\n", " a ", "a;=b", "\ud800", "\u2028"]),
)


@given(any_text)
@example("\\U00110000")
@example("'\\")
@example('"=1+1')
def test_a_cell_is_what_it_was(text: str) -> None:
    """A cell restores any string, begins no formula, and is printable."""
    cell = protected(text)
    assert unprotected(cell) == text
    assert cell.isprintable()
    assert cell[:1] not in set("=+-@ \uff1d\uff0b\uff0d\uff20")
    for piece in cell.split(";"):
        assert piece.lstrip(' "')[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")


@given(st.lists(st.text("aB1é-_.@,;\"'=+ \t\n", max_size=4), min_size=2, max_size=4))
@example(["-1", "a"])
@example(["a", "@b"])
@example(["a,b", ""])
def test_a_plain_line_is_what_the_csv_module_writes(cells: list[str]) -> None:
    """A line that counts as plain needs no protection, and is the line of Python's csv module."""
    line = ",".join(cells)
    if is_plain(line, len(cells)):
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\n").writerow([protected(cell) for cell in cells])
        assert file.getvalue() == f"{line}\n"


def test_lines_of_ids_and_addresses_are_plain() -> None:
    """Ids, addresses and names of outcomes are plain, and so are empty cells."""
    assert is_plain("34a82e16-9a58,ann.b@x.test,acme_1,,12,already_member,,201,,", 10)


def export(job: Job, rows: Sequence[ExportedRow], form: Format) -> str:
    file = io.StringIO(newline="")
    assert write_rows(job, rows, file, form) == len(rows)
    return file.getvalue()


def invalid(line: int, original: Original, reason: str = "because") -> ExportedRow:
    return ExportedRow(line, None, None, "{}", State.INVALID, None, 0, None, reason, None, original)


originals = st.builds(
    Original,
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("user_id", "email", "tenant_id", "set_active"), any_text),
    ),
    st.none() | any_text.filter(bool),
)


@given(st.lists(st.tuples(originals, any_text), max_size=4))
@example([(Original({"user_id": "=cmd|' /C calc'!A0", "tenant_id": "'=x"}), "-2")])
def test_csv_reads_what_was_written(rows: list[tuple[Original, str]]) -> None:
    """The csv module reads each cell of a failures file back as one cell with its value."""
    exported = [invalid(n, original, reason) for n, (original, reason) in enumerate(rows, 1)]
    text = export(Assign(), exported, "csv")
    assert text.count("\n") == len(rows) + 1
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(found) == len(rows)
    for (original, _), cells in zip(rows, found, strict=True):
        said = {name: unprotected(cell) for name, cell in cells.items()}
        for name in ("user_id", "email", "tenant_id", "set_active"):
            assert said[name] == original.cells.get(name, "")
        assert said["original"] == (original.text or "")
        assert not any(cell[:1] in set("=+-@\t\r\n ") for cell in cells.values() if cell)


@given(st.lists(originals, max_size=4), st.sampled_from(["csv", "jsonl"]))
@example([Original({"user_id": " u", "tenant_id": "t\n"})], "csv")
@example([Original({"user_id": "'u", "tenant_id": "'=t"})], "csv")
def test_our_own_reader_reads_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Original], form: Format
) -> None:
    """A row of a failures file that still is invalid is the same row in the next one."""
    exported = [invalid(line, original) for line, original in enumerate(rows, 1)]
    text = export(Assign(), exported, form)
    path = tmp_path_factory.mktemp("rows") / f"rows.{form}"
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    found = [row for _, row in read_rows(path)]
    assert len(found) == len(rows)
    for original, row in zip(rows, found, strict=True):
        cells = {name: cell for name, cell in original.cells.items() if cell}
        if isinstance(row, Assignment):
            said = {"user_id": row.user_id, "email": row.email, "tenant_id": row.tenant_id}
            assert {name: value for name, value in said.items() if value} == {
                name: cell for name, cell in cells.items() if name != "set_active"
            }
            continue
        assert isinstance(row, Malformed)
        if form == "csv" or "\\ud800" not in json.dumps([original.cells, original.text]):
            # No JSON that can be read holds half a character: such a line is kept as a whole.
            assert {name: cell for name, cell in row.original.cells.items() if cell} == cells
            assert row.original.text == original.text


UNREADABLE = {
    ".csv": [
        ("u-1", "has 1 field where"),
        ('u-1,"t', "quot"),
        ("u\x00,t", "NUL"),
        ("u-1,t,x,y", "has 4 fields"),
        ("=u,\x1b", "control character"),
        ("u-1,#N/A", "spreadsheet"),
    ],
    ".jsonl": [
        ("{", "JSON"),
        ('{"user_id": 5, "tenant_id": "t"}', "got int"),
        ('{"user_id": "u", "tenant_id": "a", "tenant_id": "b"}', "twice"),
        ('{"user_id": "u-1", "tenant_id": " t"}', "blank"),
    ],
}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("source", [".csv", ".jsonl"])
async def test_invalid_rows_are_mended_in_the_failures_file(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, source: str, suffix: str
) -> None:
    """Invalid rows stand with their text in the file of failures, and run once they are mended."""
    emulator.add_user("u-1")
    path = tmp_path / f"rows{source}"
    header = "user_id,tenant_id\n" if source == ".csv" else ""
    for line, problem in UNREADABLE[source]:
        path.write_text(f"{header}{line}\n", newline="")
        failures = tmp_path / f"failures{suffix}"
        report = await frontegg.bulk.assign(path, failures=failures, ledger=False)
        assert count(report) == {"invalid": 1}
        assert problem in report.failures[0].reason
        # As it is, it is as invalid as before, and loses nothing.
        again = tmp_path / f"again{suffix}"
        report = await frontegg.bulk.assign(failures, failures=again, ledger=False)
        assert count(report) == {"invalid": 1}
        first, second = texts(failures), texts(again)
        assert {**first, "line": "", "reason": ""} == {**second, "line": "", "reason": ""}
        said = {name: first[name] for name in ("user_id", "tenant_id")}
        as_cells = ",".join(said.values()), json.dumps(said)
        assert line in (*as_cells, first["original"])
        # Mended there, in its own columns.
        mended = {**first, "user_id": "u-1", "tenant_id": f"mended-{problem}"}
        rewrite(failures, mended)
        report = await frontegg.bulk.assign(failures, ledger=False)
        assert count(report) == {"added": 1}
        assert ("u-1", f"mended-{problem}") in emulator.memberships()


def texts(path: Path) -> dict[str, str]:
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        (row,) = csv.DictReader(io.StringIO(content, newline=""))
        return {name: unprotected(cell) for name, cell in row.items()}
    found = json.loads(content)
    return {name: found.get(name, "") for name in ("user_id", "tenant_id", "original", *found)}


def rewrite(path: Path, row: dict[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, list(row), delimiter=";")  # as some spreadsheets save it
            writer.writeheader()
            writer.writerow({name: protected(cell) for name, cell in row.items()})
        else:
            file.write(json.dumps(row) + "\n")


@pytest.mark.parametrize(
    ("job", "column"), [(SetSuperuser(), "super_user"), (Assign(), "set_active")]
)
async def test_an_unclear_flag_keeps_its_word(
    tmp_path: Path, frontegg: FronteggSession, job: Job, column: str
) -> None:
    """A flag that is neither true nor false stands in the failures as it stood in the source."""
    path = tmp_path / "rows.csv"
    path.write_text(f"user_id,tenant_id,{column}\nu,t,perhaps\n")
    failures = tmp_path / "failures.csv"
    await frontegg.bulk.start(job, path, failures=failures).wait()
    assert texts(failures)[column] == "perhaps"


async def test_rows_of_a_program_keep_their_values(
    tmp_path: Path, frontegg: FronteggSession
) -> None:
    """Malformed rows of a program are in the failures with the values that can be read."""
    rows: list[Any] = [
        Assignment(user_id="u ", tenant_id="t"),
        {"userId": "u", "tenant_id": "\ud800"},
        SuperuserChange(user_id="u", super_user=True),
        object,
    ]
    failures = tmp_path / "failures.jsonl"
    report = await frontegg.bulk.assign(rows, failures=failures)
    assert count(report) == {"invalid": 4}
    found = [json.loads(line) for line in failures.read_text().splitlines()]
    assert [row.get("user_id") for row in found] == ["u ", "u", "u", None]
    assert found[1]["tenant_id"] == "\ud800"
    assert found[3]["original"] == repr(object)


async def test_only_files_of_a_run_are_protected(tmp_path: Path) -> None:
    """An apostrophe in a file not of a run is part of the id, and before a sign malformed."""
    content = "user_id,tenant_id\n'u,t'\n'\\n,t\n'=u,t\n"
    rows = [row for _, row in read(tmp_path, content)]
    assert rows[:2] == [
        Assignment(user_id="'u", tenant_id="t'"),
        Assignment(user_id="'\\n", tenant_id="t"),
    ]
    assert isinstance(rows[2], Malformed)
    assert "apostrophe" in rows[2].reason
    rows = [row for _, row in read(tmp_path, content, literal_ids=True)]
    assert rows[2] == Assignment(user_id="'=u", tenant_id="t")


async def test_ids_that_begin_like_formulas_go_round(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Failed rows with such ids are done from the failures file, for those very ids."""
    pairs = [(f"{sign}u", f"{sign}t") for sign in ("=", "+", "-", "@", "'", "''", "\\", "'\\n")]
    failures = tmp_path / "failures.csv"
    rows = [Assignment(user_id=user, tenant_id=tenant) for user, tenant in pairs]
    report = await frontegg.bulk.assign(rows, failures=failures)
    assert count(report) == {"failed": len(pairs)}
    assert not any(line[0] in "=+-@" for line in failures.read_text().splitlines())
    for user, _ in pairs:
        emulator.add_user(user)
    assert count(await frontegg.bulk.assign(failures)) == {"added": len(pairs)}
    assert set(pairs) <= emulator.memberships()


async def test_removals_are_checked_too(tmp_path: Path, frontegg: FronteggSession) -> None:
    """The other jobs read their rows with the same check."""
    path = tmp_path / "rows.csv"
    path.write_text("user_id,tenant_id\nu,undefined\n#REF!,t\n")
    report = await frontegg.bulk.start(Remove(), path).wait()
    assert count(report) == {"invalid": 2}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE originals SET original = replace(original, 'acme', 'acmf')",
        "DELETE FROM originals",
    ],
)
async def test_an_original_that_has_changed(
    tmp_path: Path, frontegg: FronteggSession, damage: str
) -> None:
    """The text of an invalid row is checked when it is read, like the rows of a ledger."""
    path = tmp_path / "rows.csv"
    path.write_text("user_id,tenant_id\n,acme\n")
    await frontegg.bulk.assign(path)
    ledger = tmp_path / "rows.csv.ledger"
    with closing(sqlite3.connect(ledger)) as database:
        database.execute(damage)
        database.commit()
    with closing(Ledger.read(ledger)) as opened, pytest.raises(LedgerDamagedError, match="row 2"):
        list(opened.export())
