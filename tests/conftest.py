"""Fixtures of all tests: a real server, a session on it, a check for tasks that are left."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp.client_proto import ResponseHandler
from hypothesis import settings

from frontegg_async import FronteggSession
from frontegg_async._core.connection import Connection
from frontegg_async._core.settings import CheckedSettings
from frontegg_async.emulator import Emulator

from .support.clocks import LoopTime
from .support.sessions import API_KEY, session_on
from .support.transports import KINDS

# The time of an example depends on the load of the machine, so no test has a deadline. The rest is
# as in the profile that Hypothesis has loaded, which is another one in CI. Loaded here, before the
# modules of tests are imported, because a ``settings`` takes its defaults when it is made.
settings.register_profile("frontegg_async", deadline=None, print_blob=True)
settings.load_profile("frontegg_async")

# A shell lets its background jobs ignore Ctrl-C, and so would each process of a test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS: Final = Path(__file__).parent
QUICK: Final = frozenset(
    TESTS / name
    for name in (
        "auth/test_grants.py",
        "auth/test_tokens.py",
        "bulk/test_run.py",
        "bulk/test_streams.py",
        "core/test_cancellation.py",
        "core/test_decisions.py",
        "core/test_doubt.py",
        "core/test_false_success.py",
        "core/test_redaction.py",
        "core/test_retry.py",
        "core/test_sending.py",
        "emulator/test_users.py",
        "endpoints/test_operation.py",
        "endpoints/test_paging.py",
        "endpoints/test_tasks.py",
        "endpoints/test_users.py",
        "pacing/test_pacer.py",
        "session/test_errors.py",
        "session/test_observers.py",
        "session/test_options.py",
    )
)
"""The modules of ``pytest -m quick``: together they run the core in less than 20 s on two cores."""

SLOW: Final = frozenset(
    TESTS / name
    for name in (
        "auth/test_tokens_machine.py",
        "bulk/test_doubt_statuses.py",
        "bulk/test_kills.py",
        "bulk/test_ledger_lock.py",
        "bulk/test_ledger_damage.py",
        "bulk/test_ledger_loading_damage.py",
        "bulk/test_memory.py",
        "bulk/test_order.py",
        "bulk/test_planner.py",
        "cli/test_bulk_pipes.py",
        "cli/test_call_every.py",
        "core/test_leaks.py",
        "core/test_plain_chunks_many.py",
        "core/test_plain_heads_many.py",
        "core/test_transports_many.py",
        "drift/test_answers.py",
        "drift/test_every_coroutine.py",
        "emulator/test_pages_in_browser.py",
        "emulator/test_pytest_plugin.py",
        "emulator/test_testing_page.py",
        "endpoints/test_models.py",
        "engines/test_dask.py",
        "engines/test_examples.py",
        "endpoints/test_odd_responses.py",
        "fleet/test_lua_long.py",
        "fleet/test_targets.py",
        "fleet/test_faults.py",
        "fleet/test_lives.py",
        "frameworks/test_documentation.py",
        "frameworks/test_servers.py",
        "pacing/test_targets.py",
        "partition/test_attempts.py",
        "partition/test_kills.py",
        "partition/test_process.py",
        "report/test_page.py",
        "report/test_page_in_browser.py",
        "session/test_secrets_in_frames.py",
        "survival/test_disk_full.py",
        "survival/test_faults.py",
        "survival/test_kill.py",
        "survival/test_machine.py",
        "survival/test_truth.py",
    )
)
"""The modules of ``pytest -m slow``: kills, faults, full disks, damage, state machines, properties
over whole runs, checks of all operations, pacing targets, a real browser, applications under their
servers. They take half of the time, are left out unless they are asked for (``make all``), and are
run by CI."""


def pytest_configure() -> None:
    """Refuse a list of modules that names one that is not there."""
    if missing := sorted(
        str(path.relative_to(TESTS)) for path in QUICK | SLOW if not path.exists()
    ):
        raise pytest.UsageError(f"tests/conftest.py: there is no {', '.join(missing)}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for two cores with ``-n auto``: tests wait for a third of their time."""
    here = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return math.ceil(1.5 * here)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the other modules under ``-m quick``: importing all of them takes longer."""
    only_quick = config.option.markexpr == "quick" and collection_path.suffix == ".py"
    return True if only_quick and collection_path not in QUICK else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of quick and of slow modules, and begin with those of engines.

    An engine takes a minute to start: left to the end, all other workers wait for it.
    """
    items.sort(key=lambda item: item.path.parent.name != "engines")
    for item in items:
        if item.path in QUICK:
            item.add_marker(pytest.mark.quick)
        elif item.path in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep temporary ledgers that runs leave among the files of the tests, which pytest removes."""
    tempfile.tempdir = str(tmp_path_factory.mktemp("temporary"))
    yield
    tempfile.tempdir = None


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, the one loop that aiohttp runs on."""
    return "asyncio"


@pytest.fixture(params=KINDS)
def either_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: its sessions send by either transport."""
    if request.param == "aiohttp":
        monkeypatch.setattr(CheckedSettings, "over_aiohttp", property(lambda _: True))
    return str(request.param)


@pytest.fixture
async def loop_time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    """Stop the time of the test's event loop, by which both transports see to deadlines."""
    loop = asyncio.get_running_loop()
    stopped = LoopTime(loop.time())
    monkeypatch.setattr(loop, "time", lambda: stopped.now)
    return stopped


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> bytearray:
    """Give the bytes that have come to the clients' ends of connections, as they come."""
    came = bytearray()

    def note(kind: type[asyncio.Protocol]) -> None:
        take = kind.data_received

        def note_and_take(self: asyncio.Protocol, data: bytes) -> None:
            came.extend(data)
            take(self, data)

        monkeypatch.setattr(kind, "data_received", note_and_take)

    note(Connection)
    note(ResponseHandler)
    return came


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Give a server on a real socket, with three users in one tenant."""
    async with Emulator(api_key=API_KEY) as server:
        for number in range(3):
            server.add_user(
                f"user-{number}", email=f"user-{number}@example.test", tenant_ids=["home"]
            )
        yield server


@pytest.fixture
async def frontegg(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give an open session on the emulator, and check that it leaves no task behind."""
    before = asyncio.all_tasks()
    async with session_on(emulator) as session:
        yield session
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not {task for task in left if "frontegg_async" in task.get_name()}
