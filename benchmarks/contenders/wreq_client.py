"""wreq: a Rust client, made to look like browsers, which is not asked for here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from . import Target
from .wire import Wire


class Client:
    """One ``Client`` with the headers of the call."""

    async def setup(self, target: Target) -> None:
        """Open a client."""
        # By name, because wreq need not be installed for this file to be read.
        wreq: Any = import_module("wreq")
        self._wire = Wire(target)
        trusted: dict[str, Any] = {}
        if target.ca_file is not None:
            trusted["tls_verify"] = Path(target.ca_file)
        self._http: Any = wreq.Client(headers=self._wire.headers, http1_only=True, **trusted)

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        wire = self._wire
        response = await self._http.post(wire.url(user_id), body=wire.body())
        return wire.user_id(response.status.as_int(), await response.bytes())

    async def close(self) -> None:
        """Close the client."""
        self._http.close()
