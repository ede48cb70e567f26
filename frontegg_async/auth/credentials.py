"""The fetch of the environment token, and errors that say whose credentials were refused where.

It is the first request of every program, so whatever is wrong with credentials, region or host
shows here, in calls of the user's that have nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    FronteggError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ResponseDecodeError,
)
from ..models.authentication import TokenGrant
from ..options import Region

_REFUSED: Final = (AuthenticationError, PermissionDeniedError)
_NOT_FRONTEGG: Final = (NotFoundError, InvalidRequestError, ResponseDecodeError)


class EnvironmentLogin:
    """Fetches an environment token.

    Args:
        fetch: calls the auth route.
        client_id: whose credentials these are.
        base_url: the host that they are shown to.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[TokenGrant]], client_id: str, base_url: str
    ) -> None:
        self._fetch: Final = fetch
        self._client_id: Final = client_id
        self._base_url: Final = base_url

    async def __call__(self) -> TokenGrant:
        """Return a new token; an error says which settings to look at."""
        try:
            return await self._fetch()
        except FronteggError as error:
            failed = error
        raise self._explained(failed)

    def _explained(self, error: FronteggError) -> FronteggError:
        """Return an error that names the settings, or the same if they are not at fault."""
        region = next((each for each in Region if each.base_url == self._base_url), None)
        place = f" (region {region})" if region else ""
        if isinstance(error, _REFUSED) or (error.status == 400 and error.messages):
            look = "the environment is in this region" if region else "they belong to this host"
            message = (
                f"the server refused the credentials: client id {self._client_id!r} and its API "
                f"key, at {self._base_url}{place}. Check that both are of one environment, that "
                f"{look}, and that the key has not been replaced"
            )
            return AuthenticationError(message, **error.fields)
        if isinstance(error, _NOT_FRONTEGG):
            message = (
                f"{self._base_url}{place} gave no token, and answered as a host does that is not "
                f"Frontegg's API ({error.message}): check base_url, which is the host alone, "
                "without a path"
            )
            # An answer that cannot be read may be a page for the time of an outage.
            passing = isinstance(error, ResponseDecodeError)
            kind = ResponseDecodeError if passing else ConfigurationError
            return kind(message, **error.fields)
        return error.again()

    def __repr__(self) -> str:
        return f"<EnvironmentLogin at {self._base_url}>"
