"""What the tests of the bulk engine hold in their hands: rows, files, ledgers, wishes."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from frontegg_async import FronteggSession
from frontegg_async.bulk.input.rows import Activation, Assignment, Removal, SuperuserChange
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import ExportedRow, Header, NewRow, State
from frontegg_async.emulator import Emulator
from frontegg_async.endpoints import users

from ..test_bulk import leaping, outcomes

__all__ = ["leaping", "outcomes"]

ADD: Final = users.ADD_TO_TENANT.limit_group
SET_ACTIVE: Final = users.SET_ACTIVE_TENANT.limit_group
SET_SUPERUSER: Final = users.SET_SUPERUSER.limit_group
REMOVE: Final = users.REMOVE_FROM_TENANT.limit_group
GET: Final = users.GET.limit_group
BY_EMAIL: Final = users.GET_BY_EMAIL.limit_group
STATUSES: Final = users.TENANT_STATUSES.limit_group
USERS: Final = users.ITERATE.limit_group
AUTH: Final = "POST /auth/vendor"
WRITES: Final = (ADD, SET_ACTIVE, SET_SUPERUSER, REMOVE)

HEADER: Final = Header(
    job="assign", source="rows.csv", fingerprint="f", environment="e", settings='{"a":1}'
)


def writes(server: Emulator) -> int:
    """Return how many requests arrived that change something."""
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
    path: Path, session: FronteggSession, job: Any, rows: Sequence[NewRow], under_way: Sequence[int]
) -> Path:
    """Write a ledger as a run over a program's rows leaves it that died with some under way."""
    ledger = Ledger.begin(
        path,
        Header(
            job=job.name,
            source="",
            fingerprint="",
            environment=f"{session.client_id} on {session.base_url}",
            settings=job.settings(),
        ),
    )
    ledger.add(rows)
    ledger.finish_loading()
    ledger.write((), (), [(line, line) for line in under_way])
    ledger.close()
    return path


def exported(path: Path) -> list[ExportedRow]:
    """Return what a ledger holds."""
    ledger = Ledger.read(path)
    try:
        return list(ledger.export())
    finally:
        ledger.close()


def states(path: Path) -> dict[int, State]:
    """Return where the rows of a ledger stand, by line."""
    return {row.line: row.state for row in exported(path)}


def files_in(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def until(happened: Callable[[], object]) -> None:
    """Let others run until something has happened."""
    while not happened():
        await asyncio.to_thread(int)


def bulk_tasks() -> set[str]:
    """Return the tasks of bulk work that are not over."""
    return {
        task.get_name()
        for task in asyncio.all_tasks()
        if task.get_name().startswith(("frontegg_async bulk", "frontegg_async ledger"))
    }


@asynccontextmanager
async def crowd(
    count: int, tenants: Iterable[str] = (), **options: Any
) -> AsyncGenerator[tuple[Emulator, FronteggSession, list[str]]]:
    """Give a server with users, a session, and the users; no wait takes any time."""
    async with leaping(**options) as (server, session):
        yield server, session, people(server, count, tenants)
