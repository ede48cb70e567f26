"""TLS with both transports: trusted certificates, and hosts that cannot be reached."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from aiohttp.abc import ResolveResult

from frontegg_async._core.response import FailureKind, Response

from ..support.servers import OK, Certificate, Peer, answer_all, serving
from ..support.transports import KINDS, in_use, request_to, seen, send, transport_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", KINDS)
async def test_trusted(kind: str, tmp_path: Path) -> None:
    """Over TLS a trusted server gets its name (SNI), and its connection is kept."""
    certificate = Certificate(tmp_path)
    names: list[str | None] = []
    context = certificate.for_server()

    def note(connection: ssl.SSLObject, name: str | None, own: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = note
    async with (
        serving(answer_all, context) as server,
        transport_of(kind, server.url, ssl_context=certificate.for_client()) as transport,
    ):
        for _ in range(3):
            outcome = await send(transport, request_to(server.url, "POST", b"{}"))
            assert isinstance(outcome, Response)
        assert names == ["localhost"]
        assert server.connections == 1


@pytest.mark.parametrize("name", ["unknown", "other host"])
async def test_not_trusted(name: str, tmp_path: Path) -> None:
    """A self-signed certificate or another host's is the same failure with both: not sent."""
    certificate = Certificate(tmp_path, "localhost" if name == "unknown" else "elsewhere.test")
    trusted = certificate.for_client() if name == "other host" else None
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        heard.append(await peer.request())

    found: list[tuple[object, ...]] = []
    async with serving(listen, certificate.for_server()) as server:
        for kind in KINDS:
            async with transport_of(kind, server.url, ssl_context=trusted) as transport:
                found.append(seen(await send(transport, request_to(server.url))))
                assert not in_use(transport)
    assert found[0] == found[1]
    assert found[0][0] is FailureKind.NOT_SENT
    assert not any(heard)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shown", [True, False], ids=["shown", "none"])
async def test_a_certificate_of_the_client(kind: str, shown: bool, tmp_path: Path) -> None:
    """A server that asks for a certificate gets the one of ``ssl_context``; without it no call."""
    certificate = Certificate(tmp_path)
    asking, context = certificate.for_server(), certificate.for_client()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(certificate.file)
    heard: list[bytes] = []

    async def answer(peer: Peer) -> None:
        while request := await peer.request():
            heard.append(request)
            await peer.say(OK)

    if shown:
        context.load_cert_chain(certificate.file)
    async with (
        serving(answer, asking) as server,
        transport_of(kind, server.url, ssl_context=context) as transport,
    ):
        for _ in range(2):
            outcome = await send(transport, request_to(server.url, "POST", b"{}"))
            assert seen(outcome)[0] == (200 if shown else FailureKind.BROKEN)
        assert not in_use(transport)
        assert len(heard) == (2 if shown else 0)


TRUSTING: Final = """
import asyncio, sys
from tests.support.transports import request_to, seen, send, transport_of

async def main(url):
    async with transport_of(sys.argv[2], url) as transport:
        print(seen(await send(transport, request_to(url)))[0])

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_trusted_by_the_environment(kind: str, tmp_path: Path, trusted: bool) -> None:
    """A certificate in ``SSL_CERT_FILE`` is trusted, and is not trusted without it."""
    certificate = Certificate(tmp_path)
    variables = {"SSL_CERT_FILE": str(certificate.file)} if trusted else {}
    async with serving(answer_all, certificate.for_server()) as server:
        run = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", TRUSTING, server.url, kind],
            cwd=Path(__file__).parents[2],
            env=variables,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    assert run.stdout.strip() == ("200" if trusted else "FailureKind.NOT_SENT")


async def test_nobody_listens_and_nobody_is_there() -> None:
    """A refused connection and a name without an address are the same failures with both."""
    async with serving(answer_all) as server:
        url = server.url
    for target in (url, "http://nobody.invalid:1"):
        found: list[tuple[object, ...]] = []
        for kind in KINDS:
            async with transport_of(kind, target) as transport:
                found.append(seen(await send(transport, request_to())))
        assert found[0] == found[1]
        assert found[0][0] is FailureKind.NOT_SENT


async def test_one_look_up_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that wait for an address share one look-up, its failure too, and the next asks anew."""
    asked: list[str] = []
    answers: list[list[ResolveResult] | OSError] = [OSError("no such name")]

    async def resolve(
        self: aiohttp.ThreadedResolver, host: str, port: int = 0, family: int = 0
    ) -> list[ResolveResult]:
        asked.append(host)
        await asyncio.sleep(0)
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(aiohttp.DefaultResolver, "resolve", resolve)
    async with serving(answer_all) as server:
        port = int(server.url.rpartition(":")[2])
        url = f"http://frontegg.test:{port}"
        async with transport_of("socket", url) as transport:
            calls = [asyncio.create_task(send(transport, request_to())) for _ in range(5)]
            await asyncio.sleep(0)
            calls[0].cancel()
            failed = await asyncio.gather(*calls[1:])
            assert {seen(outcome) for outcome in failed} == {(FailureKind.NOT_SENT, None)}
            assert asked == ["frontegg.test"]
            answers.append(
                [
                    ResolveResult(
                        hostname="frontegg.test",
                        host="127.0.0.1",
                        port=port,
                        family=socket.AF_INET,
                        proto=0,
                        flags=0,
                    )
                ]
            )
            for _ in range(2):
                outcome = await send(transport, request_to())
                assert isinstance(outcome, Response)
            assert asked == ["frontegg.test"] * 2
