"""The ways to assign a CSV file that ``bench_bulk.py`` compares; each returns its memberships.

All of them add the same users to the same tenants with the same body, 64 calls at a time, and take
the credentials from the environment.
"""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import aiohttp

from frontegg_async import FronteggSession
from frontegg_async.models.users import User

WORKERS: Final = 64
Row = dict[str, str]


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file as most programs read them."""
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


async def add(frontegg: FronteggSession, row: Row) -> User:
    """Make one row's user a member, by the call of the SDK."""
    return await frontegg.users.add_to_tenant(
        row["user_id"], row["tenant_id"], skip_invite_email=True, validate_tenant_exist=False
    )


async def assign(path: Path) -> int:
    """``bulk.assign``: plans, paces itself, and has every row in a ledger beside the file."""
    async with FronteggSession.from_env() as frontegg:
        # A server of fixed answers cannot say who is a member, and the other ways never ask.
        report = await frontegg.bulk.assign(path, plan="never")
    return report.applied


async def map_rows(path: Path) -> int:
    """``bulk.map``: workers and pacing as in ``bulk.assign``, and no ledger."""
    right = 0
    async with FronteggSession.from_env() as frontegg:
        patient = frontegg.for_bulk()

        async def one(row: Row) -> User:
            return await add(patient, row)

        async for result in frontegg.bulk.map(one, read(path), workers=WORKERS):
            right += result.value is not None and bool(result.value.id)
    return right


async def call(path: Path) -> int:
    """The bare call of the SDK by workers that share the rows: the measure of all else."""
    right = 0
    async with FronteggSession.from_env() as frontegg:
        rows = read(path)

        async def work() -> None:
            nonlocal right
            for row in rows:
                user = await add(frontegg, row)
                right += bool(user.id)

        await asyncio.gather(*(work() for _ in range(WORKERS)))
    return right


async def gather_calls(path: Path) -> int:
    """The call of the SDK, by a task for every row and a semaphore."""
    async with FronteggSession.from_env() as frontegg:
        semaphore = asyncio.Semaphore(WORKERS)

        async def one(row: Row) -> User:
            async with semaphore:
                return await add(frontegg, row)

        users = await asyncio.gather(*(one(row) for row in read(path)))
    return sum(bool(user.id) for user in users)


async def gather_aiohttp(path: Path) -> int:
    """The loop that people write: aiohttp as it comes, a task for every row, and a semaphore."""
    base = os.environ["FRONTEGG_BASE_URL"]
    credentials = {
        "clientId": os.environ["FRONTEGG_CLIENT_ID"],
        "secret": os.environ["FRONTEGG_API_KEY"],
    }
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{base}/auth/vendor", json=credentials) as answer:
            token = (await answer.json())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        semaphore = asyncio.Semaphore(WORKERS)

        async def one(row: Row) -> bool:
            body = {
                "tenantId": row["tenant_id"],
                "skipInviteEmail": True,
                "validateTenantExist": False,
            }
            url = f"{base}/identity/resources/users/v1/{row['user_id']}/tenant"
            async with semaphore, http.post(url, json=body, headers=headers) as answer:
                answer.raise_for_status()
                return bool((await answer.json())["id"])

        return sum(await asyncio.gather(*(one(row) for row in read(path))))


ASSIGN: Final = "bulk.assign, with its ledger"
BARE: Final = "the SDK's call, 64 workers"
WAYS: Final[dict[str, Callable[[Path], Awaitable[int]]]] = {
    ASSIGN: assign,
    "bulk.map, no ledger": map_rows,
    BARE: call,
    "the SDK's call, gather": gather_calls,
    "aiohttp, gather": gather_aiohttp,
}
