"""Social login providers of an environment's own, which speak OAuth."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..models.custom_oauth_providers import (
    CustomOauthProvider,
    CustomOauthProviderChanges,
    CustomOauthProviderList,
    NewCustomOauthProvider,
)
from ..operation import Operation, RetrySafety, TokenKind
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "custom_oauth_providers.get_all",
    "GET",
    "/identity/resources/sso/custom/v1",
    CustomOauthProviderList,
    token=TokenKind.ANY,
)
CREATE: Final = Operation(
    "custom_oauth_providers.create",
    "POST",
    "/identity/resources/sso/custom/v1",
    NoneType,
    body=NewCustomOauthProvider,
)
UPDATE: Final = Operation(
    "custom_oauth_providers.update",
    "PATCH",
    "/identity/resources/sso/custom/v1/{id}",
    NoneType,
    body=CustomOauthProviderChanges,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "custom_oauth_providers.delete",
    "DELETE",
    "/identity/resources/sso/custom/v1/{id}",
    NoneType,
)


class CustomOauthProviders(EndpointGroup):
    """The social login providers that an environment adds to Frontegg's."""

    async def get_all(self) -> tuple[CustomOauthProvider, ...]:
        """Return all providers.

        GET /identity/resources/sso/custom/v1, with any token or none
        """
        found = await self._caller.call(GET_ALL)
        return found.providers or ()

    async def create(self, provider: NewCustomOauthProvider) -> None:
        """Create a provider. Its id is in the result of ``get_all``.

        POST /identity/resources/sso/custom/v1
        """
        await self._caller.call(CREATE, body=provider)

    async def update(self, provider_id: str, changes: CustomOauthProviderChanges) -> None:
        """Change a provider. Fields left out stay as they are.

        PATCH /identity/resources/sso/custom/v1/{id}
        """
        await self._caller.call(UPDATE, provider_id, body=changes)

    async def delete(self, provider_id: str) -> None:
        """Delete a provider; no user can log in with it any more.

        DELETE /identity/resources/sso/custom/v1/{id}
        """
        await self._caller.call(DELETE, provider_id)
