"""Bulk users: long-running work that Frontegg does on many users, or on one in many tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, UnsetType

from ..errors import ResponseDecodeError
from ..models.bulk_users import (
    BulkInviteStatus,
    BulkRolesStatus,
    InvitedUser,
    InviteUsersRequest,
    StartedInvite,
    StartedRolesUpdate,
    UpdateRolesRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader
from ..tasks import Task, TaskBatch
from ._application import APPLICATION, application
from ._batches import start_in_parts
from ._checks import ids
from ._group import EndpointGroup

MAX_INVITED_USERS: Final = 1000
"""Users that one call invites (docs/frontegg.md: doc)."""

INVITE: Final = Operation(
    "bulk_users.invite",
    "POST",
    "/identity/resources/users/bulk/v1/invite",
    StartedInvite,
    body=InviteUsersRequest,
    tenant=TenantHeader.REQUIRED,
    headers=APPLICATION,
)
GET_INVITE_STATUS: Final = Operation(
    "bulk_users.get_invite_status",
    "GET",
    "/identity/resources/users/bulk/v1/status/{id}",
    BulkInviteStatus,
)
UPDATE_ROLES: Final = Operation(
    "bulk_users.update_roles",
    "PATCH",
    "/identity/resources/vendor-only/users/v1/{userId}/roles/bulk",
    StartedRolesUpdate,
    body=UpdateRolesRequest,
    # A second task finds the roles as the first one leaves them.
    repeat=RetrySafety.IDEMPOTENT,
)
GET_ROLES_STATUS: Final = Operation(
    "bulk_users.get_roles_status",
    "GET",
    "/identity/resources/vendor-only/users/v1/bulk-roles/status/{taskId}",
    BulkRolesStatus,
)


class BulkUsers(EndpointGroup):
    """Work on users that goes on after Frontegg has answered.

    Methods that start work return handles to wait by; ``invite_task`` and ``roles_task`` make
    them again from ids, in another process too.
    """

    async def invite(
        self,
        users: Sequence[InvitedUser],
        *,
        tenant_id: str | None = None,
        application_id: str | None = None,
    ) -> TaskBatch[BulkInviteStatus]:
        """Start to invite users to a tenant, and return a handle to the tasks.

        Lists of more than 1,000 are sent in several calls, one after the other, with a task
        each. Users who exist in another tenant are added to this one.

        Args:
            users: one or more, each with an ``email`` or a ``username``.
            tenant_id: the tenant.
            application_id: the application that the invites are for, if there are several.

        Raises:
            BatchInterruptedError: a call after the first one failed; the tasks before it go on.
            ResponseDecodeError: Frontegg took the users and named no task.

        POST /identity/resources/users/bulk/v1/invite
        """

        async def start(part: tuple[InvitedUser, ...]) -> Task[BulkInviteStatus]:
            body = InviteUsersRequest(users=part)
            headers = application(application_id)
            started = await self._caller.call(
                INVITE, body=body, tenant_id=tenant_id, headers=headers
            )
            return self.invite_task(_known(started.id, INVITE))

        return await start_in_parts("users", users, MAX_INVITED_USERS, start, INVITE)

    async def get_invite_status(self, task_id: str) -> BulkInviteStatus:
        """Return how far an invitation of many users has come.

        GET /identity/resources/users/bulk/v1/status/{id}
        """
        return await self._caller.call(GET_INVITE_STATUS, task_id)

    def invite_task(self, task_id: str) -> Task[BulkInviteStatus]:
        """Return a handle to an invitation that was started before. Nothing is sent."""
        return Task(self._caller, GET_INVITE_STATUS, task_id)

    async def update_roles(
        self,
        user_id: str,
        *,
        add_role_ids: Sequence[str] | UnsetType = UNSET,
        remove_role_ids: Sequence[str] | UnsetType = UNSET,
        tenant_ids: Sequence[str] | UnsetType = UNSET,
    ) -> Task[BulkRolesStatus]:
        """Change the roles of a user in many tenants, and return a handle to the work.

        Frontegg does it at once or starts a task. Where it was done at once the handle has ended,
        its id is the user's, and nothing is sent to learn its status.

        Args:
            user_id: the user.
            add_role_ids: roles to give.
            remove_role_ids: roles to take.
            tenant_ids: one tenant or more; all that the user belongs to if not given.

        Raises:
            ResponseDecodeError: the answer holds neither a result nor the id of a task.

        PATCH /identity/resources/vendor-only/users/v1/{userId}/roles/bulk
        """
        body = UpdateRolesRequest(
            add_role_ids=ids("add_role_ids", add_role_ids, UPDATE_ROLES),
            remove_role_ids=ids("remove_role_ids", remove_role_ids, UPDATE_ROLES),
            # An empty list means all of them to Frontegg, and hardly to the caller.
            tenant_ids=ids("tenant_ids", tenant_ids, UPDATE_ROLES, least=1),
        )
        started = await self._caller.call(UPDATE_ROLES, user_id, body=body)
        task_id = started.task_id or started.id
        if task_id or started.affected_tenants is None:
            return self.roles_task(_known(task_id, UPDATE_ROLES))
        done = BulkRolesStatus(
            user_id=user_id,
            status="Completed",
            total_tenants=started.affected_tenants,
            processed_tenants=started.affected_tenants,
            added_role_ids=started.roles_added,
            removed_role_ids=started.roles_removed,
        )
        return Task(self._caller, GET_ROLES_STATUS, user_id, ended=done)

    async def get_roles_status(self, task_id: str) -> BulkRolesStatus:
        """Return how far a change of roles has come that was started as a task.

        GET /identity/resources/vendor-only/users/v1/bulk-roles/status/{taskId}
        """
        return await self._caller.call(GET_ROLES_STATUS, task_id)

    def roles_task(self, task_id: str) -> Task[BulkRolesStatus]:
        """Return a handle to a change of roles that was started before. Nothing is sent."""
        return Task(self._caller, GET_ROLES_STATUS, task_id)


def _known(task_id: str | None, operation: Operation[Any]) -> str:
    """Return the id of a task, if the answer held one."""
    if not task_id:
        raise ResponseDecodeError(
            "Frontegg took the request, but its answer names no task to ask about",
            operation=operation.name,
        )
    return task_id
