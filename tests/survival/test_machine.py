"""A bulk run under any order of faults, kills, cancellations and resumptions."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from frontegg_async import Assignment, FronteggSession, Report
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import ExportedRow, State
from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    DuplicateAdd,
    Emulator,
    Fault,
    LateCommit,
    RecordedRequest,
    Stall,
)

from ..support.bulk_processes import quiet
from ..support.clocks import LeapingClock
from ..support.effects import (
    Pair,
    invited,
    is_post,
    ledger_rows,
    pair_of,
    pairs_in,
    posted,
    trapped,
    twice,
    who,
    write_csv,
)
from ..support.routes import ADD, BLOCKS, BY_EMAIL, GET, SET_ACTIVE
from ..support.sessions import API_KEY
from ..support.simulated_kills import Commits, Death

T = TypeVar("T")

ROUTES: Final = (ADD, ADD, ADD, SET_ACTIVE, GET, BY_EMAIL, *BLOCKS)
LOST: Final = (
    CutBeforeCommit(),
    CutBeforeCommit(reset=True),
    CutAfterCommit(),
    CutMidBody(),
    AnswerStatus(502),
    AnswerStatus(502, after_commit=True),
    AnswerStatus(504, after_commit=True),
    AnswerStatus(408),
    AnswerStatus(499, after_commit=True),
    AnswerStatus(500),
    AnswerStatus(500, after_commit=True),
    AnswerStatus(520),
    AnswerStatus(524, after_commit=True),
    LateCommit(1.5),
    LateCommit(4.0, AnswerStatus(524)),
)
"""Faults after which the client cannot know the server's state."""
TOLD: Final = (
    AnswerStatus(421),
    AnswerStatus(429),
    AnswerStatus(429, headers={"Retry-After": "7"}),
    AnswerStatus(503, headers={"Retry-After": "1"}),
)
LOST_STATUSES: Final = (408, 499, 500, 502, 504, 520, 524)
TOLD_STATUSES: Final = (421, 429, 503)
CUTS: Final = frozenset({"CutBeforeCommit", "CutAfterCommit", "CutMidBody", "LateCommit"})


@st.composite
def one_row(draw: st.DrawFn) -> Assignment | None:
    """Draw a row; few users and tenants, so that many rows say the same."""
    tenant = f"t{draw(st.integers(0, 2))}"
    match draw(st.sampled_from("iiiiiieeax")):
        case "i":
            user = f"i{draw(st.integers(0, 9))}"
            active = draw(st.integers(0, 4)) == 0
            return Assignment(user_id=user, tenant_id=tenant, set_active=active)
        case "e":
            address = f"e{draw(st.integers(0, 4))}@example.test"
            return Assignment(email=address, tenant_id=tenant)
        case "a":
            return Assignment(email="absent@example.test", tenant_id=tenant)
        case _:
            return None


class SurvivalMachine(RuleBasedStateMachine):
    """Drives runs over one file, and judges them by the emulator's record."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="survival-"))
        self.clock = LeapingClock()
        self.server = Emulator(
            api_key=API_KEY,
            clock=self.clock.monotonic,
            wall_clock=self.clock.time,
            duplicate_add=DuplicateAdd.CREATED_AND_INVITES,
        )
        self.record = trapped(self.server)
        self.commits = Commits()
        self.ledger = self.directory / "ledger"
        self.deaths: list[tuple[int, set[Pair]]] = []
        self.rows: list[Assignment | None] = []
        self.invite = False
        self.workers = 1
        self.ending = False

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self.loop.run_until_complete(asyncio.wait_for(work, 20.0))

    @initialize(
        rows=st.lists(one_row(), min_size=1, max_size=40),
        invite=st.booleans(),
        workers=st.integers(1, 6),
    )
    def begin(self, rows: list[Assignment | None], invite: bool, workers: int) -> None:
        """Write the file, and set up its users."""
        self.rows, self.invite, self.workers = rows, invite, workers
        self.source = write_csv(self.directory / "rows.csv", rows)
        for number in range(10):
            self.server.add_user(f"i{number}")
        for number in range(5):
            self.server.add_user(f"e{number}", email=f"e{number}@example.test")
        self.wait(self.server.start())

    @rule(
        fault=st.sampled_from(LOST + TOLD),
        on=st.sampled_from(ROUTES),
        times=st.integers(1, 4),
        every=st.integers(1, 3),
    )
    def fault(self, fault: Fault, on: str, times: int, every: int) -> None:
        """Let something go wrong from now on."""
        self.server.inject(fault, on=on, times=times, every=every)

    @rule(
        at=st.sampled_from(["request", "commit", "cancel"]),
        after=st.integers(1, 25),
        stall=st.sampled_from([None, Stall(), Stall(after_commit=True)]),
        again=st.booleans(),
    )
    def death(self, at: str, after: int, stall: Stall | None, again: bool) -> None:
        """Run, and kill or cancel the run at some moment, perhaps with a call that hangs."""
        begun = len(self.record)
        death = Death(self.server, self.clock, self.ledger)
        snap = death.cancel if at == "cancel" else death.kill
        watching: asyncio.Task[None] | None = None
        if at == "commit":
            self.commits.set(after, snap)
        elif stall is not None:
            # The call at which it dies hangs, so that no row is waiting for an attempt's timeout.
            watching = self.loop.create_task(self.when_stalled(stall, snap))
        else:
            self.record.set(after, self.locked(snap))
        report = self.wait(death.run(self.retry if again and self.is_loaded() else self.assign))
        if watching is not None:
            watching.cancel()
            self.wait(asyncio.wait((watching,)))
        self.commits.disarm()
        self.record.disarm()
        self.wait(self.settled())
        if death.happened:
            self.ledger = death.left
        if report is None:
            rows = ledger_rows(self.ledger)
            sent = [each for each in self.record[begun:] if is_post(each) and each.status != 429]
            # A pair may stand in two rows, with and without set_active.
            others = [state for state in State if state is not State.PENDING]
            untouched = pairs_in(rows, State.PENDING) - pairs_in(rows, *others)
            assert not posted(sent).keys() & untouched, "no intent on file"
            self.deaths.append((len(self.record), pairs_in(rows, State.IN_FLIGHT)))
        else:
            self.check(report)

    @rule()
    def resume(self) -> None:
        """Run to the end."""
        death = Death(self.server, self.clock, self.ledger)
        report = self.wait(death.run(self.assign))
        assert report is not None
        self.check(report)

    @precondition(lambda self: self.is_loaded())
    @rule()
    def try_again(self) -> None:
        """Run failed and unknown rows again."""
        death = Death(self.server, self.clock, self.ledger)
        report = self.wait(death.run(self.retry))
        assert report is not None
        self.check(report)

    def is_loaded(self) -> bool:
        """Return whether the ledger has all rows, so that they can be tried again."""
        if not self.ledger.exists() or not ledger_rows(self.ledger):
            return False
        with closing(Ledger.read(self.ledger)) as ledger:
            return ledger.loaded

    async def when_stalled(self, stall: Stall, snap: Callable[[], object]) -> None:
        """Call ``snap`` while a call hangs, and release the call after the kill."""
        stalled = self.server.inject(stall, on=ADD, times=1)
        try:
            await stalled.wait()
            self.locked(snap)()
            await asyncio.Event().wait()
        finally:
            stalled.clear()

    def locked(self, snap: Callable[[], object]) -> Callable[[], None]:
        """Return ``snap`` for the loop's thread: not while another one commits."""

        def snapped() -> None:
            with self.commits.lock:
                snap()

        return snapped

    async def assign(self, session: FronteggSession) -> Report:
        """Run the job."""
        with self.commits.installed():
            return await session.bulk.assign(
                self.source, invite=self.invite, workers=self.workers, ledger=self.ledger
            )

    async def retry(self, session: FronteggSession) -> Report:
        """Retry the ledger; only at the end with leave to send rows in doubt."""
        with self.commits.installed():
            run = session.bulk.retry(self.ledger, workers=self.workers, resend=self.ending)
            return await run.wait()

    async def settled(self) -> None:
        """Return when the server has finished the requests of killed runs."""
        await quiet(self.server)

    def check(self, report: Report) -> None:
        """Check the report of a run that ended, and its ledger."""
        assert report.stopped is None
        assert report.rows == len(self.rows)
        assert report.skipped == 0
        assert report.invalid == self.rows.count(None)
        members = self.server.memberships()
        for row in ledger_rows(self.ledger):
            if row.state is not State.INVALID:
                self.check_row(row, (who(row), row.values.get("tenant_id", "")), members)

    def check_row(self, row: ExportedRow, pair: Pair, members: set[Pair]) -> None:
        """Check the outcome of a row against the server and the record."""
        if row.state in (State.DONE, State.ALREADY):
            assert pair in members, f"{row} is lost"
        else:
            assert row.state in (State.FAILED, State.UNKNOWN), f"{row} has no end"
            assert row.reason
        if row.state is State.UNKNOWN:
            assert self.may_be_done(pair), f"{row} is unknown without a reason"
        elif self.invite and self.last_was_lost(pair):
            assert row.state is not State.FAILED or pair in members, f"{row} is in doubt"

    def attempts(self, pair: Pair) -> list[tuple[int, RecordedRequest]]:
        """Return the requests that posted a pair, with their places in the record."""
        return [
            (number, each)
            for number, each in enumerate(self.record)
            if is_post(each) and pair_of(each) == pair
        ]

    def died_with(self, pair: Pair, since: int, until: int) -> bool:
        """Return whether a run died within a stretch of the record with a pair in flight."""
        return any(since < at <= until and pair in pairs for at, pairs in self.deaths)

    def may_be_done(self, pair: Pair) -> bool:
        """Return whether a client may rightly be in doubt about a pair."""
        return self.died_with(pair, -1, len(self.record)) or any(
            is_lost(each) for _, each in self.attempts(pair)
        )

    def last_was_lost(self, pair: Pair) -> bool:
        """Return whether the last request for a pair was lost."""
        attempts = self.attempts(pair)
        return bool(attempts) and is_lost(attempts[-1][1])

    def check_traffic(self) -> None:
        """Check that no user was invited twice, and no row sent again without need."""
        assert not twice(invited(self.server)), "a second invite"
        if not self.invite:
            assert not self.server.invites
        for pair in {pair_of(each) for each in self.record if is_post(each)}:
            attempts = self.attempts(pair)
            for (before, first), (after, _) in pairwise(attempts):
                in_doubt = is_lost(first) or self.died_with(pair, before, after)
                told = first.status in TOLD_STATUSES
                # An add with an invite is not sent again, unless the server refused it.
                allowed = told and not in_doubt if self.invite else told or in_doubt
                assert allowed or self.has_both_flags(pair), f"{pair} was sent again"

    def has_both_flags(self, pair: Pair) -> bool:
        """Return whether the file has a pair twice, with and without ``set_active``."""
        found = {
            row.set_active for row in self.rows if row and (row.user_id, row.tenant_id) == pair
        }
        return not self.invite and len(found) == 2

    def check_end(self) -> None:
        """Check that every row that can be done is done."""
        assert not twice(invited(self.server)), "a second invite"
        valid = {
            (row.user_id or (row.email or "").partition("@")[0], row.tenant_id)
            for row in self.rows
            if row is not None
        }
        absent = {pair for pair in valid if pair[0] == "absent"}
        assert self.server.memberships() == valid - absent
        assert pairs_in(ledger_rows(self.ledger), State.FAILED, State.UNKNOWN) == absent

    def teardown(self) -> None:
        """Let all go well, and check that everything comes to its end."""
        try:
            if self.rows:
                self.server.clear_faults()
                self.resume()
                self.check_traffic()
                self.ending = True
                self.try_again()
                self.check_end()
        finally:
            self.wait(self.server.stop())
            left = asyncio.all_tasks(self.loop)
            self.loop.close()
            shutil.rmtree(self.directory)
        assert not left


def is_lost(record: RecordedRequest) -> bool:
    """Return whether a request has no response, or one that leaves the outcome open."""
    return record.fault in CUTS or record.status in LOST_STATUSES


SurvivalMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=12, database=None)
# Dozens of runs, each with processes of its own: on a machine that is busy they take minutes.
TestSurvival = pytest.mark.timeout(600)(SurvivalMachine.TestCase)
