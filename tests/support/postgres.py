"""A real PostgreSQL for tests, with nothing in it and nothing kept."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_ATTEMPTS: Final = 5
"""Another process may take the port after we find it free and before PostgreSQL listens on it."""


def _program(name: str) -> str | None:
    """Return the path of a program; Debian keeps those of the server out of PATH."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


def _owner() -> str | None:
    """Return the user that the server runs as, if it is another one: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name


class PostgresServer:
    """A PostgreSQL that listens on the loopback interface."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process: Final = process
        self.port: Final = port
        self.url: Final = f"postgresql://claims@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        """End it; a second time does nothing."""
        self._process.terminate()  # its other processes end with it
        self._process.communicate()


@contextmanager
def run_postgres() -> Generator[PostgresServer]:
    """Run a PostgreSQL; skip the test where it is not installed, but fail it in CI."""
    initdb, program = _program("initdb"), _program("postgres")
    if initdb is None or program is None:
        reason = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    owner = _owner()
    # Not among the files of pytest, which keeps its folder from the server's user.
    folder = Path(tempfile.mkdtemp(prefix="frontegg_async-", dir=os.environ.get("TMPDIR", "/tmp")))  # noqa: S108
    data = folder / "data"
    if owner is not None:
        shutil.chown(folder, owner)
    command = [initdb, "-D", str(data), "-U", "claims", "-A", "trust", "--no-sync", "-E", "UTF8"]
    try:
        made = subprocess.run(
            command, user=owner, cwd=folder, capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        server = _start(program, data, folder, owner)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(program: str, data: Path, folder: Path, owner: str | None) -> PostgresServer:
    log = ""
    for _ in range(_ATTEMPTS):
        with socket.create_server(("127.0.0.1", 0)) as found:
            port: int = found.getsockname()[1]
        command = [program, "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        command += ["-k", str(folder), "-F", "-c", "shared_buffers=16MB", "-c", "lc_messages=C"]
        process = subprocess.Popen(
            command, user=owner, cwd=folder, text=True, errors="replace",
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        log = ""
        # Its log says when it listens: nothing to poll, nothing to sleep for.
        for line in process.stderr:
            log += line
            if "ready to accept connections" in line:
                return PostgresServer(process, port)
        process.communicate()
    raise RuntimeError(f"PostgreSQL does not start:\n{log}")
