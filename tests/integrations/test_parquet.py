"""Parquet rows: the same rows and the same errors as from the other kinds of files."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from frontegg_async import Assignment, FronteggSession, InvalidRequestError
from frontegg_async.bulk import Malformed, read_rows
from frontegg_async.bulk.input.arrow import BATCH_ROWS
from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.input.originals import Original
from frontegg_async.emulator import Emulator

# pyarrow 26 has no type hints: all names of these two modules are Any.
pa: Final[Any] = import_module("pyarrow")
pq: Final[Any] = import_module("pyarrow.parquet")


def write(folder: Path, columns: object, **options: object) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def parquet_rows(path: Path | str) -> Iterator[Row]:
    """Return the assignments of a file, as bulk work reads them."""
    return read_rows(path)


def reasons(path: Path) -> list[str]:
    found: list[str] = []
    for _, row in parquet_rows(path):
        assert isinstance(row, Malformed)
        found.append(row.reason)
    return found


ROWS: Final = [
    Assignment(tenant_id="t-1", user_id="u-1"),
    Assignment(tenant_id="t-2", email="b@example.test", set_active=True),
    Assignment(tenant_id="t\N{SNOWMAN}", user_id="u-3", email="c@example.test"),
]
TABLE: Final = {
    "user_id": ["u-1", None, "u-3"],
    "email": [None, "b@example.test", "c@example.test"],
    "tenant_id": ["t-1", "t-2", "t\N{SNOWMAN}"],
    "set_active": [False, True, None],
}


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_written_rows_are_read(tmp_path: Path, kind: str) -> None:
    """Assignments come back as they were, numbered from 1, from strings of every kind."""
    make: dict[str, Any] = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
    }
    columns = {
        name: pa.array(values, pa.bool_() if name == "set_active" else make[kind])
        for name, values in TABLE.items()
    }
    assert list(parquet_rows(write(tmp_path, columns))) == list(enumerate(ROWS, 1))


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
def test_every_common_encoding_is_read(tmp_path: Path, compression: str, version: str) -> None:
    """Compressed or not, of the old or the new format, the rows are the same."""
    path = write(tmp_path, TABLE, compression=compression, version=version)
    assert [row for _, row in parquet_rows(path)] == ROWS


@pytest.mark.parametrize(
    "names", [("userId", "tenantId", "setActive"), ("USER ID", "Tenant-Id", "set.active")]
)
def test_columns_are_spelled_freely(tmp_path: Path, names: Sequence[str]) -> None:
    """Case and punctuation of column names do not matter, as in CSV files."""
    user, tenant, active = names
    path = write(tmp_path, {active: [True], tenant: ["t-1"], user: ["u-1"]})
    expected = Assignment(tenant_id="t-1", user_id="u-1", set_active=True)
    assert list(parquet_rows(path)) == [(1, expected)]


def test_set_active_may_be_a_string(tmp_path: Path) -> None:
    """The words for true and false that JSONL files may hold are read here too."""
    path = write(
        tmp_path,
        {"user_id": ["u"] * 3, "tenant_id": ["t"] * 3, "set_active": ["yes", "FALSE", ""]},
    )
    rows = [row for _, row in parquet_rows(path)]
    assert [row.set_active for row in rows if isinstance(row, Assignment)] == [True, False, False]


def test_other_columns_are_not_read(tmp_path: Path) -> None:
    """A column that is not needed may hold anything, even bytes that cannot be decompressed."""
    noise = [bytes([number % 251]) * 40 for number in range(2_000)]
    path = write(
        tmp_path,
        {"note": noise, "user_id": ["u"] * 2_000, "tenant_id": ["t"] * 2_000},
        use_dictionary=False,
        compression="none",
    )
    content = path.read_bytes()
    start = content.index(noise[0])
    path.write_bytes(content[:start] + b"\xff" * 60_000 + content[start + 60_000 :])
    with pytest.raises(OSError, match=r"."):
        pq.read_table(path)
    rows = list(parquet_rows(path))
    assert len(rows) == 2_000
    assert {row for _, row in rows} == {Assignment(tenant_id="t", user_id="u")}


def test_nulls_and_empty_strings_are_malformed(tmp_path: Path) -> None:
    """A row without a tenant or without a user is a row, with its number and the reason."""
    path = write(
        tmp_path,
        {
            "user_id": ["u-1", None, "", "u-4", "u-5"],
            "email": [None, None, "", "", None],
            "tenant_id": ["t-1", "t-2", "t-3", None, ""],
        },
    )
    rows = [row for _, row in parquet_rows(path)]
    assert rows[0] == Assignment(tenant_id="t-1", user_id="u-1")
    assert [(row.reason, row.original.cells) for row in rows if isinstance(row, Malformed)] == [
        ("neither user_id nor email is given", {"tenant_id": "t-2"}),
        ("neither user_id nor email is given", {"user_id": "", "email": "", "tenant_id": "t-3"}),
        ("tenant_id is empty", {"user_id": "u-4", "email": ""}),
        ("tenant_id is empty", {"user_id": "u-5", "tenant_id": ""}),
    ]


UUID: Final = uuid.UUID("6f1c54f5-46ac-4f6b-9f93-9d8c4a8b0f8e")


@pytest.mark.parametrize("column", ["user_id", "tenant_id", "email"])
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param(lambda: [42], "must be a string, got int", id="int"),
        pytest.param(lambda: [4.5], "must be a string, got float", id="float"),
        pytest.param(lambda: [True], "must be a string, got bool", id="bool"),
        pytest.param(lambda: [b"u-1"], "must be a string, got bytes", id="bytes"),
        pytest.param(lambda: [["u-1"]], "must be a string, got list", id="list"),
        pytest.param(lambda: [{"id": "u-1"}], "must be a string, got dict", id="struct"),
        pytest.param(
            lambda: pa.array([UUID.bytes], pa.uuid()), "must be a string, got UUID", id="uuid"
        ),
        pytest.param(
            lambda: ["u\n1"],
            "holds a control character (U+000A): remove it",
            id="control character",
        ),
    ],
)
def test_ids_that_are_no_strings_are_malformed(
    tmp_path: Path, column: str, values: Any, reason: str
) -> None:
    """An id of another type is rejected, and not converted, like a number in JSONL."""
    columns = {"user_id": ["u-1"], "tenant_id": ["t-1"], "email": ["e@example.test"]}
    path = write(tmp_path, {**columns, column: values()})
    assert reasons(path) == [f"{column} {reason}"]


def test_numbers_are_rejected_as_in_jsonl(tmp_path: Path) -> None:
    """The same values give the same rows, whichever of the two kinds of file they stand in."""
    users = [1, 2, None, 0]
    path = write(tmp_path, {"user_id": users, "tenant_id": ["t"] * 4, "set_active": [1, 0, 1, 0]})
    lines = tmp_path / "rows.jsonl"
    lines.write_text(
        "".join(
            json.dumps({"user_id": user, "tenant_id": "t", "set_active": active}) + "\n"
            for user, active in zip(users, [1, 0, 1, 0], strict=True)
        )
    )
    assert list(parquet_rows(path)) == list(read_rows(lines))


def test_text_that_is_not_utf8_costs_its_row_only(tmp_path: Path) -> None:
    """Neither the rows before a broken string nor the rows after it are lost."""
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 2, 4, 6))
    users = pa.StringArray.from_buffers(3, pa.py_buffer(offsets), pa.py_buffer(b"u1\xff\xfeu3"))
    path = write(tmp_path, {"user_id": users, "tenant_id": ["t-1", "t-2", "t-3"]})
    assert list(parquet_rows(path)) == [
        (1, Assignment(tenant_id="t-1", user_id="u1")),
        (2, Malformed("user_id cannot be read as text", Original({"tenant_id": "t-2"}))),
        (3, Assignment(tenant_id="t-3", user_id="u3")),
    ]


def test_dates_that_python_cannot_hold_are_malformed(tmp_path: Path) -> None:
    """A value that has no Python object is a malformed row, and no exception."""
    path = write(tmp_path, {"user_id": pa.array([2**31 - 1], pa.date32()), "tenant_id": ["t-1"]})
    assert reasons(path) == ["user_id cannot be read as text"]


def test_a_table_without_rows(tmp_path: Path) -> None:
    """No rows is no error."""
    path = write(tmp_path, {"user_id": pa.array([], pa.string()), "tenant_id": pa.array([])})
    assert list(parquet_rows(path)) == []


@pytest.mark.parametrize("row_group_size", [500, 1_000_000], ids=["small groups", "one group"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, row_group_size: int) -> None:
    """While a file of 16 MB is read, pyarrow holds a small part of it, however it is divided."""
    count = 200_000
    path = write(
        tmp_path,
        {
            "user_id": [f"user-{number:060}" for number in range(count)],
            "tenant_id": [f"tenant-{number % 1_000}" for number in range(count)],
            "note": ["x" * 40] * count,
        },
        row_group_size=row_group_size,
        compression="none",
        use_dictionary=["note"],
    )
    assert path.stat().st_size > 12_000_000
    before = pa.total_allocated_bytes()
    most = 0
    line = 0
    for line, row in parquet_rows(path):
        assert isinstance(row, Assignment)
        if line % 400 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert line == count
    assert 0 < most < 6_000_000


def test_rows_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    """Damage behind the first batch is met when it is reached, and says after which row."""
    count = 50 * BATCH_ROWS
    path = write(
        tmp_path,
        {"user_id": [f"user-{number:06}" for number in range(count)], "tenant_id": ["t"] * count},
        row_group_size=BATCH_ROWS,
        compression="none",
        use_dictionary=False,
    )
    content = path.read_bytes()
    middle = content.index(b"user-025600") - 4
    path.write_bytes(content[:middle] + b"\xff" * 4_000 + content[middle + 4_000 :])
    rows = parquet_rows(path)
    assert next(rows) == (1, Assignment(tenant_id="t", user_id="user-000000"))
    lines: list[int] = []
    with pytest.raises(InvalidRequestError, match=r"after row 25600: ."):
        lines.extend(line for line, _ in rows)
    assert lines[-1] == 25_600


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["user_id"], "user_id"),
        (["tenant_id", "name"], "tenant_id, name"),
        (["id"], "id"),
        ([], "none"),
    ],
)
def test_a_missing_column_is_rejected_first(tmp_path: Path, names: list[str], shown: str) -> None:
    """A file without a needed column is an error at once, which lists its columns."""
    path = write(tmp_path, {name: ["x"] for name in names})
    expected = f"{path} are {shown}: it needs tenant_id, and user_id or email"
    with pytest.raises(InvalidRequestError) as caught:
        parquet_rows(path)
    assert str(caught.value).endswith(expected)


def test_two_columns_of_one_meaning_are_rejected(tmp_path: Path) -> None:
    """A file with two columns of user ids is an error."""
    path = write(tmp_path, {"user_id": ["a"], "userId": ["b"], "tenant_id": ["t"]})
    with pytest.raises(InvalidRequestError, match="names a column twice"):
        parquet_rows(path)


@pytest.mark.parametrize(
    "content", [b"", b"user_id,tenant_id\nu,t\n", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1"]
)
def test_files_of_other_kinds_are_rejected(tmp_path: Path, content: bytes) -> None:
    """A file that is not Parquet is an error at once, and one that a caller can catch."""
    path = tmp_path / "rows.parquet"
    path.write_bytes(content)
    with pytest.raises(InvalidRequestError, match=r"cannot read .*rows\.parquet: ."):
        parquet_rows(path)


def test_no_file_and_no_url(tmp_path: Path) -> None:
    """A path to nowhere, to a folder or to another machine is an error, and never a download."""
    with pytest.raises(InvalidRequestError, match="No such file"):
        parquet_rows(tmp_path / "nothing.parquet")
    folder = tmp_path / "folder.parquet"
    folder.mkdir()
    with pytest.raises(InvalidRequestError, match="directory"):
        parquet_rows(folder)
    with pytest.raises(InvalidRequestError, match="No such file"):
        parquet_rows("s3://bucket/rows.parquet")


@pytest.mark.parametrize("module", ["pyarrow", "pyarrow.parquet"])
def test_without_pyarrow_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """If the extra is not installed, the error names it."""
    path = write(tmp_path, TABLE)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidRequestError, match=r"pip install 'frontegg-async\[parquet\]'"):
        parquet_rows(path)


def test_a_file_that_is_not_read_to_its_end_is_closed(tmp_path: Path) -> None:
    """Closing the iterator gives back the memory of pyarrow, and the file."""
    path = write(tmp_path, TABLE)
    before = pa.total_allocated_bytes()
    rows = parquet_rows(path)
    assert isinstance(rows, Iterator)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    del rows
    assert pa.total_allocated_bytes() == before


@pytest.mark.anyio
async def test_bulk_assigns_the_rows(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Rows of a Parquet file end as memberships, by user id and by e-mail address."""
    path = write(
        tmp_path,
        {
            "userId": ["user-0", None, None],
            "email": [None, "user-1@example.test", None],
            "tenantId": ["acme", "acme", "acme"],
        },
    )
    report = await frontegg.bulk.assign(path)
    assert (report.applied, report.invalid, report.rows) == (2, 1, 3)
    assert {("user-0", "acme"), ("user-1", "acme")} <= emulator.memberships()
