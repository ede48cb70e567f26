"""Users that expire."""

from __future__ import annotations

from ._base import Number, RequestModel, ResponseModel


class UserExpiration(ResponseModel, frozen=True, kw_only=True):
    """Seconds after which a user expires."""

    expiration_in_seconds: Number | None = None


class TemporaryUsersConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Setting that gives the environment temporary users."""

    enabled: bool | None = None


class SetExpirationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``temporary_users.set_expiration``."""

    expiration_in_seconds: Number


class UpdateTemporaryUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``temporary_users.update_configuration``."""

    enabled: bool
