"""Places of a ledger: read-only folders, drives without shared memory, and permissions."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from frontegg_async import FronteggSession, LedgerError, LedgerMismatchError
from frontegg_async.bulk import Assign
from frontegg_async.bulk.ledger.errors import reported
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import Emulator

from ..support.bulk import FORM, HEADER, begun, csv_of, outcomes, people, to, writes

REPOSITORY = Path(__file__).parent.parent.parent


# Read-only folders


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that takes no file, with the ledgers of an ended and of a killed run."""
    place = tmp_path / "disk"
    place.mkdir()
    begun(tmp_path / "ended").close()
    killed = begun(tmp_path / "killed")
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        killed.close()
        pytest.skip(f"no mount: {error}")
    if mounted.returncode:
        killed.close()
        pytest.skip(f"mount was refused: {mounted.stderr.strip()}")
    try:
        for name in ("ended", "killed", "killed-wal"):
            shutil.copyfile(tmp_path / name, place / name)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)  # noqa: S607
        yield place
    finally:
        killed.close()
        subprocess.run(["umount", str(place)], check=True)  # noqa: S607


@pytest.mark.parametrize("name", ["ended", "killed"])
def test_read_only_folders(
    read_only: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that takes no file a ledger can be looked at, its log too, and not run on."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with closing(Ledger.read(read_only / name)) as ledger:
        assert ledger.counts() == {State.PENDING: 97, State.IN_FLIGHT: 2, State.FAILED: 1}
        assert [row.reason for row in ledger.export([State.FAILED])] == ["why"]
    assert not list(temporary.iterdir())
    with pytest.raises(LedgerError, match=r"cannot write .*Read-only"):
        Ledger.begin(read_only / name, HEADER, FORM)


# Shared memory

NO_MAPS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>
static void *refused(void) { errno = ENODEV; return MAP_FAILED; }
void *mmap(void *a, size_t n, int p, int f, int d, off_t o) {
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (d >= 0 && (f & MAP_SHARED)) return refused();
    if (!real) real = dlsym(RTLD_NEXT, "mmap");
    return real(a, n, p, f, d, o);
}
void *mmap64(void *a, size_t n, int p, int f, int d, off_t o) { return mmap(a, n, p, f, d, o); }
"""
RUN = """
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from frontegg_async.bulk.ledger.records import Entry, State
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.errors import reported
from tests.support.bulk import begun, HEADER, FORM
path, new = Path(sys.argv[1]), sys.argv[2] == "new"
ledger = begun(path) if new else Ledger.begin(path, HEADER, FORM)
with closing(Ledger.read(path)) as looking:
    assert looking.counts()[State.IN_FLIGHT] == 2, looking.counts()
ledger.write((), [Entry(2, State.DONE, 201, 1)], [(4, 9)])
(mode,) = ledger._database.execute("PRAGMA journal_mode").fetchone()
ledger.close()
with closing(Ledger.read(path)) as looking:
    print(mode, looking.counts()[State.IN_FLIGHT], looking.counts()[State.DONE])
"""


@pytest.mark.parametrize("kind", ["new", "ended", "killed"])
def test_drives_without_shared_memory(tmp_path: Path, kind: str) -> None:
    """On drives that map no files, as network drives, a rollback journal replaces the log."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("takes a C compiler, and Linux")
    source, library = tmp_path / "no_maps.c", tmp_path / "no_maps.so"
    source.write_text(NO_MAPS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    path = tmp_path / "ledger"
    if kind == "ended":
        begun(path).close()
    elif kind == "killed":
        ledger = begun(tmp_path / "live")
        for suffix in ("", "-wal"):
            shutil.copyfile(tmp_path / f"live{suffix}", f"{path}{suffix}")
        ledger.close()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), kind],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "LD_PRELOAD": str(library)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["persist", "7", "1"]
    # On a drive that has it, the log is back.
    with closing(Ledger.begin(path, HEADER, FORM)) as again:
        assert again.counts()[State.IN_FLIGHT] == 7


# Temporary folders


@pytest.mark.anyio
async def test_no_temporary_folder(
    emulator: Emulator, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a place for temporary files a run without a ledger says so, and how to name one."""
    ids = people(emulator, 1)

    def none(**_: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    for work in (
        frontegg.bulk.assign([to(ids[0])]),
        frontegg.bulk.dry_run(Assign(), [to(ids[0])]),
    ):
        with pytest.raises(LedgerError, match="TMPDIR"):
            await work
    assert writes(emulator) == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (sqlite3.SQLITE_IOERR_GETTEMPPATH, "TMPDIR"),
        (sqlite3.SQLITE_IOERR_LOCK, "keep no locks"),
        (sqlite3.SQLITE_IOERR_READ, "cannot be read"),
        (sqlite3.SQLITE_IOERR_SHMMAP, "mapped into memory"),
        (sqlite3.SQLITE_IOERR_WRITE, "disk may be full"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_BUSY, "another program"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
    ],
)
def test_errors_of_sqlite(tmp_path: Path, code: int, message: str) -> None:
    """Each error of SQLite is told in words of its own, with the path."""
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    with pytest.raises(LedgerError, match=message) as caught, reported(tmp_path / "ledger"):
        raise error
    assert str(tmp_path) in str(caught.value)


# Permissions


def mode_of(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.anyio
async def test_permissions(tmp_path: Path, emulator: Emulator, frontegg: FronteggSession) -> None:
    """Ledger, log and failures are for their owner alone; a file that was there stays as it is."""
    former = os.umask(0)
    try:
        path = csv_of(tmp_path / "rows.csv", [*people(emulator, 2), "nobody"])
        seen: dict[str, int] = {}

        def look(_: object) -> None:
            for suffix in ("", "-wal", "-shm"):
                seen[suffix] = mode_of(Path(f"{path}.ledger{suffix}"))

        failures, other = tmp_path / "failed.csv", tmp_path / "other.csv"
        await frontegg.bulk.assign(path, failures=failures, on_progress=look)
        assert seen == {"": 0o600, "-wal": 0o600, "-shm": 0o600}
        assert mode_of(failures) == 0o600
        other.touch(0o640)
        await frontegg.bulk.assign(path, failures=other)
        assert mode_of(other) == 0o640
        assert "nobody" in other.read_text()
    finally:
        os.umask(former)


# An open that does not end


@pytest.mark.anyio
async def test_an_open_that_blocks(
    tmp_path: Path, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancelled run does not wait for a drive that does not answer, and keeps no ledger of it."""
    path = tmp_path / "ledger"
    entered, answer, closed = threading.Event(), threading.Event(), threading.Event()
    begin = Ledger.begin

    def blocked(*arguments: Any) -> Ledger:
        entered.set()
        answer.wait()
        ledger = begin(*arguments)
        close = ledger.close

        def heard() -> None:
            close()
            closed.set()

        monkeypatch.setattr(ledger, "close", heard)
        return ledger

    monkeypatch.setattr(Ledger, "begin", blocked)
    task = asyncio.create_task(frontegg.bulk.assign([to("u")], ledger=path))
    await asyncio.to_thread(entered.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    answer.set()
    await asyncio.to_thread(closed.wait)
    monkeypatch.undo()
    Ledger.reopened(path, FORM).close()


BLOCKED = """
import sys, threading
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.errors import reported
def blocked(*_):
    print("blocked", file=sys.stderr, flush=True)
    threading.Event().wait()
Ledger.begin = blocked
from frontegg_async.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_signals_while_opening(tmp_path: Path) -> None:
    """SIGTERM ends a process whose ledger lies on a drive that does not answer."""
    path = csv_of(tmp_path / "rows.csv", ["u"])
    variables = {
        "FRONTEGG_CLIENT_ID": "c",
        "FRONTEGG_API_KEY": "k",
        "FRONTEGG_BASE_URL": "http://127.0.0.1:9",
    }
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED, "bulk", "assign", str(path)],
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        text=True,
    ) as process:
        assert process.stderr is not None
        while "blocked" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        while "Stopping" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 130


# Environments


@pytest.mark.anyio
@pytest.mark.parametrize(("first", "second"), [("staging", "production"), (None, "x"), ("x", None)])
async def test_environment_ids(tmp_path: Path, first: str | None, second: str | None) -> None:
    """The ledger of one environment is rejected by a session of another, or of none."""
    path = tmp_path / "rows.csv"
    async with Emulator() as server:
        csv_of(path, people(server, 3))

        def session(environment_id: str | None) -> FronteggSession:
            return FronteggSession(
                client_id=server.client_id,
                api_key=server.api_key,
                base_url=server.url,
                environment_id=environment_id,
            )

        async with session(first) as frontegg:
            assert outcomes(await frontegg.bulk.assign(path)) == {"added": 3}
        before = server.count()
        async with session(second) as frontegg:
            with pytest.raises(LedgerMismatchError) as caught:
                await frontegg.bulk.assign(path)
            with pytest.raises(LedgerMismatchError):
                frontegg.bulk.retry(f"{path}.ledger")
        said = str(caught.value)
        for each in (first, second):
            assert each is None or f"environment id {each}" in said
        assert "--environment-id" in said
        assert server.count() == before
        async with session(first) as frontegg:
            assert outcomes(await frontegg.bulk.assign(path)) == {"added": 3}


# Older formats

FORMER = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    line INTEGER PRIMARY KEY, key BLOB, user_id TEXT, email TEXT, tenant_id TEXT,
    flag INTEGER NOT NULL, ordered INTEGER NOT NULL, twin INTEGER, state INTEGER NOT NULL,
    status INTEGER NOT NULL, attempts INTEGER NOT NULL, trace_id BLOB NOT NULL
);
PRAGMA application_id = 0x46724C67;
PRAGMA user_version = 1;
"""


@pytest.mark.parametrize("version", [1, 2])
def test_ledgers_of_former_formats(tmp_path: Path, version: int) -> None:
    """A ledger of a former format is rejected with advice, unchanged, by run and reader."""
    path = tmp_path / "ledger"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FORMER)
        database.execute(f"PRAGMA user_version = {version}")
        header = [*msgspec.structs.asdict(HEADER).items()]
        database.executemany("INSERT INTO header VALUES (?, ?)", header)
        database.commit()
    before = path.read_bytes()
    for way in (partial(Ledger.begin, path, HEADER, FORM), partial(Ledger.read, path)):
        with pytest.raises(LedgerMismatchError, match=f"version {version}") as caught:
            way()
        for part in ("finish it with the program that began it", "--ledger", "what holds already"):
            assert part in str(caught.value)
    assert path.read_bytes() == before
