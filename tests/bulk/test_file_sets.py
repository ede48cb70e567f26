"""Folders and patterns of files as the source of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import ConfigurationError, InvalidRequestError, LedgerMismatchError
from frontegg_async.bulk import Assignment, Malformed, read_rows
from frontegg_async.bulk.input.feeds import SlicedFeed
from frontegg_async.bulk.input.sources import feed_of

from ..support.bulk import crowd, csv_of, files_in, outcomes, writes

# pyarrow has no type hints: as values, its modules can be declared as Any.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

pytestmark = pytest.mark.anyio


def three(folder: Path) -> Path:
    """Write a folder with a file of each kind, and files that are no rows."""
    folder.mkdir()
    csv_of(folder / "b.csv", ["p0", "p1"])
    (folder / "c.jsonl").write_text('{"user_id":"p2","tenant_id":"t"}\nno json\n')
    inner = folder / "day=1"
    inner.mkdir()
    table = pa.table({"user_id": ["p3", "p4"], "tenant_id": ["t", "t"]})
    pq.write_table(table, inner / "a.parquet")
    (folder / "_SUCCESS").write_text("")
    (folder / ".b.csv.crc").write_text("x")
    return folder


async def test_a_folder_is_read_in_the_order_of_names(anyio_backend: str, tmp_path: Path) -> None:
    """All files of a folder are one source; lines go on from file to file, and say where."""
    found = list(read_rows(three(tmp_path / "data")))
    assert [(line, getattr(row, "user_id", None)) for line, row in found] == [
        (2, "p0"),
        (3, "p1"),
        (4, "p2"),
        (5, None),
        (6, "p3"),
        (7, "p4"),
    ]
    bad = found[3][1]
    assert isinstance(bad, Malformed)
    assert bad.reason.endswith("c.jsonl)")
    assert "(line 2 of " in bad.reason


async def test_the_ledger_knows_the_set_again(anyio_backend: str, tmp_path: Path) -> None:
    """The same set carries on, however its folder is spelled; another one is named file by file."""
    folder = three(tmp_path / "data")
    async with crowd(6) as (server, session, _):
        report = await session.bulk.assign(folder)
        assert outcomes(report) == {"added": 5, "invalid": 1}
        assert report.ledger_path == tmp_path / "data.ledger"
        again = await session.bulk.assign(f"{folder}/")
        assert again.earlier == 6
        assert writes(server) == 5
        (folder / "b.csv").unlink()
        csv_of(folder / "d.csv", ["p5"])
        (folder / "c.jsonl").write_text('{"user_id":"p5","tenant_id":"t"}\n')
        with pytest.raises(LedgerMismatchError) as raised:
            await session.bulk.assign(folder)
        assert "(b.csv is gone; d.csv is new; c.jsonl is changed)" in str(raised.value)
        assert writes(server) == 5


async def test_a_pattern(anyio_backend: str, tmp_path: Path) -> None:
    """A pattern names the files of a run, and its ledger is beside them and not among them."""
    for name in ("part-1.csv", "part-2.csv"):
        csv_of(tmp_path / name, [f"p{name[5]}"])
    csv_of(tmp_path / "other.csv", ["p9"])
    async with crowd(3) as (server, session, _):
        for _ in range(2):
            report = await session.bulk.assign(str(tmp_path / "part-*"))
            assert outcomes(report) == {"added": 2}
        assert writes(server) == 2
    assert "part-_.ledger" in files_in(tmp_path)


async def test_a_pattern_with_wildcards_for_folders(anyio_backend: str, tmp_path: Path) -> None:
    """The ledger is in the last folder without a wildcard; a second run reads the same files.

    Names that begin with ``_`` are read only where the pattern says them without a wildcard.
    """
    for number, name in enumerate(("day=1/a", "day=2/a", "day=2/_temporary/0/a", "_old/a")):
        (tmp_path / name).parent.mkdir(parents=True)
        csv_of(tmp_path / f"{name}.csv", [f"p{number}"])
    async with crowd(4) as (server, session, _):
        for pattern, count, ledger in (
            ("day=*/*.csv", 2, "day=_-_.csv.ledger"),
            ("**/*.csv", 2, "_-_.csv.ledger"),
            ("day=*/_temporary/*/*.csv", 1, "day=_-_temporary-_-_.csv.ledger"),
        ):
            for _ in range(2):
                report = await session.bulk.assign(str(tmp_path / pattern))
                assert report.rows == count
                assert report.ledger_path == tmp_path / ledger
        assert writes(server) == 3
        assert not {pair for pair in server.memberships() if pair[0] == "p3"}


async def test_links_to_folders(anyio_backend: str, tmp_path: Path) -> None:
    """The files behind a link in a folder are rows like all others; a link that loops adds none."""
    folder = three(tmp_path / "data")
    (tmp_path / "elsewhere").mkdir()
    csv_of(tmp_path / "elsewhere" / "x.csv", ["p5"])
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "day=1" / "loop").symlink_to(folder)
    found = [row.user_id for _, row in read_rows(folder) if not isinstance(row, Malformed)]
    assert found == ["p0", "p1", "p2", "p3", "p4", "p5"]


async def test_a_folder_that_cannot_be_listed(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder within that cannot be listed is an error: its rows would be missed by no one."""
    folder = three(tmp_path / "data")
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "day=1":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(InvalidRequestError, match=r"cannot read .*day=1: Permission denied"):
        list(read_rows(folder))


async def test_bad_sets_are_rejected(anyio_backend: str, tmp_path: Path) -> None:
    """No file, a file of another kind, and a wrong header in the last file: nothing is sent."""
    empty = tmp_path / "empty"
    empty.mkdir()
    mixed = three(tmp_path / "mixed")
    async with crowd(6) as (server, session, _):
        with pytest.raises(InvalidRequestError, match="without a file of rows"):
            await session.bulk.assign(empty)
        with pytest.raises(InvalidRequestError, match="no file of rows matches"):
            await session.bulk.assign(str(empty / "*.csv"))
        (mixed / "notes.txt").write_text("x")
        with pytest.raises(InvalidRequestError, match=r"holds notes.txt, .* by a pattern"):
            await session.bulk.assign(mixed)
        (mixed / "notes.txt").unlink()
        (mixed / "z.csv").write_text("who,where\n1,2\n")
        with pytest.raises(InvalidRequestError, match=r"z.csv are who, where"):
            await session.bulk.assign(mixed)
        (mixed / "z.csv").unlink()
        with pytest.raises(ConfigurationError, match="would read the failures"):
            await session.bulk.assign(mixed, failures=mixed / "failed.csv")
        with pytest.raises(ConfigurationError, match="would read the ledger"):
            await session.bulk.assign(mixed, ledger=mixed / "run.db")
        (mixed / "b.csv").unlink()
        (mixed / "b.csv").symlink_to(mixed / "gone.csv")
        with pytest.raises(InvalidRequestError, match=r"cannot read .*b.csv"):
            await session.bulk.assign(mixed)
        (mixed / "b.csv").unlink()
        os.mkfifo(mixed / "b.csv")
        with pytest.raises(InvalidRequestError, match=r"b.csv is a pipe"):
            await session.bulk.assign(mixed)
        assert writes(server) == 0


@pytest.mark.parametrize("vanishes", [True, False])
async def test_a_file_that_vanishes_or_changes_while_it_is_read(
    anyio_backend: str, tmp_path: Path, vanishes: bool
) -> None:
    """A set that is not at its end what it was at its beginning is an error that says so."""
    folder = three(tmp_path / "data")
    feed = feed_of(folder, Assignment)
    assert isinstance(feed, SlicedFeed)
    await feed.fingerprint()
    later = folder / "day=1" / "a.parquet"
    if vanishes:
        later.unlink()
    else:
        pq.write_table(pa.table({"user_id": ["p5"], "tenant_id": ["t"]}), later)

    async def take_all() -> None:
        while not feed.ended:
            await feed.take()

    with pytest.raises(InvalidRequestError, match="a.parquet" if vanishes else "changed while"):
        await take_all()
    await feed.close()
