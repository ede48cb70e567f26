"""Tenants: the accounts that an environment's customers have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, Literal

from msgspec import UNSET, UnsetType

from ..errors import NotFoundError
from ..models.metadata import Metadata
from ..models.paging import Page
from ..models.tenants import (
    CreateTenantRequest,
    SetTenantMetadataRequest,
    Tenant,
    TenantMetadata,
    TenantOrder,
    UpdateTenantRequest,
)
from ..operation import Echo, Operation, RetrySafety, TokenKind
from ..paging import Paginator
from ._group import EndpointGroup

MAX_PAGE: Final = 200

ITERATE: Final = Operation("tenants.iterate", "GET", "/tenants/resources/tenants/v2", Page[Tenant])
GET_ALL: Final = Operation(
    "tenants.get_all",
    "GET",
    "/tenants/resources/tenants/v1",
    # Not in the specification; seen: it answers with an array.
    tuple[Tenant, ...],
)
GET: Final = Operation(
    "tenants.get",
    "GET",
    "/tenants/resources/tenants/v2/{tenantId}",
    # One object (seen); the specification tells of an empty array if there is none.
    tuple[Tenant, ...],
    one_or_many=True,
)
GET_V1: Final = Operation(
    "tenants.get_v1",
    "GET",
    "/tenants/resources/tenants/v1/{tenantId}",
    # An array of one or none (seen).
    tuple[Tenant, ...],
    one_or_many=True,
    deprecated="Frontegg no longer maintains it: use tenants.get.",
)
GET_BY_ALIAS: Final = Operation(
    "tenants.get_by_alias", "GET", "/tenants/resources/tenants/v2/alias/{alias}", Tenant
)
CREATE: Final = Operation(
    "tenants.create",
    "POST",
    "/tenants/resources/tenants/v1",
    Tenant,
    body=CreateTenantRequest,
)
UPDATE: Final = Operation(
    "tenants.update",
    "PUT",
    "/tenants/resources/tenants/v2/{tenantId}",
    Tenant,
    body=UpdateTenantRequest,
    echo=Echo("tenant_id"),
)
UPDATE_V1: Final = Operation(
    "tenants.update_v1",
    "PUT",
    "/tenants/resources/tenants/v1/{tenantId}",
    Tenant,
    body=UpdateTenantRequest,
    deprecated="Frontegg no longer maintains it: use tenants.update.",
    echo=Echo("tenant_id"),
)
DELETE: Final = Operation(
    "tenants.delete", "DELETE", "/tenants/resources/tenants/v1/{tenantId}", NoneType
)
DELETE_CURRENT: Final = Operation(
    "tenants.delete_current",
    "DELETE",
    "/tenants/resources/tenants/v1",
    NoneType,
    token=TokenKind.USER,
)
SET_METADATA: Final = Operation(
    "tenants.set_metadata",
    "POST",
    "/tenants/resources/tenants/v1/{tenantId}/metadata",
    Tenant,
    body=SetTenantMetadataRequest,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("tenant_id"),
)
DELETE_METADATA: Final = Operation(
    "tenants.delete_metadata",
    "DELETE",
    "/tenants/resources/tenants/v1/{tenantId}/metadata/{key}",
    Tenant,
    echo=Echo("tenant_id"),
)


class Tenants(EndpointGroup):
    """The tenants of an environment."""

    def iterate(
        self,
        *,
        text: str | UnsetType = UNSET,
        tenant_ids: Sequence[str] | UnsetType = UNSET,
        sort_by: TenantOrder | UnsetType = "tenantId",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = MAX_PAGE,
    ) -> Paginator[Tenant]:
        """Iterate over tenants.

        Args:
            text: search term, found in names and ids.
            tenant_ids: only these tenants; URLs of several hundred ids are refused by servers.
            sort_by: the sort key. Only a unique one gives pages that miss no tenant.
            order: sort direction.
            limit: tenants a page, from 1 to 200.

        GET /tenants/resources/tenants/v2
        """
        query = {
            "_filter": text,
            "_tenantIds": tenant_ids,
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=MAX_PAGE)

    async def get_all(
        self,
        *,
        text: str | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        offset: int | UnsetType = UNSET,
    ) -> tuple[Tenant, ...]:
        """Return all tenants in one answer; ``iterate`` gives them in pages.

        Args:
            text: search term, found in names and ids.
            limit: return no more tenants than these.
            offset: index of the page of ``limit`` tenants to return, from 0.

        GET /tenants/resources/tenants/v1
        """
        query = {"_filter": text, "_limit": limit, "_offset": offset}
        return await self._caller.call(GET_ALL, query=query)

    async def get(self, tenant_id: str) -> Tenant:
        """Return a tenant.

        Raises:
            NotFoundError: there is no such tenant.

        GET /tenants/resources/tenants/v2/{tenantId}
        """
        found = await self._caller.call(GET, tenant_id)
        if not found:
            raise NotFoundError("there is no such tenant", operation=GET.name, attempts=1)
        return found[0]

    async def get_v1(self, tenant_id: str) -> Tenant | None:
        """Return a tenant, or None if there is none of this id.

        Deprecated by Frontegg: use ``get``, which raises NotFoundError instead.

        GET /tenants/resources/tenants/v1/{tenantId}
        """
        found = await self._caller.call(GET_V1, tenant_id)
        return found[0] if found else None

    async def get_by_alias(self, alias: str) -> Tenant:
        """Return the tenant whose custom login has this alias.

        Raises:
            NotFoundError: no tenant has it.

        GET /tenants/resources/tenants/v2/alias/{alias}
        """
        return await self._caller.call(GET_BY_ALIAS, alias)

    async def create(
        self,
        *,
        tenant_id: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        status: str | UnsetType = UNSET,
        website: str | UnsetType = UNSET,
        application_url: str | UnsetType = UNSET,
        logo: str | UnsetType = UNSET,
        logo_url: str | UnsetType = UNSET,
        address: str | UnsetType = UNSET,
        timezone: str | UnsetType = UNSET,
        currency: str | UnsetType = UNSET,
        creator_name: str | UnsetType = UNSET,
        creator_email: str | UnsetType = UNSET,
        is_reseller: bool | UnsetType = UNSET,
        parent_tenant_id: str | UnsetType = UNSET,
        metadata: TenantMetadata | UnsetType = UNSET,
    ) -> Tenant:
        """Create a tenant, and return it. One that was deleted comes back under its old id.

        Args:
            tenant_id: an id of your own; without it Frontegg makes one.
            name: name for people.
            status: for your own use: Frontegg stores it and does nothing with it.
            website: its website.
            application_url: URL of your application for its users.
            logo: an image, Base64-encoded.
            logo_url: URL of the logo, instead.
            address: its address.
            timezone: its time zone.
            currency: its currency.
            creator_name: name of its creator.
            creator_email: e-mail address of its creator.
            is_reseller: True if it may have tenants below it.
            parent_tenant_id: the tenant that it is created below.
            metadata: data of your own, sent as it is: an object, a string or a number.

        POST /tenants/resources/tenants/v1
        """
        body = CreateTenantRequest(
            tenant_id=tenant_id,
            name=name,
            status=status,
            website=website,
            application_url=application_url,
            logo=logo,
            logo_url=logo_url,
            address=address,
            timezone=timezone,
            currency=currency,
            creator_name=creator_name,
            creator_email=creator_email,
            is_reseller=is_reseller,
            parent_tenant_id=parent_tenant_id,
            metadata=metadata,
        )
        return await self._caller.call(CREATE, body=body)

    async def update(
        self,
        tenant_id: str,
        *,
        name: str | UnsetType = UNSET,
        status: str | UnsetType = UNSET,
        website: str | UnsetType = UNSET,
        application_url: str | UnsetType = UNSET,
        logo: str | UnsetType = UNSET,
        logo_url: str | UnsetType = UNSET,
        address: str | UnsetType = UNSET,
        timezone: str | UnsetType = UNSET,
        currency: str | UnsetType = UNSET,
        is_reseller: bool | UnsetType = UNSET,
        parent_tenant_id: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
    ) -> Tenant:
        """Change a tenant, and return it. Fields left out stay as they are.

        Frontegg does not specify the body: these are the fields that its own client sends.

        Args:
            tenant_id: the tenant.
            name: name for people.
            status: for your own use: Frontegg stores it and does nothing with it.
            website: its website.
            application_url: URL of your application for its users.
            logo: an image, Base64-encoded.
            logo_url: URL of the logo, instead.
            address: its address.
            timezone: its time zone.
            currency: its currency.
            is_reseller: True if it may have tenants below it.
            parent_tenant_id: the tenant above it.
            metadata: sent as it is, in place of all that there is; ``set_metadata`` adds to it.

        PUT /tenants/resources/tenants/v2/{tenantId}
        """
        body = UpdateTenantRequest(
            name=name,
            status=status,
            website=website,
            application_url=application_url,
            logo=logo,
            logo_url=logo_url,
            address=address,
            timezone=timezone,
            currency=currency,
            is_reseller=is_reseller,
            parent_tenant_id=parent_tenant_id,
            metadata=metadata,
        )
        return await self._caller.call(UPDATE, tenant_id, body=body)

    async def update_v1(
        self,
        tenant_id: str,
        *,
        name: str | UnsetType = UNSET,
        status: str | UnsetType = UNSET,
        website: str | UnsetType = UNSET,
        application_url: str | UnsetType = UNSET,
        logo: str | UnsetType = UNSET,
        logo_url: str | UnsetType = UNSET,
        address: str | UnsetType = UNSET,
        timezone: str | UnsetType = UNSET,
        currency: str | UnsetType = UNSET,
        is_reseller: bool | UnsetType = UNSET,
        parent_tenant_id: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
    ) -> Tenant:
        """Change a tenant, and return it; the arguments are those of ``update``.

        Deprecated by Frontegg: use ``update``.

        PUT /tenants/resources/tenants/v1/{tenantId}
        """
        body = UpdateTenantRequest(
            name=name,
            status=status,
            website=website,
            application_url=application_url,
            logo=logo,
            logo_url=logo_url,
            address=address,
            timezone=timezone,
            currency=currency,
            is_reseller=is_reseller,
            parent_tenant_id=parent_tenant_id,
            metadata=metadata,
        )
        return await self._caller.call(UPDATE_V1, tenant_id, body=body)

    async def delete(self, tenant_id: str) -> None:
        """Delete a tenant and its users. The tenants below it move up to the one above it.

        Raises:
            NotFoundError: there is no such tenant.

        DELETE /tenants/resources/tenants/v1/{tenantId}
        """
        await self._caller.call(DELETE, tenant_id)

    async def delete_current(self) -> None:
        """Delete the tenant that the user works in, and all users who belong to it.

        The user needs the permission ``fe.account-settings.delete.account``.

        DELETE /tenants/resources/tenants/v1, with a user's token
        """
        await self._caller.call(DELETE_CURRENT)

    async def set_metadata(self, tenant_id: str, metadata: Mapping[str, Any]) -> Tenant:
        """Set some keys of a tenant's metadata, and return the tenant. Other keys stay.

        Raises:
            NotFoundError: there is no such tenant.

        POST /tenants/resources/tenants/v1/{tenantId}/metadata
        """
        body = SetTenantMetadataRequest(metadata=metadata)
        return await self._caller.call(SET_METADATA, tenant_id, body=body)

    async def delete_metadata(self, tenant_id: str, key: str) -> Tenant:
        """Take one key out of a tenant's metadata, and return the tenant.

        Raises:
            NotFoundError: there is no such tenant.

        DELETE /tenants/resources/tenants/v1/{tenantId}/metadata/{key}
        """
        return await self._caller.call(DELETE_METADATA, tenant_id, key)
