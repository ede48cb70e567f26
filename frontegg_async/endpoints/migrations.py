"""Migrations: users who are moved to Frontegg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import NoneType
from typing import IO, Final, TypeAlias

import anyio.to_thread
from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..errors import InvalidRequestError
from ..models.migrations import (
    CsvHashing,
    MigratedUser,
    MigratedUserV1,
    MigrateFromAuth0Request,
    MigrateUsersFromCsvRequest,
    MigrateUsersRequest,
    MigrateUsersV1Request,
    StartedMigration,
    UserMigrationStatus,
)
from ..models.users import User
from ..operation import Operation
from ..tasks import Task, TaskBatch
from ._batches import start_in_parts
from ._group import EndpointGroup
from ._migrations import id_of

CsvFile: TypeAlias = bytes | bytearray | memoryview | str | PathLike[str] | IO[bytes]

MAX_USERS: Final = 1000
"""Users a call. Frontegg states no limit, but a status tells of no more than these (spec)."""

MIGRATE_FROM_AUTH0: Final = Operation(
    "migrations.migrate_from_auth0",
    "POST",
    "/identity/resources/migrations/v1/auth0",
    NoneType,
    body=MigrateFromAuth0Request,
)
MIGRATE_USER: Final = Operation(
    "migrations.migrate_user",
    "POST",
    "/identity/resources/migrations/v1/local",
    User,
    body=MigratedUserV1,
)
MIGRATE_USERS: Final = Operation(
    "migrations.migrate_users",
    "POST",
    "/identity/resources/migrations/v2/local/bulk",
    StartedMigration,
    body=MigrateUsersRequest,
)
MIGRATE_USERS_V1: Final = Operation(
    "migrations.migrate_users_v1",
    "POST",
    "/identity/resources/migrations/v1/local/bulk",
    StartedMigration,
    body=MigrateUsersV1Request,
)
# Not in the specification; Frontegg's portal and scripts of customers upload files by it (client).
MIGRATE_USERS_FROM_CSV: Final = Operation(
    "migrations.migrate_users_from_csv",
    "POST",
    "/identity/resources/migrations/v1/local/bulk/csv",
    StartedMigration,
    body=MigrateUsersFromCsvRequest,
    multipart=True,
)
GET_STATUS: Final = Operation(
    "migrations.get_status",
    "GET",
    "/identity/resources/migrations/v1/local/bulk/status/{migrationId}",
    UserMigrationStatus,
)


class Migrations(EndpointGroup):
    """Moving users to Frontegg, with their password hashes."""

    @concealing
    async def migrate_from_auth0(
        self,
        *,
        domain: str,
        client_id: str,
        secret: str,
        tenant_id_field_name: str,
        is_tenant_id_on_user_metadata: bool | UnsetType = UNSET,
    ) -> None:
        """Have Frontegg fetch the users of an Auth0 account.

        Args:
            domain: domain of the Auth0 account.
            client_id: id of an Auth0 application that may read users.
            secret: its secret.
            tenant_id_field_name: the field of a user's app metadata that names the tenant.
            is_tenant_id_on_user_metadata: True if it is a field of the user metadata instead.

        POST /identity/resources/migrations/v1/auth0
        """
        body = MigrateFromAuth0Request(
            domain=domain,
            client_id=client_id,
            secret=secret,
            tenant_id_field_name=tenant_id_field_name,
            is_tenant_id_on_user_metadata=is_tenant_id_on_user_metadata,
        )
        await self._caller.call(MIGRATE_FROM_AUTH0, body=body)

    async def migrate_user(self, user: MigratedUserV1) -> User:
        """Move one user to Frontegg, and return the user as Frontegg has it.

        POST /identity/resources/migrations/v1/local
        """
        return await self._caller.call(MIGRATE_USER, body=user)

    async def migrate_users(self, users: Sequence[MigratedUser]) -> TaskBatch[UserMigrationStatus]:
        """Begin to move users to Frontegg, and return handles to wait for the end by.

        A list of more than 1,000 is sent in several calls, one after the other, and there is a
        task for each.

        Args:
            users: one user or more.

        Raises:
            InvalidRequestError: the list is empty.
            BatchInterruptedError: a call after the first one failed; the tasks before it go on.
            ResponseDecodeError: Frontegg accepted the users, but gave no id.

        POST /identity/resources/migrations/v2/local/bulk
        """

        async def start(part: tuple[MigratedUser, ...]) -> Task[UserMigrationStatus]:
            body = MigrateUsersRequest(users=part)
            started = await self._caller.call(MIGRATE_USERS, body=body)
            return self.task(id_of(started, MIGRATE_USERS))

        return await start_in_parts("users", users, MAX_USERS, start, MIGRATE_USERS)

    async def migrate_users_v1(
        self, users: Sequence[MigratedUserV1]
    ) -> TaskBatch[UserMigrationStatus]:
        """Begin to move users to Frontegg, and return handles to wait for the end by.

        The older form of ``migrate_users``, whose users have several addresses.

        A list of more than 1,000 is sent in several calls, one after the other, and there is a
        task for each.

        Args:
            users: one user or more.

        Raises:
            InvalidRequestError: the list is empty.
            BatchInterruptedError: a call after the first one failed; the tasks before it go on.
            ResponseDecodeError: Frontegg accepted the users, but gave no id.

        POST /identity/resources/migrations/v1/local/bulk
        """

        async def start(part: tuple[MigratedUserV1, ...]) -> Task[UserMigrationStatus]:
            body = MigrateUsersV1Request(users=part)
            started = await self._caller.call(MIGRATE_USERS_V1, body=body)
            return self.task(id_of(started, MIGRATE_USERS_V1))

        return await start_in_parts("users", users, MAX_USERS, start, MIGRATE_USERS_V1)

    async def migrate_users_from_csv(
        self,
        csv: CsvFile,
        fields_mapper: Mapping[str, str],
        *,
        hashing_config: CsvHashing | UnsetType = UNSET,
    ) -> StartedMigration:
        """Begin to move the users of a CSV file to Frontegg, as its portal does.

        The file is sent whole, and again where the server has provably not processed it: for one
        that takes longer than an attempt, see ``with_options(attempt_timeout=...)``. Frontegg
        documents neither route nor response; where the response has an id, ``task(id)`` waits
        for the end.

        Args:
            csv: a file of CSV in UTF-8, with names of columns in its first line: its path, or
                the file open in binary mode, or its bytes. The whole of it is held in memory.
            fields_mapper: Frontegg's names of fields by columns of the file; ``email`` and
                ``tenantId`` have to be among them. Several role ids have ``|`` between them.
            hashing_config: algorithm of the password hashes, if there are any.

        Raises:
            InvalidRequestError: the file cannot be read, is open as text, or is refused.

        POST /identity/resources/migrations/v1/local/bulk/csv
        """
        body = MigrateUsersFromCsvRequest(
            csv=await _content_of(csv), fields_mapper=fields_mapper, hashing_config=hashing_config
        )
        del csv  # it holds password hashes, and tracebacks may show the variables of this frame
        return await self._caller.call(MIGRATE_USERS_FROM_CSV, body=body)

    async def get_status(self, migration_id: str) -> UserMigrationStatus:
        """Return the progress of a migration, begun by either version.

        GET /identity/resources/migrations/v1/local/bulk/status/{migrationId}
        """
        return await self._caller.call(GET_STATUS, migration_id)

    def task(self, migration_id: str) -> Task[UserMigrationStatus]:
        """Return a handle to a migration that was begun earlier. Nothing is sent.

        GET /identity/resources/migrations/v1/local/bulk/status/{migrationId}
        """
        return Task(self._caller, GET_STATUS, migration_id)


async def _content_of(csv: CsvFile) -> bytes:
    """Return the content of a file; paths and open files are read in a thread."""
    if isinstance(csv, bytes | bytearray | memoryview):
        return bytes(csv)
    read: Callable[[], object] | None = getattr(csv, "read", None)
    if isinstance(csv, str | PathLike):
        read = Path(csv).read_bytes
    if read is None:
        raise _no_file(f"csv must be a path, a binary file or bytes, got {type(csv).__name__}")
    try:
        content = await anyio.to_thread.run_sync(read)
    except UnicodeDecodeError:  # which a message would show a piece of
        raise _no_file("csv is open as text: open it in binary mode") from None
    except (OSError, ValueError) as error:
        raise _no_file(f"csv cannot be read: {error}") from None
    if not isinstance(content, bytes):
        raise _no_file("csv is open as text: open it in binary mode")
    return content


def _no_file(problem: str) -> InvalidRequestError:
    return InvalidRequestError(problem, operation=MIGRATE_USERS_FROM_CSV.name)
