"""Proxies and TLS without an aiohttp session of one's own: the proxy never learns a secret."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import base64
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

import frontegg_async
from frontegg_async import (
    ConfigurationError,
    ConnectionFailedError,
    FronteggError,
    FronteggSession,
    MemoryTokenStore,
    Options,
)
from frontegg_async._core.proxies import proxy_for, unused_variable
from frontegg_async._core.secret import Secret
from frontegg_async.emulator import Emulator

from ..support.clocks import FakeClock
from ..support.proxies import TUNNEL, Heard, behind_tls, connect_proxy
from ..support.routes import ADD
from ..support.servers import Certificate
from ..support.sessions import API_KEY, session_on, token_of

pytestmark = pytest.mark.anyio

PASSWORD: Final = "canary-p@ss:w/rd"
QUOTED: Final = "canary-p%40ss%3Aw%2Frd"
BASIC: Final = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
VARIABLES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "FRONTEGG_PROXY")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.fixture
async def url(emulator: Emulator, certificate: Certificate) -> AsyncIterator[str]:
    """Give an https address of the emulator, at the name ``localhost``."""
    async with behind_tls(emulator.url, certificate) as address:
        yield address


def with_password(url: str) -> str:
    return url.replace("://", f"://user:{QUOTED}@")


# Through a proxy


@pytest.mark.parametrize("way", ["proxy", "FRONTEGG_PROXY", "HTTPS_PROXY", "https_proxy"])
async def test_a_proxy_sees_neither_token_nor_secret(
    way: str,
    emulator: Emulator,
    url: str,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A proxy by setting or variable makes one tunnel, and sees neither token nor secret."""
    caplog.set_level(logging.DEBUG)
    async with connect_proxy() as proxy:
        settings: dict[str, Any] = {"ssl_context": certificate.for_client()}
        if way == "proxy":
            settings["proxy"] = with_password(proxy.url)
        else:
            monkeypatch.setenv(way, with_password(proxy.url))
            settings["trust_env"] = way != "FRONTEGG_PROXY"
        for name, value in {
            "CLIENT_ID": emulator.client_id, "API_KEY": API_KEY, "BASE_URL": url,
        }.items():  # fmt: skip
            monkeypatch.setenv(f"FRONTEGG_{name}", value)
        async with FronteggSession.from_env(**settings) as session:
            await session.users.get("user-0")
            await session.users.get("user-1")
            token = token_of(session)
            shown = f"{session!r} {session._settings!r}"
    assert emulator.count() == 3
    (head,) = proxy.heads
    address = url.removeprefix("https://")
    assert head.startswith(f"CONNECT {address} HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {BASIC}\r\n" in head
    for secret in (token, API_KEY, emulator.client_id):
        assert secret not in head
        assert secret.encode() not in proxy.passed
    for request in emulator.requests:
        assert "Proxy-Authorization" not in request.headers
    for secret in (PASSWORD, QUOTED, BASIC, API_KEY, token):
        assert secret not in shown + caplog.text


async def test_a_proxy_with_tls_of_its_own(
    emulator: Emulator, url: str, certificate: Certificate
) -> None:
    """A proxy is spoken to by https if its URL says so, so that its password is encrypted too."""
    async with (
        connect_proxy(certificate) as proxy,
        session_on(
            emulator,
            base_url=url,
            proxy=with_password(proxy.url),
            ssl_context=certificate.for_client(),
        ) as session,
    ):
        assert (await session.users.get("user-0")).id == "user-0"
    assert f"Basic {BASIC}" in proxy.heads[0]


GARBAGE: Final = b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
REPLIES: Final = {
    "407": (b"HTTP/1.1 407 \x1b[31mno\r\nContent-Length: 0\r\n\r\n", ConfigurationError, "407"),
    "403": (b"HTTP/1.1 403 Forbidden\r\n\r\n", ConfigurationError, "403"),
    "502": (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ConnectionFailedError, "502"),
    "closed": (b"", ConnectionFailedError, "ended the connection"),
    "not HTTP": (GARBAGE, ConnectionFailedError, "ended the connection"),
}


def check_refusal(error: FronteggError, proxy: Heard, kind: type[FronteggError]) -> None:
    """See that an error blames the proxy, and shows no secret."""
    assert type(error) is kind
    address = proxy.url.partition("://")[2]
    assert f"the proxy {address}" in str(error)
    assert "Nothing was sent" in str(error)
    assert error.status is None
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    shown = "".join(lines)
    for secret in (PASSWORD, QUOTED, BASIC):
        assert secret not in shown
    assert str(error).isprintable()


@pytest.mark.parametrize("case", REPLIES)
async def test_a_proxy_that_refuses(
    case: str, emulator: Emulator, url: str, certificate: Certificate
) -> None:
    """A refusal is a typed error that names the proxy: nothing was sent, also of a write.

    Lasting refusals are final at once; temporary ones are tried again.
    """
    reply, kind, words = REPLIES[case]
    store = MemoryTokenStore()
    shared: dict[str, Any] = {
        "base_url": url,
        "ssl_context": certificate.for_client(),
        "token_store": store,
        "clock": FakeClock(),
    }
    async with session_on(emulator, **shared) as direct:
        await direct.token_info()
    before = emulator.count()
    async with (
        connect_proxy(None, reply) as proxy,
        session_on(
            emulator, proxy=with_password(proxy.url), options=Options(max_attempts=3), **shared
        ) as session,
    ):
        with pytest.raises(FronteggError, match=words) as caught:
            await session.users.add_to_tenant("user-0", "new")
    check_refusal(caught.value, proxy, kind)
    assert caught.value.attempts == (1 if kind is ConfigurationError else 3)
    assert emulator.count() == before


async def test_a_proxy_that_recovers(
    emulator: Emulator, url: str, certificate: Certificate
) -> None:
    """A write whose tunnel failed is sent again, and once: the first time nothing was sent."""
    async with (
        connect_proxy(None, b"HTTP/1.1 503 Busy\r\n\r\n", b"", TUNNEL) as proxy,
        session_on(
            emulator,
            base_url=url,
            proxy=proxy.url,
            ssl_context=certificate.for_client(),
            clock=FakeClock(),
        ) as session,
    ):
        await session.users.add_to_tenant("user-0", "new")
    assert len(proxy.heads) == 3
    assert emulator.count(ADD) == 1


async def test_a_proxy_that_is_not_there(emulator: Emulator) -> None:
    """A proxy that cannot be reached is named, with the server that it was to lead to."""
    async with connect_proxy() as proxy:
        pass
    address = proxy.url.partition("://")[2]
    async with session_on(
        emulator,
        base_url="https://localhost:9",
        proxy=with_password(proxy.url),
        options=Options(max_attempts=1),
    ) as session:
        with pytest.raises(ConnectionFailedError, match=f"the proxy {address} made no") as caught:
            await session.token_info()
    check_refusal(caught.value, proxy, ConnectionFailedError)


@pytest.mark.parametrize("proxied", [False, True])
async def test_a_certificate_that_is_not_trusted(
    proxied: bool, emulator: Emulator, url: str
) -> None:
    """An untrusted certificate is an error that says how to trust it, also through a proxy."""
    async with connect_proxy() as proxy:
        settings = {"proxy": proxy.url} if proxied else {}
        async with session_on(
            emulator, base_url=url, options=Options(max_attempts=1), **settings
        ) as session:
            with pytest.raises(ConnectionFailedError) as caught:
                await session.token_info()
    for words in (url.removeprefix("https://"), "self-signed certificate", "SSL_CERT_FILE"):
        assert words in str(caught.value)
    assert emulator.count() == 0


# Which proxy


HOST: Final = "https://api.frontegg.com"
LOCAL: Final = "http://127.0.0.1:8400"


@pytest.mark.parametrize(
    ("base_url", "variables", "address"),
    [
        (HOST, {}, None),
        (HOST, {"HTTPS_PROXY": "http://p.test:1"}, "p.test:1"),
        (HOST, {"HTTPS_PROXY": "p.test:1"}, "p.test:1"),
        (HOST, {"HTTPS_PROXY": "http://p.test"}, "p.test:80"),
        (HOST, {"HTTPS_PROXY": "http://[::1]:1"}, "[::1]:1"),
        (HOST, {"https_proxy": "http://low.test:1", "HTTPS_PROXY": "http://p.test"}, "low.test:1"),
        (HOST, {"ALL_PROXY": "http://p.test:1"}, "p.test:1"),
        (HOST, {"HTTPS_PROXY": " ", "HTTP_PROXY": "http://p.test:1"}, None),
        *(
            (HOST, {"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": exempt}, None)
            for exempt in (
                "*", "frontegg.com", ".frontegg.com", "*.frontegg.com", "a.test, API.frontegg.com",
                "api.frontegg.com:443", "a.test api.frontegg.com",
            )
        ),
        *(
            (HOST, {"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": other}, "p.test:1")
            for other in ("egg.com", "api.frontegg.com:80", "eu.api.frontegg.com", "10.0.0.0/8")
        ),
        *(
            (LOCAL, {"HTTP_PROXY": "http://p.test:1", "NO_PROXY": exempt}, None)
            for exempt in ("127.0.0.1", "127.0.0.0/8", "127.0.0.1:8400", "localhost,127.0.0.1")
        ),
        ("http://[::1]:8400", {"HTTP_PROXY": "http://p.test:1", "NO_PROXY": "::1"}, None),
        ("http://[::1]:8400", {"HTTP_PROXY": "http://p.test:1", "NO_PROXY": "[::1]"}, None),
        (LOCAL, {"HTTPS_PROXY": "http://p.test:1"}, None),
    ],
)  # fmt: skip
def test_which_proxy(base_url: str, variables: dict[str, str], address: str | None) -> None:
    """The environment's proxy is found as other programs find it, and NO_PROXY is honoured."""
    found = proxy_for(base_url, None, trust_env=True, variables=variables)
    assert (found and found.address) == address
    assert proxy_for(base_url, None, trust_env=False, variables=variables) is None
    named = unused_variable(base_url, variables)
    assert (named is not None) == (address is not None)
    own = proxy_for(HOST, Secret("http://own.test:1"), trust_env=True, variables={})
    assert own is not None
    assert own.address == "own.test:1"


@pytest.mark.parametrize("given", [{"proxy": "http://p.test:1"}, {"trust_env": True}])
def test_no_proxy_for_clear_text(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for an http host would see the token: rejected, unless NO_PROXY names the host."""
    settings = dict(given)
    monkeypatch.setenv("HTTP_PROXY", "http://p.test:1")
    with pytest.raises(ConfigurationError, match="would see the api key and tokens"):
        FronteggSession(client_id="id", api_key=API_KEY, base_url=LOCAL, **settings)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings["trust_env"] = True
    session = FronteggSession(client_id="id", api_key=API_KEY, base_url=LOCAL, **settings)
    assert session._settings.proxy is None


NO_PROXIES: Final = [
    "http://", "socks5://user:canary@p.test:1", "ftp://user:canary@p.test",
    "http://user:canary@p.test:port", "http://user:canary@p.test:99999", "http://user:canary@",
    "http://user:canary@p.test/path", "http://user:canary@p.test?q", "http://user:canary@p\ttest",
    "http://user:can/ary@p.test:1", "http://user:canary%0A@p.test:1",
    "http://user:canary@\u00e4.test", "http://[::1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("way", "url"),
    [
        *(("argument", url) for url in ("", " ", 5, b"http://p.test", *NO_PROXIES)),
        *(("variable", url) for url in NO_PROXIES),
    ],
)
def test_urls_that_are_no_proxy(way: str, url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid proxy URL is rejected, and no traceback of ours shows its password."""
    if way == "variable":
        monkeypatch.setenv("FRONTEGG_PROXY", url)
        monkeypatch.setenv("FRONTEGG_CLIENT_ID", "id")
        monkeypatch.setenv("FRONTEGG_API_KEY", API_KEY)
        with pytest.raises(ConfigurationError, match="proxy") as caught:
            FronteggSession.from_env()
    else:
        with pytest.raises(ConfigurationError, match="proxy") as caught:
            FronteggSession(client_id="id", api_key=API_KEY, proxy=url)
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    package = str(Path(frontegg_async.__file__).parent)
    frames = [frame for frame in found.stack if frame.filename.startswith(package)]
    assert len(frames) >= 3
    shown = f"{caught.value} {[frame.locals for frame in frames]}"
    assert "canary" not in shown
    assert "can/ary" not in shown


@pytest.mark.parametrize(
    "settings", [{"proxy": "http://p.test"}, {"trust_env": True}, {"ssl_context": None}]
)
async def test_not_beside_a_session_of_ones_own(
    settings: dict[str, Any], certificate: Certificate
) -> None:
    """Beside ``http=`` a proxy and TLS settings are rejected: that session has its own."""
    if "ssl_context" in settings:
        settings = {"ssl_context": certificate.for_client()}
    async with aiohttp.ClientSession() as http:
        with pytest.raises(
            ConfigurationError, match="http= has a proxy and TLS settings of its own"
        ):
            FronteggSession(client_id="id", api_key=API_KEY, http=http, **settings)


@pytest.mark.parametrize("case", ["407", "502"])
async def test_the_proxy_of_a_session_of_ones_own(
    case: str, emulator: Emulator, url: str, certificate: Certificate
) -> None:
    """A proxy of a session that is handed in refuses in the same words, and nothing was sent."""
    reply, kind, words = REPLIES[case]
    async with connect_proxy(None, reply) as proxy:
        connector = aiohttp.TCPConnector(ssl=certificate.for_client())
        async with (
            aiohttp.ClientSession(proxy=proxy.url, connector=connector) as http,
            session_on(
                emulator, base_url=url, http=http, options=Options(max_attempts=1)
            ) as session,
        ):
            with pytest.raises(kind, match=f"the proxy refused .*{words}.*Nothing was sent"):
                await session.token_info()
    assert emulator.count() == 0


# The environment of a whole process


TWO_SESSIONS: Final = """
import asyncio, sys
from frontegg_async import FronteggSession

async def main():
    for _ in range(2):
        async with FronteggSession.from_env(**eval(sys.argv[1])) as session:
            try:
                print((await session.users.get("user-0")).id)
            except Exception as error:
                print(error)

asyncio.run(main())
"""


async def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with nothing but these variables."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", *arguments],
        cwd=Path(__file__).parents[2],
        env=variables,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


async def test_a_variable_that_is_not_used_is_said_once(emulator: Emulator) -> None:
    """A proxy variable without ``trust_env`` is one line in the log, and part of a failure."""
    variables = {
        "FRONTEGG_CLIENT_ID": "id",
        "FRONTEGG_API_KEY": API_KEY,
        "FRONTEGG_BASE_URL": "https://localhost:9",
        "FRONTEGG_LOG": "info",
        "HTTPS_PROXY": with_password("http://p.test:1"),
    }
    options = "{'options': __import__('frontegg_async').Options(max_attempts=1)}"
    done = await run("-c", TWO_SESSIONS, options, **variables)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("HTTPS_PROXY is set and not used: trust_env=True") == 1
    assert done.stdout.count("cannot connect to localhost:9") == 2
    assert done.stdout.count("HTTPS_PROXY is set and not used: trust_env=True") == 2
    assert "canary" not in done.stdout + done.stderr
    del variables["HTTPS_PROXY"]
    without = await run("-c", TWO_SESSIONS, options, **variables)
    assert "HTTPS_PROXY" not in without.stdout + without.stderr


async def test_everything_from_the_environment(
    emulator: Emulator, url: str, certificate: Certificate
) -> None:
    """A program and the CLI work through a proxy with variables alone, and SSL_CERT_FILE."""
    async with connect_proxy() as proxy:
        variables = {
            "FRONTEGG_CLIENT_ID": emulator.client_id,
            "FRONTEGG_API_KEY": API_KEY,
            "FRONTEGG_BASE_URL": url,
            "FRONTEGG_PROXY": with_password(proxy.url),
            "FRONTEGG_LOG": "debug",
            "SSL_CERT_FILE": str(certificate.file),
        }
        done = await run("-c", TWO_SESSIONS, "{}", **variables)
        assert done.stdout.split() == ["user-0", "user-0"], done.stderr
        assert "users.get, attempt 1: <Response 200" in done.stderr
        assert len(proxy.heads) == 2
        token = await run("-m", "frontegg_async.cli", "token", "-vv", **variables)
        assert token.returncode == 0, token.stderr
        assert len(proxy.heads) == 3
        del variables["FRONTEGG_PROXY"]
        variables["HTTPS_PROXY"] = with_password(proxy.url)
        token = await run("-m", "frontegg_async.cli", "token", "--trust-env", **variables)
        assert token.returncode == 0, token.stderr
        assert len(proxy.heads) == 4
        flag = await run("-m", "frontegg_async.cli", "token", "--proxy", proxy.url, **variables)
        assert flag.returncode == 0, flag.stderr
        assert "Proxy-Authorization" not in proxy.heads[4]
        bad = await run(
            "-m", "frontegg_async.cli", "token", "--proxy", with_password(proxy.url), **variables
        )
        assert bad.returncode == 2
        assert "FRONTEGG_PROXY" in bad.stderr
        assert len(proxy.heads) == 5
    for each in (done, token, flag, bad):
        for secret in (PASSWORD, QUOTED, BASIC, API_KEY):
            assert secret not in each.stdout + each.stderr
