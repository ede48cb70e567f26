"""Me: data of the user whose token it is, read and changed."""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.me import (
    MyAuthorization,
    MyTenants,
    SetMyTenantRequest,
    UnlockMeRequest,
    UpdateProfileRequest,
)
from ..models.metadata import Metadata, encode_metadata
from ..models.tenants import Tenant
from ..models.user_emails import EmailRequest, VerifyEmailRequest
from ..models.users import User
from ..operation import JSON, Operation, TenantHeader, TokenKind, UserHeader
from ._group import EndpointGroup

GET: Final = Operation(
    "me.get",
    "GET",
    "/identity/resources/users/v3/me",
    User,
    token=TokenKind.USER,
)
GET_V2: Final = Operation(
    "me.get_v2",
    "GET",
    "/identity/resources/users/v2/me",
    User,
    token=TokenKind.USER,
)
UPDATE: Final = Operation(
    "me.update",
    "PUT",
    "/identity/resources/users/v2/me",
    User,
    body=UpdateProfileRequest,
    token=TokenKind.USER,
)
UPDATE_PROFILE: Final = Operation(
    "me.update_profile",
    "PUT",
    "/identity/resources/users/v1",
    User,
    body=UpdateProfileRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
GET_AUTHORIZATION: Final = Operation(
    "me.get_authorization",
    "GET",
    "/identity/resources/users/v1/me/authorization",
    MyAuthorization,
    token=TokenKind.USER,
)
GET_TENANTS: Final = Operation(
    "me.get_tenants",
    "GET",
    "/identity/resources/users/v2/me/tenants",
    tuple[Tenant, ...],
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
# Not in the specification; Frontegg's own REST client for browsers reads it (client).
GET_TENANTS_V3: Final = Operation(
    "me.get_tenants_v3",
    "GET",
    "/identity/resources/users/v3/me/tenants",
    MyTenants,
    token=TokenKind.USER,
)
GET_TENANTS_V1: Final = Operation(
    "me.get_tenants_v1",
    "GET",
    "/identity/resources/users/v1/me/tenants",
    MyTenants,
    token=TokenKind.USER,
)
GET_HIERARCHY: Final = Operation(
    "me.get_hierarchy",
    "GET",
    "/identity/resources/users/v2/me/hierarchy",
    JSON,
    token=TokenKind.USER,
)
SET_ACTIVE_TENANT: Final = Operation(
    "me.set_active_tenant",
    "PUT",
    "/identity/resources/users/v1/tenant",
    User,
    body=SetMyTenantRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
UPDATE_EMAIL: Final = Operation(
    "me.update_email",
    "POST",
    "/identity/resources/users/v1/email/me",
    NoneType,
    body=EmailRequest,
    token=TokenKind.USER,
    tenant=TenantHeader.OPTIONAL,
)
VERIFY_EMAIL: Final = Operation(
    "me.verify_email",
    "POST",
    "/identity/resources/users/v1/email/me/verify",
    NoneType,
    body=VerifyEmailRequest,
    token=TokenKind.USER,
    tenant=TenantHeader.OPTIONAL,
)
UNLOCK: Final = Operation(
    "me.unlock",
    "POST",
    "/identity/resources/users/v3/me/unlock",
    NoneType,
    body=UnlockMeRequest,
    # A user who is locked out has no other token than the one in the body.
    token=TokenKind.NONE,
)


class Me(EndpointGroup):
    """The user whose token it is: ``session.as_user(token).me``.

    Three methods take ``user_id`` as well, and act for that user with the environment's token.

    Frontegg wants calls with a user's token on a host of the environment's own, such as
    ``https://yours.frontegg.com``.
    """

    async def get(self) -> User:
        """Return the user.

        GET /identity/resources/users/v3/me, with a user's token
        """
        return await self._caller.call(GET)

    async def get_v2(self) -> User:
        """Return the user with roles and permissions, which ``get`` leaves out.

        GET /identity/resources/users/v2/me, with a user's token
        """
        return await self._caller.call(GET_V2)

    async def update(
        self,
        *,
        name: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        profile_picture_url: str | UnsetType | None = UNSET,
        metadata: Metadata | UnsetType = UNSET,
    ) -> User:
        """Change the user, and return the user. Fields left out stay as they are.

        Args:
            name: name for people.
            phone_number: with the country's code, as in ``+12025550123``.
            profile_picture_url: at most 4,095 characters; None takes it away.
            metadata: a JSON document, as a string or as an object that is encoded.

        PUT /identity/resources/users/v2/me, with a user's token
        """
        body = UpdateProfileRequest(
            name=name,
            phone_number=phone_number,
            profile_picture_url=profile_picture_url,
            metadata=encode_metadata(metadata),
        )
        return await self._caller.call(UPDATE, body=body)

    async def update_profile(
        self,
        *,
        name: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        profile_picture_url: str | UnsetType | None = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> User:
        """Change a user in one tenant, and return the user. Fields left out stay as they are.

        Args:
            name: name for people.
            phone_number: with the country's code, as in ``+12025550123``.
            profile_picture_url: at most 4,095 characters; None takes it away.
            metadata: a JSON document, as a string or as an object that is encoded.
            user_id: the user, with the environment's token.
            tenant_id: the tenant.

        PUT /identity/resources/users/v1, with the environment's or a user's token
        """
        body = UpdateProfileRequest(
            name=name,
            phone_number=phone_number,
            profile_picture_url=profile_picture_url,
            metadata=encode_metadata(metadata),
        )
        return await self._caller.call(
            UPDATE_PROFILE, body=body, user_id=user_id, tenant_id=tenant_id
        )

    async def get_authorization(self) -> MyAuthorization:
        """Return the roles and permissions of the user.

        GET /identity/resources/users/v1/me/authorization, with a user's token
        """
        return await self._caller.call(GET_AUTHORIZATION)

    async def get_tenants(self, *, user_id: str | None = None) -> tuple[Tenant, ...]:
        """Return the tenants that the user belongs to; only ids and names are sure to come.

        GET /identity/resources/users/v2/me/tenants, with the environment's or a user's token
        """
        return await self._caller.call(GET_TENANTS, user_id=user_id)

    async def get_tenants_v1(self) -> MyTenants:
        """Return the tenants that the user belongs to, and the one that is active.

        The older form of ``get_tenants``; ``get`` tells the active tenant as well.

        GET /identity/resources/users/v1/me/tenants, with a user's token
        """
        return await self._caller.call(GET_TENANTS_V1)

    async def get_tenants_v3(self) -> MyTenants:
        """Return the tenants that the user belongs to, and the one that is active.

        The newer form of ``get_tenants_v1``. Frontegg does not document it; its browser client
        uses it.

        GET /identity/resources/users/v3/me/tenants, with a user's token
        """
        return await self._caller.call(GET_TENANTS_V3)

    async def get_hierarchy(self) -> Any:
        """Return the tenants of the user and the tenants above them, as Frontegg gives them.

        Frontegg does not describe it, but says that it may leave tenants out that follow from
        others.

        GET /identity/resources/users/v2/me/hierarchy, with a user's token
        """
        return await self._caller.call(GET_HIERARCHY)

    async def set_active_tenant(
        self,
        tenant_id: str,
        *,
        user_id: str | None = None,
        current_tenant_id: str | None = None,
    ) -> User:
        """Choose the tenant that a user works in, and return the user.

        Args:
            tenant_id: the tenant to work in from now on.
            user_id: the user, with the environment's token.
            current_tenant_id: the tenant until now, with the environment's token.

        PUT /identity/resources/users/v1/tenant, with the environment's or a user's token
        """
        body = SetMyTenantRequest(tenant_id=tenant_id)
        return await self._caller.call(
            SET_ACTIVE_TENANT, body=body, user_id=user_id, tenant_id=current_tenant_id
        )

    async def update_email(self, email: str, *, tenant_id: str | None = None) -> None:
        """Begin to change the user's address; ``verify_email`` takes the code that is sent to it.

        POST /identity/resources/users/v1/email/me, with a user's token
        """
        body = EmailRequest(email=email)
        await self._caller.call(UPDATE_EMAIL, body=body, tenant_id=tenant_id)

    @concealing
    async def verify_email(self, email: str, code: str, *, tenant_id: str | None = None) -> None:
        """Change the user's address to the one that the code was sent to.

        POST /identity/resources/users/v1/email/me/verify, with a user's token
        """
        body = VerifyEmailRequest(email=email, code=code)
        await self._caller.call(VERIFY_EMAIL, body=body, tenant_id=tenant_id)

    @concealing
    async def unlock(self, token: str) -> None:
        """Unlock the user who was sent this token.

        POST /identity/resources/users/v3/me/unlock, without a token
        """
        await self._caller.call(UNLOCK, body=UnlockMeRequest(token=token))
