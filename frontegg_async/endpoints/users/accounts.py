"""Accounts of users: created, changed, locked, deleted."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ...models.metadata import Metadata, encode_metadata
from ...models.user_emails import EmailRequest
from ...models.users import (
    CreatedUser,
    NewTenantUser,
    NewUser,
    SetInvisibleRequest,
    UpdateUserRequest,
    User,
    UserLink,
)
from ...operation import Echo, Operation, RetrySafety, TenantHeader, TokenKind
from .._application import APPLICATION, application
from .._group import EndpointGroup

__all__ = [
    "CREATE",
    "CREATE_ACTIVATION_LINK",
    "CREATE_PASSWORD_RESET_LINK",
    "DELETE_EVERYWHERE",
    "INVITE",
    "INVITE_V1",
    "LOCK",
    "SET_INVISIBLE",
    "UNENROLL_MFA",
    "UNLOCK",
    "UPDATE",
    "UPDATE_EMAIL",
    "VERIFY",
    "UserAccounts",
]

INVITE: Final = Operation(
    "users.invite",
    "POST",
    "/identity/resources/users/v2",
    CreatedUser,
    body=NewUser,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    headers=APPLICATION,
)
INVITE_V1: Final = Operation(
    "users.invite_v1",
    "POST",
    "/identity/resources/users/v1",
    CreatedUser,
    body=NewUser,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    headers=APPLICATION,
    deprecated="Frontegg calls it no longer relevant: use users.invite.",
)
CREATE: Final = Operation(
    "users.create",
    "POST",
    "/identity/resources/vendor-only/users/v1",
    User,
    body=NewTenantUser,
    headers=APPLICATION,
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
VERIFY: Final = Operation(
    "users.verify",
    "POST",
    "/identity/resources/users/v1/{userId}/verify",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
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
SET_INVISIBLE: Final = Operation(
    "users.set_invisible",
    "PUT",
    "/identity/resources/users/v1/{userId}/invisible",
    User,
    body=SetInvisibleRequest,
    echo=Echo("id"),
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
DELETE_EVERYWHERE: Final = Operation(
    "users.delete_everywhere",
    "DELETE",
    "/identity/resources/users/v1/{userId}",
    NoneType,
    tenant=TenantHeader.REFUSED,
)


class UserAccounts(EndpointGroup):
    """Changes of users themselves, in all of their tenants."""

    async def invite(
        self, user: NewUser, *, tenant_id: str | None = None, application_id: str | None = None
    ) -> CreatedUser:
        """Create a user in a tenant, and return the user.

        Frontegg sends an invite e-mail unless the user's ``skip_invite_email`` is True.

        Args:
            user: the new user.
            tenant_id: the tenant.
            application_id: the application that the invite is for, if there are several.

        Raises:
            PermissionDeniedError: there are several applications, and none is named.
            NotFoundError: there is no such application, or the tenant is not assigned to it.

        POST /identity/resources/users/v2, with the environment's or a user's token
        """
        headers = application(application_id)
        return await self._caller.call(INVITE, body=user, tenant_id=tenant_id, headers=headers)

    async def invite_v1(
        self, user: NewUser, *, tenant_id: str | None = None, application_id: str | None = None
    ) -> CreatedUser:
        """Create a user in a tenant, and return the user.

        Deprecated by Frontegg: use ``invite``, which takes the same.

        POST /identity/resources/users/v1, with the environment's or a user's token
        """
        headers = application(application_id)
        return await self._caller.call(INVITE_V1, body=user, tenant_id=tenant_id, headers=headers)

    async def create(self, user: NewTenantUser, *, application_id: str | None = None) -> User:
        """Create a user in the tenant that ``user`` names, and return the user.

        Frontegg means it for tests: such a user can be made to need no second factor.

        Args:
            user: the new user.
            application_id: the application that the user is for, if there are several.

        POST /identity/resources/vendor-only/users/v1
        """
        return await self._caller.call(CREATE, body=user, headers=application(application_id))

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
        """Change a user in every tenant, and return the user. Fields left out stay as they are.

        Args:
            user_id: the user.
            name: name for people.
            phone_number: with the country's code; it comes beside the numbers that are there.
            profile_picture_url: at most 4,095 characters; None takes it away.
            metadata: a JSON document, as a string or as an object that is encoded.
            vendor_metadata: the same, which the user does not get to see.
            mfa_bypass: True to sign in without a second factor.
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

    async def verify(self, user_id: str) -> None:
        """Mark a user as verified.

        POST /identity/resources/users/v1/{userId}/verify
        """
        await self._caller.call(VERIFY, user_id)

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

    async def set_invisible(self, user_id: str, invisible: bool) -> User:
        """Leave a user out of lists in the admin portal, or show the user again; return the user.

        PUT /identity/resources/users/v1/{userId}/invisible
        """
        body = SetInvisibleRequest(invisible=invisible)
        return await self._caller.call(SET_INVISIBLE, user_id, body=body)

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

    async def delete_everywhere(self, user_id: str) -> None:
        """Delete a user from every tenant and from the environment. It cannot be undone.

        Raises:
            InvalidRequestError: called on a ``for_tenant()`` view, where ``remove_from_tenant`` may
                be meant.

        DELETE /identity/resources/users/v1/{userId} without ``frontegg-tenant-id``
        """
        await self._caller.call(DELETE_EVERYWHERE, user_id)
