"""Users looked up: one, lists and searches, and many with their roles, groups and tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import UNSET, UnsetType

from ...errors import InvalidRequestError
from ...models.paging import Page
from ...models.users import (
    CountUsersRequest,
    IdentifierType,
    TenantStatusName,
    TenantUserCount,
    User,
    UserGroups,
    UserOrder,
    UserRoles,
    UserTenantStatuses,
)
from ...operation import Echo, Operation, RetrySafety, TenantHeader, TokenKind
from ...paging import Paginator
from .._checks import ids as checked_ids
from .._checks import joined
from .._group import EndpointGroup

__all__ = [
    "COUNT_BY_TENANT",
    "GET",
    "GET_BY_EMAIL",
    "GET_GROUPS",
    "GET_IN_TENANT",
    "GET_ROLES",
    "ITERATE",
    "ITERATE_V1",
    "ITERATE_V2",
    "MAX_PAGE",
    "MAX_STATUS_USERS",
    "SEARCH",
    "TENANT_STATUSES",
    "UserLookups",
]

MAX_PAGE: Final = 200
MAX_STATUS_USERS: Final = 200

GET: Final = Operation(
    "users.get",
    "GET",
    "/identity/resources/vendor-only/users/v1/{userId}",
    User,
    echo=Echo("id"),
)
GET_IN_TENANT: Final = Operation(
    "users.get_in_tenant",
    "GET",
    "/identity/resources/users/v1/{id}",
    User,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    echo=Echo("id"),
)
GET_BY_EMAIL: Final = Operation(
    "users.get_by_email",
    "GET",
    "/identity/resources/users/v1/email",
    User,
    echo=Echo("email", query="email"),
)
ITERATE: Final = Operation(
    "users.iterate",
    "GET",
    "/identity/resources/users/v3",
    Page[User],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
# The next three are not in the specification. The first is in use by rust-frontegg, the others by
# Frontegg's own REST client for browsers (client).
ITERATE_V1: Final = Operation(
    "users.iterate_v1",
    "GET",
    "/identity/resources/users/v1",
    Page[User],
    tenant=TenantHeader.OPTIONAL,
)
ITERATE_V2: Final = Operation(
    "users.iterate_v2",
    "GET",
    "/identity/resources/users/v2",
    Page[User],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
COUNT_BY_TENANT: Final = Operation(
    "users.count_by_tenant",
    "POST",
    "/identity/resources/tenants/users/v1/count",
    tuple[TenantUserCount, ...],
    body=CountUsersRequest,
    token=TokenKind.USER,
    repeat=RetrySafety.SAFE,
)
SEARCH: Final = Operation(
    "users.search",
    "GET",
    "/identity/resources/users/v1/query/phrase",
    Page[User],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_ROLES: Final = Operation(
    "users.get_roles",
    "GET",
    "/identity/resources/users/v3/roles",
    # The specification shows an object without fields; an array comes (seen).
    tuple[UserRoles, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    one_or_many=True,
)
GET_GROUPS: Final = Operation(
    "users.get_groups",
    "GET",
    "/identity/resources/users/v3/groups",
    # As above: clients read an array (client).
    tuple[UserGroups, ...],
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    one_or_many=True,
)
TENANT_STATUSES: Final = Operation(
    "users.tenant_statuses",
    "GET",
    "/identity/resources/tenants/users/v1/statuses",
    # The specification shows one object, an array is likely (guess): both are read.
    tuple[UserTenantStatuses, ...],
    one_or_many=True,
)


class UserLookups(EndpointGroup):
    """Look-ups of users."""

    async def get(self, user_id: str) -> User:
        """Return a user with all memberships, whichever the tenant.

        Raises:
            NotFoundError: there is no such user.

        GET /identity/resources/vendor-only/users/v1/{userId}
        """
        return await self._caller.call(GET, user_id)

    async def get_in_tenant(self, user_id: str, *, tenant_id: str | None = None) -> User:
        """Return a user as a member of one tenant.

        Raises:
            NotFoundError: there is no such user in the tenant.

        GET /identity/resources/users/v1/{id}, with the environment's or a user's token
        """
        return await self._caller.call(GET_IN_TENANT, user_id, tenant_id=tenant_id)

    async def get_by_email(self, email: str) -> User:
        """Return the user who has this e-mail address.

        Raises:
            NotFoundError: no user has it.

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
        external_ids: Sequence[str] | None = None,
        identifier: str | None = None,
        identifier_type: IdentifierType | None = None,
        name_prefix: str | None = None,
        include_sub_tenants: bool | UnsetType = UNSET,
        sort_by: UserOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = MAX_PAGE,
    ) -> Paginator[User]:
        """Iterate over users, of one tenant or of the whole environment.

        Args:
            tenant_id: only members of this tenant.
            email: only the user with this e-mail address.
            ids: only these users; URLs of several hundred ids are refused by servers.
            external_ids: only users with these ids of another system.
            identifier: only users with an identifier that begins so; needs ``identifier_type``.
            identifier_type: kind of ``identifier``.
            name_prefix: only users whose name begins with this string.
            include_sub_tenants: True to include members of tenants below.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: sort direction.
            limit: users a page, from 1 to 200.

        GET /identity/resources/users/v3, with the environment's or a user's token
        """
        _check_identifier(identifier, identifier_type, ITERATE)
        query = {
            "_tenantId": tenant_id,
            "_email": email,
            "ids": joined("ids", ids, ITERATE),
            "_externalIds": joined("external_ids", external_ids, ITERATE),
            "_identifier": identifier,
            "_identifierType": identifier_type,
            "_namePrefix": name_prefix,
            "_includeSubTenants": include_sub_tenants,
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=MAX_PAGE)

    def iterate_v1(self, *, limit: int = 50, tenant_id: str | None = None) -> Paginator[User]:
        """Iterate over users with their roles, of one tenant or of the whole environment.

        The oldest form of ``iterate``, which has filters and an order. Frontegg does not document
        it; clients use it.

        Args:
            limit: users a page.
            tenant_id: only members of this tenant.

        GET /identity/resources/users/v1
        """
        return Paginator(
            self._caller, ITERATE_V1, {}, limit=limit, max_limit=None, tenant_id=tenant_id
        )

    def iterate_v2(
        self,
        *,
        text: str | UnsetType = UNSET,
        ids: Sequence[str] | None = None,
        include_sub_tenants: bool | UnsetType = UNSET,
        sort_by: UserOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
        tenant_id: str | None = None,
    ) -> Paginator[User]:
        """Iterate over users with their roles and permissions, which ``iterate`` leaves out.

        Frontegg does not document it any more; its browser client uses it.

        Args:
            text: search term, found in names and addresses.
            ids: only these users; URLs of several hundred ids are refused by servers.
            include_sub_tenants: True to include members of tenants below.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: sort direction.
            limit: users a page.
            tenant_id: only members of this tenant.

        GET /identity/resources/users/v2, with the environment's or a user's token
        """
        query = {
            "_filter": text,
            "ids": joined("ids", ids, ITERATE_V2),
            "_includeSubTenants": include_sub_tenants,
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(
            self._caller, ITERATE_V2, query, limit=limit, max_limit=None, tenant_id=tenant_id
        )

    async def count_by_tenant(
        self, tenant_ids: Sequence[str], *, exclude_invisible_users: bool | UnsetType = UNSET
    ) -> tuple[TenantUserCount, ...]:
        """Return the numbers of users of some tenants.

        Frontegg does not document it; its browser client uses it.

        Args:
            tenant_ids: the tenants.
            exclude_invisible_users: True to leave invisible users out.

        POST /identity/resources/tenants/users/v1/count, with a user's token
        """
        body = CountUsersRequest(
            tenant_ids=checked_ids("tenant_ids", tenant_ids, COUNT_BY_TENANT, least=1),
            exclude_invisible_users=exclude_invisible_users,
        )
        return await self._caller.call(COUNT_BY_TENANT, body=body)

    def search(
        self,
        *,
        contains: Sequence[str] | None = None,
        excludes: Sequence[str] | None = None,
        optional: Sequence[str] | None = None,
        approximate: bool | UnsetType = UNSET,
        tenant_id: str | None = None,
        email: str | None = None,
        ids: Sequence[str] | None = None,
        external_ids: Sequence[str] | None = None,
        identifier: str | None = None,
        identifier_type: IdentifierType | None = None,
        name_prefix: str | None = None,
        include_sub_tenants: bool | UnsetType = UNSET,
        sort_by: UserOrder | UnsetType = "id",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[User]:
        """Iterate over the users that match phrases. The filters of ``iterate`` narrow it further.

        Args:
            contains: phrases without commas; only users who have all of them.
            excludes: only users who have none of these.
            optional: only users who have at least one of these.
            approximate: True to accept slight differences of spelling.
            tenant_id: only members of this tenant.
            email: only the user with this e-mail address.
            ids: only these users; URLs of several hundred ids are refused by servers.
            external_ids: only users with these ids of another system.
            identifier: only users with an identifier that begins so; needs ``identifier_type``.
            identifier_type: kind of ``identifier``.
            name_prefix: only users whose name begins with this string.
            include_sub_tenants: True to include members of tenants below.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: sort direction.
            limit: users a page, from 1 to 200.

        GET /identity/resources/users/v1/query/phrase, with the environment's or a user's token
        """
        _check_identifier(identifier, identifier_type, SEARCH)
        query = {
            "_phraseSearchContains": joined("contains", contains, SEARCH),
            "_phraseSearchExcludes": joined("excludes", excludes, SEARCH),
            "_phraseSearchOptional": joined("optional", optional, SEARCH),
            "_phraseSearchApproximate": approximate,
            "_tenantId": tenant_id,
            "_email": email,
            "ids": joined("ids", ids, SEARCH),
            "_externalIds": joined("external_ids", external_ids, SEARCH),
            "_identifier": identifier,
            "_identifierType": identifier_type,
            "_namePrefix": name_prefix,
            "_includeSubTenants": include_sub_tenants,
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(self._caller, SEARCH, query, limit=limit, max_limit=MAX_PAGE)

    async def get_roles(
        self, user_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> tuple[UserRoles, ...]:
        """Return the ids of the roles that these users have in a tenant.

        Above 100 users the URL may be too long for a server on the way.

        GET /identity/resources/users/v3/roles, with the environment's or a user's token
        """
        query = {"ids": joined("user_ids", user_ids, GET_ROLES)}
        return await self._caller.call(GET_ROLES, query=query, tenant_id=tenant_id)

    async def get_groups(
        self, user_ids: Sequence[str], *, tenant_id: str | None = None
    ) -> tuple[UserGroups, ...]:
        """Return the ids of the groups that these users are in in a tenant.

        Above 100 users the URL may be too long for a server on the way.

        GET /identity/resources/users/v3/groups, with the environment's or a user's token
        """
        query = {"ids": joined("user_ids", user_ids, GET_GROUPS)}
        return await self._caller.call(GET_GROUPS, query=query, tenant_id=tenant_id)

    async def tenant_statuses(
        self, user_ids: Sequence[str], *, statuses: Sequence[TenantStatusName] | None = None
    ) -> tuple[UserTenantStatuses, ...]:
        """Return the tenants of these users, and the state of each membership.

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


def _check_identifier(
    identifier: str | None, identifier_type: IdentifierType | None, operation: Operation[Any]
) -> None:
    if (identifier is None) != (identifier_type is None):
        raise InvalidRequestError(
            "identifier and identifier_type must be given together", operation=operation.name
        )
