"""Logins of users: their tokens are renewed in the same way as the environment token."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Final, TypeAlias

import msgspec

from .._core.clock import Clock
from .._core.secret import Secret
from ..endpoints.authentication import Authentication
from ..errors import AuthenticationError, ConfigurationError
from ..models.authentication import ApiTokenLogin, TokenGrant, UserTokens
from ..operation import Caller
from .grants import life_of
from .oauth import HostedTokens, check_domain, client_id_of, renew
from .token_claims import stated_life, user_of
from .token_manager import TokenManager
from .token_stores import MemoryTokenStore, is_fit

Logins: TypeAlias = MutableMapping[Secret, TokenManager]
OnRefresh = Callable[[UserTokens], Awaitable[None]]
"""A callback that stores the new tokens: the refresh token before them is used up."""


class _Renewal:
    """Exchanges the refresh token, which is another one after each time."""

    def __init__(self, caller: Caller, tokens: UserTokens, client_id: str | None) -> None:
        self._caller: Final = caller
        self._authentication: Final = Authentication(caller)
        self._client_id: Final = client_id
        self.tokens = tokens

    async def __call__(self) -> TokenGrant:
        tokens = await self._exchange()
        if not tokens.refresh_token:
            # Without rotation the old one stays valid, and the response may leave it out.
            tokens = _with_refresh_token(tokens, self.tokens.refresh_token)
        self.tokens = tokens
        return TokenGrant(token=tokens.access_token, expires_in=tokens.expires_in)

    async def _exchange(self) -> UserTokens:
        tokens = self.tokens
        if tokens.refresh_token is None:
            raise AuthenticationError("the user's token has ended: log in again")
        if isinstance(tokens, HostedTokens):
            return await renew(self._caller, tokens, self._client_id)
        if isinstance(tokens, ApiTokenLogin):
            return await self._authentication.refresh_api_token(tokens.refresh_token)
        return await self._authentication.refresh(
            tokens.refresh_token, client_id=self._client_id or ""
        )

    def __repr__(self) -> str:
        return "<_Renewal ***>"


class UserTokenManager(TokenManager):
    """Serves the access token of one login, renews it, and calls ``on_refresh`` with new tokens.

    Args:
        renewal: exchanges the refresh token.
        clock: source of the time.
        logins: managers of a session by refresh token; this one is entered after each renewal.
    """

    def __init__(self, renewal: _Renewal, clock: Clock, logins: Logins) -> None:
        super().__init__(
            renewal,
            clock=clock,
            uniform=random.uniform,
            store=MemoryTokenStore(),
            key="user",
            description="user token",
            after_refresh=self._tell,
        )
        self._renewal: Final = renewal
        self._logins: Final = logins
        self.on_refresh: Final[list[OnRefresh]] = []

    def serves(self, access_token: str) -> bool:
        """Return whether an access token can be one of this login: not if it names another user.

        Logins with the same refresh token, such as a ``null`` that a program has stored as a
        string, must not become one user.
        """
        users = user_of(self._renewal.tokens.access_token or ""), user_of(access_token)
        return None in users or users[0] == users[1]

    def take_over(self, tokens: UserTokens, life: float) -> None:
        """Use tokens of this login that were renewed elsewhere, if they live longer.

        Where refresh tokens do not rotate, both have the same one: after a change of the tenant,
        the access token in use still belongs to the tenant before. Tokens with another refresh
        token are older, and theirs is used up.
        """
        before = self._renewal.tokens
        if tokens.refresh_token != before.refresh_token or tokens.access_token is None:
            return
        # Both ends by the server's clock: ours may be wrong.
        ends = stated_life(before.access_token or "", self._clock.time())
        if ends is not None and life > ends:
            self._renewal.tokens = tokens
            self.adopt(tokens.access_token, life)

    async def _tell(self) -> None:
        tokens = self._renewal.tokens
        if tokens.refresh_token is not None:
            self._logins[Secret(tokens.refresh_token)] = self
        ended = await asyncio.gather(
            *(on_refresh(tokens) for on_refresh in self.on_refresh), return_exceptions=True
        )
        for error in ended:
            if error is not None:
                raise error


def manage(
    caller: Caller,
    tokens: UserTokens,
    *,
    client_id: str | None,
    base_url: str,
    clock: Clock,
    on_refresh: OnRefresh | None,
    logins: Logins,
) -> TokenManager:
    """Return the manager that serves a user's access token and renews it: one for each login.

    Raises:
        ConfigurationError: there is no access token, or no client id to renew it with; or a hosted
            login is to be renewed on the host of a region.
    """
    access_token = Secret(tokens.access_token or "")
    if not is_fit(access_token.reveal()):
        raise ConfigurationError(
            "the user is not logged in yet: there is no access token (with mfa_required, "
            "go on in frontegg.mfa_login)"
        )
    if isinstance(tokens, HostedTokens):
        check_domain(base_url)
        client_id_of(tokens.client, client_id)
    elif client_id is None and not isinstance(tokens, ApiTokenLogin):
        raise ConfigurationError(
            "renewing a user's tokens takes the client id of the environment: open the session "
            "with client_id"
        )
    if not tokens.refresh_token:
        # With the refresh token in a cookie, the body has an empty one: the same for all users.
        tokens = _with_refresh_token(tokens, None)
    # The end that the token states counts: ``expires_in`` may have been stored a while ago.
    life = stated_life(access_token.reveal(), clock.time())
    known = None if tokens.refresh_token is None else logins.get(Secret(tokens.refresh_token))
    if isinstance(known, UserTokenManager) and known.serves(access_token.reveal()):
        manager = known
        if life is not None:
            manager.take_over(tokens, life)
    else:
        manager = UserTokenManager(_Renewal(caller, tokens, client_id), clock, logins)
        if tokens.refresh_token is not None:
            logins[Secret(tokens.refresh_token)] = manager
        if life is None:
            life = life_of(tokens.expires_in)
        if life > 0:
            manager.adopt(access_token.reveal(), life)
    if on_refresh is not None and on_refresh not in manager.on_refresh:
        manager.on_refresh.append(on_refresh)
    return manager


def _with_refresh_token(tokens: UserTokens, refresh_token: str | None) -> UserTokens:
    return msgspec.structs.replace(tokens, refresh_token=refresh_token)
