"""Roles, and the permissions that they give."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel

RoleOrder: TypeAlias = Literal[
    "key",
    "name",
    "description",
    "isDefault",
    "firstUserRole",
    "level",
    "updatedAt",
    "createdAt",
    "permissions",
    "userTenants",
    "groups",
]
"""Keys by which roles can be sorted."""


class Role(ResponseModel, frozen=True, kw_only=True):
    """A role; its ``permissions`` are ids. Without a ``tenant_id`` every tenant has it."""

    id: Id
    vendor_id: str | None = None
    tenant_id: str | None = None
    key: str | None = None
    name: str | None = None
    description: str | None = None
    is_default: bool | None = None
    first_user_role: bool | None = None
    level: Number | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    permissions: tuple[str, ...] | None = None


class NewRole(RequestModel, frozen=True, kw_only=True):
    """A role to be created.

    Args:
        key: unique name for programs.
        name: name for people.
        level: rank, from 0; users manage only those of a rank below their own.
        description: for people.
        is_default: True to give it to users who are given no other role.
        migrate_role: True to give it to all present users, if it is a default.
        first_user_role: True to give it to the first user of a tenant.
    """

    key: str
    name: str
    level: Number
    description: str | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    migrate_role: bool | UnsetType = UNSET
    first_user_role: bool | UnsetType = UNSET


class UpdateRoleRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``roles.update``."""

    key: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    level: Number | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    migrate_role: bool | UnsetType = UNSET
    first_user_role: bool | UnsetType = UNSET


class CreateRoleFromBaseRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``roles.create_from_base``."""

    key: str
    name: str
    base_role_id: str
    permission_ids: tuple[str, ...]
    description: str | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class SetRolePermissionsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``roles.set_permissions``."""

    permission_ids: tuple[str, ...]


class SetRoleTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``roles.set_tenant``."""

    tenant_id: str | None
