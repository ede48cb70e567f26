"""The vendor's own ``frontegg`` package: its clients send to a path and return the response.

It reads the host of its token (``FRONTEGG_API_GATEWAY_URL``) and its timeout, three seconds
otherwise (``FRONTEGG_HTTP_TIMEOUT_IN_SECONDS``), when it is imported: the benchmark sets both.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any, Protocol, cast

from . import Target

THREADS = 32


class _Answer(Protocol):
    def raise_for_status(self) -> object: ...

    def json(self) -> Any: ...


class _Client(Protocol):
    def post(self, data: object, url: str) -> _Answer: ...


class _Http(Protocol):
    async def aclose(self) -> None: ...


class _AsyncClient(Protocol):
    client: _Http

    async def post(self, data: object, url: str) -> _Answer: ...


def _path(user_id: str) -> str:
    return f"/identity/resources/users/v1/{user_id}/tenant"


class Client:
    """``HttpAsyncClient``, which sits on httpx."""

    async def setup(self, target: Target) -> None:
        """Make a client, and have it fetch its token before many calls want one at once."""
        clients = import_module("frontegg.common.clients")
        self._client = cast(
            "_AsyncClient", clients.HttpAsyncClient("benchmark", "benchmark", target.url)
        )
        # It sends the token in a header of its own; the server looks for the value only.
        self._body = {"tenantId": target.tenant_id, "skipInviteEmail": True}
        await self.call(target.user_id)

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        response = await self._client.post(self._body, _path(user_id))
        response.raise_for_status()
        return cast("str | None", response.json()["id"])

    async def close(self) -> None:
        """Close the client that the package leaves open."""
        await self._client.client.aclose()


class BlockingClient:
    """``HttpClient``, which sits on requests, shared by threads as its documentation has it."""

    threads = THREADS

    def setup_blocking(self, target: Target) -> None:
        """Make a client."""
        # It keeps ten connections and warns of every other; printing that is not its cost.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        clients = import_module("frontegg.common.clients")
        self._client = cast("_Client", clients.HttpClient("benchmark", "benchmark", target.url))
        self._body = {"tenantId": target.tenant_id, "skipInviteEmail": True}

    def call_blocking(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        response = self._client.post(self._body, _path(user_id))
        response.raise_for_status()
        return cast("str | None", response.json()["id"])
