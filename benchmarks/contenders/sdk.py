"""This package, as its documentation shows it."""

from __future__ import annotations

from frontegg_async import FronteggSession

from . import Target


class Client:
    """Token, pacing, retry decision, permit, and a Struct out of the answer."""

    over_aiohttp = False

    async def setup(self, target: Target) -> None:
        """Open a session, with a connection for each of the calls."""
        self._session = FronteggSession(
            client_id="benchmark",
            api_key="benchmark",
            base_url=target.url,
            max_connections=max(target.concurrency, 64),
            over_aiohttp=self.over_aiohttp,
        )
        self._frontegg = await self._session.__aenter__()
        self._tenant_id = target.tenant_id

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        user = await self._frontegg.users.add_to_tenant(
            user_id, self._tenant_id, skip_invite_email=True
        )
        return user.id

    async def close(self) -> None:
        """Close the session."""
        await self._session.__aexit__(None, None, None)
