"""TCP and TLS servers that write exactly the bytes that a test gives them."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Connection = Callable[["Peer"], Awaitable[None]]
"""A server's handler of one connection."""


class Peer:
    """The server's end of a connection.

    Attributes:
        number: number of the connection at its server, from 1.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.reader: Final = reader
        self.writer: Final = writer
        self.number: Final = number

    async def head(self) -> bytes:
        """Read the head of a request; nothing if the client has gone."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def request(self) -> bytes:
        """Read a whole request; nothing if the client has gone."""
        head = await self.head()
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head + await self.reader.readexactly(int(line.partition(b":")[2]))
        return head

    async def say(self, *pieces: bytes) -> None:
        """Write pieces that arrive one after the other."""
        for piece in pieces:
            if self.writer.is_closing():
                return  # the client has heard enough
            self.writer.write(piece)
            for _ in range(3):
                await asyncio.sleep(0)

    async def gone(self) -> int:
        """Return once the client has closed its end, with the number of bytes before that."""
        size = 0
        try:
            while piece := await self.reader.read(1 << 16):
                size += len(piece)
        except ConnectionError:
            pass
        return size


class Server:
    """A listening server.

    Attributes:
        url: where it listens.
        connections: number of connections so far.
        open: number of open connections.
    """

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.open = 0


@asynccontextmanager
async def serving(
    connection: Connection, context: ssl.SSLContext | None = None
) -> AsyncGenerator[Server]:
    """Listen, and close each connection when ``connection`` has returned."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        server.open += 1
        try:
            await connection(Peer(reader, writer, server.connections))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            server.open -= 1
            writer.close()
            tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    scheme, host = ("http", "127.0.0.1") if context is None else ("https", "localhost")
    server.url = f"{scheme}://{host}:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tuple(tasks))


async def answer_all(peer: Peer) -> None:
    """Answer every request of a connection with ``OK``."""
    while await peer.request():
        await peer.say(OK)


class Certificate:
    """A certificate for ``localhost`` that signs itself, and its key, in one file."""

    def __init__(self, directory: Path, host: str = "localhost") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file: Final = directory / f"{host}.pem"
        self.file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def for_server(self) -> ssl.SSLContext:
        """Return the TLS context of a server that shows the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context

    def for_client(self) -> ssl.SSLContext:
        """Return the TLS context of a client that trusts the certificate."""
        return ssl.create_default_context(cafile=str(self.file))


@asynccontextmanager
async def raw_server(reply: bytes) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Listen for anything, answer ``reply``, and close."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
