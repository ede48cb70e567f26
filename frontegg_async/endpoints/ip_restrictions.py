"""IP restrictions: addresses from which users may come."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.domain_restrictions import RestrictionType
from ..models.ip_restrictions import (
    CreateIpRestrictionRequest,
    IpRestriction,
    IpRestrictionConfiguration,
    IpVerification,
    UpdateIpRestrictionConfigurationRequest,
)
from ..models.paging import Page
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind
from ..paging import Paginator
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "ip_restrictions.iterate",
    "GET",
    "/identity/resources/configurations/v1/restrictions/ip",
    Page[IpRestriction],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE: Final = Operation(
    "ip_restrictions.create",
    "POST",
    "/identity/resources/configurations/v1/restrictions/ip",
    NoneType,
    body=CreateIpRestrictionRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "ip_restrictions.delete",
    "DELETE",
    "/identity/resources/configurations/v1/restrictions/ip/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
VERIFY: Final = Operation(
    "ip_restrictions.verify",
    "POST",
    "/identity/resources/configurations/v1/restrictions/ip/verify",
    IpVerification,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.SAFE,
)
VERIFY_ALLOWED: Final = Operation(
    "ip_restrictions.verify_allowed",
    "POST",
    "/identity/resources/configurations/v1/restrictions/ip/verify/allow",
    IpVerification,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.SAFE,
)
GET_CONFIGURATION: Final = Operation(
    "ip_restrictions.get_configuration",
    "GET",
    "/identity/resources/configurations/v1/restrictions/ip/config",
    IpRestrictionConfiguration,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE_CONFIGURATION: Final = Operation(
    "ip_restrictions.update_configuration",
    "POST",
    "/identity/resources/configurations/v1/restrictions/ip/config",
    NoneType,
    body=UpdateIpRestrictionConfigurationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)


class IpRestrictions(EndpointGroup):
    """The addresses from which a tenant's users may come, or may not.

    ``tenant_id`` is the tenant whose restrictions they are. The environment's token needs it; a
    user's token says it already.
    """

    def iterate(
        self,
        *,
        text: str | UnsetType = UNSET,
        limit: int = 50,
        tenant_id: str | None = None,
    ) -> Paginator[IpRestriction]:
        """Iterate over the addresses of both lists.

        Args:
            text: search term.
            limit: restrictions a page, from 1.
            tenant_id: the tenant whose restrictions they are.

        GET /identity/resources/configurations/v1/restrictions/ip, with the environment's or a
        user's token
        """
        return Paginator(
            self._caller,
            ITERATE,
            {"_filter": text},
            limit=limit,
            max_limit=None,
            tenant_id=tenant_id,
        )

    async def create(
        self,
        ip: str,
        strategy: RestrictionType,
        *,
        description: str | UnsetType = UNSET,
        is_active: bool | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> None:
        """Put an address on a list, or change one that is there. Nothing comes back.

        Args:
            ip: an address, or a range in CIDR notation, of IPv4 or IPv6.
            strategy: the list.
            description: for people.
            is_active: True to apply it.
            tenant_id: the tenant whose restriction it is.

        POST /identity/resources/configurations/v1/restrictions/ip, with the environment's or a
        user's token
        """
        body = CreateIpRestrictionRequest(
            ip=ip, strategy=strategy, description=description, is_active=is_active
        )
        await self._caller.call(CREATE, body=body, tenant_id=tenant_id)

    async def delete(self, restriction_id: str, *, tenant_id: str | None = None) -> None:
        """Take an address off its list.

        DELETE /identity/resources/configurations/v1/restrictions/ip/{id}, with the environment's
        or a user's token
        """
        await self._caller.call(DELETE, restriction_id, tenant_id=tenant_id)

    async def verify(self, *, tenant_id: str | None = None) -> IpVerification:
        """Return whether the address that this call comes from is let in.

        POST /identity/resources/configurations/v1/restrictions/ip/verify, with the environment's
        or a user's token
        """
        return await self._caller.call(VERIFY, tenant_id=tenant_id)

    async def verify_allowed(self, *, tenant_id: str | None = None) -> IpVerification:
        """Return whether the address that this call comes from is on the list of allowed ones.

        Ask before the list is made to count: users from other addresses are locked out.

        POST /identity/resources/configurations/v1/restrictions/ip/verify/allow, with the
        environment's or a user's token
        """
        return await self._caller.call(VERIFY_ALLOWED, tenant_id=tenant_id)

    async def get_configuration(
        self, *, tenant_id: str | None = None
    ) -> IpRestrictionConfiguration:
        """Return the list that counts, if any.

        GET /identity/resources/configurations/v1/restrictions/ip/config, with the environment's
        or a user's token
        """
        return await self._caller.call(GET_CONFIGURATION, tenant_id=tenant_id)

    async def update_configuration(
        self,
        *,
        strategy: RestrictionType | UnsetType = UNSET,
        is_active: bool | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> None:
        """Choose the list that counts, if any.

        Args:
            strategy: the list that counts.
            is_active: True to check addresses.
            tenant_id: the tenant whose configuration it is.

        POST /identity/resources/configurations/v1/restrictions/ip/config, with the environment's
        or a user's token
        """
        body = UpdateIpRestrictionConfigurationRequest(strategy=strategy, is_active=is_active)
        await self._caller.call(UPDATE_CONFIGURATION, body=body, tenant_id=tenant_id)
