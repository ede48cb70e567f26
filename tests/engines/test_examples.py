"""The examples for engines, each run as users run them, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Final

import pytest

from frontegg_async.bulk import Report
from frontegg_async.emulator import Emulator, Stall

from ..support.routes import ADD
from ..support.sessions import API_KEY
from .conftest import HELD, ROWS, fill, needs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

ROOT: Final = Path(__file__).parents[2]


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
        row = report.failures[0].row
        assert row is not None
        assert row.user_id == "nobody"
        sent = len(server.requests)
        await run(variables, *command)
        assert len(server.requests) == sent


async def test_a_task_queue_does_every_row_once(
    anyio_backend: str, tmp_path: Path, redis_url: str
) -> None:
    """Workers of a queue do all rows, and what a killed worker held is done by the next one."""
    needs("taskiq_redis")
    async with Emulator(api_key=API_KEY) as server:
        wished = fill(server, tmp_path / "rows")
        variables = {
            **environment(server, redis_url),
            "QUEUE_URL": redis_url,
            "QUEUE_IDLE_MS": "8000",
        }
        stalled = server.inject(Stall(), on=ADD, times=20)
        queue = ("-m", "taskiq", "worker", "examples.taskiq_assign:broker", "--workers", "1")
        sender = asyncio.create_task(
            run(
                variables,
                *("-m", "examples.taskiq_assign"),
                *(str(tmp_path / "rows"), str(tmp_path / "outcomes"), str(tmp_path)),
            )
        )
        first = await asyncio.create_subprocess_exec(
            sys.executable, *queue, cwd=ROOT, env=variables, start_new_session=True
        )
        await stalled.wait(20)
        os.killpg(first.pid, signal.SIGKILL)
        await first.wait()
        stalled.clear()
        second = await asyncio.create_subprocess_exec(
            sys.executable, *queue, cwd=ROOT, env=variables, start_new_session=True
        )
        try:
            output = await sender
        finally:
            os.killpg(second.pid, signal.SIGKILL)
            await second.wait()
        assert server.memberships() == wished
        assert f"'applied': {ROWS - 1 - HELD}" in output
        report = Report.of(sorted((tmp_path / "outcomes").glob("*.parquet")))
        assert (report.rows, report.applied, report.failed) == (ROWS, ROWS - 1 - HELD, 1)
