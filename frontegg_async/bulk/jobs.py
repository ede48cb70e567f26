"""The jobs: what is sent for a row, what shows that it holds, and what its answers mean."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, Final, Protocol, TypeVar, cast

import msgspec
from msgspec import UNSET, UnsetType

from .._core.response import Response
from ..endpoints import users
from ..errors import NotFoundError, PermissionDeniedError, ResponseDecodeError, ServerError
from ..models.users import AddToTenantRequest, SetActiveTenantRequest, SetSuperuserRequest, User
from ..operation import Operation
from .input.rows import Activation, Assignment, Removal, SuperuserChange, UserRow
from .ledger.records import LedgerRow
from .outcome import Label, Labels
from .user_reader import AnswerReader, user_shown

T = TypeVar("T")


class RowSender(AnswerReader, Protocol):
    """What a job sends with: it notes for which row."""

    @property
    def resend(self) -> bool:
        """Whether the row may be sent although that may be a second invite."""
        ...

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Awaitable[Response]:
        """Send an operation and return its answer."""
        ...


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to every row of a run."""

    name: ClassVar[str]
    operation: ClassVar[Operation[User] | Operation[None]]
    """What it writes with; its limit is the one that matters."""
    row_type: ClassVar[type[UserRow]]
    labels: ClassVar[Labels] = Labels()
    """The names of its outcomes in files, tables and ``--json``."""
    holds_already: ClassVar[frozenset[int]] = frozenset()
    """Statuses that may mean that a row held before; the user's own state decides."""
    reversible: ClassVar[bool] = False
    """Whether another row of the same user may undo that a row has begun."""
    holds_without_user: ClassVar[bool] = False
    """Whether a row that was sent holds if the user is not found any more."""

    @property
    def harmless_twice(self) -> bool:
        """Whether nobody notices if a row is sent again that was done."""
        return True

    def settings(self) -> str:
        """Name the settings that change what a row means, for the ledger."""
        return msgspec.json.encode(self).decode()

    def needs_user(self, row: LedgerRow) -> bool:
        """Whether more than the memberships of the user show that the row holds."""
        raise NotImplementedError

    def ordered(self, flag: bool) -> bool:
        """Whether another row of the same user may undo a row with this flag."""
        raise NotImplementedError

    def holds(self, row: LedgerRow, user: User) -> bool:
        """Whether the user is as the row wants it."""
        raise NotImplementedError

    def begun(self, row: LedgerRow, user: User) -> bool:
        """Whether nothing is left of the row that must not be sent twice."""
        return self.holds(row, user)

    async def finish(self, send: RowSender, row: LedgerRow, user_id: str) -> Response | None:
        """Do what may be left of a row that has begun; None if that is nothing."""
        return None

    def left_of(self, row: LedgerRow) -> LedgerRow | None:
        """Return what is left to do of a row that a later one has overtaken; None for nothing."""
        return None

    def send(self, send: RowSender, row: LedgerRow, user_id: str) -> Awaitable[Response | None]:
        """Do what the row says, and return the last answer; None if nothing had to be written."""
        raise NotImplementedError

    def row(self, row: LedgerRow) -> UserRow:
        """Return a row of the ledger as the source had it."""
        raise NotImplementedError


class Assign(Job, frozen=True, kw_only=True):
    """Make users members of tenants.

    Args:
        invite: whether Frontegg sends each new member an invite e-mail.
        validate_tenants: whether an unknown tenant is refused; Frontegg creates it if not.
    """

    name = "assign"
    operation = users.ADD_TO_TENANT
    row_type = Assignment
    labels = Labels(
        applied=Label("added", "added", "was no member before"),
        unchanged=Label("already_member", "already a member", "nothing had to be done"),
    )
    # What a duplicate add answers is not known (docs/frontegg.md).
    holds_already = frozenset({400, 409})

    invite: bool = False
    validate_tenants: bool = False

    @property
    def harmless_twice(self) -> bool:
        """Whether a second request cannot send a second invite."""
        return not self.invite

    def needs_user(self, row: LedgerRow) -> bool:
        """Whether the active tenant matters as well."""
        return row.flag

    def ordered(self, flag: bool) -> bool:
        """Memberships add up, active tenants replace each other."""
        return flag

    def holds(self, row: LedgerRow, user: User) -> bool:
        """Whether the user is a member, and works there if that is asked for."""
        tenant_id = _tenant(row)
        return user.is_member_of(tenant_id) and (not row.flag or user.tenant_id == tenant_id)

    def send(self, send: RowSender, row: LedgerRow, user_id: str) -> Awaitable[Response | None]:
        """Add to the tenant, then make it the active one if that is asked for."""
        if self.invite or row.flag:
            return self._send_in_steps(send, row, user_id)
        return self._add(send, row, user_id)

    async def _send_in_steps(
        self, send: RowSender, row: LedgerRow, user_id: str
    ) -> Response | None:
        answer = None
        if not (self.invite and await self._is_member(send, user_id, _tenant(row))):
            answer = await self._add(send, row, user_id)
        return await _activate(send, user_id, _tenant(row)) if row.flag else answer

    async def _add(self, send: RowSender, row: LedgerRow, user_id: str) -> Response:
        tenant_id = _tenant(row)
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

    def begun(self, row: LedgerRow, user: User) -> bool:
        """Whether the user is a member, which is the half that may send an invite."""
        return user.is_member_of(_tenant(row))

    def left_of(self, row: LedgerRow) -> LedgerRow:
        """Return the membership: only the active tenant is replaced by that of a later row."""
        return msgspec.structs.replace(row, flag=False)

    async def finish(self, send: RowSender, row: LedgerRow, user_id: str) -> Response | None:
        """Make the tenant the active one, if that is asked for."""
        return await _activate(send, user_id, _tenant(row)) if row.flag else None

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

    def row(self, row: LedgerRow) -> Assignment:
        """Return the assignment."""
        return Assignment(
            user_id=row.user_id,
            email=row.email,
            tenant_id=_tenant(row),
            set_active=row.flag or row.overtaken_by > 0,
        )


class Activate(Job, frozen=True, kw_only=True):
    """Choose the tenants that users work in.

    Args:
        validate_tenants: whether an unknown tenant is refused; Frontegg creates it if not.
    """

    name = "activate"
    operation = users.SET_ACTIVE_TENANT
    row_type = Activation
    labels = Labels(
        applied=Label("activated", "activated", "was not active before"),
        unchanged=Label("already_active", "already active", "nothing had to be done"),
    )
    reversible = True

    validate_tenants: bool = False

    def needs_user(self, row: LedgerRow) -> bool:
        """Memberships do not tell the active tenant."""
        return True

    def ordered(self, flag: bool) -> bool:
        """Active tenants replace each other."""
        return True

    def holds(self, row: LedgerRow, user: User) -> bool:
        """Whether the user works in the tenant."""
        return user.tenant_id == _tenant(row)

    def send(self, send: RowSender, row: LedgerRow, user_id: str) -> Awaitable[Response]:
        """Set the active tenant."""
        return _activate(send, user_id, _tenant(row), validate=self.validate_tenants)

    def row(self, row: LedgerRow) -> Activation:
        """Return the activation."""
        return Activation(user_id=row.user_id, email=row.email, tenant_id=_tenant(row))


class Remove(Job, frozen=True, kw_only=True):
    """End memberships. Users stay in all other tenants."""

    name = "remove"
    operation = users.REMOVE_FROM_TENANT
    row_type = Removal
    labels = Labels(
        applied=Label("removed", "removed", "was a member before"),
        unchanged=Label("not_member", "not a member before", "nothing had to be done"),
    )
    holds_already = frozenset({404})
    holds_without_user = True

    def needs_user(self, row: LedgerRow) -> bool:
        """Memberships are enough."""
        return False

    def ordered(self, flag: bool) -> bool:
        """Ends of memberships add up."""
        return False

    def holds(self, row: LedgerRow, user: User) -> bool:
        """Whether the user is shown to be no member."""
        return user.shows_memberships and not user.is_member_of(_tenant(row))

    async def send(self, send: RowSender, row: LedgerRow, user_id: str) -> Response:
        """Remove from the one tenant."""
        answer = await send(users.REMOVE_FROM_TENANT, user_id, tenant_id=_tenant(row))
        if answer.body:
            send.decoded(users.REMOVE_FROM_TENANT, answer)
        return answer

    def row(self, row: LedgerRow) -> Removal:
        """Return the removal."""
        return Removal(user_id=row.user_id, email=row.email, tenant_id=_tenant(row))


class SetSuperuser(Job, frozen=True, kw_only=True):
    """Give or take access to every tenant. Frontegg no longer maintains super-users."""

    name = "superuser"
    operation = users.SET_SUPERUSER
    row_type = SuperuserChange
    labels = Labels(
        applied=Label("changed", "changed", "was otherwise before"),
        unchanged=Label("unchanged", "unchanged", "nothing had to be done"),
    )
    reversible = True

    def needs_user(self, row: LedgerRow) -> bool:
        """Memberships do not tell who is a super-user."""
        return True

    def ordered(self, flag: bool) -> bool:
        """What is given may be taken in the next row."""
        return True

    def holds(self, row: LedgerRow, user: User) -> bool:
        """Whether the user has what the row says."""
        return user.super_user is row.flag

    async def send(self, send: RowSender, row: LedgerRow, user_id: str) -> Response:
        """Set it."""
        operation = users.SET_SUPERUSER
        answer = await send(operation, user_id, body=SetSuperuserRequest(super_user=row.flag))
        user = user_shown(send, operation, answer, user_id)
        # The one field that the documentation does not promise (spec).
        if user is not None and user.super_user not in {row.flag, None}:
            raise send.refute(operation, answer, "it does not show the change")
        return answer

    def row(self, row: LedgerRow) -> SuperuserChange:
        """Return the change."""
        return SuperuserChange(user_id=row.user_id, email=row.email, super_user=row.flag)


JOBS: Final[dict[str, type[Job]]] = {
    job.name: job for job in (Assign, Activate, Remove, SetSuperuser)
}


def job_of(name: str, settings: str) -> Job:
    """Return the job that a ledger was begun for."""
    return msgspec.json.decode(settings, type=JOBS[name])


async def _activate(
    send: RowSender, user_id: str, tenant_id: str, *, validate: bool | UnsetType = UNSET
) -> Response:
    operation = users.SET_ACTIVE_TENANT
    body = SetActiveTenantRequest(tenant_id=tenant_id, validate_tenant_exist=validate)
    answer = await send(operation, user_id, body=body)
    user = user_shown(send, operation, answer, user_id)
    if user is not None and user.tenant_id != tenant_id:
        raise send.refute(operation, answer, "it does not show the tenant as the active one")
    return answer


def _tenant(row: LedgerRow) -> str:
    return cast("str", row.tenant_id)  # checked when the row was read
