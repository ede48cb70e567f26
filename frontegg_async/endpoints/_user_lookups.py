"""Users by filters and by phrases, and the roles and groups of many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import UNSET, UnsetType

from ..errors import InvalidRequestError
from ..models.users import IdentifierType, User, UserGroups, UserOrder, UserRoles
from ..operation import Caller, Operation
from ..paging import Paginator
from ._checks import joined
from ._user_operations import GET_GROUPS, GET_ROLES, ITERATE, SEARCH

MAX_PAGE: Final = 200


class UserLookups:
    """The part of ``Users`` that looks at many users at once."""

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

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
            identifier_type: what ``identifier`` is.
            name_prefix: only users whose name begins with this text.
            include_sub_tenants: whether members of tenants below count as well.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: which end comes first.
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
        """Iterate over the users that phrases find. The filters of ``iterate`` narrow it further.

        Args:
            contains: phrases without commas; only users who have all of them.
            excludes: only users who have none of these.
            optional: only users who have at least one of these.
            approximate: True to find what is spelled a little differently as well.
            tenant_id: only members of this tenant.
            email: only the user with this e-mail address.
            ids: only these users; URLs of several hundred ids are refused by servers.
            external_ids: only users with these ids of another system.
            identifier: only users with an identifier that begins so; needs ``identifier_type``.
            identifier_type: what ``identifier`` is.
            name_prefix: only users whose name begins with this text.
            include_sub_tenants: whether members of tenants below count as well.
            sort_by: the sort key. Only a unique one gives pages that miss no user.
            order: which end comes first.
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


def _check_identifier(
    identifier: str | None, identifier_type: IdentifierType | None, operation: Operation[Any]
) -> None:
    if (identifier is None) != (identifier_type is None):
        raise InvalidRequestError(
            "identifier and identifier_type must be given together", operation=operation.name
        )
