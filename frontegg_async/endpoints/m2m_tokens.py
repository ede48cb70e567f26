"""Access tokens, for programs that have to check one."""

from __future__ import annotations

from typing import Final

from ..models.m2m_tokens import AccessTokenRights
from ..operation import Operation, TenantHeader
from ._group import EndpointGroup

# The specification requires the tenant header everywhere here; Frontegg's own Python SDK sends
# none (client), and the id of a token is often all that there is.
GET_ACTIVE: Final = Operation(
    "m2m_tokens.get_active",
    "GET",
    "/identity/resources/vendor-only/users/access-tokens/v1/active",
    tuple[str, ...],
    tenant=TenantHeader.OPTIONAL,
)
# Not in the specification; Frontegg's own SDKs call it (client).
GET_ACTIVE_OF_TENANTS: Final = Operation(
    "m2m_tokens.get_active_of_tenants",
    "GET",
    "/identity/resources/vendor-only/tenants/access-tokens/v1/active",
    tuple[str, ...],
    tenant=TenantHeader.OPTIONAL,
)
GET_USER_ACCESS_TOKEN: Final = Operation(
    "m2m_tokens.get_user_access_token",
    "GET",
    "/identity/resources/vendor-only/users/access-tokens/v1/{id}",
    AccessTokenRights,
    tenant=TenantHeader.OPTIONAL,
)
GET_TENANT_ACCESS_TOKEN: Final = Operation(
    "m2m_tokens.get_tenant_access_token",
    "GET",
    "/identity/resources/vendor-only/tenants/access-tokens/v1/{id}",
    AccessTokenRights,
    tenant=TenantHeader.OPTIONAL,
)


class M2mTokens(EndpointGroup):
    """Access tokens that are good, and the rights that they give."""

    async def get_active(self, *, tenant_id: str | None = None) -> tuple[str, ...]:
        """Return the ids of the users' access tokens that are good.

        Args:
            tenant_id: only tokens of this tenant.

        GET /identity/resources/vendor-only/users/access-tokens/v1/active
        """
        return await self._caller.call(GET_ACTIVE, tenant_id=tenant_id)

    async def get_active_of_tenants(self, *, tenant_id: str | None = None) -> tuple[str, ...]:
        """Return the ids of the tenants' access tokens that are good.

        Args:
            tenant_id: only those of this tenant.

        GET /identity/resources/vendor-only/tenants/access-tokens/v1/active
        """
        return await self._caller.call(GET_ACTIVE_OF_TENANTS, tenant_id=tenant_id)

    async def get_user_access_token(
        self, token_id: str, *, tenant_id: str | None = None
    ) -> AccessTokenRights:
        """Return the owner and the rights of a user's access token.

        Raises:
            NotFoundError: no user has such a token; a tenant may.

        GET /identity/resources/vendor-only/users/access-tokens/v1/{id}
        """
        return await self._caller.call(GET_USER_ACCESS_TOKEN, token_id, tenant_id=tenant_id)

    async def get_tenant_access_token(
        self, token_id: str, *, tenant_id: str | None = None
    ) -> AccessTokenRights:
        """Return the tenant and the rights of a tenant's access token.

        Raises:
            NotFoundError: no tenant has such a token; a user may.

        GET /identity/resources/vendor-only/tenants/access-tokens/v1/{id}
        """
        return await self._caller.call(GET_TENANT_ACCESS_TOKEN, token_id, tenant_id=tenant_id)
