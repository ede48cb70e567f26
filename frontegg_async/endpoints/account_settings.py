"""Account settings: what a tenant says of itself."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, UnsetType

from ..models.account_settings import TenantSettings, UpdateAccountSettingsRequest
from ..operation import Operation, TenantHeader, TokenKind
from ._group import EndpointGroup

GET: Final = Operation(
    "account_settings.get",
    "GET",
    "/tenants/resources/account-settings/v1",
    TenantSettings,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
UPDATE: Final = Operation(
    "account_settings.update",
    "PUT",
    "/tenants/resources/account-settings/v1",
    TenantSettings,
    body=UpdateAccountSettingsRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)
GET_PUBLIC: Final = Operation(
    "account_settings.get_public",
    "GET",
    "/tenants/resources/account-settings/v1/public",
    TenantSettings,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
)


class AccountSettings(EndpointGroup):
    """The settings of one tenant."""

    async def get(self, *, tenant_id: str | None = None) -> TenantSettings:
        """Return a tenant's settings.

        Raises:
            NotFoundError: there is no such tenant.

        GET /tenants/resources/account-settings/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET, tenant_id=tenant_id)

    async def update(
        self,
        *,
        name: str | UnsetType = UNSET,
        application_url: str | UnsetType = UNSET,
        login_url: str | UnsetType = UNSET,
        address: str | UnsetType = UNSET,
        timezone: str | UnsetType = UNSET,
        date_format: str | UnsetType = UNSET,
        time_format: str | UnsetType = UNSET,
        currency: str | UnsetType = UNSET,
        logo: str | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> TenantSettings:
        """Change a tenant's settings, and return them. What is not given stays as it is.

        Frontegg does not specify the body: these are the fields that its own client knows.

        Args:
            name: name for people.
            application_url: where the tenant's users find your application.
            login_url: where they sign in.
            address: its address.
            timezone: its time zone.
            date_format: how dates are shown.
            time_format: how times are shown.
            currency: its currency.
            logo: its logo.
            tenant_id: the tenant.

        Raises:
            InvalidRequestError: nothing was given, or a value is refused.
            NotFoundError: there is no such tenant.

        PUT /tenants/resources/account-settings/v1, with the environment's or a user's token
        """
        body = UpdateAccountSettingsRequest(
            name=name,
            application_url=application_url,
            login_url=login_url,
            address=address,
            timezone=timezone,
            date_format=date_format,
            time_format=time_format,
            currency=currency,
            logo=logo,
        )
        return await self._caller.call(UPDATE, body=body, tenant_id=tenant_id)

    async def get_public(self, *, tenant_id: str | None = None) -> TenantSettings:
        """Return those of a tenant's settings that everybody may see.

        Raises:
            NotFoundError: there is no such tenant.

        GET /tenants/resources/account-settings/v1/public, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_PUBLIC, tenant_id=tenant_id)
