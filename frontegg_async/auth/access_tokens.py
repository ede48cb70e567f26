"""Access tokens of callers: looked up at Frontegg, and kept for some seconds.

An access token lives long and carries no roles, so whether it still works, and what it allows,
is asked of Frontegg, in two calls: one lists the ids of all good tokens of its tenant, one has
the roles and permissions of the token itself.

==============================  ===========================================================
asked within ``FRESH_S``        the answer of then, also if it was no
several ask at once             one look-up, for which all wait
the look-up fails               the answer of at most ``STALE_S`` ago; without one, its error.
                                A failure is never kept as a no
Frontegg answers that access    no
tokens are disabled
==============================  ===========================================================
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import msgspec

from ..endpoints.m2m_tokens import (
    GET_ACTIVE,
    GET_ACTIVE_OF_TENANTS,
    GET_TENANT_ACCESS_TOKEN,
    GET_USER_ACCESS_TOKEN,
)
from ..errors import FronteggError, NotFoundError, PermissionDeniedError
from ..session import Session
from .claims import Claims, TokenType
from .token_stores import StoredToken, TokenStore

T = TypeVar("T")

FRESH_S: Final = 10.0
"""Seconds for which an answer is taken without asking again."""
STALE_S: Final = 300.0
"""Seconds for which an answer serves while the next look-up fails."""
_MOST: Final = 10_000
"""Answers kept; Frontegg allows that many access tokens in an environment."""
_DISABLED: Final = "api tokens are disabled"

_log: Final = logging.getLogger("frontegg_async.auth")


class AccessRights(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Keys of the roles and permissions of an access token."""

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


_encode: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[AccessRights | None]] = msgspec.json.Decoder(
    AccessRights | None
)


class AccessTokenLookup:
    """Looks access tokens up.

    Args:
        session: session of the environment.
        store: keeps answers for other processes, or None. Each is stored as a ``StoredToken``
            whose value is the encoded answer; it is no token.
    """

    def __init__(self, session: Session, *, store: TokenStore | None = None) -> None:
        self._session: Final = session
        self._store: Final = store
        self._active: Final[_Kept[frozenset[str]]] = _Kept(session)
        self._rights: Final[_Kept[AccessRights | None]] = _Kept(session)

    async def rights_of(self, claims: Claims) -> AccessRights | None:
        """Return the roles and permissions of a verified access token, or None if it is revoked.

        Raises:
            FronteggError: it cannot be looked up, and was not within the last minutes.
        """
        key = f"{claims.type}\0{claims.tenant_id}\0{claims.sub}"
        return await self._rights.get(key, lambda: self._look_up(key, claims))

    async def _look_up(self, key: str, claims: Claims) -> AccessRights | None:
        if self._store is None:
            return await self._ask(claims)
        stored_as = self._key_in_store(key)
        shared = await self._load(self._store, stored_as)
        if shared is not None:
            return _decoder.decode(base64.urlsafe_b64decode(shared.value))
        rights = await self._ask(claims)
        await self._save(self._store, stored_as, rights)
        return rights

    async def _ask(self, claims: Claims) -> AccessRights | None:
        of_user, tenant_id = claims.type == TokenType.USER_ACCESS, claims.tenant_id
        active = GET_ACTIVE if of_user else GET_ACTIVE_OF_TENANTS
        one = GET_USER_ACCESS_TOKEN if of_user else GET_TENANT_ACCESS_TOKEN

        async def list_active() -> frozenset[str]:
            ids = await self._session.call(active, tenant_id=tenant_id)
            return frozenset(ids)

        try:
            if claims.sub not in await self._active.get(f"{active.name}\0{tenant_id}", list_active):
                return None
            rights = await self._session.call(one, claims.sub, tenant_id=tenant_id)
        except NotFoundError:
            return None
        except PermissionDeniedError as error:
            if any(_DISABLED in message.lower() for message in error.messages):
                return None
            raise
        return AccessRights(roles=rights.roles or (), permissions=rights.permissions or ())

    # Other processes

    def _key_in_store(self, key: str) -> str:
        parts = ("access token", self._session.base_url, self._session.client_id or "", key)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    async def _load(self, store: TokenStore, key: str) -> StoredToken | None:
        try:
            shared = await store.load(key)
        except Exception as error:  # noqa: BLE001  # a store of the application's, which may fail
            _log.warning("the store of access tokens failed, and is left out: %r", error)
            return None
        if shared is None or shared.expires_at <= self._session.clock.time():
            return None
        return shared

    async def _save(self, store: TokenStore, key: str, rights: AccessRights | None) -> None:
        now = self._session.clock.time()
        value = base64.urlsafe_b64encode(_encode(rights)).decode()
        try:
            await store.save(key, StoredToken(value=value, issued_at=now, expires_at=now + FRESH_S))
        except Exception as error:  # noqa: BLE001  # as above
            _log.warning("the store of access tokens failed, and is left out: %r", error)


class _Answer(msgspec.Struct, Generic[T]):
    value: T
    at: float


class _Kept(Generic[T]):
    """Answers by key, each fetched by one task however many wait for it."""

    def __init__(self, session: Session) -> None:
        self._clock: Final = session.clock
        self._answers: Final[dict[str, _Answer[T]]] = {}
        self._tasks: Final[dict[str, asyncio.Task[T]]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        answer = self._answers.get(key)
        if answer is not None and self._clock.monotonic() - answer.at < FRESH_S:
            return answer.value
        loop = asyncio.get_running_loop()
        task = self._tasks.get(key)
        if task is None or task.get_loop() is not loop:
            task = self._tasks[key] = loop.create_task(self._fetch(key, ask))
        try:
            return await asyncio.shield(task)
        except FronteggError as error:
            failed = error
        if answer is not None and self._clock.monotonic() - answer.at < STALE_S:
            _log.warning("access tokens cannot be looked up, the last answer serves: %s", failed)
            return answer.value
        raise failed.again()

    async def _fetch(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await ask()
        finally:
            self._tasks.pop(key, None)
        self._answers.pop(key, None)
        if len(self._answers) >= _MOST:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = _Answer(value, self._clock.monotonic())
        return value
