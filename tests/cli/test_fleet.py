"""Commands of a fleet: the option, the variable, and a Redis that is away."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from frontegg_async.emulator import Emulator

from ..support.redis_servers import RedisServer, run_redis
from ..support.routes import AUTH
from .conftest import MakeFile
from .shell import Shell

GET_USER: Final = ("call", "users.get", "--user-id", "user-0")


@pytest.mark.parametrize(
    "url", ["redis://:pw-5e1@host/0", "redis://app@host", "redis://host?password=pw-5e1"]
)
def test_no_password_in_a_command_line(shell: Shell, server: Emulator, url: str) -> None:
    """--fleet rejects a URL that may hold a password, untold, and names the variable."""
    result = shell.run(*GET_USER, "--fleet", url)
    assert result.exit_code == 2
    assert "set FRONTEGG_FLEET_URL to a URL with a password" in result.stderr
    assert "pw-5e1" not in result.output
    assert server.count() == 0


def test_a_url_that_cannot_work(shell: Shell, server: Emulator) -> None:
    """A bad URL, from the option or the variable, is an error before anything is sent."""
    for result in (
        shell.run(*GET_USER, "--fleet", "http://host"),
        shell.run(*GET_USER, FRONTEGG_FLEET_URL="http://:pw-5e1@host"),
    ):
        assert result.exit_code == 2
        assert "FRONTEGG_FLEET_URL) must begin with redis://" in result.stderr
        assert "pw-5e1" not in result.output
    assert server.count() == 0


def test_commands_share_a_token(shell: Shell, server: Emulator, tmp_path: Path) -> None:
    """Commands of one fleet, named by the option or by the variable, make one token call in all."""
    with run_redis(tmp_path) as redis:
        assert shell.run(*GET_USER, "--fleet", redis.url).exit_code == 0
        assert shell.run("token", FRONTEGG_FLEET_URL=redis.url).exit_code == 0
        result = shell.run(*GET_USER, FRONTEGG_FLEET_URL=redis.url)
        assert (result.exit_code, result.stderr) == (0, "")
    assert server.count(AUTH) == 1


def test_a_redis_that_is_away_is_named_once(
    shell: Shell, server: Emulator, make_file: MakeFile, gone: RedisServer
) -> None:
    """Commands do their work without Redis, and one line says that they do."""
    result = shell.run(*GET_USER, FRONTEGG_FLEET_URL=gone.url)
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1, result.stderr
    assert "fleet" in result.stderr
    rows = make_file(*(f"user-{number},acme" for number in range(3)))
    run = shell.run("bulk", "assign", rows, "--fleet", gone.url)
    assert run.exit_code == 0, run.output
    assert run.stderr.count("fleet") == 1, run.stderr
    assert run.stdout.count("added") == 1


@pytest.fixture
def gone(tmp_path: Path) -> RedisServer:
    """Give a Redis that has ended: nothing listens on its port."""
    with run_redis(tmp_path) as redis:
        pass
    return redis


def test_an_emulator_in_the_process_is_no_target(
    shell: Shell, make_file: MakeFile, gone: RedisServer
) -> None:
    """--emulator rejects --fleet, and pays no heed to the variable."""
    rows = make_file("user-0,acme")
    result = shell.run("bulk", "assign", rows, "--emulator", "--fleet", gone.url)
    assert result.exit_code == 2
    assert "leave out --fleet" in result.stderr
    result = shell.run("bulk", "assign", rows, "--emulator", FRONTEGG_FLEET_URL=gone.url)
    assert result.exit_code == 0
    assert "fleet" not in result.stderr
