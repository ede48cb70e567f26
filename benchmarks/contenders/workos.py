"""WorkOS' async client, which fetches a user of the same size."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from . import Target


class _User(Protocol):
    id: str


class _Users(Protocol):
    async def get_user(self, id: str) -> _User: ...  # noqa: A002  # the package's own name


class _WorkOS(Protocol):
    user_management: _Users

    async def close(self) -> None: ...


class Client:
    """The client with its default transport; its key, which does not expire, is the token."""

    async def setup(self, target: Target) -> None:
        """Make a client."""
        made = import_module("workos").AsyncWorkOSClient(
            api_key=target.token, client_id="benchmark", base_url=target.url
        )
        self._workos = cast("_WorkOS", made)

    async def call(self, user_id: str) -> str | None:
        """Fetch the user."""
        return (await self._workos.user_management.get_user(user_id)).id

    async def close(self) -> None:
        """Close the client."""
        await self._workos.close()
