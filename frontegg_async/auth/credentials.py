"""The fetch of the environment token, with errors that name the credentials and the host.

It is the first request of every program, so a mistake in credentials, region or host shows here,
in a call that has nothing to do with it.
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
from .grants import check_grant

_REFUSED: Final = (AuthenticationError, PermissionDeniedError)
_NOT_FRONTEGG: Final = (NotFoundError, InvalidRequestError, ResponseDecodeError)


class EnvironmentLogin:
    """Fetches an environment token.

    Args:
        fetch: calls the auth route.
        client_id: client id of the credentials, for messages.
        base_url: host that the credentials are sent to, for messages.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[TokenGrant]], client_id: str, base_url: str
    ) -> None:
        self._fetch: Final = fetch
        self._client_id: Final = client_id
        self._base_url: Final = base_url

    async def __call__(self) -> TokenGrant:
        """Return a new token.

        Raises:
            FronteggError: the fetch failed; the message names the settings that may be wrong.
        """
        try:
            grant = await self._fetch()
            check_grant(grant)
        except FronteggError as error:
            failed = error
        else:
            return grant
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
            # A response that cannot be read may be a page shown during an outage.
            passing = isinstance(error, ResponseDecodeError)
            kind = ResponseDecodeError if passing else ConfigurationError
            return kind(message, **error.fields)
        return error.again()

    def __repr__(self) -> str:
        return f"<EnvironmentLogin at {self._base_url}>"
