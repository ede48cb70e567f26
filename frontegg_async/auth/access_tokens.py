"""Access tokens of callers: looked up at Frontegg, and kept for some seconds.

An access token lives long and carries no roles, so whether it still works, and what it allows,
is asked of Frontegg, in two calls: one lists the ids of all good tokens of its tenant, one has
the roles and permissions of the token itself.

==============================  ===========================================================
asked within ``FRESH_S``        the answer of then, also if it was no
several ask at once             one look-up, for which all wait
the look-up fails, or takes     the answer of at most ``STALE_S`` ago, and no look-up for another
longer than ``WAIT_S``          ``FRESH_S``; without one, its error or its answer. A failure is
                                never kept as a no
Frontegg answers that access    no
tokens are disabled
==============================  ===========================================================

The age of an answer is that of the older of its two calls, in a store as well.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from ..endpoints.m2m_tokens import (
    GET_ACTIVE,
    GET_ACTIVE_OF_TENANTS,
    GET_TENANT_ACCESS_TOKEN,
    GET_USER_ACCESS_TOKEN,
)
from ..errors import FronteggError, NotFoundError, PermissionDeniedError, ResponseDecodeError
from ..session import Session
from .claims import Claims, TokenType
from .store_access import STORE_TIMEOUT_S
from .token_stores import StoredToken, TokenStore, is_usable

T = TypeVar("T")

FRESH_S: Final = 10.0
"""Seconds for which an answer is taken without asking again."""
STALE_S: Final = 300.0
"""Seconds for which an answer serves while the next look-up fails."""
STORE_PAUSE_S: Final = 30.0
"""Seconds without the store after it has failed or was too slow: callers wait for each look."""
WAIT_S: Final = 2.0
"""Most seconds that a caller waits for a look-up while there is an answer of before."""
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


class _Answer(msgspec.Struct, Generic[T]):
    value: T
    at: float
    retry_at: float = 0.0


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
        self._store_paused_until = -math.inf
        self._active: Final[_Kept[frozenset[str]]] = _Kept(session)
        self._rights: Final[_Kept[AccessRights | None]] = _Kept(session)

    async def rights_of(self, claims: Claims) -> AccessRights | None:
        """Return the roles and permissions of a verified access token, or None if it is revoked.

        Raises:
            FronteggError: it cannot be looked up, and was not within the last minutes.
        """
        key = f"{claims.type}\0{claims.tenant_id}\0{claims.sub}"
        return (await self._rights.get(key, lambda: self._look_up(key, claims))).value

    async def _look_up(self, key: str, claims: Claims) -> _Answer[AccessRights | None]:
        store = self._store
        if store is None:
            return await self._ask(claims)
        stored_as = self._key_in_store(key)
        answer = await self._ask_store("be read", lambda: self._load(store, stored_as))
        if answer is None:
            answer = await self._ask(claims)
            stored = self._stored(answer)
            await self._ask_store("be written", lambda: store.save(stored_as, stored))
        return answer

    async def _ask(self, claims: Claims) -> _Answer[AccessRights | None]:
        of_user, tenant_id = claims.type == TokenType.USER_ACCESS, claims.tenant_id
        operation = GET_ACTIVE if of_user else GET_ACTIVE_OF_TENANTS
        one = GET_USER_ACCESS_TOKEN if of_user else GET_TENANT_ACCESS_TOKEN
        at = self._session.clock.monotonic()

        async def list_active() -> _Answer[frozenset[str]]:
            at = self._session.clock.monotonic()
            try:
                ids = await self._session.call(operation, tenant_id=tenant_id)
            except NotFoundError as error:
                # The host or a proxy lacks the route, which says nothing of the token.
                fields = error.fields
            else:
                return _Answer(frozenset(ids), at)
            raise ResponseDecodeError("there is no list of active access tokens", **fields)

        try:
            active = await self._active.get(f"{operation.name}\0{tenant_id}", list_active)
            if claims.sub not in active.value:
                return _Answer(None, active.at, active.retry_at)
            rights = await self._session.call(one, claims.sub, tenant_id=tenant_id)
        except NotFoundError:
            return _Answer(None, at)
        except PermissionDeniedError as error:
            if any(_DISABLED in message.lower() for message in error.messages):
                return _Answer(None, at)
            raise
        found = AccessRights(roles=rights.roles or (), permissions=rights.permissions or ())
        return _Answer(found, active.at, active.retry_at)

    # Other processes

    def _key_in_store(self, key: str) -> str:
        parts = ("access token", self._session.base_url, self._session.client_id or "", key)
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()

    async def _load(self, store: TokenStore, key: str) -> _Answer[AccessRights | None] | None:
        """Return the answer of another process, or None if there is none that can be read."""
        shared = await store.load(key)
        if shared is None or not is_usable(shared):
            return None
        age = self._session.clock.time() - shared.issued_at
        # Of a machine whose clock is ahead by more it may be of any age.
        if not -FRESH_S < age < FRESH_S:
            return None
        try:
            rights = _decoder.decode(base64.urlsafe_b64decode(shared.value))
        except (ValueError, RecursionError):
            return None
        return _Answer(rights, self._session.clock.monotonic() - max(0.0, age))

    def _stored(self, answer: _Answer[AccessRights | None]) -> StoredToken:
        clock = self._session.clock
        asked_at = clock.time() - (clock.monotonic() - answer.at)
        value = base64.urlsafe_b64encode(_encode(answer.value)).decode()
        return StoredToken(value=value, issued_at=asked_at, expires_at=asked_at + FRESH_S)

    async def _ask_store(self, action: str, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return the store's result; None if it fails or is too slow, and while it is left out."""
        now = self._session.clock.monotonic
        if now() < self._store_paused_until:
            return None
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await ask()
        except Exception as error:  # noqa: BLE001  # a store of the application's, which may fail
            failed = type(error).__name__
        self._store_paused_until = now() + STORE_PAUSE_S
        _log.warning(
            "the store of access tokens cannot %s (%s): left out for %.0f s",
            action,
            failed,
            STORE_PAUSE_S,
        )
        return None


class _Kept(Generic[T]):
    """Answers by key, each fetched by one task however many wait for it."""

    def __init__(self, session: Session) -> None:
        self._clock: Final = session.clock
        self._answers: Final[dict[str, _Answer[T]]] = {}
        self._tasks: Final[dict[str, asyncio.Task[_Answer[T]]]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[_Answer[T]]]) -> _Answer[T]:
        answer = self._answers.get(key)
        now = self._clock.monotonic()
        if answer is not None:
            if now - answer.at < FRESH_S or now < min(answer.retry_at, answer.at + STALE_S):
                return answer
            if now - answer.at >= STALE_S:
                answer = None
        task = self._tasks.get(key)
        loop = asyncio.get_running_loop()
        if task is None or task.done() or task.get_loop() is not loop:
            task = self._tasks[key] = loop.create_task(self._fetch(key, ask))
            task.add_done_callback(_retrieve)
        if answer is None:
            try:
                return await asyncio.shield(task)
            except FronteggError as error:
                failed = error
            raise failed.again()
        return await self._renewed(task, answer)

    async def _renewed(self, task: asyncio.Task[_Answer[T]], answer: _Answer[T]) -> _Answer[T]:
        """Return the new answer, or that of before if the look-up fails or is slow."""
        problem: FronteggError | str = f"no answer within {WAIT_S:.0f} s"
        try:
            async with asyncio.timeout(WAIT_S):
                return await asyncio.shield(task)
        except TimeoutError:
            pass
        except FronteggError as error:
            problem = error
        now = self._clock.monotonic()
        if now >= answer.retry_at:
            answer.retry_at = now + FRESH_S
            _log.warning("access tokens cannot be looked up, the last answer serves: %s", problem)
        return answer

    async def _fetch(self, key: str, ask: Callable[[], Awaitable[_Answer[T]]]) -> _Answer[T]:
        try:
            answer = await ask()
        finally:
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]
        self._answers.pop(key, None)
        if len(self._answers) >= _MOST:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = answer
        return answer


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Take the error of a task that all its waiters have left, so that the loop reports none."""
    if not task.cancelled():
        task.exception()
