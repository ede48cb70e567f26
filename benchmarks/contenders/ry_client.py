"""ry: the client of a collection of Rust crates for Python."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Target
from .wire import Wire


class Client:
    """One ``Client``, HTTP/1.1 as the server speaks it, with nothing to decompress."""

    async def setup(self, target: Target) -> None:
        """Open a client."""
        # By name, because ry need not be installed for this file to be read.
        ry: Any = import_module("ry")
        self._wire = Wire(target)
        trusted: dict[str, Any] = {}
        if self._wire.certificate is not None:
            trusted["tls_certs_only"] = [ry.Certificate.from_pem(self._wire.certificate)]
        self._http: Any = ry.Client(
            headers=self._wire.headers,
            http1_only=True,
            **dict.fromkeys(("gzip", "brotli", "deflate", "zstd"), False),
            **trusted,
        )

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        wire = self._wire
        response = await self._http.post(wire.url(user_id), body=wire.body())
        return wire.user_id(response.status, await response.bytes())

    async def close(self) -> None:
        """Drop the client, which has no other end."""
        del self._http
