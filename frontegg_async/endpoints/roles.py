"""Roles: of the whole environment, and of one tenant."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Final, Literal

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.paging import Page
from ..models.roles import (
    CreateRoleFromBaseRequest,
    NewRole,
    Role,
    RoleOrder,
    SetRolePermissionsRequest,
    SetRoleTenantRequest,
    UpdateRoleRequest,
)
from ..operation import JSON, Echo, Operation, RetrySafety, TenantHeader, TokenKind
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

MAX_PAGE: Final = 2000

GET_ALL: Final = Operation(
    "roles.get_all",
    "GET",
    "/identity/resources/roles/v1",
    tuple[Role, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
ITERATE: Final = Operation(
    "roles.iterate",
    "GET",
    "/identity/resources/roles/v2",
    Page[Role],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE: Final = Operation(
    "roles.create",
    "POST",
    "/identity/resources/roles/v1",
    tuple[Role, ...],
    body=tuple[NewRole, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE_FROM_BASE: Final = Operation(
    "roles.create_from_base",
    "POST",
    "/identity/resources/roles/v2",
    Role,
    body=CreateRoleFromBaseRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE: Final = Operation(
    "roles.update",
    "PATCH",
    "/identity/resources/roles/v1/{roleId}",
    Role,
    body=UpdateRoleRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("id"),
)
DELETE: Final = Operation(
    "roles.delete",
    "DELETE",
    "/identity/resources/roles/v1/{roleId}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
SET_PERMISSIONS: Final = Operation(
    "roles.set_permissions",
    "PUT",
    "/identity/resources/roles/v1/{roleId}/permissions",
    Role,
    body=SetRolePermissionsRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    echo=Echo("id"),
)
SET_TENANT: Final = Operation(
    "roles.set_tenant",
    "PUT",
    "/identity/resources/roles/v1/{roleId}/tenant",
    Role,
    body=SetRoleTenantRequest,
    echo=Echo("id"),
)
GET_LEVELS: Final = Operation(
    "roles.get_levels",
    "GET",
    "/identity/resources/roles/v2/distinct-levels",
    JSON,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_TENANTS: Final = Operation(
    "roles.get_tenants",
    "GET",
    "/identity/resources/roles/v2/distinct-tenants",
    JSON,
    token=TokenKind.EITHER,
)


class Roles(EndpointGroup):
    """The roles that users can have."""

    async def get_all(self, *, tenant_id: str | None = None) -> tuple[Role, ...]:
        """Return all roles at once; ``iterate`` gives them in pages.

        Args:
            tenant_id: roles of this tenant, instead of the environment's.

        GET /identity/resources/roles/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, tenant_id=tenant_id)

    def iterate(
        self,
        *,
        sort_by: RoleOrder | UnsetType = "key",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        text: str | UnsetType = UNSET,
        levels: Sequence[int] | UnsetType = UNSET,
        tenant_ids: Sequence[str] | UnsetType = UNSET,
        limit: int = 50,
        tenant_id: str | None = None,
    ) -> Paginator[Role]:
        """Iterate over roles.

        Args:
            sort_by: the sort key. Only a unique one gives pages that miss no role; UNSET, which
                Frontegg takes although its specification does not, leaves the order to it.
            order: sort direction.
            text: search term.
            levels: only roles of these ranks.
            tenant_ids: only roles of these tenants.
            limit: roles a page, from 1 to 2,000.
            tenant_id: tenant whose view it is.

        GET /identity/resources/roles/v2, with the environment's or a user's token
        """
        query = {
            "_sortBy": sort_by,
            "_order": order,
            "_filter": text,
            "_levels": levels,
            "_tenantIds": tenant_ids,
        }
        return Paginator(
            self._caller, ITERATE, query, limit=limit, max_limit=MAX_PAGE, tenant_id=tenant_id
        )

    async def create(
        self, roles: Sequence[NewRole], *, tenant_id: str | None = None
    ) -> tuple[Role, ...]:
        """Create one role or more, and return them.

        Args:
            roles: roles to create.
            tenant_id: make them roles of this tenant only.

        POST /identity/resources/roles/v1, with the environment's or a user's token
        """
        return await self._caller.call(CREATE, body=tuple(roles), tenant_id=tenant_id)

    async def create_from_base(
        self,
        *,
        key: str,
        name: str,
        base_role_id: str,
        permission_ids: Sequence[str],
        description: str | UnsetType = UNSET,
        is_default: bool | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> Role:
        """Create a role of a tenant that takes its rank from another, and return it.

        Args:
            key: unique name for programs.
            name: name for people.
            base_role_id: the role that bounds it.
            permission_ids: permissions that it gives.
            description: for people.
            is_default: True to give it to users who are given no other role.
            tenant_id: the tenant whose role it is.

        POST /identity/resources/roles/v2, with the environment's or a user's token
        """
        body = CreateRoleFromBaseRequest(
            key=key,
            name=name,
            base_role_id=base_role_id,
            permission_ids=ids("permission_ids", permission_ids, CREATE_FROM_BASE),
            description=description,
            is_default=is_default,
        )
        return await self._caller.call(CREATE_FROM_BASE, body=body, tenant_id=tenant_id)

    async def update(
        self,
        role_id: str,
        *,
        key: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        level: Number | UnsetType = UNSET,
        is_default: bool | UnsetType = UNSET,
        migrate_role: bool | UnsetType = UNSET,
        first_user_role: bool | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> Role:
        """Change a role, and return it. Fields left out stay as they are.

        Args:
            role_id: the role.
            key: unique name for programs.
            name: name for people.
            description: for people.
            level: rank, from 0.
            is_default: True to give it to users who are given no other role.
            migrate_role: True to give it to all present users, if it becomes a default.
            first_user_role: True to give it to the first user of a tenant.
            tenant_id: the tenant whose role it is.

        PATCH /identity/resources/roles/v1/{roleId}, with the environment's or a user's token
        """
        body = UpdateRoleRequest(
            key=key,
            name=name,
            description=description,
            level=level,
            is_default=is_default,
            migrate_role=migrate_role,
            first_user_role=first_user_role,
        )
        return await self._caller.call(UPDATE, role_id, body=body, tenant_id=tenant_id)

    async def delete(self, role_id: str, *, tenant_id: str | None = None) -> None:
        """Delete a role; users who have it lose it.

        DELETE /identity/resources/roles/v1/{roleId}, with the environment's or a user's token
        """
        await self._caller.call(DELETE, role_id, tenant_id=tenant_id)

    async def set_permissions(
        self, role_id: str, permission_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> Role:
        """Replace the permissions of a role, and return it.

        Args:
            role_id: the role.
            permission_ids: all its permissions from now on; an empty list takes all away.
            tenant_id: the tenant whose role it is.

        PUT /identity/resources/roles/v1/{roleId}/permissions, with the environment's or a user's
        token
        """
        body = SetRolePermissionsRequest(
            permission_ids=ids("permission_ids", permission_ids, SET_PERMISSIONS)
        )
        return await self._caller.call(SET_PERMISSIONS, role_id, body=body, tenant_id=tenant_id)

    async def set_tenant(self, role_id: str, tenant_id: str | None) -> Role:
        """Make a role the role of one tenant, or of all of them with None, and return it.

        PUT /identity/resources/roles/v1/{roleId}/tenant
        """
        body = SetRoleTenantRequest(tenant_id=tenant_id)
        return await self._caller.call(SET_TENANT, role_id, body=body)

    async def get_levels(self, *, tenant_id: str | None = None) -> Any:
        """Return the ranks that roles have, as Frontegg gives them: it does not describe them.

        GET /identity/resources/roles/v2/distinct-levels, with the environment's or a user's token
        """
        return await self._caller.call(GET_LEVELS, tenant_id=tenant_id)

    async def get_tenants(self) -> Any:
        """Return the tenants that have roles of their own, as Frontegg gives them.

        GET /identity/resources/roles/v2/distinct-tenants, with the environment's or a user's token
        """
        return await self._caller.call(GET_TENANTS)
