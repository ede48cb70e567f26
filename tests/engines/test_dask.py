"""A Dask cluster whose worker is killed while it works."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from frontegg_async.bulk import Assign, Partition, Report
from frontegg_async.emulator import Emulator, Stall
from frontegg_async.integrations.redis_claims import RedisClaims

from ..support.routes import ADD
from ..support.sessions import API_KEY
from .conftest import GROUP_ROWS, HELD, ROWS, fill, pq

# Dask has no type hints.
distributed: Any = import_module("distributed")

pytestmark = pytest.mark.timeout(120)


def test_a_killed_worker_loses_no_row(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed worker had begun is ended by another one, and each row is reported once."""
    with Emulator.in_thread(api_key=API_KEY) as server:
        wished = fill(server, tmp_path / "rows")
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        partition = Partition(
            Assign(), run_id=str(tmp_path), claims=RedisClaims.from_url(redis_url), lease_s=1.0
        )
        rows = pq.read_table(tmp_path / "rows")
        tables = [rows.slice(first, GROUP_ROWS) for first in range(0, ROWS, GROUP_ROWS)]
        stalled = server.inject(Stall(), on=ADD, times=40)
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            futures = client.map(partition, tables, retries=5)
            server.run(stalled.wait(20))
            killed = next(iter(client.run(os.getpid).values()))
            os.kill(killed, signal.SIGKILL)
            stalled.clear()
            report = Report.of(client.gather(futures))
        assert server.memberships() == wished
        counts = (report.rows, report.applied, report.unchanged, report.failed)
        assert counts == (ROWS, ROWS - 1 - HELD, HELD, 1)
