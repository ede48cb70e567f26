"""Gives or takes access to every tenant."""

from __future__ import annotations

from ..._core.response import Response
from ...endpoints import users
from ...models.users import SetSuperuserRequest, User
from ..input.rows import SuperuserChange
from ..outcome import Label, Labels
from ..user_reader import user_shown
from .job import Job, RowSender


class SetSuperuser(Job[SuperuserChange], frozen=True, kw_only=True):
    """Give or take access to every tenant. Frontegg no longer maintains super-users."""

    name = "superuser"
    title = "Super-users"
    about = "Grant users access to every tenant, or withdraw it"
    note = "Frontegg no longer maintains super-users."
    operation = users.SET_SUPERUSER
    row_type = SuperuserChange
    labels = Labels(
        applied=Label("changed", "changed", "was otherwise before"),
        unchanged=Label("unchanged", "unchanged", "nothing had to be done"),
    )
    reversible = True

    def holds(self, row: SuperuserChange, user: User) -> bool:
        """Whether the user has what the row says."""
        return user.super_user is row.super_user

    async def send(self, send: RowSender, row: SuperuserChange, user_id: str) -> Response:
        """Set it."""
        operation = users.SET_SUPERUSER
        answer = await send(operation, user_id, body=SetSuperuserRequest(super_user=row.super_user))
        user = user_shown(send, operation, answer, user_id)
        # The one field that the documentation does not promise (spec).
        if user is not None and user.super_user not in {row.super_user, None}:
            raise send.refute(operation, answer, "it does not show the change")
        return answer
