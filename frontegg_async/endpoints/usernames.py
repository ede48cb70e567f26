"""Usernames, with which users sign in instead of an address."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from ..models.paging import Page
from ..models.usernames import CreateUsernameRequest, Username, UsernameOrder
from ..operation import Operation, TenantHeader, TokenKind, UserHeader
from ..paging import Paginator
from ._checks import joined
from ._group import EndpointGroup

ITERATE: Final = Operation(
    "usernames.iterate",
    "GET",
    "/identity/resources/usernames/v1",
    # The specification shows one username; Frontegg's own React client reads pages (client).
    Page[Username],
    token=TokenKind.EITHER,
)
CREATE: Final = Operation(
    "usernames.create",
    "POST",
    "/identity/resources/usernames/v1",
    NoneType,
    body=CreateUsernameRequest,
    # Nothing but the token says whose it is.
    token=TokenKind.USER,
    tenant=TenantHeader.OPTIONAL,
)
DELETE: Final = Operation(
    "usernames.delete",
    "DELETE",
    "/identity/resources/usernames/v1/{username}",
    NoneType,
    token=TokenKind.EITHER,
)
GET_MINE: Final = Operation(
    "usernames.get_mine",
    "GET",
    "/identity/resources/usernames/v1/me",
    Username,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)


class Usernames(EndpointGroup):
    """The usernames of users."""

    def iterate(
        self,
        *,
        username_prefix: str | UnsetType = UNSET,
        user_ids: Sequence[str] | UnsetType = UNSET,
        usernames: Sequence[str] | UnsetType = UNSET,
        sort_by: UsernameOrder | UnsetType = "username",
        order: Literal["ASC", "DESC"] | UnsetType = UNSET,
        limit: int = 50,
    ) -> Paginator[Username]:
        """Iterate over usernames.

        Args:
            username_prefix: only usernames that begin with this string.
            user_ids: only usernames of these users.
            usernames: only these.
            sort_by: the sort key. Only a unique one gives pages that miss no username.
            order: sort direction.
            limit: usernames a page, from 1; Frontegg states no upper limit.

        GET /identity/resources/usernames/v1, with the environment's or a user's token
        """
        query = {
            "_usernamePrefix": username_prefix,
            "userIds": joined("user_ids", user_ids, ITERATE),
            "usernames": joined("usernames", usernames, ITERATE),
            "_sortBy": sort_by,
            "_order": order,
        }
        return Paginator(self._caller, ITERATE, query, limit=limit, max_limit=None)

    async def create(self, username: str, *, tenant_id: str | None = None) -> None:
        """Give the user a username; Frontegg keeps it in lower case.

        Args:
            username: at most 128 characters: letters and digits without accents, and
                ``^ $ . ! - # + ' ~ _``.
            tenant_id: the tenant that the user works in.

        POST /identity/resources/usernames/v1, with a user's token
        """
        body = CreateUsernameRequest(username=username)
        await self._caller.call(CREATE, body=body, tenant_id=tenant_id)

    async def delete(self, username: str) -> None:
        """Take a username from the user who has it.

        DELETE /identity/resources/usernames/v1/{username}, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE, username)

    async def get_mine(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> Username:
        """Return the username of the user whose token it is, or of ``user_id``.

        GET /identity/resources/usernames/v1/me, with the environment's or a user's token
        """
        return await self._caller.call(GET_MINE, user_id=user_id, tenant_id=tenant_id)
