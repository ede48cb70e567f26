"""The floor of Python: an asyncio Protocol that writes one request and looks for one answer.

No timeouts, no errors, no redirects, no chunked bodies: nothing that a client could be used with.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec

from frontegg_async.models.users import AddToTenantRequest, User

from . import Target

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By name only: uvloop's transports are of another type.
        wire = cast("asyncio.Transport", transport)
        self._transport = wire

    def send(self, request: bytes) -> asyncio.Future[tuple[bytes, bytes]]:
        """Write a request, and return the future of its status line and body."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        end = received.find(b"\r\n\r\n")
        length = _LENGTH(received, 0, end) if end >= 0 else None
        if length is None or len(received) < end + 4 + int(length[1]):
            return
        self._received = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((received[:12], received[end + 4 :]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class Client:
    """A stack of idle connections."""

    async def setup(self, target: Target) -> None:
        """Open a connection for each of the calls."""
        parts = urlsplit(target.url)
        context = ssl.create_default_context(cafile=target.ca_file) if target.ca_file else None
        loop = asyncio.get_running_loop()
        self._idle: list[_Connection] = []
        for _ in range(target.concurrency):
            _, connection = await loop.create_connection(
                _Connection, parts.hostname or "", parts.port or 0, ssl=context
            )
            self._idle.append(connection)
        self._head = (
            f" HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {target.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._tenant_id = target.tenant_id
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(User).decode

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        body = self._encode(AddToTenantRequest(tenant_id=self._tenant_id, skip_invite_email=True))
        connection = self._idle.pop()
        path = f"/identity/resources/users/v1/{user_id}/tenant".encode()
        status, answer = await connection.send(
            b"POST %b%b%d\r\n\r\n%b" % (path, self._head, len(body), body)
        )
        self._idle.append(connection)
        if status != b"HTTP/1.1 201":
            raise RuntimeError(status.decode())
        return self._decode(answer).id

    async def close(self) -> None:
        """Close the connections."""
        for connection in self._idle:
            connection.close()
