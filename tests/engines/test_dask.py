"""A Dask cluster whose worker is killed while it works."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from examples.dask_assign import assign
from frontegg_async.bulk import Assign, Partition, Report
from frontegg_async.emulator import Emulator, Stall
from frontegg_async.integrations.redis_claims import RedisClaims

from ..support.routes import ADD
from ..support.sessions import API_KEY
from .conftest import FILES, GROUPS, HELD, ROWS, fill

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
        parts = [
            (tmp_path / "rows" / f"part-{number}.parquet", group, tmp_path / f"{number}-{group}")
            for number in range(FILES)
            for group in range(GROUPS)
        ]
        stalled = server.inject(Stall(), on=ADD, times=40)
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            futures = client.map(
                assign, [partition] * len(parts), *zip(*parts, strict=True), retries=5
            )
            server.run(stalled.wait(20))
            killed = next(iter(client.run(os.getpid).values()))
            os.kill(killed, signal.SIGKILL)
            stalled.clear()
            client.gather(futures)
        assert server.memberships() == wished
        report = Report.of([target for _, _, target in parts])
        counts = (report.rows, report.applied, report.unchanged, report.failed)
        assert counts == (ROWS, ROWS - 1 - HELD, HELD, 1)
