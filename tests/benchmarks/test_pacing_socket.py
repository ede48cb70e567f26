"""The pacing benchmark over sockets: its clients, and how runs are summed up and judged."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from multiprocessing import Pipe

import pytest
from bench_pacing_socket import chosen
from server import ADD, ServerState
from socket_cases import SCENARIOS, SLOW, delayed, ideal, refused, served, unserved
from socket_clients import (
    LOOP,
    SDK,
    Address,
    Bulk,
    Call,
    End,
    Failed,
    Web,
    Work,
    opened,
    parse_retry_after,
    serve_job,
)
from socket_figures import MEASURES, NOTES, Case, Measures, at_least, at_most, figures

from frontegg_async.emulator import Announce, AnswerStatus, Emulator, RateLimit, Stall
from tests.support.clocks import LoopTime, spin

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)
CONTENDERS = [SDK, LOOP]


def address(server: Emulator) -> Address:
    """Return the address of an emulator of this process."""
    return Address(server.url, server.client_id, server.api_key)


# Clients


@pytest.mark.parametrize("contender", CONTENDERS)
async def test_contenders_do_the_same_work(contender: str) -> None:
    """Interactive calls and rows end in the same memberships, with one request each."""
    async with Emulator(implicit_users=True) as server:
        calls = await Web(contender=contender, arrivals=(0.0, 0.0, 0.01)).run(address(server))
        work = await Bulk(contender=contender, rows=80).run(address(server))
        users = [*(f"web-{each}" for each in range(3)), *(f"bulk-{each}" for each in range(80))]
        assert server.memberships() == {(user, "acme") for user in users}
        assert server.count(ADD) == len(users)
        assert server.count() == len(users) + 2  # the tokens
    assert [call.end for call in calls] == [End.SERVED] * 3
    assert work.rows == 80


@pytest.mark.parametrize("contender", CONTENDERS)
async def test_contenders_get_over_stray_refusals(contender: str) -> None:
    """A call that is refused once is sent again, in a run as well, and every row is counted."""
    async with Emulator(implicit_users=True) as server:
        server.inject(AnswerStatus(429, headers={"Retry-After": "0"}), on=ADD, times=2)
        async with opened(contender, address(server)) as client:
            assert await client.call("ann") is End.SERVED
            assert await client.assign(["bob", "cleo"], None) == 2
        assert len(server.memberships()) == 3
        assert server.count(ADD) == 5


@pytest.mark.parametrize("contender", CONTENDERS)
async def test_a_run_that_is_stopped_has_what_it_did(contender: str) -> None:
    """Rows that the limit keeps back are not counted, and stopping does not wait for them."""
    async with Emulator(implicit_users=True, rate_limits=[RateLimit(7, 3_600, on=ADD)]) as server:
        work = await Bulk(contender=contender, rows=20, seconds=1.0).run(address(server))
        assert work.rows == len(server.memberships()) <= 7


@pytest.mark.parametrize("contender", CONTENDERS)
async def test_a_write_without_an_answer_is_in_doubt(contender: str) -> None:
    """A call that was sent and got no answer in time is in doubt."""
    async with Emulator(implicit_users=True) as server:
        server.inject(Stall(), times=None, on=ADD)
        async with opened(contender, address(server), timeout=0.3) as client:
            assert await client.call("ann") is End.IN_DOUBT
        server.clear_faults()


@pytest.mark.parametrize("contender", CONTENDERS)
async def test_a_call_that_was_refused_has_failed(
    contender: str, loop_time: LoopTime, arrived: bytearray
) -> None:
    """Whoever was refused and is not sent again before the deadline is not in doubt."""
    limit = RateLimit(0, 60, on=ADD, announce=Announce.RETRY_AFTER)
    async with (
        Emulator(implicit_users=True, rate_limits=[limit]) as server,
        opened(contender, address(server), timeout=30.0) as client,
    ):
        call = asyncio.create_task(client.call("ann"))
        while b"Retry-After" not in arrived:
            await spin()
        await loop_time.advance(31.0)
        assert await call is End.FAILED


async def test_a_limit_learned_before_holds_from_the_first_row_on() -> None:
    """The run keeps to the limit that it is told, on a server that has none."""
    async with Emulator(implicit_users=True) as server:
        run = Bulk(contender=SDK, rows=200, seconds=1.0, learned=(2.0, 3_600.0))
        work = await run.run(address(server))
        assert work.rows < 50


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Rate-Limit-Reset": "2026-08-01T12:00:07.250Z"}, 7.25),
        ({"X-Rate-Limit-Reset": "2026-08-01T11:59:00Z"}, 0.0),
        ({"Retry-After": "3"}, 3.0),
        ({}, 1.0),
    ],
)
def test_the_loop_sleeps_as_long_as_it_is_told(headers: dict[str, str], seconds: float) -> None:
    """A time of day, a number of seconds, or a second; never less than nothing."""
    assert parse_retry_after(headers, NOW) == seconds


class Broken:
    """A job that fails."""

    async def run(self, address: Address) -> Work:
        """Fail."""
        raise RuntimeError(f"nobody at {address.url}")


def test_a_job_that_fails_says_why() -> None:
    """The error of a process reaches the one that waits for it, instead of a figure."""
    ours, theirs = Pipe()
    ours.send(Address("http://there", "id", "key"))
    serve_job(theirs, Broken())
    assert ours.recv() is None
    failed = ours.recv()
    assert isinstance(failed, Failed)
    assert "RuntimeError: nobody at http://there" in failed.text


# Measures


def test_web_calls_are_summed_up() -> None:
    """Times are those of the calls served; without one there are none."""
    calls = [Call(0.1, End.SERVED), Call(0.3, End.SERVED), Call(9.0, End.FAILED)]
    found = dict(served([*calls, Call(9.0, End.IN_DOUBT)]))
    assert found == {"served": 0.5, "median": 0.3, "p95": 0.3}
    assert dict(served(calls[2:])) == {"served": 0.0}


def test_a_call_is_delayed_beside_those_of_its_burst() -> None:
    """A burst that is slow as a whole delays nobody; a single call and one that failed count."""
    quick = [Call(0.1, End.SERVED)] * 3
    slow = [Call(5.0, End.SERVED)] * 3
    assert (
        delayed([*quick, Call(0.1 + SLOW + 0.1, End.SERVED), *slow, Call(5.0, End.FAILED)], 4) == 2
    )
    assert delayed([*quick, quick[0], *slow, slow[0]], 4) == 0


@pytest.mark.parametrize(
    ("rows", "left", "elapsed", "seconds"),
    [
        (300, 0, 5.0, 25.0),  # the rest of this window, and two whole ones
        (300, 100, 0.0, 20.0),
        (301, 100, 0.0, 30.0),
        (100, 100, 0.0, 0.0),
        (150, 50, 9.0, 1.0),
    ],
)
def test_the_ideal_uses_every_window_up(
    rows: int, left: int, elapsed: float, seconds: float
) -> None:
    """The last row is done when its window begins."""
    assert ideal(rows, 100, 10.0, left=left, elapsed=elapsed) == seconds


def test_shares_are_of_what_was_asked() -> None:
    """Calls that nobody can serve, and requests that were refused, without those for tokens."""
    assert unserved(4_500, 4_000.0) == pytest.approx(1 / 9)
    assert unserved(3_000, 4_000.0) == 0.0
    state = ServerState(cpu_s=1.0, requests=102, memberships=75)
    assert refused(state, 2) == pytest.approx(0.25)


# Figures


def nothing(contender: str) -> Measures:
    """Play nothing."""
    del contender
    return {}


CASE = Case(
    "header",
    nothing,
    (
        at_most("seconds", 10.0, "soon", beyond="ideal", times=1.1),
        at_least("served", 0.99, "nearly all"),
        at_most("p95", 1.0, "quick"),
    ),
)


def test_a_figure_has_its_ratio_and_verdict() -> None:
    """The median of each contender; ratio, target and verdict are the SDK's alone."""
    ours: list[Measures] = [
        {"seconds": 30.0, "ideal": 20.0, "refused": 0.1},
        {"seconds": 31.0, "ideal": 20.0, "refused": 0.2},
        {"seconds": 32.0, "ideal": 20.0, "refused": 0.3},
    ]
    theirs: list[Measures] = [{"seconds": 62.0, "ideal": 20.0, "refused": 0.0}] * 3
    seconds, loop, refusals, none = figures("alone", CASE, {SDK: ours, LOOP: theirs})
    assert seconds.what == "alone, header: until the last row"
    assert (seconds.value, seconds.unit, seconds.ratio) == (31.0, "s", 0.5)
    assert (seconds.target, seconds.met, seconds.note) == ("soon", True, "ideal 20 s")
    assert (loop.value, loop.ratio, loop.target, loop.met) == (62.0, None, "", None)
    assert refusals.value == pytest.approx(20.0)
    assert refusals.unit == "%"
    assert refusals.ratio is None  # to nothing
    assert none.value == 0.0


def test_a_target_is_for_every_round() -> None:
    """One round beyond it misses it, whatever the median."""
    runs: list[Measures] = [{"seconds": seconds, "ideal": 20.0} for seconds in (22.0, 22.0, 32.1)]
    (figure,) = figures("alone", CASE, {SDK: runs})
    assert (figure.value, figure.met) == (22.0, False)


def test_what_was_not_served_has_no_time() -> None:
    """A measure that is missing is no figure, misses its target, and is compared with nothing."""
    runs: list[Measures] = [{"served": 0.0}]
    theirs: list[Measures] = [{"served": 1.0, "p95": 0.2}]
    found = {
        (each.contender, each.what): each for each in figures("", CASE, {SDK: runs, LOOP: theirs})
    }
    ours = found[SDK, ", header: p95 of web calls"]
    assert (ours.value, ours.ratio, ours.met) == (None, None, False)
    assert found[LOOP, ", header: p95 of web calls"].value == 0.2


def test_every_name_is_known() -> None:
    """Measures, notes and targets name each other rightly, and no two cases share a name."""
    assert {measure.note for measure in MEASURES.values()} - {""} == set(NOTES)
    for scenario in SCENARIOS:
        names = [case.name for case in scenario.cases]
        assert len(set(names)) == len(names)
        assert {target.measure for case in scenario.cases for target in case.targets} <= set(
            MEASURES
        )
        assert {SDK} <= set(scenario.contenders) <= set(CONTENDERS)


def test_scenarios_are_chosen_by_a_part_of_their_names() -> None:
    """All that are not long, those with a part of their name, and an error that lists them."""
    names = [scenario.name for scenario in chosen(None, long=False)]
    assert names == [scenario.name for scenario in SCENARIOS if not scenario.long]
    assert len(chosen(None, long=True)) == len(SCENARIOS)
    assert [each.name for each in chosen(["readme"], long=False)] == ["README's 312 rows"]
    with pytest.raises(ValueError, match="there are web 4/s beside bulk"):
        chosen(["none of them"], long=False)
