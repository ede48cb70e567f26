"""User emails: the addresses of users, and the policy for changing them."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.paging import Page
from ..models.user_emails import (
    CreateEmailForUserRequest,
    EmailRequest,
    UpdateUserEmailsPolicyRequest,
    UserEmail,
    UserEmailOrder,
    UserEmailsPolicy,
    VerifyEmailRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from ..paging import Paginator
from ._checks import joined
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "user_emails.iterate",
    "GET",
    "/identity/resources/users/emails/v1",
    Page[UserEmail],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE: Final = Operation(
    "user_emails.create",
    "POST",
    "/identity/resources/users/emails/v1",
    UserEmail,
    body=EmailRequest,
    # Nothing but the token says whose address it is.
    token=TokenKind.USER,
    tenant=TenantHeader.OPTIONAL,
)
VERIFY: Final = Operation(
    "user_emails.verify",
    "POST",
    "/identity/resources/users/emails/v1/verify",
    NoneType,
    body=VerifyEmailRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
DELETE: Final = Operation(
    "user_emails.delete",
    "DELETE",
    "/identity/resources/users/emails/v1/{emailId}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
CREATE_FOR_USER: Final = Operation(
    "user_emails.create_for_user",
    "POST",
    "/identity/resources/users/emails/v1/vendor/{userId}",
    UserEmail,
    body=CreateEmailForUserRequest,
)
DELETE_FOR_USER: Final = Operation(
    "user_emails.delete_for_user",
    "DELETE",
    "/identity/resources/users/emails/v1/vendor/{userId}/{emailId}",
    NoneType,
)
SET_PRIMARY_FOR_USER: Final = Operation(
    "user_emails.set_primary_for_user",
    "POST",
    "/identity/resources/users/emails/v1/vendor/{userId}/primary",
    NoneType,
    body=EmailRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
SET_PRIMARY: Final = Operation(
    "user_emails.set_primary",
    "POST",
    "/identity/resources/users/emails/v1/me/primary",
    NoneType,
    body=EmailRequest,
    token=TokenKind.USER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_MINE: Final = Operation(
    "user_emails.get_mine",
    "GET",
    "/identity/resources/users/emails/v1/me",
    tuple[UserEmail, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
GET_POLICY: Final = Operation(
    "user_emails.get_policy",
    "GET",
    "/identity/resources/configurations/v1/user-emails-policy",
    UserEmailsPolicy,
    token=TokenKind.EITHER,
)
UPDATE_POLICY: Final = Operation(
    "user_emails.update_policy",
    "POST",
    "/identity/resources/configurations/v1/user-emails-policy",
    NoneType,
    body=UpdateUserEmailsPolicyRequest,
    repeat=RetrySafety.IDEMPOTENT,
)


class UserEmails(EndpointGroup):
    """The addresses of users, of whom each has a primary one."""

    def iterate(
        self,
        *,
        email: str | UnsetType = UNSET,
        user_ids: Sequence[str] | UnsetType = UNSET,
        sort_by: UserEmailOrder | UnsetType = "email",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
        tenant_id: str | None = None,
    ) -> Paginator[UserEmail]:
        """Iterate over the addresses of users.

        Args:
            email: only this address.
            user_ids: only addresses of these users.
            sort_by: the sort key. Only a unique one gives pages that miss no address.
            order: sort direction.
            limit: addresses a page, from 1; Frontegg states no upper limit.
            tenant_id: tenant whose view it is.

        GET /identity/resources/users/emails/v1, with the environment's or a user's token
        """
        query = {
            "_email": email,
            "userIds": joined("user_ids", user_ids, ITERATE),
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(
            self._caller, ITERATE, query, limit=limit, max_limit=None, tenant_id=tenant_id
        )

    async def create(self, email: str, *, tenant_id: str | None = None) -> UserEmail:
        """Add an address to the user, and return it; ``verify`` takes the code to confirm it.

        POST /identity/resources/users/emails/v1, with a user's token
        """
        return await self._caller.call(CREATE, body=EmailRequest(email=email), tenant_id=tenant_id)

    @concealing
    async def verify(self, email: str, code: str, *, tenant_id: str | None = None) -> None:
        """Confirm an address with the code that was sent to it.

        POST /identity/resources/users/emails/v1/verify, with the environment's or a user's token
        """
        body = VerifyEmailRequest(email=email, code=code)
        await self._caller.call(VERIFY, body=body, tenant_id=tenant_id)

    async def delete(
        self, email_id: str, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Take an address from the user whose token it is, or from ``user_id``.

        DELETE /identity/resources/users/emails/v1/{emailId}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE, email_id, user_id=user_id, tenant_id=tenant_id)

    async def create_for_user(
        self, user_id: str, email: str, *, is_verified: bool | UnsetType = UNSET
    ) -> UserEmail:
        """Add an address to any user, and return it.

        Args:
            user_id: the user.
            email: the address.
            is_verified: True if it need not be confirmed.

        POST /identity/resources/users/emails/v1/vendor/{userId}
        """
        body = CreateEmailForUserRequest(email=email, is_verified=is_verified)
        return await self._caller.call(CREATE_FOR_USER, user_id, body=body)

    async def delete_for_user(self, user_id: str, email_id: str) -> None:
        """Take an address from any user.

        DELETE /identity/resources/users/emails/v1/vendor/{userId}/{emailId}
        """
        await self._caller.call(DELETE_FOR_USER, user_id, email_id)

    async def set_primary_for_user(self, user_id: str, email: str) -> None:
        """Make one of any user's addresses the primary one.

        POST /identity/resources/users/emails/v1/vendor/{userId}/primary
        """
        await self._caller.call(SET_PRIMARY_FOR_USER, user_id, body=EmailRequest(email=email))

    async def set_primary(self, email: str, *, tenant_id: str | None = None) -> None:
        """Make one of the user's own addresses the primary one.

        POST /identity/resources/users/emails/v1/me/primary, with a user's token
        """
        await self._caller.call(SET_PRIMARY, body=EmailRequest(email=email), tenant_id=tenant_id)

    async def get_mine(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> tuple[UserEmail, ...]:
        """Return the addresses of the user whose token it is, or of ``user_id``.

        GET /identity/resources/users/emails/v1/me, with the environment's or a user's token
        """
        return await self._caller.call(GET_MINE, user_id=user_id, tenant_id=tenant_id)

    async def get_policy(self) -> UserEmailsPolicy:
        """Return whether users may change their addresses.

        GET /identity/resources/configurations/v1/user-emails-policy, with the environment's or a
        user's token
        """
        return await self._caller.call(GET_POLICY)

    async def update_policy(self, *, allow_email_change: bool | UnsetType = UNSET) -> None:
        """Allow users to change their addresses, or forbid it.

        POST /identity/resources/configurations/v1/user-emails-policy
        """
        body = UpdateUserEmailsPolicyRequest(allow_email_change=allow_email_change)
        await self._caller.call(UPDATE_POLICY, body=body)
