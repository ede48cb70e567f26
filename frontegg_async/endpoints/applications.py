"""Applications: their users, in each tenant."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from ..models.applications import (
    ActiveTenants,
    ApplicationUser,
    AssignUsersRequest,
    NewActiveTenant,
    SetActiveTenantsRequest,
    UnassignUsersRequest,
)
from ..operation import Operation, RetrySafety, TokenKind, UserHeader
from ._checks import ids
from ._group import EndpointGroup

GET_USERS: Final = Operation(
    "applications.get_users",
    "GET",
    "/identity/resources/applications/v1/{appId}/users",
    tuple[str, ...],
)
GET_FOR_USER: Final = Operation(
    "applications.get_for_user",
    "GET",
    "/identity/resources/applications/v1/{userId}/apps",
    tuple[str, ...],
    # Client: Frontegg's own React client calls it with the user's token.
    token=TokenKind.EITHER,
)
ASSIGN_USERS: Final = Operation(
    "applications.assign_users",
    "POST",
    "/identity/resources/applications/v1",
    tuple[ApplicationUser, ...],
    body=AssignUsersRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
UNASSIGN_USERS: Final = Operation(
    "applications.unassign_users",
    "DELETE",
    "/identity/resources/applications/v1",
    NoneType,
    body=UnassignUsersRequest,
)
GET_ACTIVE_TENANTS: Final = Operation(
    "applications.get_active_tenants",
    "GET",
    "/identity/resources/applications/user-tenants/active/v1",
    ActiveTenants,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
SET_ACTIVE_TENANTS: Final = Operation(
    "applications.set_active_tenants",
    "PUT",
    "/identity/resources/applications/user-tenants/active/v1",
    NoneType,
    body=SetActiveTenantsRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)


class Applications(EndpointGroup):
    """The applications of users, in an environment that has more than one."""

    async def get_users(self, app_id: str) -> tuple[str, ...]:
        """Return the ids of the users who have an application.

        GET /identity/resources/applications/v1/{appId}/users
        """
        return await self._caller.call(GET_USERS, app_id)

    async def get_for_user(self, user_id: str) -> tuple[str, ...]:
        """Return the ids of the applications that a user has.

        GET /identity/resources/applications/v1/{userId}/apps, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_FOR_USER, user_id)

    async def assign_users(
        self, *, app_id: str, tenant_id: str, user_ids: Sequence[str]
    ) -> tuple[ApplicationUser, ...]:
        """Give an application to users of one tenant, and return the assignments.

        Args:
            app_id: the application.
            tenant_id: the tenant in which they get it.
            user_ids: one user or more.

        POST /identity/resources/applications/v1
        """
        body = AssignUsersRequest(
            app_id=app_id,
            tenant_id=tenant_id,
            user_ids=ids("user_ids", user_ids, ASSIGN_USERS, least=1),
        )
        return await self._caller.call(ASSIGN_USERS, body=body)

    async def unassign_users(self, *, app_id: str, tenant_id: str, user_ids: Sequence[str]) -> None:
        """Take an application from users of one tenant.

        Args:
            app_id: the application.
            tenant_id: the tenant in which they lose it.
            user_ids: one user or more.

        DELETE /identity/resources/applications/v1
        """
        body = UnassignUsersRequest(
            app_id=app_id,
            tenant_id=tenant_id,
            user_ids=ids("user_ids", user_ids, UNASSIGN_USERS, least=1),
        )
        await self._caller.call(UNASSIGN_USERS, body=body)

    async def get_active_tenants(self, *, user_id: str | None = None) -> ActiveTenants:
        """Return the tenant that a user works in, for each application.

        GET /identity/resources/applications/user-tenants/active/v1, with the environment's or a
        user's token
        """
        return await self._caller.call(GET_ACTIVE_TENANTS, user_id=user_id)

    async def set_active_tenants(
        self,
        active_application_tenants: Sequence[NewActiveTenant],
        *,
        user_id: str | None = None,
    ) -> None:
        """Choose the tenants that a user works in, in some applications.

        PUT /identity/resources/applications/user-tenants/active/v1, with the environment's or a
        user's token
        """
        body = SetActiveTenantsRequest(active_application_tenants=tuple(active_application_tenants))
        await self._caller.call(SET_ACTIVE_TENANTS, body=body, user_id=user_id)
