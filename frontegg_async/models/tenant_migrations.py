"""Tenants that are moved into an environment."""

from __future__ import annotations

from typing import Any

import msgspec

from ._base import RequestModel, ResponseModel
from .tasks import is_end


class StartTenantMigrationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``tenant_migrations.start``."""

    tenant_ids: tuple[str, ...] = msgspec.field(name="tenants")


class TenantMigrationStatus(ResponseModel, frozen=True, kw_only=True):
    """Progress of a migration of tenants. Frontegg does not describe it: this is a guess."""

    state: str | None = None
    status: str | None = None
    errors: Any = None
    tenants: Any = None

    @property
    def finished(self) -> bool:
        """True if it has ended, well or not."""
        return is_end(self.state) or is_end(self.status)
