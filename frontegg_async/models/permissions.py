"""Permissions, which users get by their roles."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel

AssignmentType: TypeAlias = Literal["NEVER", "ALWAYS", "ASSIGNABLE"]
"""Self-service types of a permission."""


class Permission(ResponseModel, frozen=True, kw_only=True):
    """A permission."""

    id: Id
    key: str | None = None
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    role_ids: tuple[str, ...] | None = None
    category_id: str | None = None
    fe_permission: bool | None = None


class NewPermission(RequestModel, frozen=True, kw_only=True):
    """A permission to be created.

    Args:
        key: unique name for programs.
        name: name for people.
        description: for people.
        category_id: the category that it is listed in.
        assignment_type: self-service type.
    """

    key: str
    name: str
    description: str | UnsetType = UNSET
    category_id: str | UnsetType = UNSET
    assignment_type: AssignmentType | UnsetType = UNSET


class UpdatePermissionRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``permissions.update``."""

    key: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    category_id: str | UnsetType = UNSET


class AddPermissionRolesRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``permissions.add_roles``."""

    role_ids: tuple[str, ...]


class ClassifyPermissionsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``permissions.classify``."""

    permission_ids: tuple[str, ...]
    assignment_type: AssignmentType = msgspec.field(name="type")
