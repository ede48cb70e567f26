"""Reports under any mix of responses, late commits, lags, spellings and kills: they are true."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async import FronteggSession, Report
from frontegg_async.bulk import Activate, Assign, Job, Remove, SetSuperuser
from frontegg_async.bulk.input.rows import Activation, Assignment, Removal, SuperuserChange, UserRow
from frontegg_async.bulk.ledger.records import ExportedRow, State
from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    DuplicateAdd,
    EmptyBody,
    Emulator,
    Fault,
    LateCommit,
    MalformedJson,
    NullRiddled,
    TruncatedJson,
)

from ..support.bulk_processes import quiet
from ..support.clocks import LeapingClock
from ..support.effects import ledger_rows, trapped
from ..support.routes import ADD, BY_EMAIL, GET, REMOVE, SET_ACTIVE, SET_SUPERUSER, STATUSES, USERS
from ..support.sessions import API_KEY
from ..support.simulated_kills import Commits, Death

PEOPLE: Final = 4
NOBODY: Final = PEOPLE
"""The number of a user who does not exist."""
TENANTS: Final = ("t0", "t1", "t2")
JSON_TYPE: Final = "application/json"
ANOTHER: Final = b'{"id": "p0", "tenantId": "t0", "tenantIds": ["t0", "t1"], "superUser": true}'
STATUSES_OF_DOUBT: Final = (408, 460, 499, 500, 502, 503, 504, 520, 524, 530, 598)
FAULTS: Final[tuple[Fault, ...]] = (
    *(AnswerStatus(status) for status in (400, 403, 404, 409, 421, 425, 429)),
    *(AnswerStatus(status, after_commit=True) for status in STATUSES_OF_DOUBT),
    *(AnswerStatus(status) for status in STATUSES_OF_DOUBT),
    *(LateCommit(1.5, AnswerStatus(status)) for status in STATUSES_OF_DOUBT),
    *(LateCommit(4.0, AnswerStatus(status)) for status in STATUSES_OF_DOUBT),
    AnswerStatus(200),
    AnswerStatus(200, after_commit=True),
    AnswerStatus(200, b'{"errors": ["Something went wrong"]}', JSON_TYPE),
    AnswerStatus(201, b'{"errors": ["no"]}', JSON_TYPE, after_commit=True),
    AnswerStatus(200, ANOTHER, JSON_TYPE),
    AnswerStatus(200, ANOTHER, JSON_TYPE, after_commit=True),
    LateCommit(1.5),
    LateCommit(4.0),
    LateCommit(4.0, AnswerStatus(200, ANOTHER, JSON_TYPE)),
    CutBeforeCommit(),
    CutAfterCommit(),
    CutMidBody(),
    EmptyBody(),
    MalformedJson(),
    NullRiddled(),
    TruncatedJson(),
)
WRITES: Final = {
    "assign": (ADD, SET_ACTIVE),
    "activate": (SET_ACTIVE,),
    "remove": (REMOVE,),
    "superuser": (SET_SUPERUSER,),
}
READS: Final = (GET, BY_EMAIL, USERS, STATUSES)
TIME_FOR_ALL: Final = 60.0
"""Seconds after which nothing is late any more, and no read lags."""


class Said(NamedTuple):
    """A row: the user, how it is spelled, and which of several states is chosen."""

    user: int
    spelling: str
    choice: int
    active: bool

    def row(self, job: str) -> UserRow:
        """Return it as a row of a job."""
        address = f"p{self.user}@example.test"
        who: dict[str, Any] = {
            "id": {"user_id": f"p{self.user}"},
            "email": {"email": address},
            "EMAIL": {"email": address.upper()},
        }[self.spelling]
        tenant = TENANTS[self.choice]
        match job:
            case "assign":
                return Assignment(**who, tenant_id=tenant, set_active=self.active)
            case "activate":
                return Activation(**who, tenant_id=tenant)
            case "remove":
                return Removal(**who, tenant_id=tenant)
            case _:
                return SuperuserChange(**who, super_user=self.choice == 0)


class Trouble(NamedTuple):
    """A fault on a route."""

    fault: Fault
    route: str
    every: int
    times: int | None


@dataclass
class History:
    """The troubles of one ledger.

    Args:
        job: name of the job.
        rows: the input.
        troubles: the faults of each run.
        deaths: for each run, the number of requests before it is killed; None to let it end.
        lag: seconds by which reads lag behind writes.
        invite: whether new members get an invite.
        workers: rows at the same time.
        duplicate: the response to a duplicate add.
    """

    job: str
    rows: list[Said]
    troubles: list[list[Trouble]]
    deaths: list[int | None]
    lag: float
    invite: bool
    workers: int
    duplicate: DuplicateAdd


@st.composite
def histories(draw: st.DrawFn, job: str) -> History:
    """Draw the troubles of a job's ledger."""
    said = st.builds(
        Said,
        st.integers(0, NOBODY),
        st.sampled_from(["id", "email", "EMAIL"]),
        st.integers(0, 2),
        st.booleans(),
    )
    trouble = st.builds(
        Trouble,
        st.sampled_from(FAULTS),
        st.sampled_from([*WRITES[job] * 3, *READS]),
        st.integers(1, 3),
        st.sampled_from([1, 2, 5, None]),
    )
    deaths = draw(st.lists(st.one_of(st.none(), st.integers(1, 30)), min_size=1, max_size=3))
    return History(
        job,
        draw(st.lists(said, min_size=1, max_size=14)),
        [draw(st.lists(trouble, max_size=3)) for _ in deaths],
        deaths,
        draw(st.sampled_from([0.0, 0.0, 2.0, 30.0])),
        invite=job == "assign" and draw(st.booleans()),
        workers=draw(st.sampled_from([1, 2, 8])),
        duplicate=draw(st.sampled_from(DuplicateAdd)),
    )


def chosen(server: Emulator, job: str, user: int) -> int | None:
    """Return which choice holds for a user, of a job whose rows replace each other."""
    found = server.user(f"p{user}")
    if job == "superuser":
        return int(found.super_user)
    return TENANTS.index(found.active_tenant) if found.active_tenant in TENANTS else None


def value_of(job: str, row: Said) -> int:
    """Return the choice of a row, as ``chosen`` returns it."""
    return int(row.choice == 0) if job == "superuser" else row.choice


def holds(row: ExportedRow) -> bool:
    """Return whether a row holds, by its outcome."""
    return row.state in {State.DONE, State.ALREADY}


class World:
    """A server, its history, and the checks of its ledger."""

    def __init__(self, history: History, folder: Path) -> None:
        self.history: Final = history
        self.clock: Final = LeapingClock()
        self.server: Final = Emulator(
            api_key=API_KEY,
            clock=self.clock.monotonic,
            wall_clock=self.clock.time,
            duplicate_add=history.duplicate,
            read_lag=history.lag,
        )
        self.before: Final = () if history.job == "assign" else TENANTS
        for user in range(PEOPLE):
            self.server.add_user(f"p{user}", email=f"p{user}@example.test", tenant_ids=self.before)
        self.record: Final = trapped(self.server)
        self.ledger = folder / "ledger"
        self.source: Final = [row.row(history.job) for row in history.rows]

    async def live(self) -> None:
        """Run as often as the history says, then to the end, and check each time."""
        async with self.server:
            for troubles, death in zip(self.history.troubles, self.history.deaths, strict=True):
                for each in troubles:
                    self.server.inject(
                        each.fault, on=each.route, every=each.every, times=each.times
                    )
                await self.run(self.assign, death)
                self.server.clear_faults()
            await self.run(self.assign, None)
            await self.clock.sleep(TIME_FOR_ALL)
            await self.run(self.retry, None)
            self.check(whole=True)

    async def run(self, work: Callable[[FronteggSession], Any], death: int | None) -> None:
        """Run once, perhaps until it is killed, and check the report of a run that ended."""
        one = Death(self.server, self.clock, self.ledger)
        commits = Commits()
        if death is not None:

            def kill() -> None:
                with commits.lock:
                    one.kill()

            self.record.set(death, kill)
        with commits.installed():
            report: Report | None = await asyncio.wait_for(one.run(work), 60.0)
        self.record.disarm()
        if one.happened:
            self.ledger = one.left
        if report is None or report.skipped:
            await quiet(self.server)
            return
        # Late commits and lagging reads arrive now: the report must hold after them, too.
        await quiet(self.server)
        await self.clock.sleep(TIME_FOR_ALL)
        assert report.rows == len(self.source)
        self.check(whole=False)

    async def assign(self, session: FronteggSession) -> Report:
        """Run the job."""
        workers = self.history.workers
        rows: Any = self.source
        jobs: dict[str, Job[Any]] = {
            "assign": Assign(invite=self.history.invite),
            "activate": Activate(),
            "remove": Remove(),
            "superuser": SetSuperuser(),
        }
        job = jobs[self.history.job]
        return await session.bulk.start(job, rows, ledger=self.ledger, workers=workers).wait()

    async def retry(self, session: FronteggSession) -> Report:
        """Run failed and unknown rows again, with nothing in the way."""
        workers = self.history.workers
        return await session.bulk.retry(self.ledger, workers=workers, resend=True).wait()

    def check(self, *, whole: bool) -> None:
        """Compare the ledger with the server.

        Args:
            whole: True if the last run met no trouble, so that all rows must be done.
        """
        history, server = self.history, self.server
        ends = ledger_rows(self.ledger)
        assert len(ends) == len(history.rows)
        told = list(zip(history.rows, ends, strict=True))
        for user in range(PEOPLE):
            own = [(row, end) for row, end in told if row.user == user]
            self.check_memberships(user, own)
            if history.job != "remove":
                self.check_order(user, own)
            if whole:
                assert all(holds(end) or is_overtaken(end) for _, end in own)
        if history.job != "remove":  # an absent user is no member, so a removal may hold
            assert not any(holds(end) for row, end in told if row.user == NOBODY)
        invites = Counter((each.user_id, each.tenant_id) for each in server.invites)
        if not history.invite:
            assert not invites or history.duplicate is DuplicateAdd.CREATED_AND_INVITES
        if history.invite:
            assert all(count == 1 for count in invites.values()), "a second invite"

    def check_memberships(self, user: int, own: Sequence[tuple[Said, ExportedRow]]) -> None:
        """Check that the outcomes of rows about memberships are true of the server."""
        tenants = set(self.server.user(f"p{user}").tenants)
        is_member_when_held = self.history.job == "assign"
        if self.history.job not in {"assign", "remove"}:
            return
        for row, end in own:
            is_member = TENANTS[row.choice] in tenants
            if holds(end):
                assert is_member == is_member_when_held, f"{end} is not true"
            elif end.state is State.FAILED and not is_overtaken(end):
                # It may have been another row that did it, or the half that did not fail.
                others = [e for r, e in own if r.choice == row.choice and e is not end]
                excused = any(holds(e) or e.state is State.UNKNOWN for e in others) or row.active
                assert excused or is_member != is_member_when_held, f"{end} was done"

    def check_order(self, user: int, own: Sequence[tuple[Said, ExportedRow]]) -> None:
        """Check that the server has the choice of the last row that holds, or of a later one."""
        job = self.history.job
        ordered = [(row, end) for row, end in own if row.active or job != "assign"]
        held = [place for place, (_, end) in enumerate(ordered) if holds(end)]
        if not held:
            return
        later = ordered[held[-1] + 1 :]
        values = {value_of(job, row) for row, end in later if end.state is State.UNKNOWN}
        # Half of a row that failed may be done: the membership, or the tenant that is active.
        values |= {value_of(job, row) for row, _ in later if job == "assign"}
        assert chosen(self.server, job, user) in {value_of(job, ordered[held[-1]][0]), *values}


def is_overtaken(row: ExportedRow) -> bool:
    """Return whether a row was not sent again because that would undo a later one."""
    return "a later row of the same user" in (row.reason or "")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("job", WRITES)
@settings(max_examples=25, database=None)
@given(st.data())
def test_what_a_run_says_is_true(job: str, data: st.DataObject) -> None:
    """Each row ends as the server has it or as unknown, invites go once, and the last row holds."""
    history = data.draw(histories(job))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(World(history, Path(folder)).live())
