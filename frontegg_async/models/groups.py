"""Groups of a tenant's users, and the roles that they give."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel
from .metadata import decode_metadata
from .roles import Role

GroupRelations: TypeAlias = Literal["roles", "users", "rolesAndUsers"]
"""Parts that groups can come with."""

GroupOrder: TypeAlias = Literal["id", "name", "createdAt", "updatedAt"]
"""Keys by which groups can be sorted."""


class GroupUser(ResponseModel, frozen=True, kw_only=True):
    """A user, as a group shows one."""

    id: Id
    email: str | None = None
    name: str | None = None
    profile_picture_url: str | None = None
    created_at: datetime | None = None
    activated_for_tenant: bool | None = None


class Group(ResponseModel, frozen=True, kw_only=True):
    """A group; its ``roles`` and ``users`` are there if they were asked for."""

    id: Id
    name: str | None = None
    color: str | None = None
    description: str | None = None
    metadata: str | dict[str, Any] | None = None
    roles: tuple[Role, ...] | None = None
    users: tuple[GroupUser, ...] | None = None
    managed_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def decoded_metadata(self) -> Any:
        """``metadata`` decoded."""
        return decode_metadata(self.metadata)


class GroupList(ResponseModel, frozen=True, kw_only=True):
    """Several groups, as a list of them comes."""

    groups: tuple[Group, ...]


class GroupConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Settings that allow groups, and roles of groups."""

    enabled: bool | None = None
    roles_enabled: bool | None = None


class GetGroupsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.get_many``."""

    group_ids: tuple[str, ...] = msgspec.field(name="groupsIds")


class CreateGroupRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.create``."""

    name: str
    color: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    metadata: str | UnsetType = UNSET


class UpdateGroupRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.update``."""

    name: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    metadata: str | UnsetType = UNSET


class GroupRolesRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.add_roles`` and ``groups.remove_roles``."""

    role_ids: tuple[str, ...]


class GroupUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.add_users`` and ``groups.remove_users``."""

    user_ids: tuple[str, ...]


class UpdateGroupConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``groups.update_configuration``."""

    enabled: bool | UnsetType = UNSET
    roles_enabled: bool | UnsetType = UNSET
