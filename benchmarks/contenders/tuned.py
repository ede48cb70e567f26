"""aiohttp with every knob that was found to matter, and nothing but the call.

No token to look after, no retry, no pacing: a specialist's program for this one route.
"""

from __future__ import annotations

import aiohttp
import msgspec
from yarl import URL

from frontegg_async.models.users import AddToTenantRequest, User

from . import Target


class Client:
    """One session, four headers set once, bytes in and bytes out."""

    async def setup(self, target: Target) -> None:
        """Open a session that does as little as possible for each call."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max(target.concurrency, 64)),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "tuned",
                "Content-Type": "application/json",
            },
            timeout=aiohttp.ClientTimeout(total=30.0),
            auto_decompress=False,
            trust_env=False,
        )
        self._authorization = {"Authorization": f"Bearer {target.token}"}
        self._base = target.url
        self._tenant_id = target.tenant_id
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(User).decode

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        async with self._http.post(
            URL(f"{self._base}/identity/resources/users/v1/{user_id}/tenant", encoded=True),
            data=self._encode(
                AddToTenantRequest(tenant_id=self._tenant_id, skip_invite_email=True)
            ),
            headers=self._authorization,
        ) as response:
            if response.status != 201:
                raise RuntimeError(f"status {response.status}")
            return self._decode(await response.read()).id

    async def close(self) -> None:
        """Close the session."""
        await self._http.close()
