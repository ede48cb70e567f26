"""Long-running work on users: requests that start it, and its status."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel
from .tasks import is_end
from .users import NewUser


class InvitedUser(NewUser, frozen=True, kw_only=True):
    """One of many users to be invited. A user who exists already keeps the present values.

    It has the fields of ``NewUser``, and one more.

    Args:
        verified: True if the address need not be verified.
    """

    verified: bool | UnsetType = UNSET


class InviteUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of one call of ``bulk_users.invite``."""

    users: tuple[InvitedUser, ...]


class StartedInvite(ResponseModel, frozen=True, kw_only=True):
    """Response to ``bulk_users.invite``."""

    # No fields are specified; clients read the id of the task (client).
    id: str | None = None


class BulkInviteStatus(ResponseModel, frozen=True, kw_only=True):
    """Progress of an invitation of many users.

    Frontegg describes none of it, so all of it is a guess: the state may stand under ``status``
    or ``state``, and ``errors`` is any JSON.
    """

    id: str | None = None
    status: str | None = None
    state: str | None = None
    errors: Any | None = None

    @property
    def finished(self) -> bool:
        """True if the work has ended, well or not."""
        return is_end(self.status) or is_end(self.state)


class UpdateRolesRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``bulk_users.update_roles``."""

    add_role_ids: tuple[str, ...] | UnsetType = UNSET
    remove_role_ids: tuple[str, ...] | UnsetType = UNSET
    tenant_ids: tuple[str, ...] | UnsetType = UNSET


class StartedRolesUpdate(ResponseModel, frozen=True, kw_only=True):
    """Response to ``bulk_users.update_roles``: the result, or the id of a task."""

    user_id: str | None = None
    affected_tenants: Number | None = None
    roles_added: tuple[str, ...] | None = None
    roles_removed: tuple[str, ...] | None = None
    # Only the result is specified. Where the id of a task stands is a guess.
    task_id: str | None = None
    id: str | None = None


class BulkRolesError(ResponseModel, frozen=True, kw_only=True):
    """An error, and the tenants where it occurred."""

    message: str | None = None
    tenant_id: str | None = None
    details: str | None = None
    tenant_ids: tuple[str, ...] | None = None


class BulkRolesStatus(ResponseModel, frozen=True, kw_only=True):
    """Progress of a change of one user's roles in many tenants.

    ``status`` is usually ``NotStarted``, ``InProgress``, ``Completed`` or
    ``CompletedWithErrors``.
    """

    id: str | None = None
    user_id: str | None = None
    status: str | None = None
    total_tenants: Number | None = None
    processed_tenants: Number | None = None
    added_role_ids: tuple[str, ...] | None = None
    removed_role_ids: tuple[str, ...] | None = None
    errors: tuple[BulkRolesError, ...] | None = None

    @property
    def finished(self) -> bool:
        """True if the work has ended, well or not."""
        return is_end(self.status)
