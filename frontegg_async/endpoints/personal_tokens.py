"""Personal tokens: credentials of a user's own programs."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.personal_tokens import (
    CreatePersonalAccessTokenRequest,
    CreatePersonalTokenRequest,
    PersonalAccessToken,
    PersonalAccessTokens,
    PersonalToken,
)
from ..operation import Operation, TenantHeader, TokenKind, UserHeader
from ._group import EndpointGroup

CREATE: Final = Operation(
    "personal_tokens.create",
    "POST",
    "/identity/resources/users/api-tokens/v1",
    PersonalToken,
    body=CreatePersonalTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
GET_ALL: Final = Operation(
    "personal_tokens.get_all",
    "GET",
    "/identity/resources/users/api-tokens/v1",
    tuple[PersonalToken, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
DELETE: Final = Operation(
    "personal_tokens.delete",
    "DELETE",
    "/identity/resources/users/api-tokens/v1/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
CREATE_ACCESS_TOKEN: Final = Operation(
    "personal_tokens.create_access_token",
    "POST",
    "/identity/resources/users/access-tokens/v1",
    PersonalAccessToken,
    body=CreatePersonalAccessTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
GET_ACCESS_TOKENS: Final = Operation(
    "personal_tokens.get_access_tokens",
    "GET",
    "/identity/resources/users/access-tokens/v1",
    PersonalAccessTokens,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
DELETE_ACCESS_TOKEN: Final = Operation(
    "personal_tokens.delete_access_token",
    "DELETE",
    "/identity/resources/users/access-tokens/v1/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)


class PersonalTokens(EndpointGroup):
    """The tokens of a user: client credentials, and access tokens that are used as they are.

    They belong to one user in one tenant. A user's own token says which; with the environment
    token ``user_id`` and ``tenant_id`` do.
    """

    async def create(
        self,
        *,
        description: str | UnsetType = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> PersonalToken:
        """Create client credentials, and return them with their secret.

        The secret is not shown again. ``authentication.login_with_api_token`` exchanges both
        for an access token.

        Args:
            description: for people.
            metadata: goes into every access token that they are exchanged for.
            expires_in_minutes: minutes, from 1 to 5,256,000 (ten years); without it they do not
                expire.
            user_id: the user whose credentials they are.
            tenant_id: the tenant that they are for.

        POST /identity/resources/users/api-tokens/v1, with the environment's or a user's token
        """
        body = CreatePersonalTokenRequest(
            description=description, metadata=metadata, expires_in_minutes=expires_in_minutes
        )
        return await self._caller.call(CREATE, body=body, tenant_id=tenant_id, user_id=user_id)

    async def get_all(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> tuple[PersonalToken, ...]:
        """Return all client credentials of a user, without their secrets.

        GET /identity/resources/users/api-tokens/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, tenant_id=tenant_id, user_id=user_id)

    async def delete(
        self, client_id: str, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Delete client credentials: they can no longer be exchanged for access tokens.

        DELETE /identity/resources/users/api-tokens/v1/{id}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE, client_id, tenant_id=tenant_id, user_id=user_id)

    async def create_access_token(
        self,
        *,
        description: str | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> PersonalAccessToken:
        """Create an access token, and return it. Its secret, the token itself, is not shown again.

        Args:
            description: for people.
            expires_in_minutes: minutes, from 1; without it the token does not expire.
            user_id: the user whose token it is.
            tenant_id: the tenant that it is for.

        POST /identity/resources/users/access-tokens/v1, with the environment's or a user's token
        """
        body = CreatePersonalAccessTokenRequest(
            description=description, expires_in_minutes=expires_in_minutes
        )
        return await self._caller.call(
            CREATE_ACCESS_TOKEN, body=body, tenant_id=tenant_id, user_id=user_id
        )

    async def get_access_tokens(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> PersonalAccessTokens:
        """Return all access tokens of a user, without their secrets.

        GET /identity/resources/users/access-tokens/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ACCESS_TOKENS, tenant_id=tenant_id, user_id=user_id)

    async def delete_access_token(
        self, token_id: str, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Delete an access token.

        DELETE /identity/resources/users/access-tokens/v1/{id}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE_ACCESS_TOKEN, token_id, tenant_id=tenant_id, user_id=user_id)
