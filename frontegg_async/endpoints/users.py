"""Users: the central operations, and what bulk work needs around them."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from ..errors import InvalidRequestError
from ..models.paging import Page
from ..models.users import (
    AddToTenantRequest,
    SetActiveTenantRequest,
    SetSuperuserRequest,
    TenantStatusName,
    User,
    UserTenantStatuses,
)
from ..operation import Caller, Operation, ReadBack, Repeat, TenantHeader
from ..paging import Paginator

MAX_STATUS_USERS: Final = 200

GET: Final = Operation(
    "users.get", "GET", "/identity/resources/vendor-only/users/v1/{userId}", User
)
GET_BY_EMAIL: Final = Operation(
    "users.get_by_email", "GET", "/identity/resources/users/v1/email", User
)
ITERATE: Final = Operation(
    "users.iterate",
    "GET",
    "/identity/resources/users/v3",
    Page[User],
    tenant=TenantHeader.OPTIONAL,
)
TENANT_STATUSES: Final = Operation(
    "users.tenant_statuses",
    "GET",
    "/identity/resources/tenants/users/v1/statuses",
    # The specification shows one object, an array is likely (guess): both are read.
    tuple[UserTenantStatuses, ...],
    one_or_many=True,
)
ADD_TO_TENANT: Final = Operation(
    "users.add_to_tenant",
    "POST",
    "/identity/resources/users/v1/{userId}/tenant",
    User,
    repeat=Repeat.CONVERGING,
    read_back=ReadBack(
        GET,
        holds=lambda user, body: user.is_member_of(body.tenant_id),
        # Without the invite a second request changes nothing that anybody could notice.
        harmless=lambda body: body.skip_invite_email is True,
    ),
)
SET_ACTIVE_TENANT: Final = Operation(
    "users.set_active_tenant", "PUT", "/identity/resources/users/v1/{userId}/tenant", User
)
SET_SUPERUSER: Final = Operation(
    "users.set_superuser",
    "PUT",
    "/identity/resources/users/v1/{userId}/superuser",
    User,
    deprecated="Frontegg no longer maintains super-users: newer features do not know them.",
)
REMOVE_FROM_TENANT: Final = Operation(
    "users.remove_from_tenant",
    "DELETE",
    "/identity/resources/users/v1/{userId}",
    NoneType,
    tenant=TenantHeader.REQUIRED,
)
DELETE_EVERYWHERE: Final = Operation(
    "users.delete_everywhere",
    "DELETE",
    "/identity/resources/users/v1/{userId}",
    NoneType,
    tenant=TenantHeader.REFUSED,
)
LOCK: Final = Operation(
    "users.lock",
    "POST",
    "/identity/resources/users/v1/{userId}/lock",
    NoneType,
    repeat=Repeat.IDEMPOTENT,
)
UNLOCK: Final = Operation(
    "users.unlock",
    "POST",
    "/identity/resources/users/v1/{userId}/unlock",
    NoneType,
    repeat=Repeat.IDEMPOTENT,
)

UserOrder = Literal["createdAt", "name", "email", "id", "verified", "isLocked", "provider"]


class Users:
    """The users of an environment.

    Every method may raise what ``frontegg_async.errors`` draws; its docstring names only what
    is particular to it.
    """

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def get(self, user_id: str) -> User:
        """Return a user with all memberships, whichever the tenant.

        Raises:
            NotFoundError: there is no such user.

        GET /identity/resources/vendor-only/users/v1/{userId}
        """
        return await self._caller.call(GET, user_id)

    async def get_by_email(self, email: str) -> User:
        """Return the user who has this e-mail address.

        Raises:
            NotFoundError: nobody has it.

        GET /identity/resources/users/v1/email
        """
        if not email:
            raise InvalidRequestError("email is empty", operation=GET_BY_EMAIL.name)
        return await self._caller.call(GET_BY_EMAIL, query={"email": email})

    def iterate(
        self,
        *,
        tenant_id: str | None = None,
        email: str | None = None,
        ids: Sequence[str] | None = None,
        include_sub_tenants: bool | UnsetType = UNSET,
        sort_by: UserOrder | UnsetType = UNSET,
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 200,
    ) -> Paginator[User]:
        """Iterate over users, of one tenant or of the whole environment.

        Args:
            tenant_id: only members of this tenant.
            email: only the user with this e-mail address.
            ids: only these users; URLs of several hundred ids are refused by servers.
            include_sub_tenants: whether members of tenants below count as well.
            sort_by: what to sort by.
            order: which end comes first.
            limit: users a page, from 1 to 200.

        GET /identity/resources/users/v3
        """
        if ids is not None and (isinstance(ids, str) or not ids):
            raise InvalidRequestError(
                "ids must be a list of one id or more", operation=ITERATE.name
            )
        query = {
            "_tenantId": tenant_id,
            "_email": email,
            "ids": None if ids is None else ",".join(ids),
            "_includeSubTenants": include_sub_tenants,
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=200)

    async def tenant_statuses(
        self, user_ids: Sequence[str], *, statuses: Sequence[TenantStatusName] | None = None
    ) -> tuple[UserTenantStatuses, ...]:
        """Return in which tenants these users are, and how far they have come there.

        Args:
            user_ids: from 1 to 200; above 100 the URL may be too long for a server on the way.
            statuses: only memberships in one of these states.

        GET /identity/resources/tenants/users/v1/statuses
        """
        if isinstance(user_ids, str) or not 1 <= len(user_ids) <= MAX_STATUS_USERS:
            raise InvalidRequestError(
                f"user_ids must be a list of 1 to {MAX_STATUS_USERS} ids",
                operation=TENANT_STATUSES.name,
            )
        query = {"userIds": user_ids, "userTenantStatuses": statuses}
        return await self._caller.call(TENANT_STATUSES, query=query)

    async def add_to_tenant(
        self,
        user_id: str,
        tenant_id: str,
        *,
        skip_invite_email: bool | UnsetType = UNSET,
        validate_tenant_exist: bool | UnsetType = UNSET,
    ) -> User:
        """Make a user a member of a tenant, and return the user.

        Frontegg sends an invite e-mail unless ``skip_invite_email`` is True. If no answer comes,
        the membership is read back; it is sent again only where that cannot send a second
        invite.

        Args:
            user_id: the user.
            tenant_id: the tenant; Frontegg creates it if there is none of this id.
            skip_invite_email: True to send no e-mail.
            validate_tenant_exist: True to refuse an unknown tenant instead of creating it.

        Raises:
            OutcomeUnknownError: no answer came and reading back did not settle it.

        POST /identity/resources/users/v1/{userId}/tenant
        """
        body = AddToTenantRequest(
            tenant_id=_tenant(tenant_id, ADD_TO_TENANT.name),
            skip_invite_email=skip_invite_email,
            validate_tenant_exist=validate_tenant_exist,
        )
        return await self._caller.call(ADD_TO_TENANT, user_id, body=body)

    async def set_active_tenant(
        self,
        user_id: str,
        tenant_id: str,
        *,
        validate_tenant_exist: bool | UnsetType = UNSET,
    ) -> User:
        """Choose the tenant that a user works in, and return the user.

        Args:
            user_id: the user.
            tenant_id: the tenant; Frontegg creates it if there is none of this id.
            validate_tenant_exist: True to refuse an unknown tenant instead of creating it.

        PUT /identity/resources/users/v1/{userId}/tenant
        """
        body = SetActiveTenantRequest(
            tenant_id=_tenant(tenant_id, SET_ACTIVE_TENANT.name),
            validate_tenant_exist=validate_tenant_exist,
        )
        return await self._caller.call(SET_ACTIVE_TENANT, user_id, body=body)

    async def set_superuser(self, user_id: str, super_user: bool) -> User:
        """Give or take access to every tenant of the environment, and return the user.

        Deprecated by Frontegg, which no longer maintains super-users: newer features do not
        know them. There is no replacement in one call; add the user to the tenants instead.

        PUT /identity/resources/users/v1/{userId}/superuser
        """
        if type(super_user) is not bool:
            raise InvalidRequestError(
                f"super_user must be True or False, got {super_user!r}",
                operation=SET_SUPERUSER.name,
            )
        body = SetSuperuserRequest(super_user=super_user)
        return await self._caller.call(SET_SUPERUSER, user_id, body=body)

    async def remove_from_tenant(self, user_id: str, tenant_id: str) -> None:
        """End a user's membership in one tenant. The user stays in all others.

        DELETE /identity/resources/users/v1/{userId} with ``frontegg-tenant-id``
        """
        tenant_id = _tenant(tenant_id, REMOVE_FROM_TENANT.name)
        await self._caller.call(REMOVE_FROM_TENANT, user_id, tenant_id=tenant_id)

    async def delete_everywhere(self, user_id: str) -> None:
        """Delete a user from every tenant and from the environment. It cannot be undone.

        Raises:
            InvalidRequestError: called on a ``for_tenant()`` view, where somebody may have
                meant ``remove_from_tenant``.

        DELETE /identity/resources/users/v1/{userId} without ``frontegg-tenant-id``
        """
        await self._caller.call(DELETE_EVERYWHERE, user_id)

    async def lock(self, user_id: str) -> None:
        """Keep a user from signing in, in every tenant.

        POST /identity/resources/users/v1/{userId}/lock
        """
        await self._caller.call(LOCK, user_id)

    async def unlock(self, user_id: str) -> None:
        """Let a locked user sign in again.

        POST /identity/resources/users/v1/{userId}/unlock
        """
        await self._caller.call(UNLOCK, user_id)


def _tenant(tenant_id: str, operation: str) -> str:
    """Refuse what cannot be a tenant id, before a tenant of that name is created."""
    if type(tenant_id) is not str or not tenant_id.strip():
        raise InvalidRequestError("tenant_id must be a text that is not empty", operation=operation)
    return tenant_id
