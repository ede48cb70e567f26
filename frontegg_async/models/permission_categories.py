"""Categories, which permissions are listed in."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel
from .permissions import Permission


class PermissionCategory(ResponseModel, frozen=True, kw_only=True):
    """A category of permissions; ``fe_category`` is True for Frontegg's own."""

    id: Id
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    fe_category: bool | None = None
    # Told of in words only (spec).
    permissions: tuple[Permission, ...] | None = None


class CreatePermissionCategoryRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``permission_categories.create``."""

    name: str
    description: str | UnsetType = UNSET
    category_id: str | UnsetType = msgspec.field(name="id", default=UNSET)


class UpdatePermissionCategoryRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``permission_categories.update``."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
