"""Ends memberships."""

from __future__ import annotations

from ..._core.response import Response
from ...endpoints import users
from ...models.users import User
from ..input.rows import Removal
from ..outcome import Label, Labels
from .job import Job, RowSender


class Remove(Job[Removal], frozen=True, kw_only=True):
    """End memberships. Users stay in all other tenants."""

    name = "remove"
    title = "Users out of tenants"
    about = "End memberships"
    note = "Users stay in all other tenants."
    asks = "End the memberships of {rows}"
    ends_memberships = True
    operation = users.REMOVE_FROM_TENANT
    row_type = Removal
    labels = Labels(
        applied=Label("removed", "removed", "was a member before"),
        unchanged=Label("not_member", "not a member before", "nothing had to be done"),
    )
    holds_already = frozenset({404})
    holds_without_user = True

    def needs_user(self, row: Removal) -> bool:
        """Memberships are enough."""
        return False

    def holds(self, row: Removal, user: User) -> bool:
        """Whether the user is shown to be no member."""
        return user.shows_memberships and not user.is_member_of(row.tenant_id)

    async def send(self, send: RowSender, row: Removal, user_id: str) -> Response:
        """Remove from the one tenant."""
        answer = await send(users.REMOVE_FROM_TENANT, user_id, tenant_id=row.tenant_id)
        if answer.body:
            send.decoded(users.REMOVE_FROM_TENANT, answer)
        return answer
