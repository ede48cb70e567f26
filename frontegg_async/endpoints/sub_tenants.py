"""Sub-tenants: tenants below others, and the hierarchy that they make."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.sub_tenants import (
    AttachSubTenantRequest,
    CreateSubTenantRequest,
    DetachSubTenantRequest,
    RelatedTenant,
    SetSubTenantManagementRequest,
    SubTenantAccess,
    TenantTree,
    UpdateHierarchySettingsRequest,
)
from ..models.tenants import Tenant
from ..operation import Echo, Operation, TenantHeader, TokenKind
from ._group import EndpointGroup

CREATE: Final = Operation(
    "sub_tenants.create",
    "POST",
    "/tenants/resources/sub-tenants/v1",
    Tenant,
    body=CreateSubTenantRequest,
    token=TokenKind.EITHER,
)
DELETE: Final = Operation(
    "sub_tenants.delete",
    "DELETE",
    "/tenants/resources/sub-tenants/v1/{tenantId}",
    NoneType,
    token=TokenKind.EITHER,
)
SET_MANAGEMENT: Final = Operation(
    "sub_tenants.set_management",
    "PUT",
    "/tenants/resources/sub-tenants/v1/{tenantId}/management",
    Tenant,
    body=SetSubTenantManagementRequest,
    token=TokenKind.EITHER,
    echo=Echo("tenant_id"),
)
UPDATE_HIERARCHY_SETTINGS: Final = Operation(
    "sub_tenants.update_hierarchy_settings",
    "PUT",
    "/tenants/resources/sub-tenants/v1/{tenantId}/hierarchy-settings",
    Tenant,
    body=UpdateHierarchySettingsRequest,
    token=TokenKind.EITHER,
    echo=Echo("tenant_id"),
)
GET_ALL: Final = Operation(
    "sub_tenants.get_all",
    "GET",
    "/tenants/resources/hierarchy/v1",
    # Client: some read an array, Frontegg's own declares one object.
    tuple[RelatedTenant, ...],
    one_or_many=True,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
GET_PARENTS: Final = Operation(
    "sub_tenants.get_parents",
    "GET",
    "/tenants/resources/hierarchy/v1/parents",
    tuple[RelatedTenant, ...],
    one_or_many=True,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
GET_TREE: Final = Operation(
    "sub_tenants.get_tree",
    "GET",
    "/tenants/resources/hierarchy/v1/tree",
    TenantTree,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
ATTACH: Final = Operation(
    "sub_tenants.attach",
    "POST",
    "/tenants/resources/hierarchy/v1",
    NoneType,
    body=AttachSubTenantRequest,
)
DETACH: Final = Operation(
    "sub_tenants.detach",
    "DELETE",
    "/tenants/resources/hierarchy/v1",
    NoneType,
    body=DetachSubTenantRequest,
)


class SubTenants(EndpointGroup):
    """The tenants below a tenant."""

    async def create(
        self,
        *,
        tenant_id: str,
        name: str,
        parent_tenant_id: str,
        status: str | UnsetType = UNSET,
        logo: str | UnsetType = UNSET,
        logo_url: str | UnsetType = UNSET,
        creator_name: str | UnsetType = UNSET,
        creator_email: str | UnsetType = UNSET,
        is_reseller: bool | UnsetType = UNSET,
    ) -> Tenant:
        """Create a tenant below another, and return it. A deleted one comes back under its id.

        Args:
            tenant_id: an id of your own.
            name: name for people.
            parent_tenant_id: the tenant that it is created below.
            status: for your own use: Frontegg stores it and does nothing with it.
            logo: an image, Base64-encoded.
            logo_url: URL of the logo, instead.
            creator_name: name of its creator.
            creator_email: e-mail address of its creator.
            is_reseller: True if it may have tenants below it.

        POST /tenants/resources/sub-tenants/v1, with the environment's or a user's token
        """
        body = CreateSubTenantRequest(
            tenant_id=tenant_id,
            name=name,
            parent_tenant_id=parent_tenant_id,
            status=status,
            logo=logo,
            logo_url=logo_url,
            creator_name=creator_name,
            creator_email=creator_email,
            is_reseller=is_reseller,
        )
        return await self._caller.call(CREATE, body=body)

    async def delete(self, tenant_id: str) -> None:
        """Delete a tenant that is below another; ``detach`` only takes it out from there.

        Raises:
            NotFoundError: there is no such tenant.

        DELETE /tenants/resources/sub-tenants/v1/{tenantId}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE, tenant_id)

    async def set_management(self, tenant_id: str, is_reseller: bool) -> Tenant:
        """Let a sub-tenant have tenants below itself, or no longer, and return it.

        PUT /tenants/resources/sub-tenants/v1/{tenantId}/management, with the environment's or a
        user's token
        """
        body = SetSubTenantManagementRequest(is_reseller=is_reseller)
        return await self._caller.call(SET_MANAGEMENT, tenant_id, body=body)

    async def update_hierarchy_settings(
        self, tenant_id: str, sub_account_access_type: SubTenantAccess
    ) -> Tenant:
        """Set a tenant's users' access to the tenants below it, and return the tenant.

        Args:
            tenant_id: the tenant.
            sub_account_access_type: ``alwaysOn`` for all users; ``defaultOn`` and ``defaultOff``
                for users without a setting of their own.

        PUT /tenants/resources/sub-tenants/v1/{tenantId}/hierarchy-settings, with the
        environment's or a user's token
        """
        body = UpdateHierarchySettingsRequest(sub_account_access_type=sub_account_access_type)
        return await self._caller.call(UPDATE_HIERARCHY_SETTINGS, tenant_id, body=body)

    async def get_all(self, *, tenant_id: str | None = None) -> tuple[RelatedTenant, ...]:
        """Return all tenants below a tenant, at every level.

        GET /tenants/resources/hierarchy/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, tenant_id=tenant_id)

    async def get_parents(self, *, tenant_id: str | None = None) -> tuple[RelatedTenant, ...]:
        """Return all tenants above a tenant.

        GET /tenants/resources/hierarchy/v1/parents, with the environment's or a user's token
        """
        return await self._caller.call(GET_PARENTS, tenant_id=tenant_id)

    async def get_tree(self, *, tenant_id: str | None = None) -> TenantTree:
        """Return a tenant with all those below it, as a tree.

        Raises:
            InvalidRequestError: Frontegg found that the hierarchy goes round in a circle.

        GET /tenants/resources/hierarchy/v1/tree, with the environment's or a user's token
        """
        return await self._caller.call(GET_TREE, tenant_id=tenant_id)

    async def attach(self, *, parent_tenant_id: str, child_tenant_id: str) -> None:
        """Put a tenant that there is already below another.

        Raises:
            InvalidRequestError: both are the same, or the child is in another hierarchy.

        POST /tenants/resources/hierarchy/v1
        """
        body = AttachSubTenantRequest(
            parent_tenant_id=parent_tenant_id, child_tenant_id=child_tenant_id
        )
        await self._caller.call(ATTACH, body=body)

    async def detach(self, *, parent_tenant_id: str, child_tenant_id: str) -> None:
        """Take a tenant out from below another. Nothing is deleted.

        Frontegg does not specify the body: these are the fields that clients send.

        Raises:
            NotFoundError: the one is not below the other.

        DELETE /tenants/resources/hierarchy/v1
        """
        body = DetachSubTenantRequest(
            parent_tenant_id=parent_tenant_id, child_tenant_id=child_tenant_id
        )
        await self._caller.call(DETACH, body=body)
