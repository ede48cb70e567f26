"""The token manager: one token, the environment's or a user's, however many tasks ask for it.

    life of a token      calls
    ──────────────────   ──────────────────────────────────────────────────────────────────
    0 to some 78 %       get it at once, without an await
    advisory             get it, while a task fetches the next one in the background
    mandatory            wait for the refresh; if it fails, they get the old token
    ended                wait for the refresh; if it fails, its error is raised

The refresh is a task of its own, so that a cancelled caller stops waiting and affects no other.
The task's result is a value, so that each caller raises an error of its own. Times are monotonic
and counted from before the request was sent; only a ``TokenStore`` sees times of day, because
monotonic clocks mean nothing to another process.

    task         ends when                     awaited by
    ──────────   ───────────────────────────   ──────────────────────────────────
    refresh      the new token is in use       callers that need it
    save         the store has it              the next refresh; ``close``, 1 s
    callback     ``on_refresh`` has returned   ``close``, 4 s

A token that the server rejects with 401 is replaced: by the one in the store, if there is another.
One session at a time fetches a new one, and looks into the store again before. A route that rejects
new tokens as well rejects them for another reason, and costs no further token for a while.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from .._core.clock import Clock
from .._core.response import recorded
from .._core.secret import Secret
from ..errors import (
    AuthenticationError,
    CallTimeoutError,
    ClosedError,
    ConfigurationError,
    FronteggError,
    InvalidRequestError,
    PermissionDeniedError,
)
from ..models.authentication import TokenGrant
from .grants import check_grant, life_of
from .store_access import STORE_TIMEOUT_S, StoreAccess
from .token_stores import StoredToken, TokenStore

_logger: Final = logging.getLogger("frontegg_async.auth.token_manager")

ADVISORY_SHARE: Final = 0.8
"""Share of its life after which a token is replaced in the background."""
_ADVISORY_JITTER_SHARE: Final = 0.05
"""Up to this share earlier, so that a fleet started as one does not refresh as one."""
_MARGIN_S: Final = 30.0
_MARGIN_SHARE: Final = 0.05
_MAX_MARGIN_SHARE: Final = 0.1
"""Before its end, callers wait for the next token: for 30 s or 5 % of its life, the longer one, but
never for more than 10 % of it."""
FIRST_BACKOFF_S: Final = 1.0
MAX_BACKOFF_S: Final = 30.0
"""Seconds between failing fetches: the first and the longest pause."""
REFUSED_BACKOFF_S: Final = 60.0
"""Seconds before rejected credentials are sent again."""
MAX_STATED_PAUSE_S: Final = 300.0
"""Most seconds that a 429 of the auth route holds fetches back, however many it states."""
MAX_REFRESH_WAIT_S: Final = 2.0
"""Most seconds that a caller waits for a new token while the old one is good."""
MAX_DEAD_FROM_STORE: Final = 2
"""Tokens from the store that may be rejected in a row before one is fetched without asking it.
After a revocation the first of them is as old as the session's own, if another session had renewed
that in advance; the next one is new."""
LEASE_S: Final = 5.0
"""Seconds that a session has to fetch a token while other sessions wait for it."""
FIRST_POLL_S: Final = 0.05
MAX_POLL_S: Final = 0.5
"""Seconds between looks into the store while another session fetches the token."""
ON_REFRESH_TIMEOUT_S: Final = 30.0
"""Seconds that ``on_refresh`` may take."""
CLOSE_WAIT_S: Final = 4.0
"""Seconds of them that are left when the session is closed, which may take five in all."""

REFUSALS: Final = (
    # Errors that a second request does not change.
    AuthenticationError,
    PermissionDeniedError,
    InvalidRequestError,
    ConfigurationError,
)


class Token:
    """A token in use. Its ``repr`` does not show it.

    Attributes:
        secret: the token.
        authorization: value of the ``Authorization`` header.
        advisory_at, mandatory_at, expires_at: monotonic times, in seconds.
        accepted: True once a call with it was accepted.
        unproven: True if it came from a store after a 401, and may be revoked like the one before.
    """

    __slots__ = (
        "accepted",
        "advisory_at",
        "authorization",
        "expires_at",
        "mandatory_at",
        "secret",
        "unproven",
    )

    def __init__(self, value: str, *, since: float, life: float, jitter: float) -> None:
        self.secret = Secret(value)
        self.authorization = Secret(f"Bearer {value}")
        self.expires_at = since + life
        margin = min(max(_MARGIN_S, _MARGIN_SHARE * life), _MAX_MARGIN_SHARE * life)
        self.mandatory_at = self.expires_at - margin
        self.advisory_at = since + life * (ADVISORY_SHARE - jitter)
        self.accepted = False
        self.unproven = False

    @property
    def value(self) -> str:
        """The token itself."""
        return self.secret.reveal()

    def __repr__(self) -> str:
        return f"<Token until {self.expires_at:.0f}>"


class _RouteRejections(msgspec.Struct):
    """The 401s of one route.

    Args:
        count: tokens that were replaced because of it, since it last accepted one.
        until: monotonic time before which it causes no further replacement.
        last: the token that it rejected last.
    """

    count: int
    until: float
    last: Secret


class TokenManager:
    """Fetches, keeps and renews one token.

    Args:
        fetch: fetches a token, with its own retries; raises FronteggError.
        clock: source of the time.
        uniform: draws a number between two others, for jitter.
        store: token store that other sessions may share.
        key: name of the token in the store.
        description: kind of token, for messages.
        after_refresh: awaited after each refresh, when the new token is in use already.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[TokenGrant]],
        *,
        clock: Clock,
        uniform: Callable[[float, float], float],
        store: TokenStore,
        key: str,
        description: str = "environment token",
        after_refresh: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._description: Final = description
        self._fetch: Final = fetch
        self._clock: Final = clock
        self._monotonic: Final = clock.monotonic
        self._uniform: Final = uniform
        self._store: Final = StoreAccess(store, key, self._monotonic)
        self._after_refresh: Final = after_refresh
        self._save_task: asyncio.Task[None] | None = None
        self._callback_task: asyncio.Task[None] | None = None
        self._callback_due = False
        self._token: Token | None = None
        self._rejected: Secret | None = None
        self._refresh_task: asyncio.Task[Token | FronteggError] | None = None
        self._last_error: FronteggError | None = None
        self._failed_fetches = 0
        self._next_fetch_at = 0.0
        self._next_replacement_at = 0.0
        self._unaccepted_rejections = 0
        self._dead_from_store = 0
        self._closed = False
        self.rejecting_routes: Final[dict[str, _RouteRejections]] = {}
        """Routes that have answered 401 since they last accepted a token."""

    def adopt(self, value: str, life: float) -> None:
        """Use a token obtained elsewhere, which lives ``life`` seconds from now."""
        self._token = self._make_token(value, self._monotonic(), life)

    def current(self) -> Token | None:
        """Return the token if no refresh is due. No await: every call asks."""
        token = self._token
        if token is not None and self._monotonic() < token.advisory_at:
            return token
        return None

    async def get(self, timeout: float) -> Token:
        """Return a token, fetching one if need be.

        Args:
            timeout: seconds that the caller can wait.

        Raises:
            AuthenticationError: the credentials were refused; they are not tried again for a
                minute.
            CallTimeoutError: the fetch takes longer than the caller can wait; it goes on.
            FronteggError: the fetch failed in another way.
        """
        now = self._monotonic()
        token = self._token
        refresh = self._ensure_refresh(now)
        if token is not None and now < token.mandatory_at:
            return token
        outcome: Token | FronteggError | None
        if refresh is None:
            outcome = self._last_error
        else:
            good = 0.0 if token is None else max(token.expires_at - now, 0.0)
            first = min(timeout / 2, MAX_REFRESH_WAIT_S, good) if good else timeout
            await asyncio.wait((refresh,), timeout=first)
            left = self._monotonic() < now + good
            if good and not left and not refresh.done():
                # The old token has ended meanwhile: only a new one serves.
                await asyncio.wait((refresh,), timeout=max(timeout - first, 0.0))
            if refresh.done() and refresh.cancelled():
                raise ClosedError("the session was closed")
            outcome = refresh.result() if refresh.done() else None
        if isinstance(outcome, Token):
            return outcome
        # The old token serves to its end.
        token = self._token
        if token is not None and self._monotonic() < token.expires_at:
            return token
        if outcome is None:
            raise CallTimeoutError(f"no {self._description} in time")
        raise outcome.again()

    def next_fetch_in(self) -> float:
        """Return the seconds before another fetch may be tried."""
        return max(0.0, self._next_fetch_at - self._monotonic())

    def _ensure_refresh(self, now: float) -> asyncio.Task[Token | FronteggError] | None:
        """Return the running refresh, or a new one; None if none is due or none allowed yet."""
        if self._closed:
            raise ClosedError("the session is closed")
        refresh = self._refresh_task
        if refresh is not None and not refresh.done():
            return refresh
        token = self._token
        if (token is not None and now < token.advisory_at) or now < self._next_fetch_at:
            return None
        self._refresh_task = asyncio.create_task(self._refresh(), name="frontegg_async token")
        return self._refresh_task

    async def _refresh(self) -> Token | FronteggError:
        # The task inherits the context of the call that started it, and must not record there.
        recorded.set(None)
        previous, self._save_task = self._save_task, None
        if previous is not None:
            await asyncio.wait((previous,))
        token = await self._fetched_elsewhere()
        if token is None:
            since, at = self._monotonic(), self._clock.time()
            try:
                granted = check_grant(await self._fetch())
            except FronteggError as error:
                await self._store.release()
                return self._note_failure(error)
            except BaseException:
                await self._store.release()
                raise
            self._dead_from_store = 0
            life = life_of(granted.expires_in)
            token = self._make_token(granted.token, since, life)
            stored = StoredToken(value=token.value, issued_at=at, expires_at=at + life)
            # In use before it is stored: a store that hangs delays no call.
            self._save_task = asyncio.create_task(
                self._save(stored), name="frontegg_async token store"
            )
            if self._after_refresh is not None:
                self._start_callback(self._after_refresh)
        self._token = token
        self._rejected = None
        self._last_error = None
        self._failed_fetches = 0
        self._next_fetch_at = 0.0
        return token

    async def _fetched_elsewhere(self) -> Token | None:
        """Return a token that another session has stored, or None if this one fetches it."""
        if self._dead_from_store >= MAX_DEAD_FROM_STORE:
            return None
        poll = FIRST_POLL_S
        give_up = self._monotonic() + LEASE_S
        while True:
            token = await self._load_token()
            if token is not None:
                return token
            if await self._store.lease(LEASE_S):
                if not self._store.holds_lease:
                    return None  # there are no leases
                # The holder before may have stored one since the last look.
                token = await self._load_token()
                if token is not None:
                    await self._store.release()
                return token
            if self._monotonic() >= give_up:
                return None  # the holder of the lease does not finish
            await self._clock.sleep(poll)
            poll = min(1.5 * poll, MAX_POLL_S)

    async def _save(self, token: StoredToken) -> None:
        await self._store.save(token)
        await self._store.release()

    def _start_callback(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call back after the call before has ended, so that the newest tokens are stored last."""
        self._callback_due = True
        if self._callback_task is None or self._callback_task.done():
            self._callback_task = asyncio.create_task(
                self._call_back(callback), name="frontegg_async on_refresh"
            )

    async def _call_back(self, callback: Callable[[], Awaitable[None]]) -> None:
        while self._callback_due:
            self._callback_due = False
            try:
                async with asyncio.timeout(ON_REFRESH_TIMEOUT_S):
                    await callback()
            except Exception as error:  # noqa: BLE001  # the program's code: the token is good
                failed = type(error).__name__
            else:
                continue
            # Outside of the handler: the exception may hold tokens.
            _logger.warning("on_refresh failed (%s)", failed)

    def _make_token(self, value: str, since: float, life: float) -> Token:
        return Token(
            value, since=since, life=life, jitter=self._uniform(0.0, _ADVISORY_JITTER_SHARE)
        )

    def _note_failure(self, error: FronteggError) -> FronteggError:
        pause = REFUSED_BACKOFF_S if isinstance(error, REFUSALS) else _backoff(self._failed_fetches)
        pause = max(pause, min(error.retry_after or 0.0, MAX_STATED_PAUSE_S))
        self._failed_fetches += 1
        self._next_fetch_at = self._monotonic() + pause
        self._last_error = error.again()
        _logger.warning(
            "no %s (%s%s%s); next try in %.0f s at the earliest",
            self._description,
            type(error).__name__,
            "" if error.status is None else f", status {error.status}",
            "" if error.trace_id is None else f", trace id {error.trace_id}",
            pause,
        )
        return self._last_error

    def rejected(self, token: Token, route: str) -> bool:
        """Record that a route answered 401 to ``token``; return whether to send once more.

        Only this token is dropped: a newer one stays. A route that rejects new tokens as well drops
        no other for a while, and neither does a host that has accepted none: each would otherwise
        cost a fetch for every call.
        """
        current = self._token
        if current is None or current.secret != token.secret:
            return True
        now = self._monotonic()
        rejections = self.rejecting_routes.setdefault(
            route, _RouteRejections(0, -math.inf, Secret(""))
        )
        blocked = now < rejections.until or (not token.accepted and now < self._next_replacement_at)
        if blocked and not token.unproven:
            if rejections.last != token.secret:
                rejections.last = token.secret
                rejections.until = max(
                    rejections.until, now + REFUSED_BACKOFF_S * 2 ** min(rejections.count - 1, 2)
                )
            return False
        self._token = None
        self._rejected = rejections.last = token.secret
        self._dead_from_store += token.unproven
        rejections.until = max(rejections.until, now + _backoff(rejections.count))
        rejections.count += 1
        if not token.accepted:
            self._next_replacement_at = now + _backoff(self._unaccepted_rejections)
            self._unaccepted_rejections += 1
        return True

    def accepted(self, token: Token, route: str) -> None:
        """Record that a route accepted the token.

        Needless while ``token.accepted`` is set and ``rejecting_routes`` is empty.
        """
        token.accepted = True
        token.unproven = False
        self._dead_from_store = 0
        self._unaccepted_rejections = 0
        self.rejecting_routes.pop(route, None)

    async def close(self) -> None:
        """End the refresh, and let a new token be stored and ``on_refresh`` return, for a while."""
        self._closed = True
        if self._refresh_task is not None:
            self._refresh_task.cancel()
            await asyncio.wait((self._refresh_task,))
        await _finish(self._save_task, 2 * STORE_TIMEOUT_S)
        await _finish(self._callback_task, CLOSE_WAIT_S)

    async def _load_token(self) -> Token | None:
        stored = await self._store.load(self._rejected)
        if stored is None:
            return None
        # Neither the rejected token, nor the one to be replaced.
        current = None if self._token is None else self._token.secret
        if Secret(stored.value) in {self._rejected, current}:
            return None
        # Another machine's clock may be ahead of ours: a token is never younger than new.
        age = max(0.0, self._clock.time() - stored.issued_at)
        token = self._make_token(
            stored.value, self._monotonic() - age, stored.expires_at - stored.issued_at
        )
        token.unproven = self._rejected is not None
        return token if self._monotonic() < token.advisory_at else None


async def _finish(task: asyncio.Task[None] | None, seconds: float) -> None:
    """Wait for a task to end, and cancel it after some seconds."""
    if task is not None:
        try:
            await asyncio.wait((task,), timeout=seconds)
        finally:
            task.cancel()


def _backoff(failures: int) -> float:
    return float(min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failures, 10)))
