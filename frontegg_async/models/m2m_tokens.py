"""Rights of access tokens, for programs that check them."""

from __future__ import annotations

from datetime import datetime

from ._base import ResponseModel


class AccessTokenRights(ResponseModel, frozen=True, kw_only=True):
    """Owner and rights of an access token; a tenant's own has no ``user_id``."""

    id: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    permissions: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    expires: datetime | None = None
