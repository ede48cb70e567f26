"""Categories, which permissions are listed in."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.permission_categories import (
    CreatePermissionCategoryRequest,
    PermissionCategory,
    UpdatePermissionCategoryRequest,
)
from ..operation import Operation, RetrySafety, TokenKind
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "permission_categories.get_all",
    "GET",
    "/identity/resources/permissions/v1/categories",
    tuple[PermissionCategory, ...],
    token=TokenKind.EITHER,
)
CREATE: Final = Operation(
    "permission_categories.create",
    "POST",
    "/identity/resources/permissions/v1/categories",
    PermissionCategory,
    body=CreatePermissionCategoryRequest,
)
UPDATE: Final = Operation(
    "permission_categories.update",
    "PATCH",
    "/identity/resources/permissions/v1/categories/{categoryId}",
    NoneType,
    body=UpdatePermissionCategoryRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "permission_categories.delete",
    "DELETE",
    "/identity/resources/permissions/v1/categories/{categoryId}",
    NoneType,
)


class PermissionCategories(EndpointGroup):
    """The categories of an environment's permissions.

    A permission gets its category by ``permissions.create`` or ``permissions.update``.
    """

    async def get_all(self) -> tuple[PermissionCategory, ...]:
        """Return all categories, Frontegg's own among them.

        GET /identity/resources/permissions/v1/categories, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL)

    async def create(
        self,
        name: str,
        *,
        description: str | UnsetType = UNSET,
        category_id: str | UnsetType = UNSET,
    ) -> PermissionCategory:
        """Create a category, and return it.

        Args:
            name: name for people.
            description: for people.
            category_id: the id that it is to have; Frontegg chooses one if it is not given.

        POST /identity/resources/permissions/v1/categories
        """
        body = CreatePermissionCategoryRequest(
            name=name, description=description, category_id=category_id
        )
        return await self._caller.call(CREATE, body=body)

    async def update(
        self,
        category_id: str,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
    ) -> None:
        """Change a category. Fields left out stay as they are.

        PATCH /identity/resources/permissions/v1/categories/{categoryId}
        """
        body = UpdatePermissionCategoryRequest(name=name, description=description)
        await self._caller.call(UPDATE, category_id, body=body)

    async def delete(self, category_id: str) -> None:
        """Delete a category.

        DELETE /identity/resources/permissions/v1/categories/{categoryId}
        """
        await self._caller.call(DELETE, category_id)
