"""Auth0's async management client, which fetches a user of the same size."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from . import Target


class _User(Protocol):
    user_id: str | None


class _Users(Protocol):
    async def get(self, id: str) -> _User: ...  # noqa: A002  # the package's own name


class _Auth0(Protocol):
    users: _Users


class Client:
    """The generated client with its default transport, and a token that needs no looking after."""

    async def setup(self, target: Target) -> None:
        """Make a client."""
        management = import_module("auth0.management.client")
        self._auth0 = cast(
            "_Auth0", management.AsyncAuth0(base_url=f"{target.url}/api/v2", token=target.token)
        )

    async def call(self, user_id: str) -> str | None:
        """Fetch the user."""
        return (await self._auth0.users.get(user_id)).user_id

    async def close(self) -> None:
        """Leave it: the package has no way to close it."""
