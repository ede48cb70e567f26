"""Claims of partitions in PostgreSQL: attempts on other machines know of each other.

Needs ``pip install frontegg-async[postgres]``, which installs asyncpg, and PostgreSQL 12 or newer.
asyncpg, because it runs on every event loop, also uvloop and the one of Windows, where psycopg does
not; because it needs no libpq; and because of its licence (Apache 2.0; psycopg has the LGPL).
Statements are not prepared, so that PgBouncer may stand in between.

The two tables are made when they are first used, by a role that may create tables; or beforehand,
by ``POSTGRES_SCHEMA``. Then the role needs SELECT, INSERT, UPDATE and DELETE on both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from .._core.extras import imports_of
from .._core.secret import Secret
from ..bulk.partition.claims import Busy, ClaimStore, Finished, Held, UrlClaims, store_error
from ..errors import ConfigurationError

with imports_of("postgres", __name__):
    # asyncpg has no type hints: as a value, the module can be declared as Any.
    asyncpg: Any = import_module("asyncpg")

POSTGRES_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS frontegg_async_claims (
    key text PRIMARY KEY,
    attempt integer NOT NULL,
    holder text NOT NULL,
    leased_until timestamptz NOT NULL,
    kept_until timestamptz NOT NULL,
    result bytea
);
CREATE INDEX IF NOT EXISTS frontegg_async_claims_kept ON frontegg_async_claims (kept_until);
CREATE TABLE IF NOT EXISTS frontegg_async_claim_records (
    key text NOT NULL REFERENCES frontegg_async_claims ON DELETE CASCADE,
    number bigserial,
    record bytea NOT NULL,
    PRIMARY KEY (key, number)
);
"""
"""The statements that make the tables, if they are not there."""
_LOCK: Final = 0x46724C67
"""Advisory lock under which the tables are made: two statements at once may both fail."""
_CONNECTIONS: Final = 4
_SCHEMES: Final = ("postgresql://", "postgres://")
_NO_URL: Final = (
    "is not a URL like postgresql://user@host:5432/database; in a user name or a password, /, ?, "
    "#, @ and : are percent-encoded"
)
_BEGIN: Final = """
BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '2s'
"""
"""A worker that stops or loses its way between two statements locks the claim for no longer."""
_PURGE: Final = """
DELETE FROM frontegg_async_claims WHERE key IN (
    SELECT key FROM frontegg_async_claims WHERE kept_until < now() AND leased_until < now()
    LIMIT 100 FOR UPDATE SKIP LOCKED
)
"""
_ENTER: Final = """
INSERT INTO frontegg_async_claims VALUES ($1, 0, '', '-infinity', clock_timestamp(), NULL)
ON CONFLICT DO NOTHING
"""
_LOOK: Final = """
SELECT attempt, result, CASE attempt WHEN 0 THEN 0.0
    ELSE extract(epoch FROM leased_until - clock_timestamp())::float8 END
FROM frontegg_async_claims WHERE key = $1 FOR UPDATE
"""
_TAKE: Final = """
UPDATE frontegg_async_claims SET attempt = attempt + 1, holder = $2,
leased_until = clock_timestamp() + make_interval(secs => $3),
kept_until = clock_timestamp() + make_interval(secs => $4)
WHERE key = $1
"""
_RECORDS: Final = "SELECT record FROM frontegg_async_claim_records WHERE key = $1 ORDER BY number"
_MINE: Final = "key = $1 AND holder = $2 AND result IS NULL AND leased_until > clock_timestamp()"
_WRITE: Final = f"""
WITH mine AS (
    UPDATE frontegg_async_claims SET
    leased_until = clock_timestamp() + make_interval(secs => $3),
    kept_until = clock_timestamp() + make_interval(secs => $4)
    WHERE {_MINE} RETURNING key
), added AS (
    INSERT INTO frontegg_async_claim_records (key, record)
    SELECT key, $5::bytea FROM mine WHERE length($5::bytea) > 0
)
SELECT count(*) FROM mine
"""
_FINISH: Final = f"""
WITH mine AS (
    UPDATE frontegg_async_claims SET result = $3, leased_until = clock_timestamp(),
    kept_until = clock_timestamp() + make_interval(secs => $4)
    WHERE {_MINE} RETURNING key
), gone AS (
    DELETE FROM frontegg_async_claim_records AS old USING mine WHERE old.key = mine.key
)
SELECT count(*) FROM mine
"""
_RELEASE: Final = f"""
UPDATE frontegg_async_claims SET leased_until = clock_timestamp() WHERE {_MINE}
"""


class PostgresClaims(UrlClaims):
    """Claims in PostgreSQL, such as ``PostgresClaims.from_url("postgresql://claims@db/jobs")``.

    A password that the URL lacks is read by each worker, from ``PGPASSWORD`` or ``~/.pgpass``.
    """

    def problem_of(self, url: Secret) -> str | None:
        """Say why a URL is none of PostgreSQL, without showing it, or return None."""
        text = url.reveal()
        if not text.startswith(_SCHEMES):
            return f"must begin with {' or '.join(_SCHEMES)}"
        try:
            hosts = urlsplit(text).netloc.rpartition("@")[2].split(",")
        except ValueError:
            return _NO_URL
        # Behind an IPv6 address in brackets, too.
        ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts]
        return None if all(port.isdecimal() or not port for port in ports) else _NO_URL

    def open(self) -> ClaimStore:
        """Return the open store, which connects when it is first used."""
        return PostgresClaimStore(self.url().reveal())


class PostgresClaimStore:
    """Claims over a pool of connections, which is made when it is first used."""

    def __init__(self, url: str) -> None:
        self._url: Final = url
        self._making: Final = asyncio.Lock()
        self._pool: Any = None

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim, as ``ClaimStore`` says."""
        async with self._connection() as connection:
            await connection.execute(_PURGE)
            await connection.execute(_BEGIN)
            # Another attempt may purge the claim between the two.
            while (claim := await connection.fetchrow(_LOOK, key)) is None:
                await connection.execute(_ENTER, key)
            attempt, result, left = claim
            found: Held | Busy | Finished
            if result is not None:
                found = Finished(result)
            elif left > 0:
                found = Busy(left)
            else:
                await connection.execute(_TAKE, key, holder, lease_s, keep_s)
                records = [record for (record,) in await connection.fetch(_RECORDS, key)]
                found = Held(attempt + 1, records, -left)
            await connection.execute("COMMIT")
            return found

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record, as ``ClaimStore`` says."""
        async with self._connection() as connection:
            args = (key, holder, lease_s, keep_s, record)
            return bool(await connection.fetchval(_WRITE, *args))

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Keep the result, as ``ClaimStore`` says."""
        async with self._connection() as connection:
            return bool(await connection.fetchval(_FINISH, key, holder, result, keep_s))

    async def release(self, key: str, holder: str) -> None:
        """End the lease, as ``ClaimStore`` says."""
        async with self._connection() as connection:
            await connection.execute(_RELEASE, key, holder)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any]:
        try:
            async with self._making:
                if self._pool is None:
                    self._pool = await self._made()
            async with _borrowed(self._pool) as connection:
                yield connection
        except (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # the server ended the session between two statements
            OSError,
        ) as error:
            raise store_error(error) from None

    async def _made(self) -> Any:
        pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=_CONNECTIONS,
            statement_cache_size=0,
            reset=_leave_as_it_is,
        )
        try:
            async with _borrowed(pool) as connection:
                there = await connection.fetchval(
                    "SELECT to_regclass('frontegg_async_claim_records') IS NOT NULL"
                )
                if not there:
                    await connection.execute(
                        f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); {POSTGRES_SCHEMA} COMMIT"
                    )
        except BaseException as error:
            pool.terminate()
            if isinstance(error, asyncpg.ClientConfigurationError):
                problem = f"cannot work: {error}"
            elif isinstance(error, ValueError):
                problem = _NO_URL  # the error shows a part of the URL, maybe one of the password
            else:
                raise
            raise ConfigurationError(f"the URL of PostgresClaims {problem}") from None
        return pool


@asynccontextmanager
async def _borrowed(pool: Any) -> AsyncGenerator[Any]:
    """Give a connection. After an error or a cancellation it is dropped, and nothing awaited.

    asyncpg would ask the server to cancel the statement and wait for that, also where the server
    does not respond.
    """
    connection = await pool.acquire()
    try:
        yield connection
    except BaseException:
        with suppress(asyncpg.InterfaceError):  # it was lost, and is dropped already
            connection.terminate()
        raise
    finally:
        await pool.release(connection)


async def _leave_as_it_is(connection: object) -> None:
    """Save a round trip after each use: no statement here leaves anything behind."""
