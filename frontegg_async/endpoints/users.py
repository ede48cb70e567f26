"""Users: the central operations, and what bulk work needs around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from ..errors import InvalidRequestError
from ..models.metadata import Metadata, encode_metadata
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
    TenantStatusName,
    UpdateUserRequest,
    User,
    UserLink,
    UserOrder,
    UserTenantStatuses,
)
from ._checks import ids as checked_ids
from ._checks import one_id
from ._user_lookups import UserLookups
from ._user_operations import (
    ADD_ROLES,
    ADD_TO_TENANT,
    CREATE,
    CREATE_ACTIVATION_LINK,
    CREATE_PASSWORD_RESET_LINK,
    DELETE_EVERYWHERE,
    DISABLE_IN_TENANT,
    ENABLE_IN_TENANT,
    GET,
    GET_BY_EMAIL,
    GET_GROUPS,
    GET_IN_TENANT,
    GET_ROLES,
    INVITE,
    INVITE_V1,
    ITERATE,
    LOCK,
    MOVE_ALL_TO_TENANT,
    REMOVE_FROM_TENANT,
    REMOVE_ROLES,
    SEARCH,
    SET_ACTIVE_TENANT,
    SET_INVISIBLE,
    SET_SUB_TENANT_ACCESS,
    SET_SUPERUSER,
    TENANT_STATUSES,
    UNENROLL_MFA,
    UNLOCK,
    UPDATE,
    UPDATE_EMAIL,
    VERIFY,
)

__all__ = [
    "ADD_ROLES",
    "ADD_TO_TENANT",
    "CREATE",
    "CREATE_ACTIVATION_LINK",
    "CREATE_PASSWORD_RESET_LINK",
    "DELETE_EVERYWHERE",
    "DISABLE_IN_TENANT",
    "ENABLE_IN_TENANT",
    "GET",
    "GET_BY_EMAIL",
    "GET_GROUPS",
    "GET_IN_TENANT",
    "GET_ROLES",
    "INVITE",
    "INVITE_V1",
    "ITERATE",
    "LOCK",
    "MAX_STATUS_USERS",
    "MOVE_ALL_TO_TENANT",
    "REMOVE_FROM_TENANT",
    "REMOVE_ROLES",
    "SEARCH",
    "SET_ACTIVE_TENANT",
    "SET_INVISIBLE",
    "SET_SUB_TENANT_ACCESS",
    "SET_SUPERUSER",
    "TENANT_STATUSES",
    "UNENROLL_MFA",
    "UNLOCK",
    "UPDATE",
    "UPDATE_EMAIL",
    "VERIFY",
    "UserOrder",
    "Users",
]

MAX_STATUS_USERS: Final = 200


class Users(UserLookups):
    """The users of an environment.

    Every method may raise what ``frontegg_async.errors`` draws; its docstring names only what
    is particular to it.
    """

    __slots__ = ()

    async def get(self, user_id: str) -> User:
        """Return a user with all memberships, whichever the tenant.

        Raises:
            NotFoundError: there is no such user.

        GET /identity/resources/vendor-only/users/v1/{userId}
        """
        return await self._caller.call(GET, user_id)

    async def get_in_tenant(self, user_id: str, *, tenant_id: str | None = None) -> User:
        """Return a user as a member of one tenant.

        Raises:
            NotFoundError: there is no such user in the tenant.

        GET /identity/resources/users/v1/{id}
        """
        return await self._caller.call(GET_IN_TENANT, user_id, tenant_id=tenant_id)

    async def get_by_email(self, email: str) -> User:
        """Return the user who has this e-mail address.

        Raises:
            NotFoundError: nobody has it.

        GET /identity/resources/users/v1/email
        """
        if not email:
            raise InvalidRequestError("email is empty", operation=GET_BY_EMAIL.name)
        return await self._caller.call(GET_BY_EMAIL, query={"email": email})

    async def tenant_statuses(
        self, user_ids: Sequence[str], *, statuses: Sequence[TenantStatusName] | None = None
    ) -> tuple[UserTenantStatuses, ...]:
        """Return in which tenants these users are, and how far they have come there.

        Args:
            user_ids: from 1 to 200; above 100 the URL may be too long for a server on the way.
            statuses: only memberships in one of these states.

        GET /identity/resources/tenants/users/v1/statuses
        """
        if isinstance(user_ids, str) or not 1 <= len(user_ids) <= MAX_STATUS_USERS:
            raise InvalidRequestError(
                f"user_ids must be a list of 1 to {MAX_STATUS_USERS} ids",
                operation=TENANT_STATUSES.name,
            )
        query = {"userIds": user_ids, "userTenantStatuses": statuses}
        return await self._caller.call(TENANT_STATUSES, query=query)

    async def invite(self, user: NewUser, *, tenant_id: str | None = None) -> CreatedUser:
        """Create a user in a tenant, and return the user.

        Frontegg sends an invite e-mail unless the user's ``skip_invite_email`` is True.

        POST /identity/resources/users/v2, with the environment's or a user's token
        """
        return await self._caller.call(INVITE, body=user, tenant_id=tenant_id)

    async def invite_v1(self, user: NewUser, *, tenant_id: str | None = None) -> CreatedUser:
        """Create a user in a tenant, and return the user.

        Deprecated by Frontegg: use ``invite``, which takes the same.

        POST /identity/resources/users/v1, with the environment's or a user's token
        """
        return await self._caller.call(INVITE_V1, body=user, tenant_id=tenant_id)

    async def create(self, user: NewTenantUser) -> User:
        """Create a user in the tenant that ``user`` names, and return the user.

        Frontegg means it for tests: such a user can be made to need no second factor.

        POST /identity/resources/vendor-only/users/v1
        """
        return await self._caller.call(CREATE, body=user)

    async def update(
        self,
        user_id: str,
        *,
        name: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        profile_picture_url: str | UnsetType | None = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        vendor_metadata: Metadata | UnsetType = UNSET,
        mfa_bypass: bool | UnsetType = UNSET,
        external_id: str | UnsetType = UNSET,
    ) -> User:
        """Change a user in every tenant, and return the user. What is not given stays as it is.

        Args:
            user_id: the user.
            name: name for people.
            phone_number: with the country's code; it comes beside the numbers that are there.
            profile_picture_url: at most 4,095 characters; None takes it away.
            metadata: a JSON document, as text or as an object that is encoded.
            vendor_metadata: the same, which the user does not get to see.
            mfa_bypass: whether the user signs in without a second factor.
            external_id: id of the user in another system.

        PUT /identity/resources/users/v1/{userId}
        """
        body = UpdateUserRequest(
            name=name,
            phone_number=phone_number,
            profile_picture_url=profile_picture_url,
            metadata=encode_metadata(metadata),
            vendor_metadata=encode_metadata(vendor_metadata),
            mfa_bypass=mfa_bypass,
            external_id=external_id,
        )
        return await self._caller.call(UPDATE, user_id, body=body)

    async def update_email(self, user_id: str, email: str) -> User:
        """Change a user's address in every tenant, and return the user.

        PUT /identity/resources/users/v1/{userId}/email
        """
        return await self._caller.call(UPDATE_EMAIL, user_id, body=EmailRequest(email=email))

    async def add_to_tenant(
        self,
        user_id: str,
        tenant_id: str,
        *,
        skip_invite_email: bool | UnsetType = UNSET,
        validate_tenant_exist: bool | UnsetType = UNSET,
    ) -> User:
        """Make a user a member of a tenant, and return the user.

        Frontegg sends an invite e-mail unless ``skip_invite_email`` is True. If no answer comes,
        or one that does not say whether it was done, the membership is read back; it is sent
        again only where that cannot send a second invite.

        Args:
            user_id: the user.
            tenant_id: the tenant; Frontegg creates it if there is none of this id.
            skip_invite_email: True to send no e-mail.
            validate_tenant_exist: True to refuse an unknown tenant instead of creating it.

        Raises:
            OutcomeUnknownError: no answer came, or one that does not say, and reading back did
                not settle it.

        POST /identity/resources/users/v1/{userId}/tenant
        """
        body = AddToTenantRequest(
            tenant_id=tenant_id,
            skip_invite_email=skip_invite_email,
            validate_tenant_exist=validate_tenant_exist,
        )
        return await self._caller.call(ADD_TO_TENANT, user_id, body=body)

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
            validate_tenant_exist: True to refuse an unknown tenant instead of creating it.

        PUT /identity/resources/users/v1/{userId}/tenant
        """
        body = SetActiveTenantRequest(
            tenant_id=tenant_id,
            validate_tenant_exist=validate_tenant_exist,
        )
        return await self._caller.call(SET_ACTIVE_TENANT, user_id, body=body)

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

    async def remove_from_tenant(self, user_id: str, tenant_id: str) -> None:
        """End a user's membership in one tenant. The user stays in all others.

        DELETE /identity/resources/users/v1/{userId} with ``frontegg-tenant-id``, with the
        environment's or a user's token
        """
        tenant_id = one_id("tenant_id", tenant_id, REMOVE_FROM_TENANT)
        await self._caller.call(REMOVE_FROM_TENANT, user_id, tenant_id=tenant_id)

    async def delete_everywhere(self, user_id: str) -> None:
        """Delete a user from every tenant and from the environment. It cannot be undone.

        Raises:
            InvalidRequestError: called on a ``for_tenant()`` view, where somebody may have
                meant ``remove_from_tenant``.

        DELETE /identity/resources/users/v1/{userId} without ``frontegg-tenant-id``
        """
        await self._caller.call(DELETE_EVERYWHERE, user_id)

    async def lock(self, user_id: str) -> None:
        """Keep a user from signing in, in every tenant.

        POST /identity/resources/users/v1/{userId}/lock
        """
        await self._caller.call(LOCK, user_id)

    async def unlock(self, user_id: str) -> None:
        """Let a locked user sign in again.

        POST /identity/resources/users/v1/{userId}/unlock
        """
        await self._caller.call(UNLOCK, user_id)

    async def verify(self, user_id: str) -> None:
        """Mark a user as verified.

        POST /identity/resources/users/v1/{userId}/verify
        """
        await self._caller.call(VERIFY, user_id)

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

    async def set_invisible(self, user_id: str, invisible: bool) -> User:
        """Leave a user out of lists in the admin portal, or show the user again; return the user.

        PUT /identity/resources/users/v1/{userId}/invisible
        """
        body = SetInvisibleRequest(invisible=invisible)
        return await self._caller.call(SET_INVISIBLE, user_id, body=body)

    async def set_sub_tenant_access(self, user_id: str, allow_access: bool) -> None:
        """Let a user into the tenants below, or keep the user out of them.

        PUT /identity/resources/sub-tenants/users/v1/{userId}/access, with the environment's or a
        user's token
        """
        body = SetSubTenantAccessRequest(allow_access=allow_access)
        await self._caller.call(SET_SUB_TENANT_ACCESS, user_id, body=body)

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
        """Take roles in a tenant from a user, and return what Frontegg says of them.

        DELETE /identity/resources/users/v1/{userId}/roles, with the environment's or a user's
        token
        """
        body = ChangeRolesRequest(role_ids=checked_ids("role_ids", role_ids, REMOVE_ROLES))
        return await self._caller.call(REMOVE_ROLES, user_id, body=body, tenant_id=tenant_id)

    async def unenroll_mfa(self, user_id: str) -> None:
        """Take a user's second factors away, in every tenant.

        POST /identity/resources/vendor-only/users/v1/{userId}/mfa/unenroll
        """
        await self._caller.call(UNENROLL_MFA, user_id)

    async def create_activation_link(self, user_id: str) -> UserLink:
        """Return a new link by which a user becomes active; no e-mail goes out.

        POST /identity/resources/users/v1/{userId}/links/generate-activation-token
        """
        return await self._caller.call(CREATE_ACTIVATION_LINK, user_id)

    async def create_password_reset_link(self, user_id: str) -> UserLink:
        """Return a new link by which a user chooses a new password; no e-mail goes out.

        POST /identity/resources/users/v1/{userId}/links/generate-password-reset-token
        """
        return await self._caller.call(CREATE_PASSWORD_RESET_LINK, user_id)

    async def move_all_to_tenant(self, src_tenant_id: str, target_tenant_id: str) -> None:
        """Move every user of one tenant to another.

        PUT /identity/resources/users/v1/tenants/migrate
        """
        body = MoveUsersRequest(src_tenant_id=src_tenant_id, target_tenant_id=target_tenant_id)
        await self._caller.call(MOVE_ALL_TO_TENANT, body=body)
