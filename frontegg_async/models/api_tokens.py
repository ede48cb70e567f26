"""The tokens of tenants: client credentials, and access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel


class ApiToken(ResponseModel, frozen=True, kw_only=True):
    """A tenant's client credentials. Only the answer that creates them has the ``secret``."""

    client_id: Id
    secret: str | None = None
    description: str | None = None
    tenant_id: str | None = None
    created_by_user_id: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: datetime | None = None
    permission_ids: tuple[str, ...] | None = None
    role_ids: tuple[str, ...] | None = None
    expires: datetime | None = None


class AccessToken(ResponseModel, frozen=True, kw_only=True):
    """A tenant's access token. Only the answer that creates it has the ``secret``."""

    id: Id
    secret: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    expires: datetime | None = None
    role_ids: tuple[str, ...] | None = None
    created_by_user_id: str | None = None


class AccessTokens(ResponseModel, frozen=True, kw_only=True):
    """All access tokens of a tenant."""

    access_tokens: tuple[AccessToken, ...]


class CreateApiTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``api_tokens.create`` and ``api_tokens.create_v1``."""

    description: str | UnsetType = UNSET
    metadata: Mapping[str, Any] | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    permission_ids: tuple[str, ...] | UnsetType = UNSET
    expires_in_minutes: Number | UnsetType = UNSET


class UpdateApiTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``api_tokens.update``."""

    description: str | UnsetType = UNSET
    metadata: Mapping[str, Any] | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    permission_ids: tuple[str, ...] | UnsetType = UNSET


class CreateAccessTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``api_tokens.create_access_token``."""

    description: str | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    expires_in_minutes: Number | UnsetType = UNSET
