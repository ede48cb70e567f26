"""API tokens: credentials of a tenant's programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.api_tokens import (
    AccessToken,
    AccessTokens,
    ApiToken,
    CreateAccessTokenRequest,
    CreateApiTokenRequest,
    UpdateApiTokenRequest,
)
from ..operation import Echo, Operation, RetrySafety, TenantHeader, TokenKind
from ._checks import ids
from ._group import EndpointGroup

CREATE: Final = Operation(
    "api_tokens.create",
    "POST",
    "/identity/resources/tenants/api-tokens/v2",
    ApiToken,
    body=CreateApiTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
CREATE_V1: Final = Operation(
    "api_tokens.create_v1",
    "POST",
    "/identity/resources/tenants/api-tokens/v1",
    ApiToken,
    body=CreateApiTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    deprecated="Frontegg has a newer version of it: use api_tokens.create.",
)
GET_ALL: Final = Operation(
    "api_tokens.get_all",
    "GET",
    "/identity/resources/tenants/api-tokens/v1",
    tuple[ApiToken, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
UPDATE: Final = Operation(
    "api_tokens.update",
    "PATCH",
    "/identity/resources/tenants/api-tokens/v1/{id}",
    ApiToken,
    body=UpdateApiTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("client_id"),
)
DELETE: Final = Operation(
    "api_tokens.delete",
    "DELETE",
    "/identity/resources/tenants/api-tokens/v1/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
CREATE_ACCESS_TOKEN: Final = Operation(
    "api_tokens.create_access_token",
    "POST",
    "/identity/resources/tenants/access-tokens/v1",
    AccessToken,
    body=CreateAccessTokenRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
GET_ACCESS_TOKENS: Final = Operation(
    "api_tokens.get_access_tokens",
    "GET",
    "/identity/resources/tenants/access-tokens/v1",
    AccessTokens,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
DELETE_ACCESS_TOKEN: Final = Operation(
    "api_tokens.delete_access_token",
    "DELETE",
    "/identity/resources/tenants/access-tokens/v1/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)


class ApiTokens(EndpointGroup):
    """The tokens of a tenant: client credentials, and access tokens that are used as they are."""

    async def create(
        self,
        *,
        description: str | UnsetType = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        permission_ids: Sequence[str] | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> ApiToken:
        """Create client credentials, and return them with their secret.

        The secret is not shown again. ``authentication.login_with_api_token`` exchanges both
        for an access token.

        Args:
            description: for people.
            metadata: goes into every access token that they are exchanged for.
            role_ids: their roles; give either this or ``permission_ids``.
            permission_ids: their permissions; ignored where there are ``role_ids``.
            expires_in_minutes: minutes, from 1; without it they do not expire.
            tenant_id: the tenant whose credentials they are.

        POST /identity/resources/tenants/api-tokens/v2, with the environment's or a user's token
        """
        body = CreateApiTokenRequest(
            description=description,
            metadata=metadata,
            role_ids=ids("role_ids", role_ids, CREATE),
            permission_ids=ids("permission_ids", permission_ids, CREATE),
            expires_in_minutes=expires_in_minutes,
        )
        return await self._caller.call(CREATE, body=body, tenant_id=tenant_id)

    async def create_v1(
        self,
        *,
        description: str | UnsetType = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        permission_ids: Sequence[str] | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> ApiToken:
        """Create client credentials, and return them with their secret.

        Deprecated by Frontegg: use ``create``, which takes the same.

        Args:
            description: for people.
            metadata: goes into every access token that they are exchanged for.
            role_ids: their roles; give either this or ``permission_ids``.
            permission_ids: their permissions; ignored where there are ``role_ids``.
            expires_in_minutes: minutes, from 1; without it they do not expire.
            tenant_id: the tenant whose credentials they are.

        POST /identity/resources/tenants/api-tokens/v1, with the environment's or a user's token
        """
        body = CreateApiTokenRequest(
            description=description,
            metadata=metadata,
            role_ids=ids("role_ids", role_ids, CREATE_V1),
            permission_ids=ids("permission_ids", permission_ids, CREATE_V1),
            expires_in_minutes=expires_in_minutes,
        )
        return await self._caller.call(CREATE_V1, body=body, tenant_id=tenant_id)

    async def get_all(self, *, tenant_id: str | None = None) -> tuple[ApiToken, ...]:
        """Return all client credentials of a tenant, without their secrets.

        GET /identity/resources/tenants/api-tokens/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, tenant_id=tenant_id)

    async def update(
        self,
        client_id: str,
        *,
        description: str | UnsetType = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        permission_ids: Sequence[str] | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> ApiToken:
        """Change client credentials, and return them. When they expire cannot be changed.

        Args:
            client_id: id of the credentials.
            description: for people.
            metadata: goes into every access token that they are exchanged for.
            role_ids: all roles that they have from now on.
            permission_ids: all permissions that they have from now on.
            tenant_id: the tenant whose credentials they are.

        PATCH /identity/resources/tenants/api-tokens/v1/{id}, with the environment's or a user's
        token
        """
        body = UpdateApiTokenRequest(
            description=description,
            metadata=metadata,
            role_ids=ids("role_ids", role_ids, UPDATE),
            permission_ids=ids("permission_ids", permission_ids, UPDATE),
        )
        return await self._caller.call(UPDATE, client_id, body=body, tenant_id=tenant_id)

    async def delete(self, client_id: str, *, tenant_id: str | None = None) -> None:
        """Delete client credentials: they can no longer be exchanged for access tokens.

        DELETE /identity/resources/tenants/api-tokens/v1/{id}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE, client_id, tenant_id=tenant_id)

    async def create_access_token(
        self,
        *,
        description: str | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        expires_in_minutes: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> AccessToken:
        """Create an access token, and return it. Its secret, the token itself, is not shown again.

        Args:
            description: for people.
            role_ids: its roles.
            expires_in_minutes: minutes, from 1; without it the token does not expire.
            tenant_id: the tenant whose token it is.

        POST /identity/resources/tenants/access-tokens/v1, with the environment's or a user's token
        """
        body = CreateAccessTokenRequest(
            description=description,
            role_ids=ids("role_ids", role_ids, CREATE_ACCESS_TOKEN),
            expires_in_minutes=expires_in_minutes,
        )
        return await self._caller.call(CREATE_ACCESS_TOKEN, body=body, tenant_id=tenant_id)

    async def get_access_tokens(self, *, tenant_id: str | None = None) -> AccessTokens:
        """Return all access tokens of a tenant, without their secrets.

        GET /identity/resources/tenants/access-tokens/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ACCESS_TOKENS, tenant_id=tenant_id)

    async def delete_access_token(self, token_id: str, *, tenant_id: str | None = None) -> None:
        """Delete an access token.

        DELETE /identity/resources/tenants/access-tokens/v1/{id}, with the environment's or a
        user's token
        """
        await self._caller.call(DELETE_ACCESS_TOKEN, token_id, tenant_id=tenant_id)
