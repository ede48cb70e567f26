"""User sessions: the devices and browsers where a user is signed in."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..errors import InvalidRequestError
from ..models.user_sessions import RevokeSessionsRequest, UserSession
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "user_sessions.get_all",
    "GET",
    "/identity/resources/users/sessions/v1/me",
    tuple[UserSession, ...],
    token=TokenKind.EITHER,
    # Not specified; seen: with the environment's token both headers are needed.
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
DELETE: Final = Operation(
    "user_sessions.delete",
    "DELETE",
    "/identity/resources/users/sessions/v1/me/{id}",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)
DELETE_ALL: Final = Operation(
    "user_sessions.delete_all",
    "DELETE",
    "/identity/resources/users/sessions/v1/me/all",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
)


# Not in the specification; Frontegg's own REST client for browsers calls both (client).
GET_CURRENT: Final = Operation(
    "user_sessions.get_current",
    "GET",
    "/identity/resources/users/sessions/v1/me/current",
    UserSession,
    token=TokenKind.USER,
)
REVOKE: Final = Operation(
    "user_sessions.revoke",
    "POST",
    "/identity/resources/users/sessions/v1/revoke",
    NoneType,
    body=RevokeSessionsRequest,
    token=TokenKind.USER,
    repeat=RetrySafety.IDEMPOTENT,
)


class UserSessions(EndpointGroup):
    """The sessions of one user."""

    async def get_all(
        self, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> tuple[UserSession, ...]:
        """Return a user's active sessions.

        Args:
            user_id: the user, with the environment's token.
            tenant_id: a tenant of the user's; live, the environment's token needs it as well.

        GET /identity/resources/users/sessions/v1/me, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, user_id=user_id, tenant_id=tenant_id)

    async def delete(
        self, session_id: str, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """End one session of a user, who is signed out there at once.

        Args:
            session_id: the session.
            user_id: the user, with the environment's token.
            tenant_id: a tenant of the user's; live, the environment's token needs it as well.

        DELETE /identity/resources/users/sessions/v1/me/{id}, with the environment's or a user's
        token
        """
        if str(session_id).lower() == "all":
            # On the wire this would be delete_all.
            raise InvalidRequestError("session_id must be the id of one", operation=DELETE.name)
        await self._caller.call(DELETE, session_id, user_id=user_id, tenant_id=tenant_id)

    async def delete_all(self, *, user_id: str | None = None, tenant_id: str | None = None) -> None:
        """End all sessions of a user, who is signed out everywhere.

        Args:
            user_id: the user, with the environment's token.
            tenant_id: a tenant of the user's; live, the environment's token needs it as well.

        DELETE /identity/resources/users/sessions/v1/me/all, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE_ALL, user_id=user_id, tenant_id=tenant_id)

    async def get_current(self) -> UserSession:
        """Return the session that the user's token belongs to.

        Frontegg does not document it; its browser client uses it.

        GET /identity/resources/users/sessions/v1/me/current, with a user's token
        """
        return await self._caller.call(GET_CURRENT)

    async def revoke(self, user_id: str) -> None:
        """End all sessions of another user of the tenant, as its administrator.

        Frontegg does not document it; its browser client uses it.

        POST /identity/resources/users/sessions/v1/revoke, with a user's token
        """
        await self._caller.call(REVOKE, body=RevokeSessionsRequest(user_id=user_id))
