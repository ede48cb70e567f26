"""A server of fixed answers in a process of its own: as little HTTP as a client needs.

It answers the auth route with a token of 1 KB, Frontegg's identity routes with a user of 1.4 KB,
and the routes of the other vendors with a user of their own shape and the same size. Every answer
has 18 headers, a cookie among them, as from a real host behind a gateway. A request without the
token, or one that adds to a tenant and does not name it, is rejected: no client wins by leaving out
a part of the request. Bodies come with their length, or in one chunk.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import ssl
import subprocess
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import msgspec
from loops import new_loop

USER_ID: Final = "34a82e16-9a58-404d-8fee-7f0b4f1a2c3d"
TENANT_ID: Final = "b7e1c9a4-52d0-4f3e-9d11-0c6a8e42f7b5"
TOKEN: Final = ".".join(
    ("eyJhbGciOiJSUzI1NiJ9", "eyJ0eXBlIjoidmVuZG9yIn" * 28, "c2lnbmF0dXJl" * 32)
)
USER_BYTES: Final = 1_400

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE).search


class ServerState(msgspec.Struct, frozen=True):
    """The server's own figures: CPU seconds used so far, and requests answered."""

    cpu_s: float
    requests: int


class StaticServer:
    """The server; use it inside ``with``.

    Attributes:
        url: where it listens, by a host name, as cookies need one.
        ca_file: the certificate to trust, or None without TLS.
    """

    def __init__(self, *, tls: bool = False, chunked: bool = False) -> None:
        self._tls = tls
        self._chunked = chunked
        self._directory = tempfile.TemporaryDirectory()
        context = multiprocessing.get_context("spawn")
        self._pipe, self._theirs = context.Pipe()
        self._context = context

    def __enter__(self) -> Self:
        self.ca_file = str(_certificate(Path(self._directory.name))) if self._tls else None
        self._process = self._context.Process(
            target=_serve, args=(self._theirs, self.ca_file, self._chunked), daemon=True
        )
        self._process.start()
        scheme = "https" if self._tls else "http"
        self.url = f"{scheme}://localhost:{self._pipe.recv()}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pipe.send(None)
        self._process.join()
        self._directory.cleanup()

    def state(self) -> ServerState:
        """Return the server's own figures."""
        self._pipe.send("state")
        state: ServerState = self._pipe.recv()
        return state


def _certificate(directory: Path) -> Path:
    """Make a certificate for localhost, with the one that signed it behind it; its key lies beside.

    The signer's is another one: clients of Rust take no certificate for a server that may sign.
    """
    signer, made = directory / "signer.pem", directory / "localhost.pem"
    _issue(signer, "/CN=signer", "keyUsage=critical,keyCertSign")
    by = ("-CA", str(signer), "-CAkey", str(signer.with_suffix(".key")))
    names = ("subjectAltName=DNS:localhost", "basicConstraints=critical,CA:FALSE")
    _issue(made, "/CN=localhost", *names, by=by)
    made.write_bytes(made.read_bytes() + signer.read_bytes())
    return made


def _issue(made: Path, subject: str, *extensions: str, by: Sequence[str] = ()) -> None:
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    files = ["-out", str(made), "-keyout", str(made.with_suffix(".key"))]
    added = [word for name in extensions for word in ("-addext", name)]
    command = ["openssl", *asked.split(), "-subj", subject, *files, *added, *by]
    subprocess.run(command, check=True, capture_output=True)


def _padded(user: dict[str, Any], field: str) -> bytes:
    """Return the user as JSON, with as much text in ``field`` as makes it ``USER_BYTES`` long."""
    lacking = USER_BYTES - len(_json(user | {field: ""}))
    return _json(user | {field: ("lorem ipsum " * 200)[:lacking]})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def frontegg_user() -> bytes:
    """Return a user as Frontegg's identity routes show it."""
    role = {
        "id": "0d3f3c6e-6a1a-4a39-9a55-2f1d6c2f4b10",
        "vendorId": "f2c1a7de-0c52-4f6e-8c3b-6d7e5b9a1f42",
        "key": "Admin",
        "name": "Admin",
        "isDefault": True,
        "permissions": ["5b2c1f0e-93d4-4f7c-8a6b-1c9d2e3f4a5b"],
        "level": 1,
        "createdAt": "2024-02-11T08:41:22.000Z",
        "updatedAt": "2024-09-30T16:05:47.000Z",
    }
    return _padded(
        {
            "id": USER_ID,
            "email": "alexandra.mustermann@northwind.example",
            "name": "Alexandra Mustermann",
            "profilePictureUrl": "https://cdn.example.com/avatars/34a82e16.png",
            "sub": USER_ID,
            "verified": True,
            "mfaEnrolled": False,
            "phoneNumber": "+498912345678",
            "provider": "local",
            "tenantId": TENANT_ID,
            "tenantIds": [TENANT_ID, "1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f"],
            "tenants": [{"tenantId": TENANT_ID, "roles": [role], "isDisabled": False}],
            "activatedForTenant": True,
            "isLocked": False,
            "createdAt": "2024-03-05T10:22:31.000Z",
            "lastLogin": "2025-01-17T07:58:03.000Z",
            "superUser": False,
        },
        "metadata",
    )


def _auth0_user() -> bytes:
    return _padded(
        {
            "user_id": USER_ID,
            "email": "alexandra.mustermann@northwind.example",
            "email_verified": True,
            "created_at": "2024-03-05T10:22:31.000Z",
            "updated_at": "2025-01-17T07:58:03.000Z",
            "identities": [
                {
                    "connection": "Username-Password-Authentication",
                    "user_id": USER_ID,
                    "provider": "auth0",
                    "isSocial": False,
                }
            ],
            "app_metadata": {"tenant": TENANT_ID, "plan": "enterprise"},
            "picture": "https://cdn.example.com/avatars/34a82e16.png",
            "name": "Alexandra Mustermann",
            "last_login": "2025-01-17T07:58:03.000Z",
            "logins_count": 42,
        },
        "nickname",
    )


def _workos_user() -> bytes:
    return _padded(
        {
            "object": "user",
            "id": USER_ID,
            "first_name": "Alexandra",
            "last_name": "Mustermann",
            "profile_picture_url": "https://cdn.example.com/avatars/34a82e16.png",
            "email": "alexandra.mustermann@northwind.example",
            "email_verified": True,
            "external_id": "f1ffa2b2-c20b-4d39-be5c-212726e11222",
            "metadata": {"tenant": TENANT_ID, "plan": "enterprise"},
            "last_sign_in_at": "2025-01-17T07:58:03.000Z",
            "locale": "de-DE",
            "created_at": "2024-03-05T10:22:31.000Z",
            "updated_at": "2025-01-17T07:58:03.000Z",
        },
        "name",
    )


def _answer(status: str, body: bytes) -> bytes:
    """Return an answer with the 18 headers that a host behind a gateway sends."""
    headers = [
        ("Date", "Mon, 03 Mar 2025 09:15:27 GMT"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
        ("frontegg-trace-id", "7d1f0c5b9a3e4c68b2d4e6f8a0c1d3e5"),
        ("Cache-Control", "no-store, no-cache, must-revalidate"),
        ("ETag", 'W/"578-0mR2sVg7b1yq9bJ4kM3xPz5tN8c"'),
        ("Vary", "Origin, Accept-Encoding"),
        ("Strict-Transport-Security", "max-age=15552000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-DNS-Prefetch-Control", "off"),
        ("X-XSS-Protection", "0"),
        ("Referrer-Policy", "no-referrer"),
        ("Access-Control-Allow-Credentials", "true"),
        ("X-Envoy-Upstream-Service-Time", "34"),
        ("Server", "istio-envoy"),
        ("Set-Cookie", "__edge=5f2d9c7b1a3e4c68b2d4e6f8a0c1d3e5; Path=/; HttpOnly; SameSite=Lax"),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


_USER: Final = frontegg_user()
_CREATED: Final = _answer("201 Created", _USER)
_FOUND: Final = _answer("200 OK", _USER)
_GRANTED: Final = _answer("200 OK", _json({"token": TOKEN, "expiresIn": 86_400}))
_AUTH0: Final = _answer("200 OK", _auth0_user())
_WORKOS: Final = _answer("200 OK", _workos_user())
_REFUSED: Final = _answer("401 Unauthorized", b'{"errors":["no token"]}')
_INVALID: Final = _answer("400 Bad Request", b'{"errors":["no tenant"]}')
_UNKNOWN: Final = _answer("404 Not Found", b'{"errors":["no such route"]}')


_ASKED: Final = re.compile(rb"/users/v1/([0-9a-f-]{36})").search


def _about(head: bytes, answer: bytes) -> bytes:
    """Return an answer about the user that the path names: one about another is an error."""
    asked = _ASKED(head)
    return answer.replace(USER_ID.encode(), asked[1]) if asked else answer


def _route(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"POST /auth/vendor"):
        return _GRANTED
    if TOKEN.encode() not in head:
        return _REFUSED
    if head.startswith(b"POST /identity/"):
        return _about(head, _CREATED) if TENANT_ID.encode() in body else _INVALID
    if head.startswith(b"GET /identity/"):
        return _about(head, _FOUND)
    if head.startswith(b"GET /api/v2/users/"):
        return _AUTH0
    return _WORKOS if head.startswith(b"GET /user_management/users/") else _UNKNOWN


def _in_a_chunk(answer: bytes) -> bytes:
    """Return an answer whose body comes in one chunk, in place of its length."""
    head, _, body = answer.partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    return b"%b\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (head, len(body), body)


class _Wire(asyncio.Protocol):
    """One connection. ``answered`` is shared by all."""

    def __init__(self, answered: list[int], *, chunked: bool) -> None:
        self._answered = answered
        self._chunked = chunked
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By name only: uvloop's transports are of another type.
        wire = cast("asyncio.Transport", transport)
        self._write = wire.write

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        while (end := received.find(b"\r\n\r\n")) >= 0:
            head = received[:end]
            length = _LENGTH(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(received) < whole:
                break
            self._answered[0] += 1
            answer = _route(head, received[end + 4 : whole])
            self._write(_in_a_chunk(answer) if self._chunked else answer)
            received = received[whole:]
        self._received = received


def _serve(pipe: Connection, ca_file: str | None, chunked: bool) -> None:
    with asyncio.Runner(loop_factory=new_loop("fastest")) as runner:
        runner.run(_run(pipe, ca_file, chunked))


async def _run(pipe: Connection, ca_file: str | None, chunked: bool) -> None:
    context = None
    if ca_file is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(ca_file, Path(ca_file).with_suffix(".key"))
    answered = [0]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Wire(answered, chunked=chunked), "127.0.0.1", 0, ssl=context, backlog=1_024
    )
    pipe.send(server.sockets[0].getsockname()[1])
    while await asyncio.to_thread(pipe.recv) is not None:
        pipe.send(ServerState(time.process_time(), answered[0]))
    server.close()
