"""A Redis for claims, and rows as a folder of Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from ..integrations.conftest import run_redis


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Redis that tests share."""
    with run_redis(tmp_path_factory.mktemp("redis")) as server:
        yield f"redis://127.0.0.1:{server.port}/2"


def needs(library: str) -> None:
    """Skip a test without its engine, which fails where ``FRONTEGG_TEST_ENGINES`` is set."""
    if find_spec(library) is None:
        problem = f"{library} is not installed: pip install 'frontegg-async[engines]'"
        if os.environ.get("FRONTEGG_TEST_ENGINES"):
            pytest.fail(problem)
        pytest.skip(problem)
