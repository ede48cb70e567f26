"""The rate of a run: the user's settings are kept, and invalid ones rejected."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import anyio
import pytest

from frontegg_async import FixedRate, FronteggSession, InvalidRequestError
from frontegg_async.bulk import Assign
from frontegg_async.emulator import Announce, Emulator, RateLimit
from frontegg_async.pacing import RunAllowance
from frontegg_async.pacing.allowance import Allowance

from ..support.bulk import crowd, outcomes, people, to, until
from ..support.clocks import turn
from ..support.routes import ADD
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("rate", [FixedRate(5, 1.0), FixedRate(30, 60.0), FixedRate(1, 10.0)])
async def test_a_fixed_rate(anyio_backend: str, rate: FixedRate) -> None:
    """No stretch of time, wherever it begins, sees more calls than the user's rate allows."""
    count = 3 * rate.calls + 2
    async with crowd(count) as (server, session, ids):
        # One worker: time stands still between the moment a call may go and its arrival.
        report = await session.bulk.assign(
            [to(user) for user in ids], rate=rate, plan="never", workers=1
        )
        assert outcomes(report) == {"added": count}
        times = [request.at for request in server.requests if request.method == "POST"]
        times = sorted(times[1:])  # without the token
        for start, end in zip(times, times[rate.calls :], strict=False):
            assert end - start >= rate.seconds - 1e-3


async def test_a_session_closed_under_a_slow_run(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Closing the session ends a run that waits for its own rate, at once."""
    rows = [to(user_id) for user_id in people(emulator, 4)]
    rate = FixedRate(1, 3_600.0)
    task = asyncio.create_task(frontegg.bulk.assign(rows, rate=rate, plan="never"))
    await until(lambda: emulator.count(ADD))
    await turn()
    await frontegg.__aexit__(None, None, None)
    with anyio.fail_after(2):
        report = await task
    assert report.applied <= 1
    assert "closed" in str(report.stopped)


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("rate", [None, FixedRate(10_000, 1.0)])
async def test_a_share(anyio_backend: str, share: float, rate: FixedRate | None) -> None:
    """Once a limit is learned, a run that is to leave room for others stays well below it."""
    limit = RateLimit(20, 1.0, on=ADD, announce=Announce.NOTHING)
    spans: list[float] = []
    for part in (1.0, share):
        async with crowd(300, rate_limits=[limit]) as (server, session, ids):
            report = await session.bulk.assign(
                [to(user) for user in ids], plan="never", workers=8, max_share=part, rate=rate
            )
            assert outcomes(report) == {"added": 300}
            done = [request.at for request in server.requests if request.status == 201]
            spans.append(done[-1] - done[0])
    assert spans[1] > spans[0] / share / 2


@pytest.mark.parametrize(
    "bad",
    [
        {"plan": "maybe"},
        {"conflicts": "no"},
        *({"max_share": share} for share in (0, 1.1, True, "1")),
    ],
)
async def test_settings_that_cannot_work(
    emulator: Emulator, frontegg: FronteggSession, bad: dict[str, Any]
) -> None:
    """An invalid setting is rejected by its name, before anything is sent."""
    with pytest.raises(InvalidRequestError, match=next(iter(bad))):
        frontegg.bulk.start(Assign(), [to("user-0")], **bad)
    assert emulator.count() == 0


def allowances() -> int:
    """Return how many allowances of runs there are in the process."""
    gc.collect()
    return sum(isinstance(each, RunAllowance | Allowance) for each in gc.get_objects())


async def test_a_rate_ends_with_its_run(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A session that lives for long does not collect the rates of all its runs."""
    rows = [to(user_id) for user_id in people(emulator, 2)]
    before = allowances()
    for _ in range(3):
        await frontegg.bulk.assign(rows, rate=FixedRate(1_000, 1.0), max_share=0.5)
    assert allowances() == before


async def test_a_slow_rate_is_no_reason_to_stop(anyio_backend: str) -> None:
    """A run whose own rate lets its workers wait for longer than a call may take does all rows."""
    async with leaping() as (server, session):
        ids = people(server, 100)
        rows = [to(user_id) for user_id in ids]
        report = await session.bulk.assign(rows, rate=FixedRate(5, 60.0), plan="never")
        assert outcomes(report) == {"added": 100}
        assert server.count(ADD) == 100
