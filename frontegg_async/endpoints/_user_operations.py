"""The operations on users, as ``endpoints/users.py`` calls them."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..models.paging import Page
from ..models.user_emails import EmailRequest
from ..models.users import (
    AddToTenantRequest,
    AssignedRoles,
    ChangeRolesRequest,
    CreatedUser,
    MoveUsersRequest,
    NewTenantUser,
    NewUser,
    SetActiveTenantRequest,
    SetInvisibleRequest,
    SetSubTenantAccessRequest,
    SetSuperuserRequest,
    UpdateUserRequest,
    User,
    UserGroups,
    UserLink,
    UserRoles,
    UserTenantStatuses,
)
from ..operation import Echo, Operation, ReadBack, RetrySafety, TenantHeader, TokenKind

GET: Final = Operation(
    "users.get",
    "GET",
    "/identity/resources/vendor-only/users/v1/{userId}",
    User,
    echo=Echo("id"),
)
GET_IN_TENANT: Final = Operation(
    "users.get_in_tenant",
    "GET",
    "/identity/resources/users/v1/{id}",
    User,
    tenant=TenantHeader.REQUIRED,
    echo=Echo("id"),
)
GET_BY_EMAIL: Final = Operation(
    "users.get_by_email",
    "GET",
    "/identity/resources/users/v1/email",
    User,
    echo=Echo("email", query="email"),
)
ITERATE: Final = Operation(
    "users.iterate",
    "GET",
    "/identity/resources/users/v3",
    Page[User],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
SEARCH: Final = Operation(
    "users.search",
    "GET",
    "/identity/resources/users/v1/query/phrase",
    Page[User],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_ROLES: Final = Operation(
    "users.get_roles",
    "GET",
    "/identity/resources/users/v3/roles",
    # The specification shows an object without fields; an array comes (seen).
    tuple[UserRoles, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    one_or_many=True,
)
GET_GROUPS: Final = Operation(
    "users.get_groups",
    "GET",
    "/identity/resources/users/v3/groups",
    # As above: clients read an array (client).
    tuple[UserGroups, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    one_or_many=True,
)
TENANT_STATUSES: Final = Operation(
    "users.tenant_statuses",
    "GET",
    "/identity/resources/tenants/users/v1/statuses",
    # The specification shows one object, an array is likely (guess): both are read.
    tuple[UserTenantStatuses, ...],
    one_or_many=True,
)
INVITE: Final = Operation(
    "users.invite",
    "POST",
    "/identity/resources/users/v2",
    CreatedUser,
    body=NewUser,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
INVITE_V1: Final = Operation(
    "users.invite_v1",
    "POST",
    "/identity/resources/users/v1",
    CreatedUser,
    body=NewUser,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    deprecated="Frontegg calls it no longer relevant: use users.invite.",
)
CREATE: Final = Operation(
    "users.create",
    "POST",
    "/identity/resources/vendor-only/users/v1",
    User,
    body=NewTenantUser,
)
UPDATE: Final = Operation(
    "users.update",
    "PUT",
    "/identity/resources/users/v1/{userId}",
    User,
    body=UpdateUserRequest,
    echo=Echo("id"),
)
UPDATE_EMAIL: Final = Operation(
    "users.update_email",
    "PUT",
    "/identity/resources/users/v1/{userId}/email",
    User,
    body=EmailRequest,
    echo=Echo("id"),
)
ADD_TO_TENANT: Final = Operation(
    "users.add_to_tenant",
    "POST",
    "/identity/resources/users/v1/{userId}/tenant",
    User,
    body=AddToTenantRequest,
    repeat=RetrySafety.CONVERGING,
    read_back=ReadBack(
        GET,
        holds=lambda user, body: user.is_member_of(body.tenant_id),
        # Without the invite a second request changes nothing that anybody could notice.
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
SET_SUPERUSER: Final = Operation(
    "users.set_superuser",
    "PUT",
    "/identity/resources/users/v1/{userId}/superuser",
    User,
    body=SetSuperuserRequest,
    deprecated="Frontegg no longer maintains super-users: newer features do not know them.",
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
DELETE_EVERYWHERE: Final = Operation(
    "users.delete_everywhere",
    "DELETE",
    "/identity/resources/users/v1/{userId}",
    NoneType,
    tenant=TenantHeader.REFUSED,
)
LOCK: Final = Operation(
    "users.lock",
    "POST",
    "/identity/resources/users/v1/{userId}/lock",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
)
UNLOCK: Final = Operation(
    "users.unlock",
    "POST",
    "/identity/resources/users/v1/{userId}/unlock",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
)
VERIFY: Final = Operation(
    "users.verify",
    "POST",
    "/identity/resources/users/v1/{userId}/verify",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
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
SET_INVISIBLE: Final = Operation(
    "users.set_invisible",
    "PUT",
    "/identity/resources/users/v1/{userId}/invisible",
    User,
    body=SetInvisibleRequest,
    echo=Echo("id"),
)
SET_SUB_TENANT_ACCESS: Final = Operation(
    "users.set_sub_tenant_access",
    "PUT",
    "/identity/resources/sub-tenants/users/v1/{userId}/access",
    NoneType,
    body=SetSubTenantAccessRequest,
    token=TokenKind.EITHER,
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
UNENROLL_MFA: Final = Operation(
    "users.unenroll_mfa",
    "POST",
    "/identity/resources/vendor-only/users/v1/{userId}/mfa/unenroll",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
)
CREATE_ACTIVATION_LINK: Final = Operation(
    "users.create_activation_link",
    "POST",
    "/identity/resources/users/v1/{userId}/links/generate-activation-token",
    UserLink,
)
CREATE_PASSWORD_RESET_LINK: Final = Operation(
    "users.create_password_reset_link",
    "POST",
    "/identity/resources/users/v1/{userId}/links/generate-password-reset-token",
    UserLink,
)
MOVE_ALL_TO_TENANT: Final = Operation(
    "users.move_all_to_tenant",
    "PUT",
    "/identity/resources/users/v1/tenants/migrate",
    NoneType,
    body=MoveUsersRequest,
)
