"""Users and their applications."""

from __future__ import annotations

from datetime import datetime

from ._base import RequestModel, ResponseModel


class ApplicationUser(ResponseModel, frozen=True, kw_only=True):
    """An application that a user has in one tenant; ``user_tenant_id`` names the membership."""

    app_id: str | None = None
    user_tenant_id: str | None = None
    created_at: datetime | None = None


class ActiveTenant(ResponseModel, frozen=True, kw_only=True):
    """The tenant that a user works in, in one application."""

    tenant_id: str | None = None
    application_id: str | None = None


class ActiveTenants(ResponseModel, frozen=True, kw_only=True):
    """The tenants that a user works in, one for each application."""

    application_active_tenants: tuple[ActiveTenant, ...] | None = None


class NewActiveTenant(RequestModel, frozen=True, kw_only=True):
    """The tenant that a user is to work in, in one application.

    Args:
        application_id: the application.
        tenant_id: the tenant.
    """

    application_id: str
    tenant_id: str


class AssignUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``applications.assign_users``."""

    app_id: str
    tenant_id: str
    user_ids: tuple[str, ...]


class UnassignUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``applications.unassign_users``."""

    app_id: str
    tenant_id: str
    user_ids: tuple[str, ...]


class SetActiveTenantsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``applications.set_active_tenants``."""

    active_application_tenants: tuple[NewActiveTenant, ...]
