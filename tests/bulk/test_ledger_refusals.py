"""Ledgers that a run must not go on with, each with a message of its own, and none harmed."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from frontegg_async import (
    FronteggSession,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerMismatchError,
)
from frontegg_async.bulk import Assign, Remove
from frontegg_async.bulk.ledger.file import VERSION
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import Emulator, Stall

from ..support.bulk import (
    FORM,
    HEADER,
    csv_of,
    files_in,
    noted,
    outcomes,
    people,
    states,
    to,
    writes,
)
from ..support.routes import ADD
from ..support.sessions import session_on

REPOSITORY = Path(__file__).parent.parent.parent


def made(path: Path) -> Path:
    """Return a ledger with a row in it, closed."""
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.add([noted(line, f"user-{line}", None, "t") for line in range(1, 2_001)])
    ledger.finish_loading()
    ledger.close()
    return path


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("job", "begun for the job assign, not other"),
        ("fingerprint", "the input has changed"),
        ("environment", "another environment"),
        ("settings", "other settings"),
    ],
)
def test_another_run(tmp_path: Path, field: str, message: str) -> None:
    """A ledger of another input, job, environment or settings is rejected with the difference."""
    path = made(tmp_path / "ledger")
    before = path.read_bytes()
    with pytest.raises(LedgerMismatchError, match=message):
        Ledger.begin(path, msgspec.structs.replace(HEADER, **{field: "other"}), FORM)
    assert path.read_bytes() == before
    # The name of the input is for messages only: a file may be moved.
    Ledger.begin(path, msgspec.structs.replace(HEADER, source="elsewhere"), FORM).close()


def test_another_version(tmp_path: Path) -> None:
    """A ledger of another version is rejected by run and reader, with the version."""
    path = made(tmp_path / "ledger")
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    with pytest.raises(LedgerMismatchError, match=f"version {VERSION + 1}"):
        Ledger.begin(path, HEADER, FORM)
    with pytest.raises(LedgerMismatchError, match="version"):
        Ledger.read(path)


def foreign_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE rows (line INTEGER)")
    database.close()


def text_file(path: Path) -> None:
    path.write_text("user_id,tenant_id\nu,t\n" * 100)


def torn(path: Path) -> None:
    made(path)
    path.write_bytes(path.read_bytes()[:20_000])


def overwritten(path: Path) -> None:
    made(path)
    content = bytearray(path.read_bytes())
    content[4_096:40_000] = bytes([0xFF]) * (40_000 - 4_096)
    path.write_bytes(content)


def short(path: Path) -> None:
    made(path)
    path.write_bytes(path.read_bytes()[:60])


@pytest.mark.parametrize("make", [foreign_database, text_file, torn, overwritten, short])
def test_what_is_no_ledger(tmp_path: Path, make: Any) -> None:
    """A foreign or damaged file is rejected by run and reader, and left unchanged."""
    path = tmp_path / "ledger"
    make(path)
    before = path.read_bytes()
    with pytest.raises(LedgerDamagedError, match="ledger"):
        Ledger.begin(path, HEADER, FORM)
    with pytest.raises(LedgerDamagedError):
        Ledger.read(path)
    assert path.read_bytes() == before


def test_an_empty_file(tmp_path: Path) -> None:
    """An empty file can be begun as a ledger, but not read as one."""
    path = tmp_path / "ledger"
    path.touch()
    with pytest.raises(LedgerDamagedError):
        Ledger.read(path)
    Ledger.begin(path, HEADER, FORM).close()
    with_header = Ledger.read(path)
    assert with_header.header() == HEADER
    with_header.close()


@pytest.mark.parametrize("place", ["folder", "missing/ledger", "file/ledger"])
def test_places_that_take_no_file(tmp_path: Path, place: str) -> None:
    """A path that can hold no ledger is a LedgerError that names it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=place):
        Ledger.begin(tmp_path / place, HEADER, FORM)
    with pytest.raises(LedgerDamagedError, match=place):
        Ledger.read(tmp_path / place)


def test_another_process(tmp_path: Path) -> None:
    """While a process runs on a ledger others may look and not run; killed, it holds nothing."""
    path = tmp_path / "ledger"
    code = (
        "import sys; from pathlib import Path\n"
        "from frontegg_async.bulk.ledger.ledger import Ledger\n"
        "from tests.support.bulk import FORM, HEADER\n"
        "ledger = Ledger.begin(Path(sys.argv[1]), HEADER, FORM)\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(LedgerBusyError, match="another process"):
            Ledger.begin(path, HEADER, FORM)
        looking = Ledger.read(path)
        assert looking.header() == HEADER
        looking.close()
        other.kill()
    Ledger.begin(path, HEADER, FORM).close()


def test_refusals_leave_no_lock(tmp_path: Path) -> None:
    """A rejected run leaves no lock: the ledger's own run can begin."""
    path = made(tmp_path / "ledger")
    for _ in range(2):
        with pytest.raises(LedgerMismatchError):
            Ledger.begin(path, msgspec.structs.replace(HEADER, job="other"), FORM)
        Ledger.begin(path, HEADER, FORM).close()


@pytest.mark.anyio
async def test_runs_that_are_refused(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A run with other rows, another job, other settings or another client sends no write."""
    ids = people(emulator, 4)
    path = csv_of(tmp_path / "rows.csv", ids)
    assert outcomes(await frontegg.bulk.assign(path)) == {"added": 4}
    before = writes(emulator)
    with pytest.raises(LedgerMismatchError, match="settings"):
        await frontegg.bulk.assign(path, invite=True)
    with pytest.raises(LedgerMismatchError, match="job"):
        await frontegg.bulk.remove(path)
    csv_of(path, [*ids, "user-0"])
    with pytest.raises(LedgerMismatchError, match="input has changed"):
        await frontegg.bulk.assign(path)
    csv_of(path, ids)
    async with Emulator(client_id="other") as server, session_on(server) as session:
        people(server, 4)
        with pytest.raises(LedgerMismatchError, match="environment"):
            await session.bulk.assign(path)
        assert writes(server) == 0
    assert writes(emulator) == before


@pytest.mark.anyio
async def test_a_retry_elsewhere(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """The failed rows of one environment are never sent to another."""
    report = await frontegg.bulk.assign([to("late")], ledger=tmp_path / "ledger")
    assert outcomes(report) == {"failed": 1}
    async with Emulator(client_id="other") as server, session_on(server) as session:
        server.add_user("late")
        with pytest.raises(LedgerMismatchError, match=r"belong|environment"):
            await session.bulk.retry(tmp_path / "ledger").wait()
        assert writes(server) == 0
    assert states(tmp_path / "ledger") == {1: State.FAILED}


@pytest.mark.anyio
async def test_a_run_on_a_ledger_in_use(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A second run in the same process is rejected, and the first one is not disturbed."""
    path = csv_of(tmp_path / "rows.csv", people(emulator, 4))
    stalled = emulator.inject(Stall(), on=ADD, times=None)
    run = frontegg.bulk.start(Assign(), path)
    results = aiter(run)
    first = asyncio.ensure_future(anext(results))
    await stalled.wait(1)
    with pytest.raises(LedgerBusyError):
        await frontegg.bulk.assign(path)
    with pytest.raises(LedgerBusyError):
        await frontegg.bulk.retry(f"{path}.ledger").wait()
    emulator.clear_faults()
    await first
    assert len([result async for result in results]) == 3
    assert outcomes(run.report) == {"added": 4}


@pytest.mark.anyio
async def test_other_rows_of_a_program(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Rows of a program that are not those of the ledger are never silently left out."""
    ids = people(emulator, 2)
    path = tmp_path / "ledger"
    await frontegg.bulk.assign([to(ids[0])], ledger=path)
    try:
        report = await frontegg.bulk.assign([to(ids[1])], ledger=path)
    except LedgerMismatchError:
        return
    assert (ids[1], "t") in emulator.memberships()
    assert report.applied


@pytest.mark.anyio
async def test_a_missing_ledger(tmp_path: Path, frontegg: FronteggSession) -> None:
    """There is nothing to retry where there is no ledger, and none is made."""
    with pytest.raises(LedgerDamagedError, match="there is no ledger"):
        frontegg.bulk.retry(tmp_path / "ledger")
    assert files_in(tmp_path) == []
    assert Remove().name == "remove"
