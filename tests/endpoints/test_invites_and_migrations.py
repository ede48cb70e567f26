"""Invites and migrations that Frontegg runs as tasks, from the call to the last status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest

from frontegg_async import (
    BatchInterruptedError,
    CallTimeoutError,
    FronteggSession,
    InvalidRequestError,
    InvitedUser,
    MigratedUser,
    NotFoundError,
    OutcomeUnknownError,
    ResponseDecodeError,
)
from frontegg_async.emulator import AnswerStatus, BulkRoles, CutAfterCommit, Emulator
from frontegg_async.endpoints.bulk_users import INVITE, UPDATE_ROLES
from frontegg_async.endpoints.migrations import MIGRATE_USERS
from frontegg_async.models.migrations import MigratedEmail

from ..support.clocks import FakeClock
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

INVITES: Final = f"POST {INVITE.template}"
MIGRATIONS: Final = f"POST {MIGRATE_USERS.template}"


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock on which waiting for a status takes no time."""
    return FakeClock()


@pytest.fixture
async def session(emulator: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give an open session on that clock."""
    async with session_on(emulator, clock=clock) as opened:
        yield opened


def invited(count: int) -> list[InvitedUser]:
    """Return so many users to invite."""
    return [InvitedUser(email=f"new-{number}@example.test") for number in range(count)]


def migrated(count: int) -> list[MigratedUser]:
    """Return so many users to migrate."""
    return [
        MigratedUser(
            tenant_id="home",
            emails=(MigratedEmail(email=f"m-{number}@example.test", primary=True, verified=True),),
        )
        for number in range(count)
    ]


def members(emulator: Emulator, tenant_id: str) -> int:
    """Count the members of a tenant."""
    return sum(tenant == tenant_id for _, tenant in emulator.memberships())


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (1_000, 1), (1_001, 2), (2_500, 3)])
async def test_any_number_is_invited(
    emulator: Emulator, session: FronteggSession, count: int, calls: int
) -> None:
    """A list of any length is invited to the last user, in calls of 1,000 at most."""
    batch = await session.bulk_users.invite(invited(count), tenant_id="new")
    assert (len(batch.tasks), emulator.count(INVITES)) == (calls, calls)
    statuses = await batch.wait()
    assert [status.finished for status in statuses] == [True] * calls
    assert members(emulator, "new") == count


@pytest.mark.parametrize("count", [1, 1_001])
async def test_any_number_is_migrated(
    emulator: Emulator, session: FronteggSession, count: int
) -> None:
    """A list of any length is migrated to the last user, in calls of 1,000 at most."""
    before = members(emulator, "home")
    batch = await session.migrations.migrate_users(migrated(count))
    assert emulator.count(MIGRATIONS) == len(batch.tasks) == -(-count // 1_000)
    assert all(status.finished for status in await batch.wait())
    assert members(emulator, "home") == before + count


async def test_an_empty_list(emulator: Emulator, session: FronteggSession) -> None:
    """An empty list is rejected before anything is sent."""
    with pytest.raises(InvalidRequestError, match="users is empty"):
        await session.bulk_users.invite([], tenant_id="new")
    with pytest.raises(InvalidRequestError, match="users is empty"):
        await session.migrations.migrate_users([])
    with pytest.raises(InvalidRequestError, match="tenant_ids"):
        await session.tenant_migrations.start([])
    assert emulator.requests == []


async def test_interrupted(emulator: Emulator, session: FronteggSession) -> None:
    """If a later call fails, the error has the earlier tasks, and the rest can be sent."""
    users = invited(2_500)
    emulator.inject(AnswerStatus(400), on=INVITES, every=2)
    with pytest.raises(BatchInterruptedError, match="stopped after 1,000 of 2,500") as caught:
        await session.bulk_users.invite(users, tenant_id="new")
    error = caught.value
    assert (len(error.task_ids), error.accepted, error.status) == (1, 1_000, 400)
    assert isinstance(error.__cause__, InvalidRequestError)
    emulator.clear_faults()
    rest = await session.bulk_users.invite(users[error.accepted :], tenant_id="new")
    for task in (session.bulk_users.invite_task(error.task_ids[0]), *rest.tasks):
        assert (await task.wait()).finished
    assert members(emulator, "new") == 2_500
    assert len(emulator.invites) == 2_500


async def test_interrupted_at_once(emulator: Emulator, session: FronteggSession) -> None:
    """If the first call fails nothing has begun, and its own error is raised."""
    emulator.inject(AnswerStatus(404), on=INVITES)
    with pytest.raises(NotFoundError):
        await session.bulk_users.invite(invited(1_001), tenant_id="new")


async def test_interrupted_in_doubt(emulator: Emulator, session: FronteggSession) -> None:
    """A call whose response is lost is not sent again: its users may have been invited."""
    emulator.inject(CutAfterCommit(), on=INVITES, every=2)
    with pytest.raises(BatchInterruptedError) as caught:
        await session.bulk_users.invite(invited(2_000), tenant_id="new")
    assert isinstance(caught.value.__cause__, OutcomeUnknownError)
    assert emulator.count(INVITES) == 2


async def test_handles_from_ids(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A task can be waited for by its id in another session."""
    batch = await session.bulk_users.invite(invited(2), tenant_id="new")
    async with session_on(emulator, clock=clock) as elsewhere:
        status = await elsewhere.bulk_users.invite_task(batch.tasks[0].id).wait()
    assert status.finished
    with pytest.raises(NotFoundError):
        await session.bulk_users.invite_task("nobody-started-this").wait()


async def test_iterating(session: FronteggSession) -> None:
    """A task shows how it goes on until it has ended."""
    batch = await session.bulk_users.invite(invited(3), tenant_id="new")
    states = [status.status async for status in batch.tasks[0]]
    assert len(states) > 1
    assert states[-1] == "Completed"


@pytest.mark.parametrize("how", list(BulkRoles))
async def test_roles_at_once_or_queued(clock: FakeClock, how: BulkRoles) -> None:
    """Roles changed at once or by a task come with the same handle, which ends the same way."""
    async with Emulator(bulk_roles=how) as emulator:
        emulator.add_user("user-0", tenant_ids=["a", "b"])
        emulator.add_user("user-1", tenant_ids=["a"], roles=["admin"])
        async with session_on(emulator, clock=clock) as session:
            task = await session.bulk_users.update_roles("user-0", add_role_ids=["role-admin"])
            status = await task.wait()
            assert (status.status, status.user_id) == ("Completed", "user-0")
            assert status.total_tenants == status.processed_tenants == 2
            assert status.added_role_ids == ("role-admin",)
            user = await session.users.get("user-0")
            assert [role.key for role in user.roles or ()] == ["admin"]


async def test_no_tenants_are_not_all_tenants(emulator: Emulator, session: FronteggSession) -> None:
    """An empty list of tenants is rejected: leaving it out would mean every one."""
    with pytest.raises(InvalidRequestError, match="tenant_ids"):
        await session.bulk_users.update_roles("user-0", add_role_ids=["r"], tenant_ids=[])
    assert emulator.requests == []


async def test_tenants_are_migrated(emulator: Emulator, session: FronteggSession) -> None:
    """A migration of tenants is waited for like any other task."""
    task = await session.tenant_migrations.start(["one", "two"])
    assert (await task.wait()).finished
    assert {"one", "two"} <= set(emulator.tenants)
    assert (await session.tenant_migrations.task(task.id).status()).finished


CALLS: Final[dict[str, Callable[[FronteggSession], Any]]] = {
    INVITES: lambda session: session.bulk_users.invite(invited(1), tenant_id="new"),
    MIGRATIONS: lambda session: session.migrations.migrate_users(migrated(1)),
    f"PATCH {UPDATE_ROLES.template}": lambda session: session.bulk_users.update_roles("user-0"),
    "POST /tenants/resources/migrations/v1/tenants": lambda session: (
        session.tenant_migrations.start(["one"])
    ),
}


@pytest.mark.parametrize("body", [b"{}", b"", b"null", b'{"id": ""}'])
@pytest.mark.parametrize("route", CALLS)
async def test_no_id(emulator: Emulator, session: FronteggSession, route: str, body: bytes) -> None:
    """Work that was accepted without an id to ask by is an error that says so, not a handle."""
    emulator.inject(AnswerStatus(202, body, "application/json"), on=route)
    with pytest.raises(ResponseDecodeError, match=r"id|task|result"):
        await CALLS[route](session)


async def test_giving_up(emulator: Emulator, session: FronteggSession, clock: FakeClock) -> None:
    """A task that does not end in time is an error that says that it goes on."""
    status = b'{"status": "Meditating"}'
    batch = await session.bulk_users.invite(invited(1), tenant_id="new")
    emulator.inject(AnswerStatus(200, status, "application/json"), times=None)
    with pytest.raises(CallTimeoutError, match="it goes on"):
        await batch.wait(poll=10, timeout=60)
    assert sum(clock.slept) == 60
    emulator.clear_faults()
    assert (await batch.wait())[0].finished
