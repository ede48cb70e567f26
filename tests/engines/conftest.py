"""A Redis for claims, and rows as a folder of Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from frontegg_async.emulator import Emulator

from ..support.redis_servers import run_redis

# pyarrow has no type hints: as values, its modules can be declared as Any.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

FILES: Final = 2
GROUPS: Final = 3
GROUP_ROWS: Final = 40
ROWS: Final = FILES * GROUPS * GROUP_ROWS
HELD: Final = 25
"""Rows that hold before the run."""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Redis that tests share."""
    with run_redis(tmp_path_factory.mktemp("redis")) as server:
        yield f"redis://127.0.0.1:{server.port}/2"


def needs(library: str) -> None:
    """Skip a test without its engine, which fails in CI unless that is said to have none."""
    if find_spec(library) is None:
        problem = f"{library} is not installed: pip install 'frontegg-async[engines]'"
        without = os.environ.get("WITHOUT_ENGINES", "").split()
        if os.environ.get("CI") == "true" and library not in without:
            pytest.fail(problem)
        pytest.skip(problem)


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
