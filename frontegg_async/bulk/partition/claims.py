"""Claims: the knowledge about a partition that its attempts share, and no other run has.

An engine runs a partition again after its worker died, or runs two copies of it. The second attempt
reads from Frontegg which rows hold. It cannot read there which requests of the first attempt are
still in flight, nor which rows did not hold before. A claim has both:

    attempt     number of the attempt, which grows with each: the fence. Only the last may write.
    lease       time until which the attempt may send. It is renewed while the attempt lives.
    log         records of rows, each written before the requests that it is about (``claim_log``).
    result      the outcomes, once every row has one.

    free ──claim──▶ held ──finish──▶ finished: outcomes are given out, nothing is sent
      ▲              │
      └── release ───┤
                     └── lease over: the next attempt takes over the log

The store knows nothing of rows: records and results are bytes, and its one rule is the fence. Time
is that of the store, so that the clocks of workers need not agree.
"""

from __future__ import annotations

import os
from typing import Final, NoReturn, Protocol, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

from ..._core.clock import Clock, SystemClock
from ..._core.secret import Secret, is_secret
from ...errors import ClaimStoreError, ConfigurationError

URL_VARIABLE: Final = "FRONTEGG_CLAIMS_URL"
"""The variable that has the URL of the store, unless another one is named."""


class Held(msgspec.Struct, frozen=True):
    """A claim that was taken.

    Args:
        attempt: number of the attempt, from 1.
        records: the log of earlier attempts, oldest first.
        idle_s: seconds since the lease of the last attempt ended, or it was released; 0.0 for the
            first attempt.
    """

    attempt: int
    records: list[bytes]
    idle_s: float = 0.0


class Busy(msgspec.Struct, frozen=True):
    """A claim that another attempt holds, with the seconds until its lease ends."""

    seconds: float


class Finished(msgspec.Struct, frozen=True):
    """A partition whose rows have all ended, with the result."""

    result: bytes


class ClaimStore(Protocol):
    """An open store of claims. Its methods raise ``ClaimStoreError`` if the store is away."""

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim for an attempt, if it is free or its lease is over.

        Args:
            key: identifies the partition.
            holder: identifies the attempt; no other one has the same.
            lease_s: seconds until the lease ends, unless it is renewed.
            keep_s: seconds after which the store may forget the claim, unless it is renewed.
        """
        ...

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record to the log, and renew the lease; an empty record only renews.

        Returns:
            False if the claim is not the holder's any more; then nothing is written.
        """
        ...

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Replace the log by the result, and end the lease; returns as ``write`` does."""
        ...

    async def release(self, key: str, holder: str) -> None:
        """End the lease now, and keep the log; nothing if the claim is not the holder's."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class PartitionClaims(Protocol):
    """The place of claims, as a value that is pickled with a partition."""

    def open(self) -> ClaimStore:
        """Return the open store, for one event loop; it connects when it is first used."""
        ...


class UrlClaims:
    """The place of claims by its URL, or by the variable of the environment that has the URL.

    A URL is pickled with its partition, but no password is: with one in it, pickling is rejected.
    Each worker then reads the URL from a variable (``from_env``).

    Args:
        url: the URL, or None.
        variable: name of the variable, if there is no URL.
    """

    def __init__(self, url: Secret | None, variable: str = "") -> None:
        self._url: Final = url
        self._variable: Final = variable

    @classmethod
    def from_url(cls, url: str | Secret) -> Self:
        """Return the claims at a URL.

        Raises:
            ConfigurationError: it is no URL of this kind of store.
        """
        claims = cls(url if isinstance(url, Secret) else Secret(url))
        claims.url()
        return claims

    @classmethod
    def from_env(cls, variable: str = URL_VARIABLE) -> Self:
        """Return the claims at the URL that a variable of the worker's environment has."""
        return cls(None, variable)

    def url(self) -> Secret:
        """Return the URL.

        Raises:
            ConfigurationError: the variable is not set, or it is no URL of this kind of store.
        """
        url = self._url
        if url is None:
            found = os.environ.get(self._variable, "").strip()
            if not found:
                raise ConfigurationError(
                    f"no store of claims: set {self._variable} in the environment of the worker"
                )
            url = Secret(found)
        problem = self.problem_of(url)
        if problem is not None:
            raise ConfigurationError(f"the URL of {type(self).__name__} {problem}")
        return url

    def problem_of(self, url: Secret) -> str | None:
        """Say why a URL is none of this kind of store, without showing it, or return None."""
        raise NotImplementedError

    def open(self) -> ClaimStore:
        """Return the open store, which connects when it is first used."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[object, ...]:
        if self._url is None:
            return (_from_env, (type(self), self._variable))
        if holds_password(self._url.reveal()):
            raise TypeError(
                f"the URL of {type(self).__name__} holds a password, which is not pickled: set the "
                f"URL in the workers' environment, and use {type(self).__name__}.from_env"
            )
        return (_from_url, (type(self), self._url.reveal()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UrlClaims):
            return NotImplemented
        return type(self) is type(other) and (self._url, self._variable) == (
            other._url,
            other._variable,
        )

    def __hash__(self) -> int:
        return hash((type(self), self._url, self._variable))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._variable or '...'})"


def _from_url(kind: type[UrlClaims], url: str) -> UrlClaims:
    return kind.from_url(url)


def _from_env(kind: type[UrlClaims], variable: str) -> UrlClaims:
    return kind.from_env(variable)


def holds_password(url: str) -> bool:
    """Return whether a URL may have a password, also in its query, or behind a stray / ? or #."""
    parts = urlsplit(url)
    return (
        parts.password is not None
        or "@" in f"{parts.path}{parts.query}{parts.fragment}"
        or any(is_secret(name) or name.endswith("password") for name in parse_qs(parts.query))
    )


def store_error(error: BaseException) -> ClaimStoreError:
    """Return the error of a store that failed with an exception of its library."""
    told = str(error).partition("\n")[0][:200]
    return ClaimStoreError(
        f"the store of claims cannot be used, and nothing is sent without it: "
        f"{type(error).__name__}{': ' if told else ''}{told}"
    )


class _Claim(msgspec.Struct):
    """A claim in memory; ``result`` is None until it is finished."""

    attempt: int = 0
    holder: str = ""
    until: float = 0.0
    records: list[bytes] = []
    result: bytes | None = None


class MemoryClaims:
    """Claims in the memory of one process, for tests and for one process with several partitions.

    They are lost with the process, and are not pickled.

    Args:
        clock: source of time, for tests.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock: Final = clock or SystemClock()
        self._claims: Final[dict[str, _Claim]] = {}

    def __reduce__(self) -> NoReturn:
        raise TypeError("MemoryClaims live in one process: use claims in Redis or PostgreSQL")

    def open(self) -> ClaimStore:
        """Return the store, which is this object."""
        return self

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim, as ``ClaimStore`` says; it is kept as long as the process."""
        now = self._clock.monotonic()
        found = self._claims.setdefault(key, _Claim())
        if found.result is not None:
            return Finished(found.result)
        if found.until > now:
            return Busy(found.until - now)
        idle = now - found.until if found.attempt else 0.0
        found.attempt, found.holder, found.until = found.attempt + 1, holder, now + lease_s
        return Held(found.attempt, list(found.records), idle)

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record and renew the lease, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        now = self._clock.monotonic()
        if (
            found is None
            or found.holder != holder
            or found.until <= now
            or found.result is not None
        ):
            return False
        if record:
            found.records.append(record)
        found.until = now + lease_s
        return True

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Keep the result, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        if found is None or found.holder != holder or found.until <= self._clock.monotonic():
            return False
        found.result, found.records = result, []
        return True

    async def release(self, key: str, holder: str) -> None:
        """End the lease, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        if found is not None and found.holder == holder:
            found.until = min(found.until, self._clock.monotonic())

    async def aclose(self) -> None:
        """Do nothing: the claims live as long as the process."""
