"""Changed bytes of a ledger: it returns exactly the right rows, or is rejected."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import FronteggSession, LedgerDamagedError
from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, State
from frontegg_async.emulator import DuplicateAdd, Emulator

from ..support.bulk import FORM, HEADER, csv_of, noted, outcomes, people, writes
from ..support.ledger_damage import FLIPS, SUFFIXES, flipped, put

killed = pytest.mark.parametrize("original", ["killed"], indirect=True)


def rows() -> list[Row]:
    """Return rows of every kind: by id and by e-mail, duplicates, ordered and invalid ones."""
    return [
        noted(
            line,
            None if line % 5 == 0 else f"user-{line % 250}",
            f"u{line % 250}@x.test" if line % 5 == 0 else None,
            f"t{line % 3}",
            flag=line % 7 == 0,
            problem=None if line % 41 else "bad",
            ordered=line % 7 == 0,
        )
        for line in range(1, 301)
    ]


def filled(path: Path) -> Ledger:
    """Return an open ledger in the middle of a run, whose log holds a good part of it."""
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.add(rows())
    ledger.finish_loading()
    ledger.make_room()
    lines = [row.line for row in ledger.pending(0, 999)]
    for at in range(0, 120, 4):
        ledger.write((), (), [(lines[at], lines[at + 3])])
        ends = [
            Entry(lines[at + 1], State.DONE, 201, 1, "ab" * 16),
            Entry(lines[at + 2], State.FAILED, 404, 1, "cd" * 16, "why", "ER-1"),
        ]
        ledger.write([lines[at]], ends, ())
    ledger.add_run(requests=3, throttled=1, elapsed_s=0.5)
    ledger.write((), (), [(lines[130], lines[133])])
    return ledger


@pytest.fixture(scope="module", params=["closed", "killed"])
def original(request: pytest.FixtureRequest, tmp_path_factory: Any) -> dict[str, bytes]:
    """Give the files of a ledger by suffix, as a run leaves them that ended or was killed."""
    path: Path = tmp_path_factory.mktemp("ledger") / "ledger"
    ledger = filled(path)
    if request.param == "closed":
        ledger.close()
    files = {
        suffix: Path(f"{path}{suffix}").read_bytes()
        for suffix in SUFFIXES
        if Path(f"{path}{suffix}").exists()
    }
    ledger.close()
    assert len(files) == (1 if request.param == "closed" else 2)
    return files


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """Give a place for damaged ledgers."""
    yield tmp_path / "copy"
    shutil.rmtree(tmp_path, ignore_errors=True)


def said(path: Path) -> object:
    """Return all that a ledger tells a run."""
    with closing(Ledger.begin(path, HEADER, FORM)) as ledger:
        return (
            ledger.header(),
            ledger.loaded,
            ledger.counts(),
            ledger.pending(0, 9_999),
            list(ledger.export()),
            ledger.totals(),
            ledger.remembered(),
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_flipped_bytes(original: dict[str, bytes], copy: Path, seed: int) -> None:
    """With any changed bytes of file and log, all rows are right, or it is LedgerDamagedError."""
    put(copy, original)
    right = said(copy)
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(FLIPS):
        put(copy, flipped(original, chance))
        try:
            assert said(copy) == right
        except LedgerDamagedError:
            found["refused"] += 1
        else:
            found["right"] += 1
    assert found["refused"] > FLIPS // 10
    assert found["right"] > FLIPS // 10


@killed
def test_every_part_of_the_last_commits(original: dict[str, bytes], copy: Path) -> None:
    """Intents of the last write are seen whichever part of the last frames of the log changed."""
    put(copy, original)
    right = said(copy)
    put(copy, original)
    log = original["-wal"]
    end = used(log)
    refused = 0
    for at in [*range(end - 3 * 4_120, end, 97), *range(end - 4_120, end - 4_096)]:
        changed = bytearray(log)
        changed[at] ^= 0x10
        put(copy, {"": original[""], "-wal": bytes(changed)})
        try:
            assert said(copy) == right, at
        except LedgerDamagedError:
            refused += 1
    assert refused > 20


def used(log: bytes) -> int:
    """Return where the frames end that belong to this turn of the log."""
    at = 32
    while log[at + 8 : at + 16] == log[16:24]:
        at += 4_120
    return at


def commits(log: bytes) -> list[bool]:
    """Return whether the frames of this turn of the log end transactions."""
    return [any(log[at + 4 : at + 8]) for at in range(32, used(log), 4_120)]


def test_leftovers_are_no_damage(tmp_path: Path) -> None:
    """A transaction that was rolled back after it had spilled into the log harms no later run."""
    path = tmp_path / "ledger"
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.add(rows())
    database = ledger._database  # pyright: ignore[reportPrivateUsage]
    database.execute("PRAGMA cache_size = 12")
    database.execute("BEGIN IMMEDIATE")
    database.execute("CREATE TABLE large (content BLOB)")
    database.executemany("INSERT INTO large VALUES (zeroblob(?))", [(4_000,)] * 40)
    database.execute("ROLLBACK")
    spilled = used(Path(f"{path}-wal").read_bytes())
    ledger.write((), (), [(1, 1)])
    copied = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in SUFFIXES}
    ledger.close()
    # Behind the last commit lie frames of this turn of the log that belong to none.
    assert used(copied["-wal"]) == spilled
    assert not any(commits(copied["-wal"])[-5:])
    put(path, copied)
    with closing(Ledger.begin(path, HEADER, FORM)) as again:
        assert again.counts()[State.IN_FLIGHT] == 1


@killed
def test_a_log_that_ends_in_the_middle_of_a_frame(original: dict[str, bytes], copy: Path) -> None:
    """A kill in the middle of a write leaves a part of a frame, and costs nothing before it."""
    put(copy, original)
    right = said(copy)
    log = original["-wal"]
    torn = log[: used(log)] + log[32 : 32 + 2_000]
    put(copy, {"": original[""], "-wal": torn})
    assert said(copy) == right


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(3))
async def test_runs_over_damage(tmp_path: Path, seed: int) -> None:
    """A run over a ledger with a flipped bit sends no row again."""
    path = tmp_path / "rows.csv"
    chance = random.Random(seed)
    async with (
        Emulator(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as server,
        FronteggSession(
            client_id=server.client_id, api_key=server.api_key, base_url=server.url
        ) as session,
    ):
        ids = people(server, 30)
        csv_of(path, ids[:20])
        assert outcomes(await session.bulk.assign(path, invite=True)) == {"added": 20}
        ledger = Path(f"{path}.ledger")
        whole = await asyncio.to_thread(ledger.read_bytes)
        sent, refused = writes(server), 0
        for _ in range(40):
            content = bytearray(whole)
            content[chance.randrange(40_000)] ^= 1 << chance.randrange(8)
            put(ledger, {"": bytes(content)})
            try:
                report = await session.bulk.assign(path, invite=True)
            except LedgerDamagedError:
                refused += 1
            else:
                assert outcomes(report) == {"added": 20}
            assert writes(server) == sent
        assert refused
        assert len(server.invites) == 20
