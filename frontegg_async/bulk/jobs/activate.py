"""Chooses the tenants that users work in."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from ..._core.response import Response
from ...endpoints import users
from ...models.users import SetActiveTenantRequest, User
from ..input.rows import Activation
from ..outcome import Label, Labels
from ..user_reader import user_shown
from .job import Job, RowSender

ValidateTenants: TypeAlias = Annotated[
    bool,
    Meta(description="Reject rows of unknown tenants; without it, Frontegg creates the tenants."),
]


class Activate(Job[Activation], frozen=True, kw_only=True):
    """Choose the tenants that users work in.

    Args:
        validate_tenants: whether an unknown tenant is refused; Frontegg creates it if not.
    """

    name = "activate"
    title = "Active tenants of users"
    about = "Set the active tenants of users"
    operation = users.SET_ACTIVE_TENANT
    row_type = Activation
    labels = Labels(
        applied=Label("activated", "activated", "was not active before"),
        unchanged=Label("already_active", "already active", "nothing had to be done"),
    )
    reversible = True

    validate_tenants: ValidateTenants = False

    def holds(self, row: Activation, user: User) -> bool:
        """Whether the user works in the tenant."""
        return user.tenant_id == row.tenant_id

    def send(self, send: RowSender, row: Activation, user_id: str) -> Awaitable[Response]:
        """Set the active tenant."""
        return set_active_tenant(send, user_id, row.tenant_id, validate=self.validate_tenants)


async def set_active_tenant(
    send: RowSender, user_id: str, tenant_id: str, *, validate: bool | UnsetType = UNSET
) -> Response:
    """Set the active tenant of a user, and check that the response shows it."""
    operation = users.SET_ACTIVE_TENANT
    body = SetActiveTenantRequest(tenant_id=tenant_id, validate_tenant_exist=validate)
    answer = await send(operation, user_id, body=body)
    user = user_shown(send, operation, answer, user_id)
    if user is not None and user.tenant_id != tenant_id:
        raise send.refute(operation, answer, "it does not show the tenant as the active one")
    return answer
