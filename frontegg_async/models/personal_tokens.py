"""The tokens of users: client credentials, and access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel


class PersonalToken(ResponseModel, frozen=True, kw_only=True):
    """A user's client credentials. Only the answer that creates them has the ``secret``."""

    client_id: Id
    secret: str | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: datetime | None = None
    expires: datetime | None = None


class PersonalAccessToken(ResponseModel, frozen=True, kw_only=True):
    """A user's access token. Only the answer that creates it has the ``secret``."""

    id: Id
    secret: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    expires: datetime | None = None


class PersonalAccessTokens(ResponseModel, frozen=True, kw_only=True):
    """All access tokens of a user."""

    access_tokens: tuple[PersonalAccessToken, ...]


class CreatePersonalTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``personal_tokens.create``."""

    description: str | UnsetType = UNSET
    metadata: Mapping[str, Any] | UnsetType = UNSET
    expires_in_minutes: Number | UnsetType = UNSET


class CreatePersonalAccessTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``personal_tokens.create_access_token``."""

    description: str | UnsetType = UNSET
    expires_in_minutes: Number | UnsetType = UNSET
