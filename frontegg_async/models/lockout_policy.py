"""The number of failed attempts after which users are locked out."""

from __future__ import annotations

from datetime import datetime

from ._base import Number, RequestModel, ResponseModel


class LockoutRule(ResponseModel, frozen=True, kw_only=True):
    """Number of failed attempts that lock a user out; it counts only while it is enabled."""

    id: str | None = None
    enabled: bool | None = None
    max_attempts: Number | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SetLockoutPolicyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``lockout_policy.create`` and ``lockout_policy.update``."""

    enabled: bool
    max_attempts: Number
