"""A real process, killed with SIGKILL at random moments, and resumed with the same command."""

from __future__ import annotations

import os
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from frontegg_async import Assignment
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import DuplicateAdd, Emulator, Stall

from ..support.bulk_child import Settings
from ..support.bulk_processes import nursery, quiet, run_child
from ..support.effects import (
    Pair,
    invited,
    ledger_rows,
    pairs_in,
    posted,
    trapped,
    twice,
    write_csv,
)
from ..support.routes import ADD
from ..support.sessions import API_KEY

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(170)]

ALL: Final = "true" in (os.environ.get("CI"), os.environ.get("SURVIVAL_ALL"))
KILLS: Final = 50 if ALL else 10
"""In each of four runs."""
MOST_REQUESTS: Final = 60
"""In a row that is not disturbed; a run begins with twenty at once, then fifty a second."""
LATENCY: Final = 0.003
MALFORMED: Final = 7
ENDED: Final = (State.DONE, State.ALREADY, State.FAILED, State.UNKNOWN)


def rows_for(kills: int, chance: random.Random) -> tuple[list[Assignment | None], set[Pair]]:
    """Return rows for so many kills, some of them twice and some malformed, and their pairs."""
    pairs = [(f"u{number}", f"t{number % 5}") for number in range(kills * MOST_REQUESTS)]
    rows: list[Assignment | None] = [
        Assignment(user_id=user, tenant_id=tenant) for user, tenant in pairs
    ]
    rows += chance.sample(rows, kills)
    chance.shuffle(rows)
    for _ in range(MALFORMED):
        rows.insert(chance.randrange(len(rows)), None)
    return rows, set(pairs)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("invite", [False, True], ids=["silent", "invites"])
async def test_killed_again_and_again(
    anyio_backend: str, tmp_path: Path, invite: bool, seed: int
) -> None:
    """However often a run is killed, every row ends once, and none in flight was sent unnoticed."""
    chance = random.Random(1_000 * invite + seed)
    rows, pairs = rows_for(KILLS, chance)
    source = write_csv(tmp_path / "rows.csv", rows)
    ledger = tmp_path / "ledger"
    settings = Settings(
        source=str(source), ledger=str(ledger), invite=invite, late_commit=0.01 if invite else None
    )
    in_flight: set[Pair] = set()
    ended: set[Pair] = set()
    kills: Counter[str] = Counter()
    async with Emulator(
        api_key=API_KEY,
        implicit_users=True,
        latency=LATENCY,
        duplicate_add=DuplicateAdd.CREATED_AND_INVITES,
    ) as server:
        record = trapped(server)
        async with nursery(server, settings) as runs:
            for _ in range(KILLS):
                begun = len(record)
                # The first request is for the token; the ledger is filled after it.
                first = chance.random() < 0.2
                spin = chance.uniform(0.0, 0.04 if first else 0.0004)
                record.set(
                    1 if first else chance.randint(2, MOST_REQUESTS),
                    partial(runs.kill, spin),
                )
                for after_commit in (False, True):
                    # Held until the kill: requests that were sent and not served, and served ones.
                    stall = Stall(after_commit=after_commit)
                    server.inject(stall, on=ADD, times=chance.randint(1, 6), every=4)
                await runs.fork()
                assert await runs.end() is None, "it ended before it could be killed"
                await quiet(server)
                server.clear_faults()
                found = ledger_rows(ledger)
                sent = posted(record[begun:])
                doubtful = pairs_in(found, State.IN_FLIGHT)
                assert not sent.keys() - doubtful - pairs_in(found, *ENDED), "sent without intent"
                assert not sent.keys() & ended, "sent although its end was on file"
                assert ended <= pairs_in(found, *ENDED), "an end was forgotten"
                in_flight |= doubtful
                ended = pairs_in(found, *ENDED)
                kills["in flight" if doubtful else "none in flight"] += 1
        said = await run_child(server, settings)
        found = ledger_rows(ledger)
        assert said.error is None, said.message
        assert said.rows == len(rows)
        assert said.counts["invalid"] == MALFORMED
        assert said.counts["failed"] == said.counts["skipped"] == 0
        assert twice(posted(record)) <= in_flight
        unknown = pairs_in(found, State.UNKNOWN)
        assert unknown <= in_flight
        assert unknown == pairs - server.memberships()
        assert invited(server) == (Counter(pairs - unknown) if invite else Counter())
        if invite:
            assert not twice(posted(record))
        else:
            assert not unknown
            assert twice(posted(record)), "the kills hit nothing before its commit"
        assert kills["in flight"] > KILLS / 3, "the kills hit nothing"
