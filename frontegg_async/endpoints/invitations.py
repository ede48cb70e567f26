"""Invitations into tenants: making them, accepting them, and the environment's settings."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models import Number
from ..models.invitations import (
    AcceptInvitationRequest,
    AcceptInvitationWithCodeRequest,
    CreateInvitationRequest,
    CreateUserInvitationRequest,
    CreateUserInvitationV1Request,
    Invitation,
    InvitationConfiguration,
    InvitationStrategy,
    ResendInvitationRequest,
    UpdateInvitationStrategyRequest,
    UpdateUserInvitationRequest,
    VerifyInvitationRequest,
)
from ..operation import JSON, Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from ._checks import ids
from ._group import EndpointGroup

CREATE: Final = Operation(
    "invitations.create",
    "POST",
    "/identity/resources/tenants/invites/v1",
    Invitation,
    body=CreateInvitationRequest,
)
GET_ALL: Final = Operation(
    "invitations.get_all",
    "GET",
    "/identity/resources/tenants/invites/v1/all",
    tuple[Invitation, ...],
)
DELETE: Final = Operation(
    "invitations.delete",
    "DELETE",
    "/identity/resources/tenants/invites/v1/token/{id}",
    NoneType,
)
VERIFY: Final = Operation(
    "invitations.verify",
    "POST",
    "/identity/resources/tenants/invites/v1/verify",
    Invitation,
    body=VerifyInvitationRequest,
    token=TokenKind.ANY,
    repeat=RetrySafety.SAFE,
)
GET_FOR_USER: Final = Operation(
    "invitations.get_for_user",
    "GET",
    "/identity/resources/tenants/invites/v1/user",
    Invitation,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
CREATE_FOR_USER: Final = Operation(
    "invitations.create_for_user",
    "POST",
    "/identity/resources/tenants/invites/v2/user",
    Invitation,
    body=CreateUserInvitationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
CREATE_FOR_USER_V1: Final = Operation(
    "invitations.create_for_user_v1",
    "POST",
    "/identity/resources/tenants/invites/v1/user",
    Invitation,
    body=CreateUserInvitationV1Request,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
UPDATE_FOR_USER: Final = Operation(
    "invitations.update_for_user",
    "PATCH",
    "/identity/resources/tenants/invites/v1/user",
    Invitation,
    body=UpdateUserInvitationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
DELETE_FOR_USER: Final = Operation(
    "invitations.delete_for_user",
    "DELETE",
    "/identity/resources/tenants/invites/v1/user",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
ACCEPT: Final = Operation(
    "invitations.accept",
    "POST",
    "/identity/resources/users/v1/invitation/accept",
    NoneType,
    body=AcceptInvitationRequest,
    token=TokenKind.ANY,
)
ACCEPT_WITH_CODE: Final = Operation(
    "invitations.accept_with_code",
    "POST",
    "/identity/resources/users/v1/invitation/accept/code",
    NoneType,
    body=AcceptInvitationWithCodeRequest,
    token=TokenKind.ANY,
)
RESEND: Final = Operation(
    "invitations.resend",
    "POST",
    "/identity/resources/users/v1/invitation/reset",
    JSON,
    body=ResendInvitationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
RESEND_ALL: Final = Operation(
    "invitations.resend_all",
    "POST",
    "/identity/resources/users/v1/invitation/reset/all",
    JSON,
    body=ResendInvitationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
GET_CONFIGURATION: Final = Operation(
    "invitations.get_configuration",
    "GET",
    "/identity/resources/tenants/invites/v1/configuration",
    InvitationConfiguration,
    token=TokenKind.EITHER,
)
GET_STRATEGY: Final = Operation(
    "invitations.get_strategy",
    "GET",
    "/identity/resources/configurations/v1/invitation/strategies",
    InvitationStrategy,
)
UPDATE_STRATEGY: Final = Operation(
    "invitations.update_strategy",
    "POST",
    "/identity/resources/configurations/v1/invitation/strategies",
    NoneType,
    body=UpdateInvitationStrategyRequest,
    repeat=RetrySafety.IDEMPOTENT,
)


class Invitations(EndpointGroup):
    """Invitations into tenants: for one user, or for any user with the token."""

    async def create(
        self,
        tenant_id: str,
        *,
        user_id: str | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        should_send_email: bool | UnsetType = UNSET,
    ) -> Invitation:
        """Create an invitation into a tenant, and return it with its token.

        Args:
            tenant_id: the tenant.
            user_id: user to invite; without it, any user with the token.
            role_ids: roles that the invited users get.
            expires_in_minutes: minutes that the invitation lives.
            should_send_email: True to have Frontegg send it, if it is for one user.

        POST /identity/resources/tenants/invites/v1
        """
        body = CreateInvitationRequest(
            tenant_id=tenant_id,
            user_id=user_id,
            role_ids=ids("role_ids", role_ids, CREATE),
            expires_in_minutes=expires_in_minutes,
            should_send_email=should_send_email,
        )
        return await self._caller.call(CREATE, body=body)

    async def get_all(self) -> tuple[Invitation, ...]:
        """Return the invitations into all tenants, with their tokens.

        GET /identity/resources/tenants/invites/v1/all
        """
        return await self._caller.call(GET_ALL)

    async def delete(self, invitation_id: str) -> None:
        """Delete an invitation: its token is no longer valid.

        DELETE /identity/resources/tenants/invites/v1/token/{id}
        """
        await self._caller.call(DELETE, invitation_id)

    @concealing
    async def verify(self, token: str) -> Invitation:
        """Return the invitation of a token, if the token is good.

        POST /identity/resources/tenants/invites/v1/verify, with any token or none
        """
        return await self._caller.call(VERIFY, body=VerifyInvitationRequest(token=token))

    async def get_for_user(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> Invitation:
        """Return a user's invitation into a tenant.

        GET /identity/resources/tenants/invites/v1/user, with the environment's or a user's token
        """
        return await self._caller.call(GET_FOR_USER, tenant_id=tenant_id, user_id=user_id)

    async def create_for_user(
        self,
        *,
        expires_in_minutes: Number,
        should_send_email: bool,
        role_ids: Sequence[str],
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> Invitation:
        """Invite a user into a tenant, and return the invitation.

        Args:
            expires_in_minutes: minutes that the invitation lives.
            should_send_email: True to have Frontegg send it.
            role_ids: the roles that the user gets.
            user_id: user to invite.
            tenant_id: the tenant.

        POST /identity/resources/tenants/invites/v2/user, with the environment's or a user's token
        """
        body = CreateUserInvitationRequest(
            expires_in_minutes=expires_in_minutes,
            should_send_email=should_send_email,
            role_ids=ids("role_ids", role_ids, CREATE_FOR_USER),
        )
        return await self._caller.call(
            CREATE_FOR_USER, body=body, tenant_id=tenant_id, user_id=user_id
        )

    async def create_for_user_v1(
        self,
        *,
        expires_in_minutes: Number,
        should_send_email: bool,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> Invitation:
        """Invite a user into a tenant, and return the invitation.

        The older form of ``create_for_user``, which gives roles as well.

        Args:
            expires_in_minutes: minutes that the invitation lives.
            should_send_email: True to have Frontegg send it.
            user_id: user to invite.
            tenant_id: the tenant.

        POST /identity/resources/tenants/invites/v1/user, with the environment's or a user's token
        """
        body = CreateUserInvitationV1Request(
            expires_in_minutes=expires_in_minutes, should_send_email=should_send_email
        )
        return await self._caller.call(
            CREATE_FOR_USER_V1, body=body, tenant_id=tenant_id, user_id=user_id
        )

    async def update_for_user(
        self,
        *,
        expires_in_minutes: Number | UnsetType = UNSET,
        should_send_email: bool | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> Invitation:
        """Change a user's invitation into a tenant, and return it.

        Args:
            expires_in_minutes: minutes that it lives from now on.
            should_send_email: True to have Frontegg send it.
            user_id: user to invite.
            tenant_id: the tenant.

        PATCH /identity/resources/tenants/invites/v1/user, with the environment's or a user's token
        """
        body = UpdateUserInvitationRequest(
            expires_in_minutes=expires_in_minutes, should_send_email=should_send_email
        )
        return await self._caller.call(
            UPDATE_FOR_USER, body=body, tenant_id=tenant_id, user_id=user_id
        )

    async def delete_for_user(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Delete a user's invitation into a tenant.

        DELETE /identity/resources/tenants/invites/v1/user, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE_FOR_USER, tenant_id=tenant_id, user_id=user_id)

    @concealing
    async def accept(self, user_id: str, token: str) -> None:
        """Make an invited user a member of the tenant.

        Both values stand in the link that the e-mail holds.

        POST /identity/resources/users/v1/invitation/accept, with any token or none
        """
        body = AcceptInvitationRequest(user_id=user_id, token=token)
        await self._caller.call(ACCEPT, body=body)

    @concealing
    async def accept_with_code(self, *, user_id: str, token: str, code: str) -> None:
        """Make an invited user a member of the tenant, where invitations are sent as a code.

        Args:
            user_id: user to invite.
            token: of the invitation.
            code: code that the user was sent.

        POST /identity/resources/users/v1/invitation/accept/code, with any token or none
        """
        body = AcceptInvitationWithCodeRequest(user_id=user_id, token=token, code=code)
        await self._caller.call(ACCEPT_WITH_CODE, body=body)

    async def resend(self, email: str, *, tenant_id: str | None = None) -> Any:
        """Invite a user into a tenant again, with a new token.

        Frontegg says that the new link and token come back, but not in which form: the JSON is
        returned as it comes, None for an empty body.

        POST /identity/resources/users/v1/invitation/reset, with the environment's or a user's
        token
        """
        body = ResendInvitationRequest(email=email)
        return await self._caller.call(RESEND, body=body, tenant_id=tenant_id)

    async def resend_all(self, email: str, *, tenant_id: str | None = None) -> Any:
        """Invite a user again into every sub-tenant where an invitation is open.

        Frontegg says that new links and tokens come back, but not in which form: the JSON is
        returned as it comes, None for an empty body.

        Args:
            email: e-mail address of the user.
            tenant_id: the tenant above them.

        POST /identity/resources/users/v1/invitation/reset/all, with the environment's or a user's
        token
        """
        body = ResendInvitationRequest(email=email)
        return await self._caller.call(RESEND_ALL, body=body, tenant_id=tenant_id)

    async def get_configuration(self) -> InvitationConfiguration:
        """Return whether tenants may invite, and whether Frontegg sends the e-mails.

        GET /identity/resources/tenants/invites/v1/configuration, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def get_strategy(self) -> InvitationStrategy:
        """Return whether users accept by code or by link.

        GET /identity/resources/configurations/v1/invitation/strategies
        """
        return await self._caller.call(GET_STRATEGY)

    async def update_strategy(self, *, code_expiration: Number | UnsetType = UNSET) -> None:
        """Set how long codes live; Frontegg does not say in which unit.

        POST /identity/resources/configurations/v1/invitation/strategies
        """
        body = UpdateInvitationStrategyRequest(code_expiration=code_expiration)
        await self._caller.call(UPDATE_STRATEGY, body=body)
