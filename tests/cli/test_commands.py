"""``token`` and ``emulator``, and the option types that they share."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess

import click
import pytest

from frontegg_async.cli import option_types
from frontegg_async.emulator import Announce, DuplicateAdd, Emulator, Plan

from ..support.sessions import API_KEY
from .conftest import MakeFile
from .shell import Shell


def test_token(shell: Shell, server: Emulator) -> None:
    """It shows the credentials' owner and the token's remaining lifetime, never the token."""
    result = shell.run("token", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert list(told) == ["client_id", "base_url", "vendor_id", "kind", "expires_in"]
    assert told["client_id"] == server.client_id
    assert told["base_url"] == server.url
    assert 0 < told["expires_in"] <= 86_400
    text = shell.run("token").stdout
    for line in (server.client_id, server.url, "expires in"):
        assert line in text
    assert API_KEY not in text


def test_emulator_serves(bare: Shell, make_file: MakeFile) -> None:
    """The line that it prints leads another command to it, which finds the seeded users."""
    path = make_file("user-0,acme")
    process = bare.start("emulator", "--port", "0", "--seed", path, "--token-lifetime", "1h")
    variables = _announced(process)
    caller = Shell(variables, bare.directory)
    assert json.loads(caller.run("call", "users.get", "--user-id", "user-0").stdout)
    assert json.loads(caller.run("token", "--json").stdout)["expires_in"] <= 3_600
    process.terminate()
    stdout, stderr = process.communicate()
    assert process.returncode == 0
    assert stdout == ""
    assert "has the 1 user of" in stderr
    assert variables["FRONTEGG_BASE_URL"] in stderr
    assert "ended after 3 requests" in stderr


def test_emulator_is_interrupted(bare: Shell) -> None:
    """Ctrl-C ends it in 130, without a traceback."""
    process = bare.start("emulator", "--port", "0")
    _announced(process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in stderr


def test_emulator_is_configured(bare: Shell, make_file: MakeFile) -> None:
    """Limits, announcements, duplicate adds and unknown tenants are as the options say."""
    process = bare.start(
        *("emulator", "--port", "0", "--seed", make_file("user-0,acme"), "--validate-tenants"),
        *("--rate-limit", "2/1h", "--announce", "retry-after", "--latency", "1ms"),
        *("--duplicate-add", "conflict"),
    )
    caller = Shell(_announced(process), bare.directory)
    add = ("call", "users.add_to_tenant", "--user-id", "user-0", "--tenant-id")
    assert caller.run(*add, "nowhere").exit_code == 1
    process.terminate()
    process.communicate()
    process = bare.start(
        *("emulator", "--port", "0", "--seed", make_file("user-0,acme")),
        *("--rate-limit", "2/1h", "--duplicate-add", "conflict"),
    )
    caller = Shell(_announced(process), bare.directory)
    assert caller.run(*add, "acme").exit_code == 0
    assert "status 409" in caller.run(*add, "acme").stderr
    assert "status 429" in caller.run(*add, "acme").stderr
    process.terminate()
    process.communicate()


def test_emulator_has_published_limits(bare: Shell) -> None:
    """The limits of a plan hold beside one for all routes, and both announce in the form chosen."""
    process = bare.start(
        *("emulator", "--port", "0", "--plan", "launch", "--rate-limit", "7/1h"),
        *("--announce", "reset-seconds"),
    )
    variables = _announced(process)
    connection = http.client.HTTPConnection(variables["FRONTEGG_BASE_URL"].removeprefix("http://"))
    refused: dict[str, tuple[int, bool]] = {}
    for path in ("passwords/reset", "signUp/username"):
        for number in range(10):
            connection.request("POST", f"/identity/resources/users/v1/{path}", b"{}")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429:
                refused[path] = number, int(answer.headers["X-Rate-Limit-Reset"]) <= 60
                break
    connection.close()
    assert refused == {"passwords/reset": (5, True), "signUp/username": (7, False)}
    process.terminate()
    process.communicate()


def _announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the line that an emulator prints, as a shell would."""
    assert process.stdout is not None
    word, *settings = process.stdout.readline().split()
    assert word == "export"
    variables = dict(setting.split("=", 1) for setting in settings)
    assert list(variables) == ["FRONTEGG_BASE_URL", "FRONTEGG_CLIENT_ID", "FRONTEGG_API_KEY"]
    return variables


def test_emulator_port_is_taken(bare: Shell) -> None:
    """A port in use exits with 1, in a sentence that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = bare.run("emulator", "--port", port)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"cannot listen on 127.0.0.1, port {port}" in result.stderr


def test_emulator_offers_every_choice(bare: Shell) -> None:
    """Every plan, every way to announce and every answer to a duplicate can be chosen."""
    text = bare.run("emulator", "--help").stdout
    for choice in (*Plan, *Announce, *DuplicateAdd):
        assert choice.value in text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("80ms", 0.08),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("1h", 3_600.0),
        ("1d", 86_400.0),
        ("7", 7.0),
        (" .5 s ", 0.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """A duration is a number with a unit, or of seconds."""
    assert option_types.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0ms", "-1s", "1e3", "soon", "1 week", "inf", "nan", "\N{ARABIC-INDIC DIGIT ONE}s"],
)
def test_no_durations(text: str) -> None:
    """Anything else is refused, with a message that shows it."""
    with pytest.raises(click.BadParameter, match=r"is not a duration|longer than 0"):
        option_types.duration(text)


def test_no_duration_at_all() -> None:
    """``duration_or_zero`` accepts 0."""
    assert option_types.duration_or_zero("0") == 0.0


def test_rate_limits() -> None:
    """A rate limit is requests per seconds, or per any other duration."""
    assert option_types.rate_limit("1000/60").window == pytest.approx(60.0)
    assert option_types.rate_limit("1000/1m").window == pytest.approx(60.0)
    for text in ("", "1000", "/60", "-1/60", "1000/0", "many/60", "1/2/3"):
        with pytest.raises(click.BadParameter):
            option_types.rate_limit(text)
