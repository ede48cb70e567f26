"""Temporary users, who expire."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..models import Number
from ..models.temporary_users import (
    SetExpirationRequest,
    TemporaryUsersConfiguration,
    UpdateTemporaryUsersRequest,
    UserExpiration,
)
from ..operation import Operation, TokenKind
from ._group import EndpointGroup

SET_EXPIRATION: Final = Operation(
    "temporary_users.set_expiration",
    "PUT",
    "/identity/resources/users/temporary/v1/{userId}",
    UserExpiration,
    body=SetExpirationRequest,
    token=TokenKind.EITHER,
)
MAKE_PERMANENT: Final = Operation(
    "temporary_users.make_permanent",
    "DELETE",
    "/identity/resources/users/temporary/v1/{userId}",
    NoneType,
    token=TokenKind.EITHER,
)
GET_CONFIGURATION: Final = Operation(
    "temporary_users.get_configuration",
    "GET",
    "/identity/resources/users/temporary/v1/configuration",
    TemporaryUsersConfiguration,
    token=TokenKind.EITHER,
)
UPDATE_CONFIGURATION: Final = Operation(
    "temporary_users.update_configuration",
    "PUT",
    "/identity/resources/users/temporary/v1/configuration",
    TemporaryUsersConfiguration,
    body=UpdateTemporaryUsersRequest,
)


class TemporaryUsers(EndpointGroup):
    """Users that expire, and the setting that allows them."""

    async def set_expiration(self, user_id: str, expiration_in_seconds: Number) -> UserExpiration:
        """Let a user expire, and return the number of seconds until then.

        Args:
            user_id: the user, temporary or not yet.
            expiration_in_seconds: seconds from now, at least 300.

        PUT /identity/resources/users/temporary/v1/{userId}, with the environment's or a user's
        token
        """
        body = SetExpirationRequest(expiration_in_seconds=expiration_in_seconds)
        return await self._caller.call(SET_EXPIRATION, user_id, body=body)

    async def make_permanent(self, user_id: str) -> None:
        """Keep a temporary user for good.

        DELETE /identity/resources/users/temporary/v1/{userId}, with the environment's or a
        user's token
        """
        await self._caller.call(MAKE_PERMANENT, user_id)

    async def get_configuration(self) -> TemporaryUsersConfiguration:
        """Return whether the environment has temporary users.

        GET /identity/resources/users/temporary/v1/configuration, with the environment's or a
        user's token
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def update_configuration(self, enabled: bool) -> TemporaryUsersConfiguration:
        """Turn temporary users on or off in the environment, and return the setting.

        PUT /identity/resources/users/temporary/v1/configuration
        """
        body = UpdateTemporaryUsersRequest(enabled=enabled)
        return await self._caller.call(UPDATE_CONFIGURATION, body=body)
