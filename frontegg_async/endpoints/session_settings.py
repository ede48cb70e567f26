"""Session settings: the length of users' sessions, and their number."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.session_settings import (
    NewSessionLimit,
    NewSessionTimeout,
    SessionConfiguration,
    UpdateSessionConfigurationRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind
from ._group import EndpointGroup

GET_ENVIRONMENT: Final = Operation(
    "session_settings.get_environment",
    "GET",
    "/identity/resources/configurations/sessions/v1/vendor",
    SessionConfiguration,
)
GET: Final = Operation(
    "session_settings.get",
    "GET",
    "/identity/resources/configurations/sessions/v1",
    SessionConfiguration,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE: Final = Operation(
    "session_settings.update",
    "POST",
    "/identity/resources/configurations/sessions/v1",
    NoneType,
    body=UpdateSessionConfigurationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)


class SessionSettings(EndpointGroup):
    """Limits of users' sessions, in the environment or in one tenant."""

    async def get_environment(self) -> SessionConfiguration:
        """Return the environment's settings, for tenants without settings of their own.

        GET /identity/resources/configurations/sessions/v1/vendor
        """
        return await self._caller.call(GET_ENVIRONMENT)

    async def get(self, *, tenant_id: str | None = None) -> SessionConfiguration:
        """Return the settings of a tenant, or the environment's if no tenant is given.

        GET /identity/resources/configurations/sessions/v1, with the environment's or a user's
        token
        """
        return await self._caller.call(GET, tenant_id=tenant_id)

    async def update(
        self,
        *,
        session_idle_timeout_configuration: NewSessionTimeout | UnsetType = UNSET,
        session_timeout_configuration: NewSessionTimeout | UnsetType = UNSET,
        session_concurrent_configuration: NewSessionLimit | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> None:
        """Set when sessions end, in a tenant or in the environment if no tenant is given.

        Args:
            session_idle_timeout_configuration: time that a session may be idle, at most
                2,073,600 seconds (24 days).
            session_timeout_configuration: time that a session may last, idle or not.
            session_concurrent_configuration: sessions that a user may have at once.
            tenant_id: the tenant whose settings they are.

        POST /identity/resources/configurations/sessions/v1, with the environment's or a user's
        token
        """
        body = UpdateSessionConfigurationRequest(
            session_idle_timeout_configuration=session_idle_timeout_configuration,
            session_timeout_configuration=session_timeout_configuration,
            session_concurrent_configuration=session_concurrent_configuration,
        )
        await self._caller.call(UPDATE, body=body, tenant_id=tenant_id)
