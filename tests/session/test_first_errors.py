"""The first errors of a new user: they name the wrong setting and the remedy."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import errno
import logging
import math
import os
import re
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

import frontegg_async
from frontegg_async import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    FixedRate,
    FronteggError,
    FronteggSession,
    InvalidRequestError,
    Operation,
    Options,
    ResponseDecodeError,
)
from frontegg_async._core.settings import FOR_ALL
from frontegg_async.auth.credentials import EnvironmentLogin
from frontegg_async.emulator import Emulator
from frontegg_async.session import Session

from ..support.routes import AUTH
from ..support.servers import raw_server
from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

ANY: Final = Operation("test.any", "GET", "/identity/resources/users/v3", dict[str, Any])
POST: Final = Operation("test.post", "POST", "/identity/resources/users/v3", dict[str, Any])


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy", "FRONTEGG_LOG"):
        monkeypatch.delenv(name, raising=False)


# Credentials


@pytest.mark.parametrize("wrong", [{"api_key": "canary-wrong"}, {"client_id": "nobody"}])
async def test_wrong_credentials(wrong: dict[str, str], emulator: Emulator) -> None:
    """Rejected credentials are an error with client id, host and advice, without the key."""
    async with session_on(emulator, **wrong) as session:
        for _ in range(2):
            with pytest.raises(AuthenticationError) as caught:
                await session.users.get("user-0")
            shown = str(caught.value)
            for words in ("users.get:", wrong.get("client_id", emulator.client_id), emulator.url):
                assert words in shown
            assert "Check that both are of one environment" in shown
            assert "token" not in shown
            assert "canary" not in shown
    assert emulator.count(AUTH) == 1


async def test_a_region_is_named() -> None:
    """The error of rejected credentials names the region."""

    async def refuse() -> Any:
        raise AuthenticationError("no", operation="authentication.authenticate", status=401)

    with pytest.raises(AuthenticationError, match=r"api\.us\.frontegg\.com \(region us\)"):
        await EnvironmentLogin(refuse, "id", "https://api.us.frontegg.com")()


HTML: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"
NOWHERE: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
NOT_ALLOWED: Final = b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (HTML, ResponseDecodeError),
        (NOWHERE, ConfigurationError),
        (NOT_ALLOWED, ConfigurationError),
    ],
)
async def test_a_host_that_is_not_fronteggs(reply: bytes, kind: type[FronteggError]) -> None:
    """A host without the auth route is an error about ``base_url``, not a NotFoundError."""
    async with (
        raw_server(reply) as (url, heard),
        FronteggSession(client_id="id", api_key=API_KEY, base_url=url) as session,
    ):
        with pytest.raises(FronteggError, match="check base_url") as caught:
            await session.users.get("user-0")
    assert type(caught.value) is kind
    assert url in str(caught.value)
    assert heard


async def test_a_wrong_password(emulator: Emulator) -> None:
    """Logging in with a wrong password, or a wrong API token, does not speak of tokens."""
    emulator.add_user("user-p", email="p@example.test", password="right")
    async with session_on(emulator) as session:
        with pytest.raises(AuthenticationError) as caught:
            await session.authentication.login(email="p@example.test", password="canary-wrong")
        assert "the server rejected the credentials in this call" in str(caught.value)
        assert "token" not in str(caught.value).replace("(status", "")
        with pytest.raises(AuthenticationError, match="the user's token"):
            await session.as_user("wrong").me.get()


# Settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("api_key", None, "api_key must be a string, got NoneType"),
        ("api_key", "canary\n", "api_key ends with a blank"),
        ("client_id", None, "client_id must be a string, got NoneType"),
        ("base_url", 5, "base_url must be a string like https://host, got int"),
        ("base_url", "ftp://u:canary@x.test", "base_url takes no user"),
        ("options", {"timeout": 5}, "options must be of type Options, got dict"),
        ("http", object(), "http must be of type aiohttp.ClientSession, got object"),
        ("ssl_context", False, "ssl_context must be of type ssl.SSLContext"),
        ("proxy", 5, "proxy (FRONTEGG_PROXY) must be a string like http://host:port, got int"),
        ("trust_env", "no", "trust_env must be of type bool, got str"),
        ("token_store", {}, "token_store must have load, save and discard"),
    ],
)
def test_settings_of_the_wrong_kind(name: str, value: Any, words: str) -> None:
    """A setting of another type is a ConfigurationError that says which and which type."""
    given: dict[str, Any] = {"client_id": "id", "api_key": API_KEY, name: value}
    with pytest.raises(ConfigurationError) as caught:
        FronteggSession(**given)
    assert str(caught.value).startswith(words)
    assert "canary" not in str(caught.value)


def test_headers_that_are_no_mapping() -> None:
    """Headers of another type are a ConfigurationError that says so."""
    headers: Any = ["x-a"]
    with pytest.raises(ConfigurationError, match="headers must be a mapping"):
        Options(headers=headers)


async def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is told by address and reason, each once, and the log has no None."""
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        async with FronteggSession(
            client_id="id",
            api_key=API_KEY,
            base_url=f"http://{address}",
            options=Options(max_attempts=1),
        ) as session:
            with pytest.raises(ConnectionFailedError) as caught:
                await session.users.get("u")
    reason = os.strerror(errno.ECONNREFUSED)
    assert caught.value.message == f"cannot connect to {address} ({reason})"
    (line,) = caplog.messages
    assert line.startswith("no environment token (ConnectionFailedError); next try in ")


def test_arguments_that_do_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt argument is a TypeError that lists those there are, for each way to make one."""
    monkeypatch.setenv("FRONTEGG_CLIENT_ID", "id")
    monkeypatch.setenv("FRONTEGG_API_KEY", API_KEY)
    ways: list[Callable[..., object]] = [
        partial(FronteggSession, client_id="id", api_key=API_KEY),
        FronteggSession.from_env,
        FronteggSession.for_users,
    ]
    for way in ways:
        with pytest.raises(TypeError, match=r"no argument 'regoin'.*base_url.*region"):
            way(regoin="eu")
        # One of the options, which a newcomer looks for among the arguments.
        with pytest.raises(TypeError, match=r"say options=Options\(timeout=\.\.\.\)$"):
            way(timeout=5.0)
    with pytest.raises(TypeError, match=r"no argument 'environment_id'"):
        FronteggSession.for_users(environment_id="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_arguments_are_documented() -> None:
    """The docstring of a session describes every argument that it takes, and no other."""
    section = (Session.__doc__ or "").partition("Args:")[2].partition("Raises:")[0]
    names = {
        line.strip().partition(":")[0]
        for line in section.splitlines()
        if line.startswith("        ") and line[8] != " "
    }
    assert names == FOR_ALL | {"client_id", "api_key"}


async def test_a_rate_that_is_a_number(frontegg: FronteggSession) -> None:
    """A rate without its seconds is rejected with the right form."""
    with pytest.raises(ConfigurationError, match=r"FixedRate\(900, 60\)"):
        frontegg.for_bulk(rate=900)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    frontegg.for_bulk(rate=FixedRate(900, 60))


# Numbers and names that would be sent as something else


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
async def test_numbers_that_json_has_not(
    number: float, frontegg: FronteggSession, emulator: Emulator
) -> None:
    """NaN and the infinities are rejected in bodies, metadata and queries: JSON has only null."""
    before = emulator.count()
    values: list[Any] = [{"a": number}, {"a": None, "b": [{"c": (1.5, number)}]}]
    for value in values:
        with pytest.raises(InvalidRequestError, match="NaN or an infinite number"):
            await frontegg.call(POST, body=value)
        with pytest.raises(InvalidRequestError, match="NaN or an infinite number"):
            await frontegg.users.update("user-0", metadata=value)
    for query in (number, [1, number]):
        with pytest.raises(InvalidRequestError, match="n is not a finite number"):
            await frontegg.call(ANY, query={"n": query})  # type: ignore[dict-item]
    assert emulator.count() == before
    await frontegg.users.update("user-0", metadata={"a": None, "b": "null", "c": 1.5})


@pytest.mark.parametrize("value", [{"a": 1}, b"bytes", object(), [["nested"]]])
async def test_query_values_of_the_wrong_kind(value: Any, frontegg: FronteggSession) -> None:
    """A query value that has no text is our error by its name, never a raw TypeError."""
    with pytest.raises(InvalidRequestError, match=r"^test\.any: n must be a string, a number"):
        await frontegg.call(ANY, query={"n": value})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Authorization", "as_user"),
        ("cookie", "set by the session itself"),
        ("HOST", "base_url"),
        ("Content-Length", "set by the session itself"),
        ("frontegg-tenant-id", "tenant_id"),
        ("Frontegg-User-Id", "user_id"),
        ("Proxy-Authorization", "proxy"),
        ("", "not the name of a header"),
        ("a b", "not the name of a header"),
        ("a\r\nx", "not the name of a header"),
        ("x-\x1b[31m", "not the name of a header"),
        ("\u00e4", "not the name of a header"),
    ],
)
async def test_names_of_headers(
    name: str, words: str, frontegg: FronteggSession, emulator: Emulator
) -> None:
    """An invalid header name, or one of the session's own, is rejected with another way."""
    before = emulator.count()
    with pytest.raises(InvalidRequestError, match="header") as caught:
        await frontegg.call(ANY, headers={name: "canary"})
    with pytest.raises(ConfigurationError, match="header"):
        frontegg.with_options(headers={name: "x"})
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert emulator.count() == before
    await frontegg.call(ANY, headers={"x-odd!#$%&'*+.^_`|~": "1"})
    assert emulator.requests[-1].headers["x-odd!#$%&'*+.^_`|~"] == "1"


# Strings of servers


EVIL: Final = "a\x1b]0;owned\x07\x1b[2J\r\nERROR forged \u202e\x9b31m \ud800"


async def test_no_control_characters(caplog: pytest.LogCaptureFixture) -> None:
    """A server's text cannot drive a terminal or forge a log line, wherever an error shows it."""
    caplog.set_level(logging.DEBUG)
    escaped = '"a\\u001b]0;owned\\u0007\\u001b[2J\\r\\nERROR forged \\u202e\\u009b31m"'
    body = b'{"errors": [%b], "errorCode": %b}' % (escaped.encode(), escaped.encode())
    reply = (
        b"HTTP/1.1 500 \x1b[31m\r\nfrontegg-trace-id: a\x1b[31mb\r\nRetry-After: \x1b[2J\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    location = b"HTTP/1.1 302 F\r\nLocation: https://a\x1b[31m.test/\r\nContent-Length: 0\r\n\r\n"
    encoding = b"HTTP/1.1 200 O\r\nContent-Encoding: \x1b[31m\r\nContent-Length: 1\r\n\r\nx"
    seen = 0
    for answer in (reply, location, encoding, b"HTTP/1.1 2\x1b[31m\r\n\r\n"):
        async with (
            raw_server(answer) as (url, _),
            FronteggSession.for_users(base_url=url, options=Options(max_attempts=1)) as session,
        ):
            with pytest.raises(FronteggError) as caught:
                await session.as_user("token").me.get()
        error = caught.value
        assert str(error).isprintable()
        for text in (error.message, *error.messages, error.error_code or "", error.trace_id or ""):
            assert text.isprintable()
        seen += "owned" in str(error)
    assert seen == 1
    for line in caplog.messages:
        assert line.isprintable()


def test_every_text_of_an_error_is_printable() -> None:
    """An error escapes unprintable characters once, and its copies are equal."""
    error = AuthenticationError(EVIL, error_code=EVIL, messages=(EVIL * 100,), trace_id=EVIL)
    assert str(error).isprintable()
    again = error.again().again()
    assert again.fields == error.fields
    assert str(again) == str(error)
    assert "a\\x1b]0;owned" in error.message
    str(error).encode()


# A session of one's own that has credentials


async def test_credentials_of_a_session_of_ones_own(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``auth=`` and ~/.netrc of a session that is handed in take no part in a call."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer versions prefer a header
        basic = aiohttp.BasicAuth("somebody", "canary-auth")
    settings: list[dict[str, Any]] = [
        {"trust_env": True},
        {"auth": basic},
        {"headers": {"Authorization": "Basic canary"}},
    ]
    for each in settings:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            http = aiohttp.ClientSession(**each)
        async with http, session_on(emulator, http=http) as session:
            assert (await session.users.get("user-0")).id == "user-0"
    assert len(emulator.requests) == 6
    for request in emulator.requests:
        assert not request.headers.get("Authorization", "").startswith("Basic")


# FRONTEGG_LOG


LOGGING: Final = """
import asyncio, logging, sys
from frontegg_async import FronteggSession

exec(sys.argv[1])

async def main():
    for _ in range(2):
        async with FronteggSession.from_env() as session:
            await session.users.get("user-0")
            try:
                await session.authentication.login(email="a@b.test", password="canary-password")
            except Exception as error:
                print(error)

asyncio.run(main())
print(logging.getLogger("frontegg_async").getEffectiveLevel())
"""


async def logged(emulator: Emulator, setup: str = "", **variables: str) -> tuple[str, str]:
    """Return stdout and stderr of a program that calls the emulator."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-c", LOGGING, setup],
        cwd=Path(__file__).parents[2],
        env={
            "FRONTEGG_CLIENT_ID": emulator.client_id,
            "FRONTEGG_API_KEY": API_KEY,
            "FRONTEGG_BASE_URL": emulator.url,
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


async def test_the_log_is_turned_on(emulator: Emulator) -> None:
    """``FRONTEGG_LOG=debug`` writes each attempt once to stderr, without a secret."""
    _, silent = await logged(emulator)
    assert not silent
    out, err = await logged(emulator, FRONTEGG_LOG=" Debug ")
    assert err.count("DEBUG frontegg_async: users.get, attempt 1: <Response 200") == 2
    assert err.count("authentication.login, attempt 1: <Response 401") == 2
    assert out.endswith("10\n")
    assert "canary" not in out + err
    assert "eyJ" not in out + err
    _, quiet = await logged(emulator, FRONTEGG_LOG="warning")
    assert not quiet


async def test_the_applications_own_log_comes_first(emulator: Emulator) -> None:
    """With a handler of the application, also one set up later, no line is written twice."""
    own = "logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format='own %(message)s')"
    later = (
        "init = FronteggSession.open\n"
        "async def open(self):\n"
        f"    {own}\n"
        "    return await init(self)\n"
        "FronteggSession.open = open"
    )
    for setup in (own, later):
        out, err = await logged(emulator, setup, FRONTEGG_LOG="debug")
        assert "frontegg_async" not in err
        assert out.count("own users.get, attempt 1") == 2


def test_a_level_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown level is rejected by the variable's name."""
    monkeypatch.setenv("FRONTEGG_LOG", "loud")
    with pytest.raises(ConfigurationError, match="FRONTEGG_LOG must be one of debug, info"):
        FronteggSession.for_users()


# The documentation


def test_the_table_of_variables_is_complete() -> None:
    """docs/api.md lists every variable that the package reads or names."""
    package = Path(frontegg_async.__file__).parent
    docs = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", docs, re.MULTILINE))
    named = {
        name
        for path in package.rglob("*.py")
        for name in re.findall(r"\bFRONTEGG_[A-Z_]+[A-Z]\b", path.read_text())
    }
    assert {"FRONTEGG_ENVIRONMENT_ID", "FRONTEGG_LOG"} <= named
    assert named | {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"} <= listed
