"""A dry run: the numbers that the run then has, without a write and without a trace."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from frontegg_async import Assignment, AuthenticationError, FronteggSession, InvalidRequestError
from frontegg_async.bulk import Activate, Assign, Remove, SetSuperuser
from frontegg_async.emulator import AnswerStatus, Emulator

from ..support.bulk import crowd, csv_of, files_in, out_of, people, super_user, to, work_in, writes
from ..support.routes import BY_EMAIL, STATUSES, USERS

pytestmark = pytest.mark.anyio


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder in which temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def test_all_kinds_of_rows(anyio_backend: str, scratch: Path) -> None:
    """Every row is in exactly one number, and the run that follows has the same."""
    async with crowd(10, ["t"]) as (server, session, _):
        rows: list[Any] = [
            to("p0"),
            to("p1", "t2"),
            to("p1", "t2"),
            to("p2", set_active=True),
            to("p3", "t2", set_active=True),
            to("nobody"),
            Assignment(email="p4@example.test", tenant_id="t"),
            Assignment(email="P4@example.test", tenant_id="t"),
            Assignment(email="p5@example.test", tenant_id="t2"),
            Assignment(email="nobody@example.test", tenant_id="t"),
            Assignment(tenant_id="t"),
            "no row",
            to("p0"),
        ]
        plan = await session.bulk.dry_run(Assign(), rows)
        assert plan.job == "assign"
        assert (plan.rows, plan.to_send, plan.already) == (13, 4, 3)
        assert (plan.invalid, plan.duplicates, plan.failed) == (2, 3, 1)
        assert plan.requests == sum(server.count(on) for on in (STATUSES, USERS, BY_EMAIL)) == 4
        assert "checked rows were already satisfied" in plan.reason
        told = [(row.line, row.outcome.value) for row in plan.failures]
        assert told == [(10, "failed"), (11, "invalid"), (12, "invalid")]
        assert "nobody@example.test" in plan.failures[0].reason
        assert (plan.failures[0].row, plan.failures[0].status) == (rows[9], 404)
        assert writes(server) == 0
        report = await session.bulk.assign(rows)
        reasons = {row.line: row.reason.split(" (")[0] for row in report.failures}
        assert all(row.reason.split(" (")[0] == reasons[row.line] for row in plan.failures)
        assert report.unchanged == plan.already + 2  # two of the duplicates
        assert report.applied == plan.to_send - 1 + 1  # one user is absent, one duplicate added
        assert report.failed == plan.failed + 1
    assert files_in(scratch) == []


@pytest.mark.parametrize(
    ("job", "rows", "to_send", "already"),
    [
        (Activate(), [work_in(f"p{number}", f"t{number % 2}") for number in range(6)], 3, 3),
        (Remove(), [out_of(f"p{number}", f"t{number}") for number in range(6)], 2, 4),
        (SetSuperuser(), [super_user(f"p{number}", number < 2) for number in range(6)], 2, 4),
    ],
    ids=["activate", "remove", "superuser"],
)
async def test_other_jobs(
    anyio_backend: str, job: Any, rows: list[Any], to_send: int, already: int
) -> None:
    """The dry run of each job counts the rows to send, and writes nothing."""
    async with crowd(6, ["t0", "t1"]) as (server, session, _):
        plan = await session.bulk.dry_run(job, rows)
        assert (plan.job, plan.rows, plan.to_send, plan.already) == (job.name, 6, to_send, already)
        assert writes(server) == 0


async def test_a_file(
    tmp_path: Path, scratch: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A file gets no ledger beside it, and many rows are read in blocks."""
    path = csv_of(tmp_path / "rows.csv", people(emulator, 1_200, ["t"]))
    plan = await frontegg.bulk.dry_run(Assign(), path)
    assert (plan.rows, plan.already, plan.to_send) == (1_200, 1_200, 0)
    assert plan.requests == 12
    assert files_in(tmp_path) == ["rows.csv", "scratch"]
    assert files_in(scratch) == []


async def test_an_async_source(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Rows may come from anywhere, and a source that breaks is raised as it is."""
    ended: list[bool] = []

    async def rows() -> AsyncIterator[Assignment]:
        try:
            for number in range(3):
                yield to(f"user-{number}", "home")
        finally:
            ended.append(True)

    plan = await frontegg.bulk.dry_run(Assign(), rows())
    assert (plan.already, ended) == (3, [True])

    def broken() -> Iterator[Assignment]:
        yield to("user-0")
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await frontegg.bulk.dry_run(Assign(), broken())


async def test_what_cannot_be_read(anyio_backend: str) -> None:
    """If nothing can be read, the dry run counts all rows as to be sent, and says why."""
    async with crowd(5, ["t"]) as (server, session, ids):
        for route in (STATUSES, USERS):
            server.inject(AnswerStatus(403), on=route, times=None)
        plan = await session.bulk.dry_run(Assign(), [to(user_id) for user_id in ids])
        assert (plan.to_send, plan.already) == (5, 0)
        assert "cannot be checked in advance" in plan.reason


async def test_refusals(tmp_path: Path, scratch: Path, emulator: Emulator) -> None:
    """Rejected credentials and invalid files are errors, and leave no file behind."""
    wrong = FronteggSession(client_id=emulator.client_id, api_key="wrong", base_url=emulator.url)
    async with wrong as session:
        with pytest.raises(AuthenticationError):
            await session.bulk.dry_run(Assign(), [to("user-0")])
        with pytest.raises(InvalidRequestError, match=r"missing\.csv"):
            await session.bulk.dry_run(Assign(), tmp_path / "missing.csv")
    assert files_in(scratch) == []
