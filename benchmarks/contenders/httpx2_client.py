"""httpx2: the successor of httpx, with bytes in and bytes out."""

from __future__ import annotations

import ssl
from importlib import import_module
from typing import Any

from . import Target
from .wire import Wire


class Client:
    """One ``AsyncClient`` with as many connections as calls at once."""

    async def setup(self, target: Target) -> None:
        """Open a client."""
        # By name, because httpx2 need not be installed for this file to be read.
        httpx2: Any = import_module("httpx2")
        self._wire = Wire(target)
        connections = max(target.concurrency, 64)
        self._http: Any = httpx2.AsyncClient(
            headers=self._wire.headers,
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections
            ),
            timeout=60.0,
            trust_env=False,
            verify=ssl.create_default_context(cafile=target.ca_file),
        )

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        wire = self._wire
        response = await self._http.post(wire.url(user_id), content=wire.body())
        return wire.user_id(response.status_code, response.content)

    async def close(self) -> None:
        """Close the client."""
        await self._http.aclose()
