"""Limits that a run learns, and their use by the next run on its ledger."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from frontegg_async import FronteggSession
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.emulator import Emulator, RateLimit
from frontegg_async.pacing import Learned

from ..support.bulk import FORM, HEADER, to
from ..support.clocks import LeapingClock
from ..support.routes import ADD
from ..support.sessions import API_KEY

pytestmark = pytest.mark.anyio


def limits_of(path: Path) -> list[Learned]:
    """Return the limits that a ledger remembers."""
    with closing(Ledger.read(path)) as ledger:
        return ledger.remembered()


def session_on(server: Emulator, clock: LeapingClock) -> FronteggSession:
    """Return a session whose waits take no time."""
    return FronteggSession(
        client_id=server.client_id, api_key=server.api_key, base_url=server.url, clock=clock
    )


async def test_the_next_run_begins_with_what_was_learned(tmp_path: Path) -> None:
    """A limit that one run has met is on file, and the next run begins with it before any call."""
    path, clock = tmp_path / "ledger", LeapingClock()
    limit = RateLimit(40, 20.0, on=ADD)
    async with Emulator(
        api_key=API_KEY, rate_limits=[limit], clock=clock.monotonic, wall_clock=clock.time
    ) as server:
        for number in range(200):
            server.add_user(f"user-{number}")
        async with session_on(server, clock) as session:
            users = [to(f"user-{number}") for number in range(200)]
            report = await session.bulk.assign(users, ledger=path, plan="never", workers=4)
            assert report.done
        (found,) = [each for each in limits_of(path) if each.group == ADD]
        assert found.operation == "users.add_to_tenant"
        assert 0.5 * 2.0 < found.calls / found.seconds < 2.0 * 2.0
        async with session_on(server, clock) as session:
            sent = server.count(ADD)
            report = await session.bulk.retry(path).wait()
            assert report.done
            assert server.count(ADD) == sent
            state = session.pacing.states()[ADD]
            assert state.rate == pytest.approx(found.calls / found.seconds, rel=0.05)
            assert (state.taken, state.refused) == (0, 0)


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"group": 1}]', "null", "[null]"])
def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path, text: str) -> None:
    """Limits on file that are not as they were written keep no run from its work."""
    with closing(Ledger.begin(tmp_path / "ledger", HEADER, FORM)) as ledger:
        ledger.keep("limits", text)
        assert ledger.remembered() == []
