"""User sessions: the devices and browsers where a user is signed in."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..errors import InvalidRequestError
from ..models.user_sessions import UserSession
from ..operation import Operation, TokenKind, UserHeader
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "user_sessions.get_all",
    "GET",
    "/identity/resources/users/sessions/v1/me",
    tuple[UserSession, ...],
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
DELETE: Final = Operation(
    "user_sessions.delete",
    "DELETE",
    "/identity/resources/users/sessions/v1/me/{id}",
    NoneType,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
DELETE_ALL: Final = Operation(
    "user_sessions.delete_all",
    "DELETE",
    "/identity/resources/users/sessions/v1/me/all",
    NoneType,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)


class UserSessions(EndpointGroup):
    """The sessions of one user."""

    async def get_all(self, *, user_id: str | None = None) -> tuple[UserSession, ...]:
        """Return a user's active sessions.

        GET /identity/resources/users/sessions/v1/me, with the environment's or a user's token
        """
        return await self._caller.call(GET_ALL, user_id=user_id)

    async def delete(self, session_id: str, *, user_id: str | None = None) -> None:
        """End one session of a user, who is signed out there at once.

        DELETE /identity/resources/users/sessions/v1/me/{id}, with the environment's or a user's
        token
        """
        if str(session_id).lower() == "all":
            # On the wire this would be delete_all.
            raise InvalidRequestError("session_id must be the id of one", operation=DELETE.name)
        await self._caller.call(DELETE, session_id, user_id=user_id)

    async def delete_all(self, *, user_id: str | None = None) -> None:
        """End all sessions of a user, who is signed out everywhere.

        DELETE /identity/resources/users/sessions/v1/me/all, with the environment's or a user's
        token
        """
        await self._caller.call(DELETE_ALL, user_id=user_id)
