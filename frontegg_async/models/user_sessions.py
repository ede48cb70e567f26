"""Where users are signed in."""

from __future__ import annotations

from datetime import datetime

from ._base import ResponseModel


class UserSession(ResponseModel, frozen=True, kw_only=True):
    """A session of a user: ``current`` is the one that asks, ``impersonated`` somebody else's."""

    # The specification names no fields: these are what Frontegg's own React client reads.
    id: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: datetime | None = None
    expires: datetime | None = None
    current: bool | None = None
    impersonated: bool | None = None
