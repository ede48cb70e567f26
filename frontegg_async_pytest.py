"""Fixtures of pytest: an emulator of Frontegg for a test suite, and a session on it.

Registered as ``frontegg_async_pytest``; ``-p no:frontegg_async_pytest`` leaves it out. It stands
beside the package, because importing anything of the package would import aiohttp in every suite
that has it installed. Nothing is imported before a test asks for a fixture.

===========================  ========  ============================================================
``frontegg_emulator``        function  the emulator, which runs in a thread of its own
``frontegg``                 function  an open ``FronteggSession`` on it, for tests of anyio and of
                                       pytest-asyncio
``frontegg_variables``       session   the ``FRONTEGG_*`` variables that lead a program to it
``frontegg_emulator_options``  session  arguments of ``Emulator``, for a suite to override
===========================  ========  ============================================================

There is one emulator for the session of pytest (one for each worker of xdist). It is reset before
each test, also before one that uses it only through an application. So only fixtures of the scope
``function`` get the emulator: what a wider one set up would be gone in the second test. A seed
stays.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

if TYPE_CHECKING:
    from frontegg_async import FronteggSession
    from frontegg_async.emulator import Emulator

_RUNNING: Final = pytest.StashKey["Emulator"]()
_Scope = Literal["function", "class", "module", "package", "session"]
_LOOPS: Final[tuple[_Scope, ...]] = ("function", "class", "module", "package", "session")
"""Scopes of the event loops of pytest-asyncio."""


@pytest.fixture(scope="session")
def frontegg_emulator_options() -> Mapping[str, Any]:
    """Give the arguments that the emulator is made with, which a suite may override."""
    return {}


@pytest.fixture(scope="session")
def _frontegg_emulator(
    pytestconfig: pytest.Config, frontegg_emulator_options: Mapping[str, Any]
) -> Iterator[Emulator]:
    from frontegg_async.emulator import Emulator

    with Emulator.in_thread(**frontegg_emulator_options) as emulator:
        pytestconfig.stash[_RUNNING] = emulator
        yield emulator
        del pytestconfig.stash[_RUNNING]


@pytest.fixture(scope="session")
def frontegg_variables(_frontegg_emulator: Emulator) -> dict[str, str]:
    """Give the environment variables that lead a program to the emulator."""
    return _frontegg_emulator.variables


@pytest.fixture
def frontegg_emulator(_frontegg_emulator: Emulator) -> Emulator:
    """Give the emulator, as it is after a reset."""
    return _frontegg_emulator


@pytest.fixture
def frontegg(request: pytest.FixtureRequest) -> FronteggSession:
    """Give an open session on the emulator, on the event loop of the test."""
    session: FronteggSession = request.getfixturevalue(_fixture_for(request))
    return session


def _fixture_for(request: pytest.FixtureRequest) -> str:
    """Return the name of the fixture that opens a session on the loop of a test."""
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend")
        name = backend if isinstance(backend, str) else backend[0]
        if name != "asyncio":
            pytest.fail(
                f"frontegg needs asyncio, and this test runs on {name}: "
                'add a fixture anyio_backend that returns "asyncio"',
                pytrace=False,
            )
        return "_frontegg_on_anyio"
    marker = request.node.get_closest_marker("asyncio")
    if marker is not None and request.config.pluginmanager.has_plugin("asyncio"):
        scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")
        return _fixture_for_loop(scope or _default_loop(request.config))
    pytest.fail(
        "frontegg is an open FronteggSession, which needs the event loop of an async test: mark "
        "the test with pytest.mark.anyio or pytest.mark.asyncio, or use frontegg_emulator",
        pytrace=False,
    )


def _default_loop(config: pytest.Config) -> str:
    """Return the scope of the loop that pytest-asyncio runs a test on by default."""
    try:
        scope: str | None = config.getini("asyncio_default_test_loop_scope")
    except (KeyError, ValueError):  # before 0.26 there is no such setting
        scope = None
    return scope or "function"


def _fixture_for_loop(scope: str) -> str:
    if scope != "function" and not _chooses_loops():
        pytest.fail(
            f"frontegg needs pytest-asyncio 0.24 or newer to be on a loop of the scope {scope!r}",
            pytrace=False,
        )
    return f"_frontegg_on_{scope}_loop"


def _chooses_loops() -> bool:
    """Return whether a fixture of pytest-asyncio can name its loop, as it can from 0.24."""
    import pytest_asyncio

    return "loop_scope" in inspect.signature(pytest_asyncio.fixture).parameters


@asynccontextmanager
async def _session_on(emulator: Emulator) -> AsyncGenerator[FronteggSession]:
    from frontegg_async import FronteggSession

    async with FronteggSession(
        client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
    ) as session:
        yield session


@pytest.fixture
async def _frontegg_on_anyio(frontegg_emulator: Emulator) -> AsyncIterator[FronteggSession]:
    async with _session_on(frontegg_emulator) as session:
        yield session


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Reset the emulator, if it runs."""
    emulator = item.config.stash.get(_RUNNING, None)
    if emulator is not None:
        emulator.reset()


def pytest_configure(config: pytest.Config) -> None:
    """Add what takes pytest-asyncio, where that is installed."""
    if config.pluginmanager.has_plugin("asyncio"):
        name = f"{__name__}.asyncio"
        config.pluginmanager.register(_fixtures_of_pytest_asyncio(name), name)


def _fixtures_of_pytest_asyncio(name: str) -> ModuleType:
    """Return a plugin with one fixture for each scope of loops, marked for the strict mode."""
    import pytest_asyncio

    chooses = _chooses_loops()

    def make(loop: _Scope) -> Any:
        options: dict[str, Any] = {"loop_scope": loop} if chooses else {}

        @pytest_asyncio.fixture(**options, name=f"_frontegg_on_{loop}_loop")
        async def on_loop(frontegg_emulator: Emulator) -> AsyncIterator[FronteggSession]:
            async with _session_on(frontegg_emulator) as session:
                yield session

        return on_loop

    plugin = ModuleType(name)
    loops = _LOOPS if chooses else _LOOPS[:1]
    vars(plugin).update({f"on_{loop}_loop": make(loop) for loop in loops})
    return plugin
