"""Memberships of users: the tenants that they belong to, and their roles there."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ...errors import InvalidRequestError
from ...models.users import (
    AddToTenantRequest,
    AssignedRoles,
    ChangeRolesRequest,
    MoveUsersRequest,
    SetActiveTenantRequest,
    SetSubTenantAccessRequest,
    SetSuperuserRequest,
    User,
)
from ...operation import Echo, Operation, ReadBack, RetrySafety, TenantHeader, TokenKind
from .._application import APPLICATION, application
from .._checks import ids as checked_ids
from .._checks import one_id
from .._group import EndpointGroup
from .lookups import GET

__all__ = [
    "ADD_ROLES",
    "ADD_TO_TENANT",
    "DISABLE_IN_TENANT",
    "ENABLE_IN_TENANT",
    "MOVE_ALL_TO_TENANT",
    "REMOVE_FROM_TENANT",
    "REMOVE_ROLES",
    "SET_ACTIVE_TENANT",
    "SET_SUB_TENANT_ACCESS",
    "SET_SUPERUSER",
    "UserMemberships",
]

ADD_TO_TENANT: Final = Operation(
    "users.add_to_tenant",
    "POST",
    "/identity/resources/users/v1/{userId}/tenant",
    User,
    body=AddToTenantRequest,
    headers=APPLICATION,
    repeat=RetrySafety.CONVERGING,
    read_back=ReadBack(
        GET,
        holds=lambda user, body: user.is_member_of(body.tenant_id),
        # Without the invite a second request changes nothing that a user could notice.
        harmless=lambda body: body.skip_invite_email is True,
    ),
    echo=Echo("id"),
)
SET_ACTIVE_TENANT: Final = Operation(
    "users.set_active_tenant",
    "PUT",
    "/identity/resources/users/v1/{userId}/tenant",
    User,
    body=SetActiveTenantRequest,
    echo=Echo("id"),
)
REMOVE_FROM_TENANT: Final = Operation(
    "users.remove_from_tenant",
    "DELETE",
    "/identity/resources/users/v1/{userId}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
MOVE_ALL_TO_TENANT: Final = Operation(
    "users.move_all_to_tenant",
    "PUT",
    "/identity/resources/users/v1/tenants/migrate",
    NoneType,
    body=MoveUsersRequest,
)
DISABLE_IN_TENANT: Final = Operation(
    "users.disable_in_tenant",
    "POST",
    "/identity/resources/tenants/users/v1/{userId}/disable",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
ENABLE_IN_TENANT: Final = Operation(
    "users.enable_in_tenant",
    "POST",
    "/identity/resources/tenants/users/v1/{userId}/enable",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
ADD_ROLES: Final = Operation(
    "users.add_roles",
    "POST",
    "/identity/resources/users/v1/{userId}/roles",
    AssignedRoles,
    body=ChangeRolesRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    repeat=RetrySafety.IDEMPOTENT,
)
REMOVE_ROLES: Final = Operation(
    "users.remove_roles",
    "DELETE",
    "/identity/resources/users/v1/{userId}/roles",
    AssignedRoles,
    body=ChangeRolesRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
SET_SUB_TENANT_ACCESS: Final = Operation(
    "users.set_sub_tenant_access",
    "PUT",
    "/identity/resources/sub-tenants/users/v1/{userId}/access",
    NoneType,
    body=SetSubTenantAccessRequest,
    token=TokenKind.EITHER,
)
SET_SUPERUSER: Final = Operation(
    "users.set_superuser",
    "PUT",
    "/identity/resources/users/v1/{userId}/superuser",
    User,
    body=SetSuperuserRequest,
    deprecated="Frontegg no longer maintains super-users: newer features do not know them.",
    echo=Echo("id"),
)


class UserMemberships(EndpointGroup):
    """Changes of the tenants and roles of users."""

    async def add_to_tenant(
        self,
        user_id: str,
        tenant_id: str,
        *,
        skip_invite_email: bool | UnsetType = UNSET,
        validate_tenant_exist: bool | UnsetType = UNSET,
        application_id: str | None = None,
    ) -> User:
        """Make a user a member of a tenant, and return the user.

        Frontegg sends an invite e-mail unless ``skip_invite_email`` is True. If no response comes,
        or one that does not say whether it was done, the membership is read back; it is sent
        again only where that cannot send a second invite.

        Args:
            user_id: the user.
            tenant_id: the tenant; Frontegg creates it if there is none of this id.
            skip_invite_email: True to send no e-mail.
            validate_tenant_exist: True to reject an unknown tenant instead of creating it.
            application_id: the application that the invite is for, if there are several.

        Raises:
            OutcomeUnknownError: no response came, or one that does not say, and reading back did
                not settle it.

        POST /identity/resources/users/v1/{userId}/tenant
        """
        body = AddToTenantRequest(
            tenant_id=tenant_id,
            skip_invite_email=skip_invite_email,
            validate_tenant_exist=validate_tenant_exist,
        )
        if application_id is None:
            return await self._caller.call(ADD_TO_TENANT, user_id, body=body)
        headers = application(application_id)
        return await self._caller.call(ADD_TO_TENANT, user_id, body=body, headers=headers)

    async def set_active_tenant(
        self,
        user_id: str,
        tenant_id: str,
        *,
        validate_tenant_exist: bool | UnsetType = UNSET,
    ) -> User:
        """Choose the tenant that a user works in, and return the user.

        Args:
            user_id: the user.
            tenant_id: the tenant; Frontegg creates it if there is none of this id.
            validate_tenant_exist: True to reject an unknown tenant instead of creating it.

        PUT /identity/resources/users/v1/{userId}/tenant
        """
        body = SetActiveTenantRequest(
            tenant_id=tenant_id,
            validate_tenant_exist=validate_tenant_exist,
        )
        return await self._caller.call(SET_ACTIVE_TENANT, user_id, body=body)

    async def remove_from_tenant(self, user_id: str, tenant_id: str) -> None:
        """End a user's membership in one tenant. The user stays in all others.

        DELETE /identity/resources/users/v1/{userId} with ``frontegg-tenant-id``, with the
        environment's or a user's token
        """
        tenant_id = one_id("tenant_id", tenant_id, REMOVE_FROM_TENANT)
        await self._caller.call(REMOVE_FROM_TENANT, user_id, tenant_id=tenant_id)

    async def move_all_to_tenant(self, src_tenant_id: str, target_tenant_id: str) -> None:
        """Move every user of one tenant to another.

        PUT /identity/resources/users/v1/tenants/migrate
        """
        body = MoveUsersRequest(src_tenant_id=src_tenant_id, target_tenant_id=target_tenant_id)
        await self._caller.call(MOVE_ALL_TO_TENANT, body=body)

    async def disable_in_tenant(self, user_id: str, *, tenant_id: str | None = None) -> None:
        """Keep a user out of one tenant, who stays a member of it.

        POST /identity/resources/tenants/users/v1/{userId}/disable, with the environment's or a
        user's token
        """
        await self._caller.call(DISABLE_IN_TENANT, user_id, tenant_id=tenant_id)

    async def enable_in_tenant(self, user_id: str, *, tenant_id: str | None = None) -> None:
        """Let a disabled user into a tenant again.

        POST /identity/resources/tenants/users/v1/{userId}/enable, with the environment's or a
        user's token
        """
        await self._caller.call(ENABLE_IN_TENANT, user_id, tenant_id=tenant_id)

    async def add_roles(
        self, user_id: str, role_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> AssignedRoles:
        """Give a user roles in a tenant, and return them.

        POST /identity/resources/users/v1/{userId}/roles, with the environment's or a user's token
        """
        body = ChangeRolesRequest(role_ids=checked_ids("role_ids", role_ids, ADD_ROLES))
        return await self._caller.call(ADD_ROLES, user_id, body=body, tenant_id=tenant_id)

    async def remove_roles(
        self, user_id: str, role_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> AssignedRoles:
        """Take roles in a tenant from a user, and return Frontegg's record of them.

        DELETE /identity/resources/users/v1/{userId}/roles, with the environment's or a user's
        token
        """
        body = ChangeRolesRequest(role_ids=checked_ids("role_ids", role_ids, REMOVE_ROLES))
        return await self._caller.call(REMOVE_ROLES, user_id, body=body, tenant_id=tenant_id)

    async def set_sub_tenant_access(self, user_id: str, allow_access: bool) -> None:
        """Let a user into the tenants below, or keep the user out of them.

        PUT /identity/resources/sub-tenants/users/v1/{userId}/access, with the environment's or a
        user's token
        """
        body = SetSubTenantAccessRequest(allow_access=allow_access)
        await self._caller.call(SET_SUB_TENANT_ACCESS, user_id, body=body)

    async def set_superuser(self, user_id: str, super_user: bool) -> User:
        """Give or take access to every tenant of the environment, and return the user.

        Deprecated by Frontegg, which no longer maintains super-users: newer features do not
        know them. There is no replacement in one call; add the user to the tenants instead.

        PUT /identity/resources/users/v1/{userId}/superuser
        """
        if type(super_user) is not bool:
            raise InvalidRequestError(
                f"super_user must be True or False, got {super_user!r}",
                operation=SET_SUPERUSER.name,
            )
        body = SetSuperuserRequest(super_user=super_user)
        return await self._caller.call(SET_SUPERUSER, user_id, body=body)
