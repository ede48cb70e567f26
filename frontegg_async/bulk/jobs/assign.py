"""Makes users members of tenants."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from ..._core.response import Response
from ...endpoints import users
from ...errors import NotFoundError, PermissionDeniedError, ResponseDecodeError, ServerError
from ...models.users import AddToTenantRequest, User
from ..input.rows import Assignment
from ..outcome import Label, Labels
from ..user_reader import user_shown
from .activate import ValidateTenants, set_active_tenant
from .job import Job, RowSender

Invite: TypeAlias = Annotated[
    bool, Meta(description="Have Frontegg send each new member an invite e-mail.")
]


class Assign(Job[Assignment], frozen=True, kw_only=True):
    """Make users members of tenants.

    Args:
        invite: whether Frontegg sends each new member an invite e-mail.
        validate_tenants: whether an unknown tenant is refused; Frontegg creates it if not.
    """

    name = "assign"
    title = "Users into tenants"
    about = "Make users members of tenants"
    operation = users.ADD_TO_TENANT
    row_type = Assignment
    labels = Labels(
        applied=Label("added", "added", "was no member before"),
        unchanged=Label("already_member", "already a member", "nothing had to be done"),
    )
    # What a duplicate add answers is not known (docs/frontegg.md).
    holds_already = frozenset({400, 409})

    invite: Invite = False
    validate_tenants: ValidateTenants = False

    @property
    def harmless_twice(self) -> bool:
        """Whether a second request cannot send a second invite."""
        return not self.invite

    def needs_user(self, row: Assignment) -> bool:
        """Whether the active tenant matters as well."""
        return row.set_active

    def ordered(self, row: Assignment) -> bool:
        """Memberships add up, active tenants replace each other."""
        return row.set_active

    def holds(self, row: Assignment, user: User) -> bool:
        """Whether the user is a member, and works there if that is asked for."""
        tenant_id = row.tenant_id
        return user.is_member_of(tenant_id) and (not row.set_active or user.tenant_id == tenant_id)

    def send(self, send: RowSender, row: Assignment, user_id: str) -> Awaitable[Response | None]:
        """Add to the tenant, then make it the active one if that is asked for."""
        if self.invite or row.set_active:
            return self._send_in_steps(send, row, user_id)
        return self._add(send, row, user_id)

    async def _send_in_steps(
        self, send: RowSender, row: Assignment, user_id: str
    ) -> Response | None:
        answer = None
        if not (self.invite and await self._is_member(send, user_id, row.tenant_id)):
            answer = await self._add(send, row, user_id)
        return await set_active_tenant(send, user_id, row.tenant_id) if row.set_active else answer

    async def _add(self, send: RowSender, row: Assignment, user_id: str) -> Response:
        tenant_id = row.tenant_id
        body = AddToTenantRequest(
            tenant_id=tenant_id,
            skip_invite_email=not self.invite,
            validate_tenant_exist=self.validate_tenants,
        )
        answer = await send(users.ADD_TO_TENANT, user_id, body=body)
        user = user_shown(send, users.ADD_TO_TENANT, answer, user_id)
        if user is not None and not user.is_member_of(tenant_id):
            raise send.refute(users.ADD_TO_TENANT, answer, "it does not show the membership")
        return answer

    def begun(self, row: Assignment, user: User) -> bool:
        """Whether the user is a member, which is the half that may send an invite."""
        return user.is_member_of(row.tenant_id)

    def left_of(self, row: Assignment) -> Assignment:
        """Return the membership: only the active tenant is replaced by that of a later row."""
        return msgspec.structs.replace(row, set_active=False)

    async def finish(self, send: RowSender, row: Assignment, user_id: str) -> Response | None:
        """Make the tenant the active one, if that is asked for."""
        return await set_active_tenant(send, user_id, row.tenant_id) if row.set_active else None

    @staticmethod
    async def _is_member(send: RowSender, user_id: str, tenant_id: str) -> bool:
        """Look once more before an invite goes out: another row may just have seen to it.

        What cannot be read is not "no": nothing is sent, unless the user has allowed for it.
        """
        operation = users.GET
        try:
            answer = await send(operation, user_id)
            user = user_shown(send, operation, answer, user_id)
            if user is None or not (user.shows_memberships or user.is_member_of(tenant_id)):
                raise send.refute(operation, answer, "it does not show the memberships")
        except NotFoundError:
            return False  # adding says so too, and says it of the row
        except (ResponseDecodeError, PermissionDeniedError, ServerError) as error:
            if send.resend:
                return False
            problem = (
                "no invite was sent, because without a look at the user it may be a second one "
                f"(resend=True sends it all the same): {error.message}"
            )
            raise type(error)(problem, **error.fields) from None
        return user.is_member_of(tenant_id)

    def invites_to(self, row: Assignment) -> str:
        """Name the tenant."""
        return row.tenant_id
