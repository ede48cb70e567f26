"""Sessions of users who are signed in."""

from __future__ import annotations

from datetime import datetime

from ._base import RequestModel, ResponseModel


class UserSession(ResponseModel, frozen=True, kw_only=True):
    """A session of a user: ``current`` if it asks, ``impersonated`` if another acts."""

    # The specification names no fields: Frontegg's own React client reads these.
    id: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: datetime | None = None
    expires: datetime | None = None
    current: bool | None = None
    impersonated: bool | None = None


class RevokeSessionsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``user_sessions.revoke``."""

    user_id: str
