"""Social logins with Google, GitHub and the other providers that Frontegg knows.

None of it is in Frontegg's specification. Its own Terraform provider sets it up, and its REST
client for browsers reads it (client). Providers of one's own are in ``custom_oauth_providers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.social_logins import SetSocialLoginRequest, SocialLogin
from ..operation import Operation, RetrySafety, TokenKind
from ._checks import ids
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "social_logins.get_all",
    "GET",
    "/identity/resources/sso/v2",
    tuple[SocialLogin, ...],
    token=TokenKind.ANY,
)
GET: Final = Operation("social_logins.get", "GET", "/identity/resources/sso/v2/{type}", SocialLogin)
UPDATE: Final = Operation(
    "social_logins.update",
    "POST",
    "/identity/resources/sso/v2",
    NoneType,
    body=SetSocialLoginRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
ACTIVATE: Final = Operation(
    "social_logins.activate",
    "POST",
    "/identity/resources/sso/v2/{type}/activate",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
)
DEACTIVATE: Final = Operation(
    "social_logins.deactivate",
    "POST",
    "/identity/resources/sso/v2/{type}/deactivate",
    NoneType,
    repeat=RetrySafety.IDEMPOTENT,
)


class SocialLogins(EndpointGroup):
    """The social logins of an environment.

    A provider goes by its type: ``facebook``, ``github``, ``google``, ``microsoft`` and others.
    """

    async def get_all(self) -> tuple[SocialLogin, ...]:
        """Return the providers that users can log in with.

        GET /identity/resources/sso/v2, with any token or none
        """
        return await self._caller.call(GET_ALL)

    async def get(self, provider: str) -> SocialLogin:
        """Return a provider, its secret included.

        Raises:
            NotFoundError: it has never been set up.

        GET /identity/resources/sso/v2/{type}
        """
        return await self._caller.call(GET, provider)

    @concealing
    async def update(
        self,
        *,
        type: str,  # noqa: A002  # the name on the wire
        redirect_url: str,
        client_id: str | UnsetType = UNSET,
        secret: str | UnsetType = UNSET,
        customised: bool | UnsetType = UNSET,
        additional_scopes: Sequence[str] | UnsetType = UNSET,
    ) -> None:
        """Set a provider up, or change it; ``activate`` offers it to users.

        Args:
            type: the provider.
            redirect_url: URL that users return to.
            client_id: id of your own application at the provider.
            secret: its secret.
            customised: True to use these two instead of Frontegg's own application.
            additional_scopes: further scopes to ask for.

        POST /identity/resources/sso/v2
        """
        body = SetSocialLoginRequest(
            type=type,
            redirect_url=redirect_url,
            client_id=client_id,
            secret=secret,
            customised=customised,
            additional_scopes=ids("additional_scopes", additional_scopes, UPDATE),
        )
        await self._caller.call(UPDATE, body=body)

    async def activate(self, provider: str) -> None:
        """Offer a provider to users.

        POST /identity/resources/sso/v2/{type}/activate
        """
        await self._caller.call(ACTIVATE, provider)

    async def deactivate(self, provider: str) -> None:
        """Offer a provider to users no longer.

        POST /identity/resources/sso/v2/{type}/deactivate
        """
        await self._caller.call(DEACTIVATE, provider)
