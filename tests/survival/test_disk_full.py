"""No space for the ledger, and ledgers that belong to something else."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from frontegg_async import Assignment, FronteggSession
from frontegg_async.bulk.input import feeds
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, Header, State
from frontegg_async.emulator import DuplicateAdd, Emulator, Stall
from frontegg_async.errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerDiskFullError,
    LedgerMismatchError,
)

from ..support.bulk import FORM, noted
from ..support.bulk_child import Said, Settings
from ..support.bulk_processes import run_child
from ..support.effects import (
    Pair,
    Trapped,
    invited,
    ledger_rows,
    pairs_in,
    posted,
    trapped,
    twice,
    write_csv,
)
from ..support.sessions import API_KEY, leaping

pytestmark = pytest.mark.anyio

ROWS: Final = 600
PAGE: Final = 4_096
HEADER: Final = Header(job="assign", source="", fingerprint="", environment="", settings="{}")


class Scene:
    """A server, a file of rows, and a place for the ledger."""

    def __init__(self, server: Emulator, directory: Path, *, absent: int = 0) -> None:
        """Set up the users, but for one in ``absent``."""
        self.server: Final = server
        self.record: Final[Trapped] = trapped(server)
        rows = [Assignment(user_id=f"u{n}", tenant_id=f"t{n % 7}") for n in range(ROWS)]
        self.source: Final = write_csv(directory / "rows.csv", rows)
        self.pairs: Final[set[Pair]] = set()
        for number, row in enumerate(rows):
            if not absent or number % absent:
                server.add_user(row.user_id)
                self.pairs.add((row.user_id or "", row.tenant_id))

    async def run(self, ledger: Path, limit: int | None = None, *, invite: bool = False) -> Said:
        """Run in another process, with files no longer than ``limit``."""
        return await run_child(
            self.server,
            Settings(
                source=str(self.source),
                ledger=str(ledger),
                workers=64,
                late_commit=0.01,
                brisk=True,
                file_limit=limit,
                invite=invite,
            ),
        )

    def check(self, ledger: Path, said: Said, in_flight: set[Pair]) -> None:
        """Check that all rows are done, and only those in flight were sent again."""
        assert said.error is None, said.message
        assert said.stopped is None
        assert said.rows == ROWS
        unknown = pairs_in(ledger_rows(ledger), State.UNKNOWN)
        assert self.server.memberships() == self.pairs - unknown
        assert unknown | twice(posted(self.record)) <= in_flight
        assert not twice(invited(self.server))


def length(ledger: Path) -> int:
    """Return the length of the longest of the ledger's files."""
    files = [Path(f"{ledger}{suffix}") for suffix in ("", "-wal", "-shm")]
    return max(file.stat().st_size for file in files if file.exists())


async def loaded_length(scene: Scene, ledger: Path) -> int:
    """Return the length of the ledger's files right before the first row is sent."""
    found: list[int] = []
    # The first request is for the token; then all is loaded, and memberships are read.
    scene.record.set(2, lambda: found.append(length(ledger)))
    await scene.run(ledger)
    return found[0]


@pytest.mark.parametrize("limit", [0, PAGE, 12 * PAGE])
async def test_no_space_to_load(anyio_backend: str, tmp_path: Path, limit: int) -> None:
    """If the rows do not fit on the disk, nothing is sent, and the error says why."""
    ledger = tmp_path / "ledger"
    async with Emulator(api_key=API_KEY) as server:
        scene = Scene(server, tmp_path)
        said = await scene.run(ledger, limit)
        assert said.error == "LedgerDiskFullError", said
        assert "disk may be full" in said.message
        assert not posted(scene.record)
        scene.check(ledger, await scene.run(ledger), set())


@pytest.mark.parametrize("absent", [0, 3], ids=["all added", "many reasons"])
@pytest.mark.parametrize("more", [0, 6 * PAGE])
async def test_no_space_to_go_on(
    anyio_backend: str, tmp_path: Path, more: int, absent: int
) -> None:
    """If only the rows fit, a run ends with its outcomes on file, perhaps without reasons."""
    async with Emulator(api_key=API_KEY) as probe:
        least = await loaded_length(Scene(probe, tmp_path, absent=absent), tmp_path / "probe")
    ledger = tmp_path / "ledger"
    async with Emulator(api_key=API_KEY) as server:
        scene = Scene(server, tmp_path, absent=absent)
        said = await scene.run(ledger, least + more)
        assert said.error in (None, "LedgerDiskFullError"), said.message
        rows = ledger_rows(ledger)
        in_flight = pairs_in(rows, State.IN_FLIGHT)
        untouched = pairs_in(rows, State.PENDING)
        assert not posted(scene.record).keys() & untouched, "sent without intent"
        # Nothing that a run says at its end needs more space than its outcomes.
        assert said.error is None or in_flight | untouched, "it was all done, and yet an error"
        scene.check(ledger, await scene.run(ledger), in_flight)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 6 MB, or say why there is none."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode:
        pytest.skip(f"mount was refused: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)  # noqa: S607


def fill(ballast: Path) -> None:
    """Write until there is no space left."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(PAGE)):
            pass


@pytest.mark.parametrize(("after", "invite"), [(1, False), (2, False), (12, True), (400, False)])
async def test_disk_fills_up(
    anyio_backend: str, tmp_path: Path, small_disk: Path, after: int, invite: bool
) -> None:
    """A disk that fills up during a run stops it, and the next run with space carries on."""
    ledger, ballast = small_disk / "ledger", small_disk / "ballast"
    async with Emulator(
        api_key=API_KEY, latency=0.002, duplicate_add=DuplicateAdd.CREATED_AND_INVITES
    ) as server:
        scene = Scene(server, tmp_path, absent=3)
        scene.record.set(after, lambda: fill(ballast))
        said = await scene.run(ledger, invite=invite)
        assert said.error in (None, "LedgerDiskFullError"), said.message
        assert ballast.exists(), said
        ballast.unlink()
        rows = ledger_rows(ledger)
        in_flight = pairs_in(rows, State.IN_FLIGHT)
        assert not posted(scene.record).keys() & pairs_in(rows, State.PENDING)
        scene.check(ledger, await scene.run(ledger, invite=invite), in_flight)


def test_no_space_while_a_page_cache_spills(anyio_backend: str, tmp_path: Path) -> None:
    """LedgerDiskFullError is raised also if SQLite meets the full disk within a statement."""
    ledger = Ledger.begin(tmp_path / "ledger", HEADER, FORM)
    try:
        ledger._database.execute("PRAGMA cache_size = 4")
        ledger._database.execute("PRAGMA max_page_count = 20")
        with pytest.raises(LedgerDiskFullError):
            ledger.add([noted(n, user_id="u" * 500 + str(n), tenant_id="t") for n in range(900)])
        ledger._database.execute("PRAGMA max_page_count = 2000")
        ledger.add([noted(1, user_id="u", tenant_id="t")])
        ledger.write([], [Entry(1, State.FAILED, reason="no")], [(1, 1)])
        assert ledger.counts() == {State.FAILED: 1}
    finally:
        ledger.close()


async def test_two_at_once(anyio_backend: str, tmp_path: Path) -> None:
    """A second run on a ledger is rejected while the first goes on, and sends nothing."""
    source = write_csv(tmp_path / "rows.csv", [Assignment(user_id="u", tenant_id="t")])
    ledger = tmp_path / "ledger"
    async with leaping(implicit_users=True) as (server, session):
        stalled = server.inject(Stall())
        first = asyncio.create_task(session.bulk.assign(source, ledger=ledger))
        await stalled.wait()
        before = server.count()
        said = await run_child(server, Settings(source=str(source), ledger=str(ledger)))
        assert said.error == "LedgerBusyError"
        assert "another process" in said.message
        assert server.count() == before
        server.clear_faults()
        assert (await first).done


async def refused(
    session: FronteggSession, source: Path, ledger: Path, *, invite: bool = False
) -> str:
    """Return the name of a rejected run's error, and its message."""
    try:
        await session.bulk.assign(source, ledger=ledger, invite=invite)
    except (LedgerBusyError, LedgerDamagedError, LedgerMismatchError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


async def test_ledgers_of_something_else(anyio_backend: str, tmp_path: Path) -> None:
    """Another input, other settings and another version are told apart, and nothing is sent."""
    source = write_csv(tmp_path / "rows.csv", [Assignment(user_id="u", tenant_id="t")])
    ledger = tmp_path / "ledger"
    async with leaping(implicit_users=True) as (server, session):
        await session.bulk.assign(source, ledger=ledger)
        before = server.count()
        said = await refused(session, source, ledger, invite=True)
        assert said.startswith("LedgerMismatchError")
        assert "other settings" in said
        write_csv(source, [Assignment(user_id="v", tenant_id="t")])
        said = await refused(session, source, ledger)
        assert said.startswith("LedgerMismatchError")
        assert "the input has changed" in said
        with sqlite3.connect(ledger) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        said = await refused(session, source, ledger)
        assert said.startswith("LedgerMismatchError")
        assert "version 99" in said
        assert server.count() == before


async def test_files_of_somebody_else(anyio_backend: str, tmp_path: Path) -> None:
    """A file that is no ledger is rejected, and stays unchanged to the byte."""
    source = write_csv(tmp_path / "rows.csv", [Assignment(user_id="u", tenant_id="t")])
    text, foreign = tmp_path / "notes.txt", tmp_path / "foreign.db"
    text.write_text("not a database " * 400)
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE theirs (value TEXT)")
    database.close()
    async with leaping(implicit_users=True) as (server, session):
        for file in (text, foreign):
            before = file.read_bytes()
            assert (await refused(session, source, file)).startswith("LedgerDamagedError")
            assert file.read_bytes() == before
        assert server.count() == 0


async def test_a_torn_ledger(anyio_backend: str, tmp_path: Path) -> None:
    """A truncated ledger is rejected, and nothing is sent."""
    rows = [Assignment(user_id=f"u{n}", tenant_id="t") for n in range(500)]
    source = write_csv(tmp_path / "rows.csv", rows)
    ledger = tmp_path / "ledger"
    async with leaping(implicit_users=True) as (server, session):
        await session.bulk.assign(source, ledger=ledger)
        before = server.count()
        ledger.write_bytes(ledger.read_bytes()[: 5 * PAGE])
        assert (await refused(session, source, ledger)).startswith("LedgerDamagedError")
        assert server.count() == before


async def test_retry_of_half_a_ledger(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that was not filled is no base for a retry, whose outcomes would be forgotten."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 10)
    rows = [Assignment(user_id=f"u{n}", tenant_id="t") for n in range(30)]
    source = write_csv(tmp_path / "rows.csv", rows)
    ledger = tmp_path / "ledger"
    full = Ledger.finish_loading

    def dies(self: Ledger) -> None:
        raise LedgerDiskFullError("no space for the last word")

    async with leaping(implicit_users=True) as (server, session):
        monkeypatch.setattr(Ledger, "finish_loading", dies)
        stopped = (await session.bulk.assign(source, ledger=ledger)).stopped
        assert isinstance(stopped, LedgerDiskFullError)
        sent = server.memberships()
        monkeypatch.setattr(Ledger, "finish_loading", full)
        with pytest.raises(LedgerDamagedError, match="does not hold every row"):
            await session.bulk.retry(ledger).wait()
        assert server.memberships() == sent
