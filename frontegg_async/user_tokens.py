"""A user's session: tokens that renew themselves, the way the environment token does."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from ._clock import Clock
from .endpoints.authentication import Authentication
from .errors import AuthenticationError, ConfigurationError
from .models.authentication import ApiTokenLogin, TokenGrant, UserTokens
from .operation import Caller
from .tokens import MemoryTokenStore, TokenManager, is_fit, stated_life

_logger: Final = logging.getLogger("frontegg_async.tokens")

OnRefresh = Callable[[UserTokens], Awaitable[None]]
"""Is given the tokens that take over, to keep them: the refresh token before is used up."""


class _Renewal:
    """Exchanges the refresh token, which is another one after each time."""

    def __init__(
        self,
        caller: Caller,
        tokens: UserTokens,
        client_id: str | None,
        on_refresh: OnRefresh | None,
    ) -> None:
        self._authentication: Final = Authentication(caller)
        self._client_id: Final = client_id
        self._on_refresh: Final = on_refresh
        self._tokens = tokens

    async def __call__(self) -> TokenGrant:
        tokens = await self._exchange()
        if tokens.refresh_token is None:
            # Without rotation the old one goes on to work, and the answer may leave it out.
            tokens = _with_refresh_token(tokens, self._tokens.refresh_token)
        self._tokens = tokens
        if self._on_refresh is not None:
            try:
                await self._on_refresh(tokens)
            except Exception as error:  # noqa: BLE001  # the tokens are good without it
                _logger.warning("on_refresh failed (%s)", type(error).__name__)
        return TokenGrant(token=tokens.access_token, expires_in=tokens.expires_in)

    async def _exchange(self) -> UserTokens:
        refresh_token = self._tokens.refresh_token
        if refresh_token is None:
            raise AuthenticationError("the user's token has ended: log in again")
        if isinstance(self._tokens, ApiTokenLogin):
            return await self._authentication.refresh_api_token(refresh_token)
        return await self._authentication.refresh(refresh_token, client_id=self._client_id or "")

    def __repr__(self) -> str:
        return "<_Renewal ***>"


def manage(
    caller: Caller,
    tokens: UserTokens,
    *,
    client_id: str | None,
    clock: Clock,
    on_refresh: OnRefresh | None,
) -> TokenManager:
    """Return a manager that serves a user's access token and renews it.

    Raises:
        ConfigurationError: there is no access token, or nothing to renew it with.
    """
    access_token = tokens.access_token
    if access_token is None or not is_fit(access_token):
        raise ConfigurationError(
            "the user is not logged in yet: there is no access token (with mfa_required, "
            "go on in frontegg.mfa_login)"
        )
    if client_id is None and not isinstance(tokens, ApiTokenLogin):
        raise ConfigurationError(
            "renewing a user's tokens takes the client id of the environment: open the session "
            "with client_id"
        )
    manager = TokenManager(
        _Renewal(caller, tokens, client_id, on_refresh),
        clock=clock,
        uniform=random.uniform,
        store=MemoryTokenStore(),
        key="user",
        what="user token",
    )
    # What the token says of its own end counts: ``expires_in`` may have been kept for a while.
    life = stated_life(access_token, clock.time())
    if life is None:
        life = float(tokens.expires_in or 0)
    if life > 0:
        manager.adopt(access_token, life)
    return manager


def _with_refresh_token(tokens: UserTokens, refresh_token: str | None) -> UserTokens:
    return msgspec.structs.replace(tokens, refresh_token=refresh_token)
