"""Permissions, which users get by their roles."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.permissions import (
    AddPermissionRolesRequest,
    AssignmentType,
    ClassifyPermissionsRequest,
    NewPermission,
    Permission,
    UpdatePermissionRequest,
)
from ..operation import Echo, Operation, RetrySafety, TokenKind
from ._checks import ids
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "permissions.get_all",
    "GET",
    "/identity/resources/permissions/v1",
    tuple[Permission, ...],
    token=TokenKind.EITHER,
)
CREATE: Final = Operation(
    "permissions.create",
    "POST",
    "/identity/resources/permissions/v1",
    tuple[Permission, ...],
    body=tuple[NewPermission, ...],
)
UPDATE: Final = Operation(
    "permissions.update",
    "PATCH",
    "/identity/resources/permissions/v1/{permissionId}",
    Permission,
    body=UpdatePermissionRequest,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("id"),
)
DELETE: Final = Operation(
    "permissions.delete",
    "DELETE",
    "/identity/resources/permissions/v1/{permissionId}",
    NoneType,
)
ADD_ROLES: Final = Operation(
    "permissions.add_roles",
    "PUT",
    "/identity/resources/permissions/v1/{permissionId}/roles",
    Permission,
    body=AddPermissionRolesRequest,
    token=TokenKind.EITHER,
    echo=Echo("id"),
)
CLASSIFY: Final = Operation(
    "permissions.classify",
    "PUT",
    "/identity/resources/permissions/v1/classification",
    # The specification shows one object for many permissions, an array is likely (guess).
    tuple[Permission, ...],
    body=ClassifyPermissionsRequest,
    one_or_many=True,
)


class Permissions(EndpointGroup):
    """The permissions of an environment."""

    async def get_all(self) -> tuple[Permission, ...]:
        """Return all permissions, Frontegg's own among them.

        GET /identity/resources/permissions/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL)

    async def create(self, permissions: Sequence[NewPermission]) -> tuple[Permission, ...]:
        """Create one permission or more, and return them. No role has them yet.

        POST /identity/resources/permissions/v1
        """
        return await self._caller.call(CREATE, body=tuple(permissions))

    async def update(
        self,
        permission_id: str,
        *,
        key: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        category_id: str | UnsetType = UNSET,
    ) -> Permission:
        """Change a permission, and return it. Fields left out stay as they are.

        Args:
            permission_id: the permission.
            key: unique name for programs.
            name: name for people.
            description: for people.
            category_id: the category that it is listed in.

        PATCH /identity/resources/permissions/v1/{permissionId}
        """
        body = UpdatePermissionRequest(
            key=key, name=name, description=description, category_id=category_id
        )
        return await self._caller.call(UPDATE, permission_id, body=body)

    async def delete(self, permission_id: str) -> None:
        """Delete a permission.

        DELETE /identity/resources/permissions/v1/{permissionId}
        """
        await self._caller.call(DELETE, permission_id)

    async def add_roles(self, permission_id: str, role_ids: Sequence[str]) -> Permission:
        """Give a permission to more roles, and return it.

        Roles that have it already keep it, named or not; ``roles.set_permissions`` takes
        permissions away.

        PUT /identity/resources/permissions/v1/{permissionId}/roles, with the environment's or a
        user's token
        """
        body = AddPermissionRolesRequest(role_ids=ids("role_ids", role_ids, ADD_ROLES))
        return await self._caller.call(ADD_ROLES, permission_id, body=body)

    async def classify(
        self, permission_ids: Sequence[str], assignment_type: AssignmentType
    ) -> tuple[Permission, ...]:
        """Set the self-service type of permissions, and return Frontegg's response.

        PUT /identity/resources/permissions/v1/classification
        """
        body = ClassifyPermissionsRequest(
            permission_ids=ids("permission_ids", permission_ids, CLASSIFY),
            assignment_type=assignment_type,
        )
        return await self._caller.call(CLASSIFY, body=body)
