"""Rows, files and ledgers for tests of bulk runs."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from frontegg_async import FronteggSession, Report
from frontegg_async.bulk.input.columns import Malformed, Row
from frontegg_async.bulk.input.rows import (
    Activation,
    Assignment,
    Removal,
    SuperuserChange,
    UserRow,
    columns_of,
)
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, ExportedRow, Header, RowForm, State
from frontegg_async.emulator import Emulator

from .routes import WRITES
from .sessions import leaping

HEADER: Final = Header(
    job="assign", source="rows.csv", fingerprint="f", environment="e", settings='{"a":1}'
)


class Noted(UserRow, frozen=True, kw_only=True, gc=False):
    """A row of a ledger that no job reads."""

    tenant_id: str | None = None
    flag: bool = False
    ordered: bool = False


FORM: Final = RowForm(columns_of(Noted), attrgetter("ordered"))


def noted(
    line: int,
    user_id: str | None = None,
    email: str | None = None,
    tenant_id: str | None = None,
    *,
    flag: bool = False,
    problem: str | None = None,
    ordered: bool = False,
) -> Row:
    """Return a row to be entered into a ledger, which is malformed if it has a problem."""
    if problem is not None:
        return line, Malformed(problem)
    row = Noted(user_id=user_id, email=email, tenant_id=tenant_id, flag=flag, ordered=ordered)
    return line, row


def writes(server: Emulator) -> int:
    """Return the number of requests that change a user."""
    return sum(server.count(route) for route in WRITES)


def to(user_id: str, tenant_id: str = "t", **more: Any) -> Assignment:
    """Return an assignment."""
    return Assignment(user_id=user_id, tenant_id=tenant_id, **more)


def work_in(user_id: str, tenant_id: str) -> Activation:
    """Return an activation."""
    return Activation(user_id=user_id, tenant_id=tenant_id)


def out_of(user_id: str, tenant_id: str) -> Removal:
    """Return a removal."""
    return Removal(user_id=user_id, tenant_id=tenant_id)


def super_user(user_id: str, value: bool) -> SuperuserChange:
    """Return a change of access to every tenant."""
    return SuperuserChange(user_id=user_id, super_user=value)


def people(server: Emulator, count: int, tenants: Iterable[str] = ()) -> list[str]:
    """Set up users, and return their ids."""
    tenants = tuple(tenants)
    return [
        server.add_user(f"p{number}", email=f"p{number}@example.test", tenant_ids=tenants)
        for number in range(count)
    ]


def csv_of(path: Path, user_ids: Iterable[str], tenant_id: str = "t") -> Path:
    """Write a file that assigns users to a tenant."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [("user_id", "tenant_id"), *((user_id, tenant_id) for user_id in user_ids)]
        )
    return path


def ledger_with(
    path: Path, session: FronteggSession, job: Any, rows: Sequence[Row], in_flight: Sequence[int]
) -> Path:
    """Write the ledger of a run over a program's rows that died with some in flight."""
    ledger = Ledger.begin(
        path,
        Header(
            job=job.name,
            source="",
            fingerprint="",
            environment=f"{session.client_id} on {session.base_url}",
            settings=job.settings(),
        ),
        job.form,
    )
    ledger.add(rows)
    ledger.finish_loading()
    ledger.write((), (), [(line, line) for line in in_flight])
    ledger.close()
    return path


def exported(path: Path) -> list[ExportedRow]:
    """Return the rows of a ledger, as ``bulk export`` shows them."""
    ledger = Ledger.read(path)
    try:
        return list(ledger.export())
    finally:
        ledger.close()


def states(path: Path) -> dict[int, State]:
    """Return the states of a ledger's rows, by line."""
    return {row.line: row.state for row in exported(path)}


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def until(happened: Callable[[], object]) -> None:
    """Let other tasks and threads run until the condition holds."""
    while not happened():
        await asyncio.to_thread(int)


def bulk_tasks() -> set[str]:
    """Return the names of the tasks of bulk runs that have not ended."""
    return {
        task.get_name()
        for task in asyncio.all_tasks()
        if task.get_name().startswith(("frontegg_async bulk", "frontegg_async ledger"))
    }


@asynccontextmanager
async def crowd(
    count: int, tenants: Iterable[str] = (), **options: Any
) -> AsyncGenerator[tuple[Emulator, FronteggSession, list[str]]]:
    """Give a server with users, a session, and the users' ids; waits take no time."""
    async with leaping(**options) as (server, session):
        yield server, session, people(server, count, tenants)


Pairs = list[tuple[str, str]]


def fill(server: Emulator, count: int) -> Pairs:
    """Set up users without any tenant, and return a row for each."""
    return [
        (
            server.add_user(f"u{number}", email=f"u{number}@example.test"),
            f"tenant-{number % 7}",
        )
        for number in range(count)
    ]


def rows_of(pairs: Pairs, **more: Any) -> list[Assignment]:
    return [Assignment(user_id=user, tenant_id=tenant, **more) for user, tenant in pairs]


def outcomes(report: Report) -> dict[str, int]:
    """Return the outcomes that occurred, after checking that they add up."""
    counts = report.labelled
    assert sum(counts.values()) == report.rows
    return {name: count for name, count in counts.items() if count}


def as_csv(folder: Path, pairs: Pairs) -> Any:
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("userId", "tenantId"), *pairs])
    return path


def added(server: Emulator) -> Counter[str]:
    """Return the number of requests that add each user to a tenant."""
    return Counter(
        request.raw_path.split("/")[-2] for request in server.requests if request.method == "POST"
        and request.raw_path.endswith("/tenant")
    )  # fmt: skip


def begun(path: Path) -> Ledger:
    """Return an open ledger of a run that has sent some of its rows."""
    ledger = Ledger.begin(path, HEADER, FORM)
    ledger.add([noted(line, f"user-{line}", None, "t") for line in range(1, 101)])
    ledger.finish_loading()
    ledger.make_room()
    ledger.write((), [Entry(1, State.FAILED, 404, 1, None, "why")], [(2, 3)])
    return ledger
