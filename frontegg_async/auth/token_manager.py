"""The token manager: one token, the environment's or a user's, however many tasks ask for it.

    life of a token      what happens
    ──────────────────   ──────────────────────────────────────────────────────────────
    0 to some 78 %       served at once, without an await
    advisory             served, while one task fetches the next in the background
    mandatory            callers wait for the fetch; if it fails, the old one still serves
    ended                callers wait for the fetch; if it fails, its error is raised

The fetch is a task of its own: a caller that is cancelled stops waiting and harms nobody. Its
result is a value, so that each caller raises an error of its own. Times are monotonic and
counted from before the request was sent; only a ``TokenStore`` sees times of day, because
monotonic clocks mean nothing to another process.

A token that the server answers with 401 is replaced: by the one in the store, if there is another,
and if the server rejects that one too by a new one. A route that rejects new tokens as well rejects
them for another reason, and costs no further token for a while.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from .._core.clock import Clock
from .._core.response import recorded
from .._core.secret import MASK, Secret
from ..errors import (
    AuthenticationError,
    CallTimeoutError,
    ClosedError,
    ConfigurationError,
    FronteggError,
    InvalidRequestError,
    PermissionDeniedError,
    ResponseDecodeError,
)
from ..models.authentication import TokenGrant
from .token_stores import StoredToken, TokenStore, is_fit, is_usable

R = TypeVar("R")

_logger: Final = logging.getLogger("frontegg_async.auth.token_manager")

ADVISORY_SHARE: Final = 0.8
"""Share of its life after which a token is replaced in the background."""
_ADVISORY_JITTER: Final = 0.05
"""Up to this share earlier, so that a fleet started as one does not refresh as one."""
FIRST_BACKOFF: Final = 1.0
LAST_BACKOFF: Final = 30.0
"""Seconds between fetches that fail: the first and the longest pause."""
REFUSED_BACKOFF: Final = 60.0
"""Seconds before credentials that were refused are shown again."""
UNSTATED_LIFE: Final = 300.0
"""Seconds that a token is used whose answer does not say how long it lives."""
LONGEST_PAUSE: Final = 300.0
"""Seconds that a 429 of the auth route can hold fetches back at most, whatever it states."""
PATIENCE: Final = 2.0
"""Seconds that a caller waits for a new token at most, while the old one is good."""
SHORTEST_LIFE: Final = 1.0
"""Seconds that a token counts as good at least, so that one born dead is not fetched per call."""
STORE_TIMEOUT: Final = 0.5
"""Seconds after which a token store is left out: the auth route is always there."""
STORE_PAUSE: Final = 30.0
"""Seconds for which a token store is left out that has failed or was too slow."""
LEASE: Final = 10.0
"""Seconds that a session may take to fetch a token while others wait for it to be stored."""
FIRST_POLL: Final = 0.05
LAST_POLL: Final = 0.5
"""Seconds between looks into the store while another session fetches the token."""
KEEP_TIMEOUT: Final = 30.0
"""Seconds that ``on_refresh`` may take."""
LONGEST_LIFE: Final = 366 * 86_400.0
"""Seconds that a token is used at most, whatever life is stated."""

REFUSALS: Final = (
    # What asking again does not change.
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
        accepted: whether a call with it was accepted.
        unproven: whether it came from a store after a 401, so that it may be as dead as the one
            before it.
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
        margin = min(max(30.0, 0.05 * life), 0.1 * life)
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


class _Strike(msgspec.Struct):
    """A route that has answered 401.

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
        fetch: asks the auth route once, with whatever retries it likes; raises FronteggError.
        clock: what time it is.
        uniform: draws a number between two others, for jitter.
        store: where to share the token.
        key: the token's name in the store.
        what: whose token it is, for what people read.
        keep: is awaited after each renewal, when the new token is in use already.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[TokenGrant]],
        *,
        clock: Clock,
        uniform: Callable[[float, float], float],
        store: TokenStore,
        key: str,
        what: str = "environment token",
        keep: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._what: Final = what
        self._fetch: Final = fetch
        self._clock: Final = clock
        self._monotonic: Final = clock.monotonic
        self._uniform: Final = uniform
        self._store: Final = store
        self._store_from = -math.inf
        self._key: Final = key
        self._holder: Final = secrets.token_hex(8)
        self._keep: Final = keep
        self._saving: asyncio.Task[None] | None = None
        self._token: Token | None = None
        self._rejected: Secret | None = None
        self._flight: asyncio.Task[Token | FronteggError] | None = None
        self._failure: FronteggError | None = None
        self._failures = 0
        self._not_before = 0.0
        self._no_rejection_before = 0.0
        self._rejections = 0
        self._new_one = False  # the next token must not come from the store
        self._leased = False
        self._closed = False
        self.strikes: Final[dict[str, _Strike]] = {}
        """Routes that have answered 401 since they last accepted a token."""

    def adopt(self, value: str, life: float) -> None:
        """Use a token that somebody else obtained, which lives ``life`` seconds from now."""
        self._token = self._use(value, self._monotonic(), life)

    def current(self) -> Token | None:
        """Return the token if nothing need be done about it. No await: this is every call."""
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
            FronteggError: whatever else the fetch ended in.
        """
        now = self._monotonic()
        token = self._token
        flight = self._fly(now)
        if token is not None and now < token.mandatory_at:
            return token
        outcome: Token | FronteggError | None
        if flight is None:
            outcome = self._failure
        else:
            good = 0.0 if token is None else max(token.expires_at - now, 0.0)
            first = min(timeout / 2, PATIENCE, good) if good else timeout
            await asyncio.wait((flight,), timeout=first)
            left = self._monotonic() < now + good
            if good and not left and not flight.done():
                # It has ended meanwhile: there is nothing to make do with any more.
                await asyncio.wait((flight,), timeout=max(timeout - first, 0.0))
            if flight.done() and flight.cancelled():
                raise ClosedError("the session was closed")
            outcome = flight.result() if flight.done() else None
        if isinstance(outcome, Token):
            return outcome
        # Make do with the token that is left, to its true end.
        token = self._token
        if token is not None and self._monotonic() < token.expires_at:
            return token
        if outcome is None:
            raise CallTimeoutError(f"no {self._what} in time")
        raise outcome.again()

    def next_fetch_in(self) -> float:
        """Return the seconds before another fetch may be tried."""
        return max(0.0, self._not_before - self._monotonic())

    def _fly(self, now: float) -> asyncio.Task[Token | FronteggError] | None:
        """Return the fetch under way, a new one if it is due, or None while it must not be."""
        if self._closed:
            raise ClosedError("the session is closed")
        flight = self._flight
        if flight is not None and not flight.done():
            return flight
        token = self._token
        if (token is not None and now < token.advisory_at) or now < self._not_before:
            return None
        self._flight = asyncio.create_task(self._renew(), name="frontegg_async token")
        return self._flight

    async def _renew(self) -> Token | FronteggError:
        # In a task of its own, begun by some call: its answer is no answer of that one.
        recorded.set(None)
        previous, self._saving = self._saving, None
        if previous is not None:
            await asyncio.wait((previous,))
        token = await self._shared()
        if token is None:
            since, at = self._monotonic(), self._clock.time()
            try:
                granted = _checked(await self._fetch())
            except FronteggError as error:
                await self._release()
                return self._failed(error)
            except BaseException:
                await self._release()
                raise
            life = life_of(granted.expires_in)
            token = self._use(granted.token, since, life)
            stored = StoredToken(value=token.value, issued_at=at, expires_at=at + life)
            # In use before it is stored: a store that hangs delays nobody.
            self._saving = asyncio.create_task(
                self._save(stored), name="frontegg_async token store"
            )
        self._token = token
        self._rejected = None
        self._new_one = False
        self._failure = None
        self._failures = 0
        self._not_before = 0.0
        return token

    async def _shared(self) -> Token | None:
        """Return a token that another session has stored, or None if this one is to fetch it."""
        if self._new_one:
            return None
        poll = FIRST_POLL
        give_up = self._monotonic() + LEASE
        while True:
            token = await self._from_store()
            if token is not None or await self._lease():
                return token
            if self._monotonic() >= give_up:
                return None  # whoever has the lease does not come to an end
            await self._clock.sleep(poll)
            poll = min(1.5 * poll, LAST_POLL)

    async def _save(self, token: StoredToken) -> None:
        await self._to_store(token)
        await self._release()
        if self._keep is None:
            return
        try:
            async with asyncio.timeout(KEEP_TIMEOUT):
                await self._keep()
        except Exception as error:  # noqa: BLE001  # somebody else's code: the token is good
            failed = type(error).__name__
        else:
            return
        _logger.warning("on_refresh failed (%s)", failed)

    def _use(self, value: str, since: float, life: float) -> Token:
        return Token(value, since=since, life=life, jitter=self._uniform(0.0, _ADVISORY_JITTER))

    def _failed(self, error: FronteggError) -> FronteggError:
        pause = REFUSED_BACKOFF if isinstance(error, REFUSALS) else _backoff(self._failures)
        pause = max(pause, min(error.retry_after or 0.0, LONGEST_PAUSE))
        self._failures += 1
        self._not_before = self._monotonic() + pause
        self._failure = error.again()
        _logger.warning(
            "no %s (%s%s%s); next try in %.0f s at the earliest",
            self._what,
            type(error).__name__,
            "" if error.status is None else f", status {error.status}",
            "" if error.trace_id is None else f", trace id {error.trace_id}",
            pause,
        )
        return self._failure

    def rejected(self, token: Token, route: str) -> bool:
        """Say that a route answered 401 to ``token``; return whether to send once more.

        Only this token is dropped: if there is a newer one already, it stays. A route that rejects
        new tokens as well drops no other for a while, and neither does a host that has accepted
        none: each would otherwise cost a token call for every call.
        """
        current = self._token
        if current is None or current.secret != token.secret:
            return True
        now = self._monotonic()
        strike = self.strikes.setdefault(route, _Strike(0, -math.inf, Secret("")))
        blocked = now < strike.until or (not token.accepted and now < self._no_rejection_before)
        if blocked and not token.unproven:
            if strike.last != token.secret:
                strike.last = token.secret
                strike.until = max(
                    strike.until, now + REFUSED_BACKOFF * 2 ** min(strike.count - 1, 2)
                )
            return False
        self._token = None
        self._rejected = strike.last = token.secret
        self._new_one = token.unproven
        strike.until = max(strike.until, now + _backoff(strike.count))
        strike.count += 1
        if not token.accepted:
            self._no_rejection_before = now + _backoff(self._rejections)
            self._rejections += 1
        return True

    def accepted(self, token: Token, route: str) -> None:
        """Say that a route accepted the token.

        Need not be said while ``token.accepted`` is set and there are no ``strikes``.
        """
        token.accepted = True
        token.unproven = False
        self._rejections = 0
        self.strikes.pop(route, None)

    async def close(self) -> None:
        """End the fetch under way, if any, and let a new token be stored."""
        self._closed = True
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait((self._flight,))
        if self._saving is not None:
            try:
                await asyncio.wait((self._saving,), timeout=2 * STORE_TIMEOUT)
            finally:
                self._saving.cancel()

    async def _lease(self) -> bool:
        """Return whether this session is to fetch the token; True if the store has no leases."""
        lease = getattr(self._store, "lease", None)
        if lease is None or self._monotonic() < self._store_from:
            return True
        given = await self._of_store("be read", lambda: lease(self._key, self._holder, LEASE), None)
        self._leased = bool(given)
        # A store that fails has none to give: the token is fetched.
        return given is None or self._leased

    async def _release(self) -> None:
        """End the lease, also where the token could not be stored: others wait for its end."""
        release = getattr(self._store, "release", None)
        if release is None or not self._leased:
            return
        self._leased = False
        # If it fails, the lease ends by itself.
        await self._of_store("be written", lambda: release(self._key, self._holder), None)

    async def _of_store(self, what: str, ask: Callable[[], Awaitable[R]], otherwise: R) -> R:
        """Return what the store says in time; ``otherwise`` if it fails, and leave it out then."""
        try:
            async with asyncio.timeout(STORE_TIMEOUT):
                return await ask()
        except Exception as error:  # noqa: BLE001  # somebody else's code: do without it
            failed = type(error).__name__
        # Not where the exception is a variable: its text is the store's, and may hold the token.
        self._store_from = self._monotonic() + STORE_PAUSE
        _logger.warning(
            "the token store cannot %s (%s): left out for %.0f s", what, failed, STORE_PAUSE
        )
        return otherwise

    async def _from_store(self) -> Token | None:
        if self._monotonic() < self._store_from:
            return None
        stored = await self._of_store("be read", self._load, None)
        if stored is None:
            return None
        # Neither one that was refused, nor the one that is to be replaced.
        current = None if self._token is None else self._token.secret
        if Secret(stored.value) in {self._rejected, current}:
            return None
        # Another machine's clock may be wrong: what it says is used with the age it can have.
        age = max(0.0, self._clock.time() - stored.issued_at)
        token = self._use(
            stored.value, self._monotonic() - age, stored.expires_at - stored.issued_at
        )
        token.unproven = self._rejected is not None
        return token if self._monotonic() < token.advisory_at else None

    async def _load(self) -> StoredToken | None:
        if self._rejected is not None:
            await self._store.discard(self._key, self._rejected.reveal())
        stored = await self._store.load(self._key)
        return stored if stored is None or is_usable(stored) else None

    async def _to_store(self, token: StoredToken) -> None:
        if self._monotonic() < self._store_from:
            return
        await self._of_store("be written", lambda: self._store.save(self._key, token), None)


class _Granted(msgspec.Struct):
    token: str
    expires_in: float | str | None

    def __repr__(self) -> str:
        return "_Granted(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich, which would otherwise read all fields, as much as ``repr`` shows."""
        return [("token", MASK)]


def _checked(answer: TokenGrant) -> _Granted:
    """Refuse an answer without a token, or with one that cannot stand in a header."""
    if answer.token is None or not is_fit(answer.token):
        raise ResponseDecodeError("the auth route's answer holds no usable token")
    return _Granted(answer.token, answer.expires_in)


def _backoff(failures: int) -> float:
    return float(min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 10)))


def life_of(expires_in: float | str | None) -> float:
    """Return the seconds that a token lives; servers state them as text, and nonsense."""
    try:
        stated = float(expires_in or 0.0)
    except (ValueError, OverflowError):
        return UNSTATED_LIFE
    if not stated > 0.0:
        return UNSTATED_LIFE
    return min(max(stated, SHORTEST_LIFE), LONGEST_LIFE)
