"""An emulator in a thread of its own, because a command runs its own event loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from frontegg_async.emulator import Emulator

from ..support.sessions import API_KEY
from .shell import Shell

MakeFile = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of the developer's shell that the commands read."""
    for name in os.environ:
        if name.startswith("FRONTEGG_") or name in {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    """Give a thread with an event loop."""
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture
def server(portal: BlockingPortal) -> Iterator[Emulator]:
    """Give an emulator with three users in one tenant."""
    with portal.wrap_async_context_manager(Emulator(api_key=API_KEY)) as server:
        for number in range(3):
            server.add_user(
                f"user-{number}", email=f"user-{number}@example.test", tenant_ids=["home"]
            )
        yield server


@pytest.fixture
def shell(server: Emulator, tmp_path: Path) -> Shell:
    """Give a shell whose environment names the emulator."""
    return Shell(
        {
            "FRONTEGG_BASE_URL": server.url,
            "FRONTEGG_CLIENT_ID": server.client_id,
            "FRONTEGG_API_KEY": server.api_key,
        },
        tmp_path,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """Give a shell without variables of Frontegg."""
    return Shell({}, tmp_path)


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """Give a function that writes a file of rows."""

    def make(*lines: str, name: str = "rows.csv", header: str | None = "user_id,tenant_id") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in (*filter(None, (header,)), *lines)))
        return path

    return make
