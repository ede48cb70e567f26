"""A real Redis and a real PostgreSQL, for claims."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..support.postgres import run_postgres
from ..support.redis_servers import run_redis


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Redis that tests share."""
    with run_redis(tmp_path_factory.mktemp("redis")) as server:
        yield f"redis://127.0.0.1:{server.port}/1"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a PostgreSQL that tests share."""
    with run_postgres() as server:
        yield server.url


@pytest.fixture(params=["redis", "postgres"])
def claims_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of each store in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))
