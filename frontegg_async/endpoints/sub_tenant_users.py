"""Users of tenants below others: listed, added and removed from above.

None of it is in Frontegg's specification, apart from ``users.set_sub_tenant_access``. Its own REST
client for browsers calls it, with the token of a user of the tenant above (client).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from ..models.paging import Page
from ..models.sub_tenant_users import (
    AddToSubTenantsRequest,
    AddUsersToSubTenantRequest,
    RemoveFromSubTenantsRequest,
    SubTenantMembership,
    SubTenantReference,
    SubTenantRoles,
    SubTenantsRolesRequest,
    SubTenantUser,
)
from ..models.users import User, UserOrder
from ..operation import Operation, RetrySafety, TokenKind
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "sub_tenant_users.iterate",
    "GET",
    "/identity/resources/sub-tenants/users/v1",
    Page[User],
    token=TokenKind.USER,
)
ADD: Final = Operation(
    "sub_tenant_users.add",
    "POST",
    "/identity/resources/sub-tenants/users/v1",
    NoneType,
    body=AddToSubTenantsRequest,
    token=TokenKind.USER,
)
ADD_MANY: Final = Operation(
    "sub_tenant_users.add_many",
    "POST",
    "/identity/resources/sub-tenants/users/v2",
    NoneType,
    body=AddUsersToSubTenantRequest,
    token=TokenKind.USER,
)
REMOVE: Final = Operation(
    "sub_tenant_users.remove",
    "DELETE",
    "/identity/resources/sub-tenants/users/v1",
    NoneType,
    body=RemoveFromSubTenantsRequest,
    token=TokenKind.USER,
)
ADD_ROLES: Final = Operation(
    "sub_tenant_users.add_roles",
    "POST",
    "/identity/resources/sub-tenants/users/v1/{userId}/roles",
    NoneType,
    body=SubTenantsRolesRequest,
    token=TokenKind.USER,
    repeat=RetrySafety.IDEMPOTENT,
)
SET_ROLES: Final = Operation(
    "sub_tenant_users.set_roles",
    "PATCH",
    "/identity/resources/sub-tenants/users/v1/{userId}/roles",
    NoneType,
    body=SubTenantsRolesRequest,
    token=TokenKind.USER,
    repeat=RetrySafety.IDEMPOTENT,
)
REMOVE_ROLES: Final = Operation(
    "sub_tenant_users.remove_roles",
    "DELETE",
    "/identity/resources/sub-tenants/users/v1/{userId}/roles",
    NoneType,
    body=SubTenantsRolesRequest,
    token=TokenKind.USER,
)


class SubTenantUsers(EndpointGroup):
    """The users of the tenants below a user's own, as that user manages them."""

    def iterate(
        self,
        *,
        text: str | UnsetType = UNSET,
        sort_by: UserOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[User]:
        """Iterate over the users of the tenant and of all tenants below it.

        Args:
            text: search term, found in names and addresses.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: sort direction.
            limit: users a page.

        GET /identity/resources/sub-tenants/users/v1, with a user's token
        """
        query = {"_filter": text, "_sortBy": sort_by, "_order": order}
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=None)

    async def add(self, user: SubTenantUser, sub_tenants: Sequence[SubTenantMembership]) -> None:
        """Make a user a member of sub-tenants; one who does not exist yet is created.

        Args:
            user: the user, by address.
            sub_tenants: the sub-tenants, with the user's roles.

        POST /identity/resources/sub-tenants/users/v1, with a user's token
        """
        body = AddToSubTenantsRequest(user=user, sub_tenants=tuple(sub_tenants))
        await self._caller.call(ADD, body=body)

    async def add_many(
        self,
        users: Sequence[SubTenantUser],
        tenant_id: str,
        *,
        role_ids: Sequence[str] | UnsetType = UNSET,
        allow_sub_account_access: bool | UnsetType = UNSET,
    ) -> None:
        """Make users members of one sub-tenant; those who do not exist yet are created.

        Args:
            users: the users, by address.
            tenant_id: the sub-tenant.
            role_ids: roles that they get there.
            allow_sub_account_access: True to let them into the tenants below it.

        POST /identity/resources/sub-tenants/users/v2, with a user's token
        """
        body = AddUsersToSubTenantRequest(
            users=tuple(users),
            tenant_id=tenant_id,
            role_ids=ids("role_ids", role_ids, ADD_MANY),
            allow_sub_account_access=allow_sub_account_access,
        )
        await self._caller.call(ADD_MANY, body=body)

    async def remove(self, user_id: str, sub_tenants: Sequence[SubTenantReference]) -> None:
        """End a user's membership in sub-tenants.

        Args:
            user_id: the user.
            sub_tenants: the sub-tenants.

        DELETE /identity/resources/sub-tenants/users/v1, with a user's token
        """
        body = RemoveFromSubTenantsRequest(user_id=user_id, sub_tenants=tuple(sub_tenants))
        await self._caller.call(REMOVE, body=body)

    async def add_roles(self, user_id: str, sub_tenants_roles: Sequence[SubTenantRoles]) -> None:
        """Give a user roles in sub-tenants, beside those that are there.

        POST /identity/resources/sub-tenants/users/v1/{userId}/roles, with a user's token
        """
        body = SubTenantsRolesRequest(sub_tenants_roles=tuple(sub_tenants_roles))
        await self._caller.call(ADD_ROLES, user_id, body=body)

    async def set_roles(self, user_id: str, sub_tenants_roles: Sequence[SubTenantRoles]) -> None:
        """Replace a user's roles in sub-tenants.

        PATCH /identity/resources/sub-tenants/users/v1/{userId}/roles, with a user's token
        """
        body = SubTenantsRolesRequest(sub_tenants_roles=tuple(sub_tenants_roles))
        await self._caller.call(SET_ROLES, user_id, body=body)

    async def remove_roles(self, user_id: str, sub_tenants_roles: Sequence[SubTenantRoles]) -> None:
        """Take a user's roles in sub-tenants.

        DELETE /identity/resources/sub-tenants/users/v1/{userId}/roles, with a user's token
        """
        body = SubTenantsRolesRequest(sub_tenants_roles=tuple(sub_tenants_roles))
        await self._caller.call(REMOVE_ROLES, user_id, body=body)
