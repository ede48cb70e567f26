"""Groups of a tenant's users, and the roles that they give."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from ..models.groups import (
    CreateGroupRequest,
    GetGroupsRequest,
    Group,
    GroupConfiguration,
    GroupList,
    GroupOrder,
    GroupRelations,
    GroupRolesRequest,
    GroupUsersRequest,
    UpdateGroupConfigurationRequest,
    UpdateGroupRequest,
)
from ..models.metadata import Metadata, encode_metadata
from ..models.paging import Page
from ..operation import Echo, Operation, RetrySafety, TenantHeader, TokenKind
from ..paging import Paginator
from ._checks import ids
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "groups.get_all",
    "GET",
    "/identity/resources/groups/v1",
    GroupList,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
ITERATE: Final = Operation(
    "groups.iterate",
    "GET",
    "/identity/resources/groups/v2",
    Page[Group],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET: Final = Operation(
    "groups.get",
    "GET",
    "/identity/resources/groups/v1/{id}",
    Group,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_MANY: Final = Operation(
    "groups.get_many",
    "POST",
    "/identity/resources/groups/v1/bulkGet",
    GroupList,
    body=GetGroupsRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.SAFE,
)
CREATE: Final = Operation(
    "groups.create",
    "POST",
    "/identity/resources/groups/v1",
    Group,
    body=CreateGroupRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE: Final = Operation(
    "groups.update",
    "PATCH",
    "/identity/resources/groups/v1/{id}",
    Group,
    body=UpdateGroupRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
    echo=Echo("id"),
)
DELETE: Final = Operation(
    "groups.delete",
    "DELETE",
    "/identity/resources/groups/v1/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
ADD_ROLES: Final = Operation(
    "groups.add_roles",
    "POST",
    "/identity/resources/groups/v1/{groupId}/roles",
    NoneType,
    body=GroupRolesRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
REMOVE_ROLES: Final = Operation(
    "groups.remove_roles",
    "DELETE",
    "/identity/resources/groups/v1/{groupId}/roles",
    NoneType,
    body=GroupRolesRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
ADD_USERS: Final = Operation(
    "groups.add_users",
    "POST",
    "/identity/resources/groups/v1/{groupId}/users",
    NoneType,
    body=GroupUsersRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
REMOVE_USERS: Final = Operation(
    "groups.remove_users",
    "DELETE",
    "/identity/resources/groups/v1/{groupId}/users",
    NoneType,
    body=GroupUsersRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_CONFIGURATION: Final = Operation(
    "groups.get_configuration",
    "GET",
    "/identity/resources/groups/v1/config",
    GroupConfiguration,
    token=TokenKind.EITHER,
)
UPDATE_CONFIGURATION: Final = Operation(
    "groups.update_configuration",
    "POST",
    "/identity/resources/groups/v1/config",
    NoneType,
    body=UpdateGroupConfigurationRequest,
    token=TokenKind.EITHER,
    repeat=RetrySafety.IDEMPOTENT,
)


class Groups(EndpointGroup):
    """The groups of a tenant's users.

    ``tenant_id`` is the tenant whose groups they are. The environment's token needs it; a user's
    token says it already. ``groups_relations`` asks for groups with their roles, their
    users, or both.
    """

    async def get_all(
        self,
        *,
        groups_relations: GroupRelations | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> tuple[Group, ...]:
        """Return all groups at once; ``iterate`` gives them in pages.

        GET /identity/resources/groups/v1, with the environment's or a user's token
        """
        query = {"_groupsRelations": groups_relations}
        found = await self._caller.call(GET_ALL, query=query, tenant_id=tenant_id)
        return found.groups or ()

    def iterate(
        self,
        *,
        groups_relations: GroupRelations | UnsetType = UNSET,
        sort_by: GroupOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
        tenant_id: str | None = None,
    ) -> Paginator[Group]:
        """Iterate over groups.

        Args:
            groups_relations: roles, users or both, to come with them.
            sort_by: the sort key. Only a unique one gives pages that miss no group.
            order: sort direction.
            limit: groups a page, from 1.
            tenant_id: the tenant whose groups they are.

        GET /identity/resources/groups/v2, with the environment's or a user's token
        """
        query = {"_groupsRelations": groups_relations, "_sortBy": sort_by, "_order": order}
        return Paginator(
            self._caller, ITERATE, query, limit=limit, max_limit=None, tenant_id=tenant_id
        )

    async def get(
        self,
        group_id: str,
        *,
        groups_relations: GroupRelations | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> Group:
        """Return a group.

        GET /identity/resources/groups/v1/{id}, with the environment's or a user's token
        """
        query = {"_groupsRelations": groups_relations}
        return await self._caller.call(GET, group_id, query=query, tenant_id=tenant_id)

    async def get_many(
        self,
        group_ids: Sequence[str],
        *,
        groups_relations: GroupRelations | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> tuple[Group, ...]:
        """Return the groups of these ids.

        POST /identity/resources/groups/v1/bulkGet, with the environment's or a user's token
        """
        query = {"_groupsRelations": groups_relations}
        body = GetGroupsRequest(group_ids=ids("group_ids", group_ids, GET_MANY))
        found = await self._caller.call(GET_MANY, query=query, body=body, tenant_id=tenant_id)
        return found.groups or ()

    async def create(
        self,
        name: str,
        *,
        color: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> Group:
        """Create a group, and return it.

        Args:
            name: name that no other group has.
            color: colour that it is shown in.
            description: for people.
            metadata: the application's own.
            tenant_id: the tenant whose group it is.

        POST /identity/resources/groups/v1, with the environment's or a user's token
        """
        body = CreateGroupRequest(
            name=name, color=color, description=description, metadata=encode_metadata(metadata)
        )
        return await self._caller.call(CREATE, body=body, tenant_id=tenant_id)

    async def update(
        self,
        group_id: str,
        *,
        name: str | UnsetType = UNSET,
        color: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> Group:
        """Change a group, and return it. Fields left out stay as they are.

        Args:
            group_id: the group.
            name: name that no other group has.
            color: colour that it is shown in.
            description: for people.
            metadata: the application's own, all of it.
            tenant_id: the tenant whose group it is.

        PATCH /identity/resources/groups/v1/{id}, with the environment's or a user's token
        """
        body = UpdateGroupRequest(
            name=name, color=color, description=description, metadata=encode_metadata(metadata)
        )
        return await self._caller.call(UPDATE, group_id, body=body, tenant_id=tenant_id)

    async def delete(self, group_id: str, *, tenant_id: str | None = None) -> None:
        """Delete a group. Its users stay, without the roles that it gave them.

        DELETE /identity/resources/groups/v1/{id}, with the environment's or a user's token
        """
        await self._caller.call(DELETE, group_id, tenant_id=tenant_id)

    async def add_roles(
        self, group_id: str, role_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        """Add roles to a group. With a user's token, only roles below the user's own.

        POST /identity/resources/groups/v1/{groupId}/roles, with the environment's or a user's
        token
        """
        body = GroupRolesRequest(role_ids=ids("role_ids", role_ids, ADD_ROLES))
        await self._caller.call(ADD_ROLES, group_id, body=body, tenant_id=tenant_id)

    async def remove_roles(
        self, group_id: str, role_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        """Take roles from a group.

        DELETE /identity/resources/groups/v1/{groupId}/roles, with the environment's or a user's
        token
        """
        body = GroupRolesRequest(role_ids=ids("role_ids", role_ids, REMOVE_ROLES))
        await self._caller.call(REMOVE_ROLES, group_id, body=body, tenant_id=tenant_id)

    async def add_users(
        self, group_id: str, user_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        """Add users to a group. With a user's token, only to a group of roles below the user's own.

        POST /identity/resources/groups/v1/{groupId}/users, with the environment's or a user's
        token
        """
        body = GroupUsersRequest(user_ids=ids("user_ids", user_ids, ADD_USERS))
        await self._caller.call(ADD_USERS, group_id, body=body, tenant_id=tenant_id)

    async def remove_users(
        self, group_id: str, user_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        """Take users out of a group. They stay in the tenant.

        DELETE /identity/resources/groups/v1/{groupId}/users, with the environment's or a user's
        token
        """
        body = GroupUsersRequest(user_ids=ids("user_ids", user_ids, REMOVE_USERS))
        await self._caller.call(REMOVE_USERS, group_id, body=body, tenant_id=tenant_id)

    async def get_configuration(self) -> GroupConfiguration:
        """Return whether the environment has groups, and whether they can have roles.

        GET /identity/resources/groups/v1/config, with the environment's or a user's token
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def update_configuration(
        self, *, enabled: bool | UnsetType = UNSET, roles_enabled: bool | UnsetType = UNSET
    ) -> None:
        """Turn groups on or off in the environment, and roles of groups.

        Frontegg takes an argument left out for True.

        POST /identity/resources/groups/v1/config, with the environment's or a user's token
        """
        body = UpdateGroupConfigurationRequest(enabled=enabled, roles_enabled=roles_enabled)
        await self._caller.call(UPDATE_CONFIGURATION, body=body)
