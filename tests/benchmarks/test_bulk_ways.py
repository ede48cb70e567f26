"""That the ways to assign a file, which are compared, do the same; and how they are summed up."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_bulk import AIM, ENOUGH, Run, summed_up, verdict, write
from bulk_ways import ASSIGN, BARE, WAYS
from static_server import TENANT_ID

from frontegg_async.emulator import Emulator

pytestmark = pytest.mark.anyio
ROWS = 20


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_makes_the_same_memberships(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None wins by leaving something out: one token call, one call a row, the same memberships."""
    path = tmp_path / "assignments.csv"
    write(path, ROWS)
    async with Emulator(implicit_users=True) as server:
        monkeypatch.setenv("FRONTEGG_BASE_URL", server.url)
        monkeypatch.setenv("FRONTEGG_CLIENT_ID", server.client_id)
        monkeypatch.setenv("FRONTEGG_API_KEY", server.api_key)
        assert await WAYS[way](path) == ROWS
        assert server.count() == ROWS + 1
        assert {tenant for _, tenant in server.memberships()} == {TENANT_ID}
        assert len(server.memberships()) == ROWS


def test_a_way_is_summed_up_by_medians_within_rounds() -> None:
    """CPU is compared with the bare call's in the same round."""
    runs = [Run(100, 1.0, 0.3, 50.0), Run(100, 2.0, 0.6, 52.0), Run(100, 4.0, 9.0, 51.0)]
    bare = [Run(100, 1.0, 0.1, 40.0), Run(100, 1.0, 0.2, 40.0), Run(100, 1.0, 3.0, 40.0)]
    row = summed_up(ASSIGN, 100, runs, bare, 7)
    assert row.to_bare == pytest.approx(3.0)
    assert row.rows_per_s == 50.0
    assert row.cpu_us_per_row == pytest.approx(6_000.0)
    assert (row.peak_mib, row.proven, row.note) == (51.0, 7, "")


@pytest.mark.parametrize(
    ("way", "rows", "ratio", "said"),
    [
        (ASSIGN, ENOUGH, AIM, "met"),
        (ASSIGN, ENOUGH, AIM + 0.01, "missed"),
        (ASSIGN, ENOUGH - 1, 9.0, ""),
        (BARE, ENOUGH, 1.0, ""),
    ],
)
def test_only_what_was_aimed_at_is_judged(way: str, rows: int, ratio: float, said: str) -> None:
    """The aim is for runs with a ledger that outlast their slow start."""
    text = verdict(way, rows, ratio)
    assert text.endswith(said)
    assert bool(text) is bool(said)
