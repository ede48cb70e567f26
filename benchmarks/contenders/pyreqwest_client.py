"""pyreqwest: Rust's reqwest for Python."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Target
from .wire import Wire


class Client:
    """One ``Client`` with the headers of the call, on its runtime of one thread."""

    async def setup(self, target: Target) -> None:
        """Open a client."""
        # By name, because pyreqwest need not be installed for this file to be read.
        builder: Any = import_module("pyreqwest.client").ClientBuilder()
        self._wire = Wire(target)
        builder = builder.default_headers(self._wire.headers).http1_only()
        if self._wire.certificate is not None:
            builder = builder.add_root_certificate_pem(self._wire.certificate)
        self._http: Any = builder.build()

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        wire = self._wire
        response = await self._http.post(wire.url(user_id)).body_bytes(wire.body()).build().send()
        return wire.user_id(response.status, await response.bytes())

    async def close(self) -> None:
        """Close the client."""
        await self._http.close()
