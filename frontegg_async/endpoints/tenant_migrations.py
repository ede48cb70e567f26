"""Tenant migrations: tenants that are moved into the environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..models.migrations import StartedMigration
from ..models.tenant_migrations import StartTenantMigrationRequest, TenantMigrationStatus
from ..operation import Operation
from ..tasks import Task
from ._checks import ids
from ._group import EndpointGroup
from ._migrations import id_of

START: Final = Operation(
    "tenant_migrations.start",
    "POST",
    "/tenants/resources/migrations/v1/tenants",
    # Undocumented; guess: it answers as a migration of users does.
    StartedMigration,
    body=StartTenantMigrationRequest,
)
GET_STATUS: Final = Operation(
    "tenant_migrations.get_status",
    "GET",
    "/tenants/resources/migrations/v1/tenants/status/{migrationId}",
    TenantMigrationStatus,
)


class TenantMigrations(EndpointGroup):
    """Moving tenants into the environment."""

    async def start(self, tenant_ids: Sequence[str]) -> Task[TenantMigrationStatus]:
        """Begin to move tenants, and return a handle to wait for the end by.

        Args:
            tenant_ids: one tenant or more.

        Raises:
            ResponseDecodeError: Frontegg accepted the tenants, but gave no id.

        POST /tenants/resources/migrations/v1/tenants
        """
        body = StartTenantMigrationRequest(tenant_ids=ids("tenant_ids", tenant_ids, START, least=1))
        started = await self._caller.call(START, body=body)
        return self.task(id_of(started, START))

    async def get_status(self, migration_id: str) -> TenantMigrationStatus:
        """Return the progress of a migration.

        GET /tenants/resources/migrations/v1/tenants/status/{migrationId}
        """
        return await self._caller.call(GET_STATUS, migration_id)

    def task(self, migration_id: str) -> Task[TenantMigrationStatus]:
        """Return a handle to a migration that was begun earlier. Nothing is sent.

        GET /tenants/resources/migrations/v1/tenants/status/{migrationId}
        """
        return Task(self._caller, GET_STATUS, migration_id)
