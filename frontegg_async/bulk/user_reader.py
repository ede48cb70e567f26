"""What a run reads of users: no more than it judges by, and only about the user it asked for.

A user whose other fields cannot be decoded can still be judged by the id, the address and the
memberships. What lacks these cannot be read, and that is neither yes nor no.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec

from .._core.json_text import decode_json
from .._core.response import Response
from ..endpoints import users
from ..errors import NotFoundError, ResponseDecodeError
from ..models._base import Id, ResponseModel
from ..models.paging import Page
from ..models.users import User, UserTenant, UserTenantStatuses
from ..operation import JSON, Caller, Operation
from ..paging import Paginator

T = TypeVar("T")

MAX_STATUSES: Final = 2_000
"""Memberships of a user that ``statuses`` lists at most: a full list may leave some out."""
_MAX_PAGE: Final = 200
_NOTHING: Final = frozenset({b"", b"null"})


class _Tenant(ResponseModel, frozen=True, kw_only=True):
    tenant_id: Id


class _State(ResponseModel, frozen=True, kw_only=True):
    """The fields of a user that rows are judged by."""

    id: str | None = None
    email: str | None = None
    tenant_id: str | None = None
    tenant_ids: tuple[str, ...] | None = None
    tenants: tuple[_Tenant, ...] | None = None
    super_user: bool | None = None
    is_locked: bool | None = None

    def as_user(self, user_id: str) -> User:
        tenants = self.tenants
        return User(
            id=user_id,
            email=self.email,
            tenant_id=self.tenant_id,
            tenant_ids=self.tenant_ids,
            tenants=None
            if tenants is None
            else tuple([UserTenant(tenant_id=each.tenant_id) for each in tenants]),
            super_user=self.super_user,
            is_locked=self.is_locked,
        )


_READ: Final = {
    operation.name: operation.returning(_State)
    for operation in (
        users.GET,
        users.GET_BY_EMAIL,
        users.ADD_TO_TENANT,
        users.SET_ACTIVE_TENANT,
        users.SET_SUPERUSER,
    )
}
# Each user on its own: one that cannot be decoded says nothing of the others.
_STATUSES: Final = users.TENANT_STATUSES.returning(JSON)
_LISTED: Final = users.ITERATE.returning(Page[msgspec.Raw])
_STATE: Final = msgspec.json.Decoder(_State)


class AnswerReader(Protocol):
    """Decodes the answers of a row, and hears of those that prove nothing."""

    def decoded(self, operation: Operation[T], answer: Response, /, *path: str) -> T:
        """Decode an answer, and compare it with the path that was asked for."""
        ...

    def refute(
        self, operation: Operation[Any], answer: Response, problem: str
    ) -> ResponseDecodeError:
        """Return the error for an answer that does not show what it should."""
        ...


def unproven(operation: Operation[Any], answer: Response, problem: str) -> ResponseDecodeError:
    """Make the error for an answer that does not show what its status says."""
    return ResponseDecodeError(
        f"the answer is not as expected: {problem}",
        operation=operation.name,
        status=answer.status,
        trace_id=answer.trace_id,
        attempts=answer.attempts,
    )


def user_shown(
    reader: AnswerReader, operation: Operation[User], answer: Response, user_id: str
) -> User | None:
    """Return the user that an answer to ``operation`` shows; None if it has no body.

    Raises:
        ResponseDecodeError: the answer cannot be read, or does not name this user.
    """
    if answer.body in _NOTHING:
        return None
    state = reader.decoded(_READ[operation.name], answer, user_id)
    if not state.id:
        raise reader.refute(operation, answer, "it does not say which user it is about")
    return state.as_user(state.id)


async def read_user(caller: Caller, user_id: str) -> User:
    """Return a user with the fields that rows are judged by.

    Raises:
        ResponseDecodeError: the answer cannot be read, or does not name this user.
        NotFoundError: there is no such user.
    """
    state = await caller.call(_READ[users.GET.name], user_id)
    if not state.id:
        raise _nameless(users.GET, "which user it is about")
    return state.as_user(state.id)


async def read_user_by_email(caller: Caller, email: str) -> User:
    """Return the user who has an e-mail address, as ``read_user`` does.

    Raises:
        ResponseDecodeError: the answer cannot be read, or does not name this address.
        NotFoundError: nobody has it.
    """
    operation = _READ[users.GET_BY_EMAIL.name]
    state = await caller.call(operation, query={"email": email})
    if state == _State():
        raise NotFoundError("no user has this e-mail address", operation=operation.name)
    if not state.id or not state.email:
        raise _nameless(users.GET_BY_EMAIL, "whose id and address these are")
    return state.as_user(state.id)


def _nameless(operation: Operation[Any], lacking: str) -> ResponseDecodeError:
    return ResponseDecodeError(
        f"the answer is not as expected: it does not say {lacking}", operation=operation.name
    )


async def read_statuses(caller: Caller, user_ids: Sequence[str]) -> list[User]:
    """Return those users, with their memberships alone, whose memberships can be read whole."""
    found: object = await caller.call(_STATUSES, query={"userIds": user_ids})
    several = cast("list[object]", found) if isinstance(found, list) else [found]
    read: list[User] = []
    for each in several:
        try:
            user = msgspec.convert(each, UserTenantStatuses)
        except msgspec.ValidationError:
            continue
        statuses = user.tenants_statuses
        if statuses is None or len(statuses) >= MAX_STATUSES:
            continue
        tenant_ids = tuple([status.tenant_id for status in statuses])
        read.append(User(id=user.user_id, tenant_ids=tenant_ids))
    return read


async def read_listed(caller: Caller, user_ids: Sequence[str]) -> list[User]:
    """Return those users that can be read, with the fields that rows are judged by."""
    query = {"ids": ",".join(user_ids), "_sortBy": "id"}
    listed = Paginator(caller, _LISTED, query, limit=_MAX_PAGE, max_limit=_MAX_PAGE)
    read: list[User] = []
    async for raw in listed:
        read += _users_in(raw)
    return read


async def read_page(caller: Caller, index: int) -> tuple[list[User], float | None]:
    """Return a page of the environment's users that can be read, and how many pages there are.

    They come in an order of their own, because without one a list may leave users out while others
    are created (docs/frontegg.md: seen).
    """
    page = await caller.call(
        _LISTED, query={"_limit": _MAX_PAGE, "_offset": index, "_sortBy": "id"}
    )
    read: list[User] = []
    for raw in page.items:
        read += _users_in(raw)
    return read, None if page.metadata is None else page.metadata.total_pages


def _users_in(raw: msgspec.Raw) -> list[User]:
    """Return the user in an entry of a list; none if it cannot be read or has no id."""
    with suppress(msgspec.DecodeError):
        state = decode_json(_STATE, raw)
        if state.id:
            return [state.as_user(state.id)]
    return []
