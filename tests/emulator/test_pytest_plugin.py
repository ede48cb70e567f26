"""The plugin of pytest in suites that docs/testing.md does not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.suites import AUTO, PLUGIN, STRICT, WITHOUT_ASYNCIO, run_pytest

IMPORTS = """
import sys

def test_nothing_is_imported():
    assert {PLUGIN!r} in sys.modules
    loaded = {{name.partition(".")[0] for name in sys.modules}}
    assert not loaded & {{"frontegg_async", "aiohttp", "msgspec"}}
"""

SYNCHRONOUS = """
def test_it(frontegg):
    pass
"""

TRIO = """
import pytest

@pytest.fixture(params=["trio"])
def anyio_backend(request):
    return request.param

@pytest.mark.anyio
async def test_it(frontegg):
    pass
"""

LOOPS = """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_of_a_loop_of_its_own(frontegg):
    assert await frontegg.users.iterate().collect(max_items=1) == []

class TestLoop:
    @pytest.mark.asyncio(loop_scope="class")
    async def test_of_a_wider_loop(self, frontegg):
        assert await frontegg.users.iterate().collect(max_items=1) == []

    @pytest.mark.asyncio(loop_scope="session")
    async def test_of_the_widest_loop(self, frontegg):
        assert await frontegg.users.iterate().collect(max_items=1) == []
"""

OWN_NAMES = """
import pytest

@pytest.fixture
def frontegg(frontegg_emulator):
    return frontegg_emulator.url

def test_a_fixture_of_the_suite_goes_first(frontegg):
    assert frontegg.startswith("http://127.0.0.1:")
"""

THROUGH_AN_APPLICATION = """
import json
import pytest
from urllib.request import Request, urlopen

@pytest.fixture(scope="session")
def add(frontegg_variables):
    def send(path, body, token=""):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        url = frontegg_variables["FRONTEGG_BASE_URL"] + path
        with urlopen(Request(url, json.dumps(body).encode(), headers)) as response:
            return json.load(response)

    secrets = [frontegg_variables[name] for name in ("FRONTEGG_CLIENT_ID", "FRONTEGG_API_KEY")]
    token = send("/auth/vendor", dict(zip(("clientId", "secret"), secrets)))["token"]
    return lambda: send("/tenants/resources/tenants/v1", {"tenantId": "acme"}, token)

@pytest.mark.parametrize("number", [1, 2])
def test_the_same_tenant_is_new_again(add, number):
    assert add()["tenantId"] == "acme"
"""


AN_OLDER_ASYNCIO = """
import pytest_asyncio

newer = pytest_asyncio.fixture

def fixture(fixture_function=None, **kwargs):
    if "loop_scope" in kwargs:
        raise TypeError("fixture() got an unexpected keyword argument 'loop_scope'")
    return newer(fixture_function, **kwargs)

pytest_asyncio.fixture = fixture
"""


def run(folder: Path, source: str, *options: str) -> str:
    """Run a test module, and return the output of pytest."""
    (folder / "test_suite.py").write_text(source)
    done = run_pytest(folder, *options)
    return done.stdout + done.stderr


def test_it_costs_a_suite_nothing(tmp_path: Path) -> None:
    """A suite that uses no fixture of the plugin has neither the package nor aiohttp loaded."""
    source = IMPORTS.format(PLUGIN=PLUGIN)
    assert "1 passed" in run(tmp_path, source, *WITHOUT_ASYNCIO)


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (SYNCHRONOUS, "or use frontegg_emulator"),
        (TRIO, 'add a fixture anyio_backend that returns "asyncio"'),
    ],
)
def test_a_session_without_a_loop_of_asyncio(source: str, advice: str, tmp_path: Path) -> None:
    """The fixture frontegg says what to do in a synchronous test, and under trio."""
    output = run(tmp_path, source, *WITHOUT_ASYNCIO)
    assert advice in output
    assert "1 error" in output


@pytest.mark.parametrize("options", [STRICT, AUTO])
def test_loops_of_every_scope(options: tuple[str, ...], tmp_path: Path) -> None:
    """The session lives on the loop of its test, whichever scope pytest-asyncio gives that."""
    assert "3 passed" in run(tmp_path, LOOPS, *options)


def test_an_older_pytest_asyncio(tmp_path: Path) -> None:
    """Before 0.24 fixtures choose no loop: a suite runs all the same, and the session is there."""
    (tmp_path / "older.py").write_text(AN_OLDER_ASYNCIO)
    output = run(tmp_path, LOOPS, "-p", "older", *STRICT)
    assert "1 passed, 2 errors" in output
    assert "frontegg needs pytest-asyncio 0.24 or newer" in output


def test_names_of_the_suite(tmp_path: Path) -> None:
    """A suite that has a fixture of the same name keeps its own."""
    assert "1 passed" in run(tmp_path, OWN_NAMES, *WITHOUT_ASYNCIO)


def test_tests_that_only_use_an_application(tmp_path: Path) -> None:
    """Every test starts after a reset, also if it does not ask for the emulator itself."""
    assert "2 passed" in run(tmp_path, THROUGH_AN_APPLICATION, *WITHOUT_ASYNCIO)
