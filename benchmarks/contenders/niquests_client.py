"""niquests: the successor of requests, with its session for asyncio."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Target
from .wire import Wire


class Client:
    """One ``AsyncSession`` with as many connections as calls at once."""

    async def setup(self, target: Target) -> None:
        """Open a session."""
        # By name, because niquests need not be installed for this file to be read.
        niquests: Any = import_module("niquests")
        self._wire = Wire(target)
        self._http: Any = niquests.AsyncSession(
            pool_maxsize=max(target.concurrency, 64), disable_http2=True, disable_http3=True
        )
        self._http.headers.update(self._wire.headers)
        self._http.trust_env = False
        self._http.verify = target.ca_file or True

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        wire = self._wire
        response = await self._http.post(wire.url(user_id), data=wire.body())
        return wire.user_id(response.status_code, response.content)

    async def close(self) -> None:
        """Close the session."""
        await self._http.close()
