"""Account settings: a tenant's own data and formats."""

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
        """Change a tenant's settings, and return them. Fields left out stay as they are.

        Frontegg does not specify the body: these are the fields that its own client knows.

        Args:
            name: name for people.
            application_url: URL of your application for the tenant's users.
            login_url: URL where they sign in.
            address: its address.
            timezone: its time zone.
            date_format: format of dates.
            time_format: format of times.
            currency: its currency.
            logo: its logo.
            tenant_id: the tenant.

        Raises:
            InvalidRequestError: nothing was given, or a value is rejected.
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
        """Return the public part of a tenant's settings.

        Raises:
            NotFoundError: there is no such tenant.

        GET /tenants/resources/account-settings/v1/public, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_PUBLIC, tenant_id=tenant_id)
