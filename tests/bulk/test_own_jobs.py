"""A job is its declaration: one of a program works like those that the package has."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pytest
from click.testing import CliRunner
from msgspec import Meta

from frontegg_async import LedgerMismatchError
from frontegg_async._core.response import Response
from frontegg_async.bulk import Job, Label, Labels, Outcome, RowSender, UserRow
from frontegg_async.bulk.input.rows import columns_of
from frontegg_async.bulk.jobs import JOBS
from frontegg_async.bulk.report.page import PageSummary, render_page
from frontegg_async.cli.app import app
from frontegg_async.emulator import AnswerStatus
from frontegg_async.endpoints import users
from frontegg_async.models.users import User

from ..support.bulk import crowd

anyio_tests = pytest.mark.anyio


class LockChange(UserRow, frozen=True, kw_only=True, gc=False):
    """A user to be locked or unlocked."""

    locked: bool
    ticket_id: str | None = None


class Lock(Job[LockChange], frozen=True, kw_only=True):
    """Locks users, or unlocks them."""

    name = "lock"
    title = "Locked users"
    about = "Lock users, or unlock them"
    operation = users.LOCK
    row_type = LockChange
    labels = Labels(
        applied=Label("switched", "switched", "was otherwise before"),
        unchanged=Label("as_before", "as before", "nothing had to be done"),
    )
    reversible = True

    quiet: Annotated[bool, Meta(description="Tell no one.")] = False

    def holds(self, row: LockChange, user: User) -> bool:
        """Return whether the user is locked as the row says."""
        return user.is_locked is row.locked

    async def send(self, send: RowSender, row: LockChange, user_id: str) -> Response:
        """Lock or unlock."""
        return await send(users.LOCK if row.locked else users.UNLOCK, user_id)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package find the job as if a module of ``bulk.jobs`` had declared it."""
    monkeypatch.setitem(JOBS, Lock.name, Lock)


def rows_file(path: Path) -> Path:
    """Write a file of two changes, a row that holds, a duplicate, a missing user, a bad row."""
    path.write_text(
        "USER ID,Locked,ticketId,ignored\n"
        "p0,true,T-1,x\np1,yes,,x\np2,false,,x\np0,true,T-1,x\nnobody,true,,x\np3,perhaps,,x\n"
    )
    return path


@anyio_tests
async def test_a_job_of_a_program(tmp_path: Path) -> None:
    """Outcomes, duplicates, the plan and the failures file follow from the declaration alone."""
    path, failures = rows_file(tmp_path / "rows.csv"), tmp_path / "failed.csv"
    async with crowd(4) as (server, session, ids):
        report = await session.bulk.run(Lock(), path, failures=failures)
        assert report.labelled == {
            "switched": 3,
            "as_before": 1,
            "failed": 1,
            "unknown": 0,
            "invalid": 1,
            "skipped": 0,
        }
        assert [server.user(user_id).locked for user_id in ids] == [True, True, False, False]
        assert server.count(users.LOCK.limit_group) == 3
    (missing, malformed) = report.failures
    assert missing.row == LockChange(user_id="nobody", locked=True)
    assert (missing.outcome, malformed.outcome) == (Outcome.FAILED, Outcome.INVALID)
    with failures.open(newline="") as file:
        said = list(csv.DictReader(file))
    assert [(row["user_id"], row["locked"], row["ticket_id"]) for row in said] == [
        ("nobody", "true", ""),
        ("p3", "perhaps", ""),
    ]
    page = render_page(
        PageSummary.of(report, source="s", host="h", started_at=datetime.now(UTC)),
        report.statistics,
    )
    assert all(text in page for text in ("Locked users", "Switched", "As before"))


@anyio_tests
async def test_a_retry_of_a_job_of_a_program(tmp_path: Path) -> None:
    """A retry takes the job itself; another one, or none, is refused before anything is sent."""
    path = tmp_path / "ledger"
    rows = [LockChange(user_id=who, locked=True) for who in ("p0", "p1")]
    async with crowd(2) as (server, session, ids):
        server.inject(AnswerStatus(400), on=users.LOCK.limit_group, times=1)
        first = await session.bulk.run(Lock(), rows, ledger=path, workers=1)
        assert first.failed == 1
        with pytest.raises(LedgerMismatchError, match="'lock', which a program declares"):
            session.bulk.retry(path)
        again = await session.bulk.retry(path, job=Lock())
        assert again.labelled["switched"] == 2
        assert all(server.user(user_id).locked for user_id in ids)
        with pytest.raises(LedgerMismatchError, match="settings"):
            await session.bulk.retry(path, job=Lock(quiet=True))


@anyio_tests
async def test_a_row_of_a_job_of_a_program_is_overtaken(tmp_path: Path) -> None:
    """A row that another one may undo is not sent again once a later one of its user was done."""
    path = tmp_path / "ledger"
    rows = [
        LockChange(user_id="p0", locked=True, ticket_id="T-1"),
        LockChange(email="P0@example.test", locked=False),
    ]
    async with crowd(1) as (server, session, ids):
        server.user(ids[0]).locked = True
        server.inject(AnswerStatus(400), on=users.LOCK.limit_group, times=1)
        first = await session.bulk.run(Lock(), rows, ledger=path, plan="never")
        assert [each.line for each in first.failures] == [1]
        again = await session.bulk.retry(path, job=Lock(), plan="never")
        (failure,) = again.failures
        assert "line 2," in failure.reason
        assert failure.row == rows[0]
        assert not server.user(ids[0]).locked


@pytest.mark.usefixtures("known")
def test_the_command_of_a_declared_job(tmp_path: Path) -> None:
    """A job that is declared is a command with help, options and labels, and so is its ledger."""
    shown = CliRunner().invoke(app, ["bulk", "lock", "--help"]).output
    assert "Lock users, or unlock them, as FILE says row by row." in shown
    columns = "FILE has the columns locked (true or false), and user_id or email, and optionally"
    assert f"{columns} ticket_id." in " ".join(shown.split())
    assert "Tell no one." in shown
    assert "lock" in CliRunner().invoke(app, ["bulk", "--help"]).output
    path, ledger = rows_file(tmp_path / "rows.csv"), str(tmp_path / "ledger")
    arguments = ["bulk", "lock", str(path), "--emulator", "--quiet", "--ledger", ledger]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 3, done.output
    assert json.loads(done.stdout)["switched"] == 4
    status = json.loads(CliRunner().invoke(app, ["bulk", "status", ledger, "--json"]).stdout)
    assert (status["job"], status["settings"]) == ("lock", {"quiet": True})
    assert status["outcomes"]["switched"] == 4
    exported = CliRunner().invoke(app, ["bulk", "export", ledger, "--outcome", "switched"])
    assert exported.stdout.startswith("user_id,email,locked,ticket_id,line,outcome")


@pytest.mark.parametrize("kind", JOBS.values())
def test_every_job_is_declared_in_full(kind: type[Job]) -> None:
    """Each job of the package has a title, help for itself and its options, and its own labels."""
    assert kind.title
    assert kind.about
    assert all(text for _, text in kind.options())
    names = {kind.labels[outcome].name for outcome in Outcome}
    assert len(names) == len(Outcome)
    assert Labels().applied.name not in names


def test_columns_of_other_types() -> None:
    """A row type with a column that no file can hold is an error that names it."""

    class Numbered(UserRow, frozen=True, kw_only=True):
        number: int

    with pytest.raises(TypeError, match=r"Numbered\.number must be"):
        columns_of(Numbered)


def test_columns_that_files_of_failures_have() -> None:
    """A column whose value a file of failures would replace by that of the outcome is an error."""

    class Excused(UserRow, frozen=True, kw_only=True):
        reason: str

    class Coded(UserRow, frozen=True, kw_only=True):
        errorcode: str | None = None

    with pytest.raises(TypeError, match=r"Excused\.reason has the name"):
        columns_of(Excused)
    with pytest.raises(TypeError, match=r"Coded\.errorcode has the name"):
        columns_of(Coded)


def test_rows_that_say_the_same() -> None:
    """Rows are encoded alike where they say the same, however a program spells a default."""
    columns = columns_of(LockChange)
    plain = columns.encode(LockChange(user_id="a", locked=True))
    assert plain == columns.encode(LockChange(email="b", locked=True, ticket_id=""))
    assert plain != columns.encode(LockChange(user_id="a", locked=False))
    row = LockChange(user_id="a", locked=True, ticket_id='"\u00e9\\')
    assert columns.decode("a", None, columns.encode(row)) == row
