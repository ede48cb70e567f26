"""Reading rows: every line is one result, none is lost, and none is invented."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import FronteggSession, InvalidRequestError
from frontegg_async._core.ids import id_problem
from frontegg_async.bulk import Assignment, Malformed, read_rows
from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.input.csv_jsonl import MAX_LINE_BYTES, MAX_ROW_LINES
from frontegg_async.bulk.input.sources import feed_of
from frontegg_async.emulator import Emulator

from ..support.bulk import Pairs, as_csv, fill, outcomes, rows_of
from ..support.routes import ADD

HEADER = b"user_id,tenant_id\n"
GOOD = b"good-user,good-tenant\n"
THE_GOOD = Assignment(user_id="good-user", tenant_id="good-tenant")


def read(content: bytes | str, suffix: str = ".csv") -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        # Which ids stand for lost values is shown in bulk/test_cells.py.
        return list(read_rows(path, literal_ids=True))


def good(rows: list[Row]) -> list[Assignment]:
    return [row for _, row in rows if isinstance(row, Assignment)]


def bad_lines(rows: list[Row]) -> list[int]:
    return [line for line, row in rows if isinstance(row, Malformed)]


printable = st.text(max_size=12).filter(str.isprintable)
field = st.one_of(
    printable, st.text('",;\n\r\t x', max_size=5), st.sampled_from(["=1+1", "'", "a,b", '"', "\n"])
)


@given(st.lists(st.tuples(field, field, field), max_size=12), st.sampled_from([",", ";", "\t"]))
@example([("a", "b", 'say "hi",\r\nthen'), ("c", "d", "")], ",")
@example([("a", "b", "x\ny"), ("c", "d", '"')], ";")
def test_what_csv_writes_is_read(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    """Any table that ``csv`` writes comes back row by row, at its line, or is called malformed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(("user_id", "tenant_id", "note"))
    expected: list[tuple[int, tuple[str, str]]] = []
    for row in rows:
        line = text.getvalue().count("\n") + 1
        writer.writerow(row)
        expected.append((line, (row[0].strip(), row[1].strip())))
    found = read(text.getvalue())
    by_line = dict(found)
    assert len(by_line) == len(found)
    for line, (user_id, tenant_id) in expected:
        result = by_line.get(line)
        if result is None:
            # Nothing but blanks, of which a tab is one: a blank line.
            assert not user_id + tenant_id
            continue
        if isinstance(result, Assignment):
            assert (result.user_id, result.tenant_id) == (user_id, tenant_id)
        else:
            fit = id_problem(user_id) is None and id_problem(tenant_id) is None
            note = rows[[at for at, _ in expected].index(line)][2]
            # A bare CR ends no line here, as in most readers of CSV; nor is NUL allowed.
            assert not fit or "\r" in note or "\0" in note
    assert len(good(found)) <= len(rows)


json_fields = st.fixed_dictionaries(
    {},
    optional={
        "userId": st.text(max_size=8) | st.none() | st.integers(),
        "tenantId": st.text(max_size=8) | st.none(),
        "email": st.text(max_size=8) | st.none(),
        "setActive": st.booleans() | st.none() | st.text(max_size=3) | st.integers(),
        "other": st.lists(st.text(max_size=3), max_size=2),
    },
)


@given(st.lists(json_fields, max_size=10))
def test_jsonl_rows(rows: list[dict[str, Any]]) -> None:
    """Each JSON object is one result at its line, with exactly its values."""
    found = read("".join(json.dumps(row) + "\n" for row in rows), ".jsonl")
    assert [line for line, _ in found] == list(range(1, len(rows) + 1))
    for row, (_, result) in zip(rows, found, strict=True):
        if isinstance(result, Assignment):
            assert result.tenant_id == row["tenantId"]
            assert result.user_id == (row.get("userId") or None)
            assert result.email == (row.get("email") or None)
        else:
            texts = [row.get(name) for name in ("userId", "email", "tenantId")]
            fit = row.get("tenantId") and (row.get("userId") or row.get("email"))
            plain = all(isinstance(text, str | None) for text in texts)
            fit_texts = all(id_problem(text) is None for text in texts if text)
            fit_active = row.get("setActive") in {None, True, False, "", "0", "1", "no", "yes"}
            assert not (fit and plain and fit_texts and fit_active)


chunk = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b'"', b'""', b"\n", b"\r\n", b",", b"\xef\xbb\xbf", b"\0", b"\xff", b'"a\nb"']
    ),
    st.just(GOOD),
)


@given(st.lists(chunk, max_size=12).map(b"".join))
@example(b'a,"b\ngood-user,good-tenant\n')
@example(b'"' + GOOD * 3 + b'",x\n')
@example(b'a,b"c\n')
@example(b'x,"y\n\xff\ngood-user,good-tenant\nz",q\n')
@example(b'a,"b"c"\nd,e"\n')
@example(b'a,"b\n\n' + GOOD + b'"\n')
@example(b'"\n\0"\n' + GOOD)
@example(b'x"\n"' + GOOD + GOOD)
@example(b"\r" + GOOD)
def test_any_bytes_after_the_header(content: bytes) -> None:
    """No bytes raise, and nothing becomes a row that ``csv`` would not have read as that row."""
    found = read(HEADER + content)
    lines = [line for line, _ in found]
    assert lines == sorted(set(lines))
    text = content.decode("utf-8", errors="replace").replace("\0", "\ufffd")
    # ``csv`` refuses a lone carriage return inside a line; one at an end of it is blank.
    ends = [piece.strip("\r").replace("\r", "\ufffd") for piece in text.split("\n")]
    pieces = [f"{piece}\n" for piece in ends]
    allowed = {(row[0].strip(), row[1].strip()) for row in csv.reader(pieces) if len(row) == 2}
    for row in good(found):
        assert (row.user_id, row.tenant_id) in allowed


@given(st.lists(st.binary(max_size=30).filter(lambda line: b'"' not in line), max_size=8))
def test_a_good_row_is_never_lost(lines: list[bytes]) -> None:
    """A good row is read at its own line between any other lines without quotes."""
    content = HEADER
    at: list[int] = []
    for line in lines:
        content += line + b"\n"
        at.append(content.count(b"\n") + 1)
        content += GOOD
    found = dict(read(content))
    assert [found.get(line) for line in at] == [THE_GOOD] * len(at)


@given(st.binary(max_size=200), st.sampled_from([".csv", ".jsonl"]))
def test_any_bytes_as_a_file(content: bytes, suffix: str) -> None:
    """A file of any bytes gives rows and malformed rows, or is rejected as a whole."""
    try:
        found = read(content, suffix)
    except InvalidRequestError:
        assert suffix == ".csv"
        return
    assert all(isinstance(row, Assignment | Malformed) for _, row in found)


@pytest.mark.parametrize(
    ("content", "rows", "bad"),
    [
        (b"\xef\xbb\xbf" + HEADER + GOOD, 1, []),
        ((HEADER + GOOD).replace(b"\n", b"\r\n"), 1, []),
        ((HEADER + GOOD).replace(b",", b";"), 1, []),
        ((HEADER + GOOD).replace(b",", b"\t"), 1, []),
        (HEADER + GOOD.rstrip(), 1, []),
        (HEADER, 0, []),
        (HEADER + b"\n\r\n  \n" + GOOD, 1, []),
        (HEADER + b"\xff,t\n" + GOOD, 1, [2]),
        (HEADER + b"u\0,t\n" + GOOD, 1, [2]),
        (HEADER + b"u,t,extra\nu\n" + GOOD, 1, [2, 3]),
        (HEADER + b",t\nu,\n , \n" + GOOD, 1, [2, 3, 4]),
        (HEADER + b"u\x07,t\n" + GOOD, 1, [2]),
        (HEADER + b"u" * MAX_LINE_BYTES + b",t\n" + GOOD, 1, [2]),
        (HEADER + b"u" * (5 * MAX_LINE_BYTES) + b"\n" + GOOD, 1, [2]),
        (HEADER + b'"good-user","good-tenant"\n' + GOOD, 2, []),
        (HEADER + b'u,"t\n' + GOOD, 0, [2, 3]),
        (HEADER + b'u,"t\n' + GOOD * 150, 51, list(range(2, 102))),
        (HEADER + b'u,t"\n' + GOOD, 1, [2]),
    ],
)
def test_odd_files(content: bytes, rows: int, bad: list[int]) -> None:
    """Each oddity costs its own rows at most, and they are named by their lines."""
    found = read(content)
    assert good(found) == [THE_GOOD] * rows
    assert bad_lines(found) == bad
    assert MAX_ROW_LINES == 100


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        *((spelled, True) for spelled in ("1", "true", "TRUE", "True", "yes", "Yes", " true ")),
        *((spelled, False) for spelled in ("", "0", "false", "FALSE", "no", "No", " ")),
        *((spelled, None) for spelled in ("2", "y", "on", "wahr", "truee", "-1")),
    ],
)
def test_spellings_of_set_active(spelled: str, value: bool | None) -> None:
    """``set_active`` is read in its usual spellings; others make the row malformed."""
    ((_, row),) = read(f"user_id,tenant_id,set_active\nu,t,{spelled}\n")
    assert (row.set_active if isinstance(row, Assignment) else None) == value
    ((_, row),) = read(json.dumps({"userId": "u", "tenantId": "t", "setActive": spelled.strip()}),
                       ".jsonl")  # fmt: skip
    assert (row.set_active if isinstance(row, Assignment) else None) == value


@pytest.mark.parametrize(
    "header", ["user_id,tenant_id", "userId,tenantId", "USER ID,Tenant-Id", '"user_id","tenant_id"',
               " user_id , tenant_id ", "email,tenantId,setActive,note,note"],
)  # fmt: skip
def test_spellings_of_headers(header: str) -> None:
    """Columns are found in any usual spelling, and unknown ones may stand twice."""
    values = ",".join(["a", "b", "true", "n", "m"][: header.count(",") + 1])
    ((line, row),) = read(f"{header}\n{values}\n")
    assert line == 2
    assert isinstance(row, Assignment)
    assert (row.user_id or row.email, row.tenant_id) == ("a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "needs tenant_id"),
        (b"\n\n", "needs tenant_id"),
        (b"user_id\nu\n", "needs tenant_id"),
        (b"tenant_id\nt\n", "user_id or email"),
        (b"user_id,userId,tenant_id\n", "twice"),
        (b"u,t\n", "needs tenant_id"),
        ("user_id,tenant_id\nu,t\n".encode("utf-16"), "UTF-8|NUL"),
        ("user_id,tenant_id\nu,t\n".encode("utf-16-le"), "UTF-8|NUL"),
        (b"\x00", "NUL"),
        (b"x" * (MAX_LINE_BYTES + 1), "longer"),
        (b'"user_id,tenant_id\nu,t\n', "needs tenant_id"),
    ],
)
def test_headers_that_are_refused(content: bytes, message: str) -> None:
    """A file without the needed columns is rejected as a whole with the reason."""
    with pytest.raises(InvalidRequestError, match=message):
        read(content)


def test_a_byte_order_mark_in_jsonl() -> None:
    """The mark that some programs put before UTF-8 belongs to no row, and costs none."""
    row = b'{"userId": "good-user", "tenantId": "good-tenant"}\n'
    found = read(b"\xef\xbb\xbf" + row + row, ".jsonl")
    assert good(found) == [THE_GOOD] * 2
    assert not bad_lines(found)


def test_utf_16_jsonl() -> None:
    """A file in another encoding yields malformed rows and no assignment."""
    found = read('{"userId": "u", "tenantId": "t"}\n'.encode("utf-16"), ".jsonl")
    assert found
    assert not good(found)


@pytest.mark.parametrize("name", ["rows.txt", "rows", "rows.csv.gz", "missing.csv", "folder.csv"])
def test_files_that_are_none(tmp_path: Path, name: str) -> None:
    """A path that cannot be read as rows is rejected at once, by its name."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "rows.txt").write_bytes(HEADER)
    with pytest.raises(InvalidRequestError, match=name):
        read_rows(tmp_path / name)


@pytest.mark.parametrize(
    "line",
    ["[]", '"u"', "5", "null", "{", "{}", '{"userId": "u"}', '{"userId": 5, "tenantId": "t"}',
     '{"userId": ["u"], "tenantId": "t"}', '{"userId": "u", "tenantId": {"a": 1}}',
     '{"userId": "u", "tenantId": "t", "setActive": 1}', '{"userId": "u\\n", "tenantId": "t"}',
     '{"userId": "u", "tenantId": "t"} x', '{"userId": "\\ud800", "tenantId": "t"}',
     '{"userId": "u", "userid": "v", "tenantId": "t"}', "[" * 5_000],
)  # fmt: skip
def test_malformed_json(line: str) -> None:
    """A line that is no assignment is malformed, and the good one after it is read."""
    good_line = json.dumps({"user_id": "good-user", "tenant_id": "good-tenant"})
    found = read(f"{line}\n{good_line}\n", ".ndjson")
    assert [number for number, _ in found] == [1, 2]
    assert isinstance(found[0][1], Malformed)
    assert found[1][1] == THE_GOOD


async def taken(source: Any) -> list[Row]:
    """Return the rows of a source as a run takes them."""
    feed = feed_of(source, Assignment)
    rows: list[Row] = []
    while not feed.ended:
        rows += await feed.take()
    await feed.close()
    return rows


@pytest.mark.anyio
async def test_iterables() -> None:
    """Rows of a program are numbered from 1 and checked like those of a file."""
    items: list[Any] = [THE_GOOD, Assignment(tenant_id=""), {"user_id": "u"}, None, THE_GOOD]

    async def stream() -> AsyncIterator[Any]:
        for item in items:
            yield item

    rows = await taken(items)
    assert [line for line, _ in rows] == [1, 2, 3, 4, 5]
    assert await taken(iter(items)) == await taken(stream()) == rows
    assert good(rows) == [THE_GOOD] * 2
    assert bad_lines(rows) == [2, 3, 4]


def as_jsonl(folder: Path, pairs: Pairs) -> Any:
    path = folder / "rows.jsonl"
    path.write_text("".join(f'{{"user_id": "{u}", "tenant_id": "{t}"}}\n' for u, t in pairs))
    return str(path)


def as_emails(folder: Path, pairs: Pairs) -> Any:
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        emails = [(f"{user}@example.test", tenant) for user, tenant in pairs]
        csv.writer(file).writerows([("email", "tenant_id"), *emails])
    return path


def as_iterator(_folder: Path, pairs: Pairs) -> Any:
    return iter(rows_of(pairs))


def as_async_generator(_folder: Path, pairs: Pairs) -> Any:
    async def generate() -> AsyncIterator[Assignment]:
        for row in rows_of(pairs):
            await anyio.lowlevel.checkpoint()
            yield row

    return generate()


class AsyncRows:
    """An async iterable that is no generator."""

    def __init__(self, rows: list[Assignment]) -> None:
        self.rows: Iterator[Assignment] = iter(rows)

    def __aiter__(self) -> AsyncRows:
        return self

    async def __anext__(self) -> Assignment:
        await anyio.lowlevel.checkpoint()
        try:
            return next(self.rows)
        except StopIteration:
            raise StopAsyncIteration from None


def as_async_iterable(_folder: Path, pairs: Pairs) -> Any:
    return AsyncRows(rows_of(pairs))


@pytest.mark.parametrize(
    "source",
    [as_csv, as_jsonl, as_emails, as_iterator, as_async_generator, as_async_iterable],
)
@pytest.mark.anyio
async def test_every_kind_of_source(
    tmp_path: Path,
    emulator: Emulator,
    frontegg: FronteggSession,
    source: Callable[[Path, Pairs], Any],
) -> None:
    """From every kind of source every row is added, in one request and without an invite."""
    pairs = fill(emulator, 50)
    before = emulator.memberships()
    given = source(tmp_path, pairs)
    report = await frontegg.bulk.assign(given, workers=8)
    assert outcomes(report) == {"added": 50}
    assert report.done
    assert (report.stopped, report.failures, report.failures_path) == (None, (), None)
    assert emulator.memberships() - before == set(pairs)
    assert emulator.count(ADD) == 50
    assert emulator.invites == []
    assert report.ledger_path == (
        tmp_path / "rows.csv.ledger"
        if isinstance(given, Path)
        else Path(f"{given}.ledger")
        if isinstance(given, str)
        else None
    )
