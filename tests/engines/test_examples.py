"""The examples for engines, each run as users run them, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from frontegg_async.bulk import Report
from frontegg_async.emulator import Emulator

from ..support.routes import ADD
from ..support.sessions import API_KEY
from .conftest import needs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

ROOT: Final = Path(__file__).parents[2]
FILES: Final = 2
GROUPS: Final = 3
GROUP_ROWS: Final = 40
ROWS: Final = FILES * GROUPS * GROUP_ROWS
HELD: Final = 25
"""Rows that hold before the run."""


def fill(server: Emulator, folder: Path) -> set[tuple[str, str]]:
    """Make users and a folder of their rows; return the pairs that the rows want."""
    pairs = [(f"u{number:04}", f"t{number % 7}") for number in range(ROWS - 1)]
    for number, (user, tenant) in enumerate(pairs):
        server.add_user(user, tenant_ids=[tenant] if number < HELD else [])
    rows = [*pairs, ("nobody", "t0")]
    folder.mkdir()
    for number in range(FILES):
        part = rows[number::FILES]
        table = pa.table({"user_id": [u for u, _ in part], "tenant_id": [t for _, t in part]})
        pq.write_table(table, folder / f"part-{number}.parquet", row_group_size=GROUP_ROWS)
    return set(pairs)


def environment(server: Emulator, redis_url: str) -> dict[str, str]:
    """Return the variables of workers."""
    return {
        **os.environ,
        "FRONTEGG_CLIENT_ID": server.client_id,
        "FRONTEGG_API_KEY": server.api_key,
        "FRONTEGG_BASE_URL": server.url,
        "FRONTEGG_CLAIMS_URL": redis_url,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def run(variables: dict[str, str], *command: str) -> str:
    """Run a command with this Python, and return its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env=variables, stdout=PIPE, stderr=STDOUT
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output[-4_000:]
    return output


@pytest.mark.parametrize(
    ("library", "example", "options"),
    [
        ("distributed", "dask_assign.py", ()),
        ("ray", "ray_assign.py", ("--partitions", "4")),
        ("pyspark", "spark_assign.py", ("--partitions", "4")),
    ],
)
async def test_the_engine_does_every_row_once(
    anyio_backend: str,
    tmp_path: Path,
    redis_url: str,
    library: str,
    example: str,
    options: tuple[str, ...],
) -> None:
    """All rows end as they should, the merged report is the truth, and a second run sends none."""
    needs(library)
    async with Emulator(api_key=API_KEY) as server:
        wished = fill(server, tmp_path / "rows")
        variables = environment(server, redis_url)
        outcomes = tmp_path / "outcomes"
        command = (
            f"examples/{example}",
            *(str(tmp_path / "rows"), str(outcomes), "--run-id", str(tmp_path), *options),
        )
        await run(variables, *command)
        assert server.memberships() == wished
        assert server.count(ADD) == ROWS - HELD
        report = Report.of(sorted(outcomes.glob("**/*.parquet")))
        counts = (report.rows, report.applied, report.unchanged, report.failed)
        assert counts == (ROWS, ROWS - 1 - HELD, HELD, 1)
        assert report.failures[0].row.user_id == "nobody"
        sent = len(server.requests)
        await run(variables, *command)
        assert len(server.requests) == sent
