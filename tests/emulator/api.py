"""A client of a few lines, so that these tests depend on nothing of the SDK."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import anyio
import anyio.lowlevel
import msgspec
from yarl import URL

from frontegg_async.emulator import Emulator

USERS = "/identity/resources/users/v1"
VENDOR_ONLY = "/identity/resources/vendor-only/users/v1"
ADD = "POST /identity/resources/users/v1/{userId}/tenant"
AUTH = "POST /auth/vendor"


@dataclass(frozen=True)
class Result:
    """A response with its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Decode the body."""
        return msgspec.json.decode(self.body)


@dataclass
class Api:
    """Sends requests as they are given, as the emulator's default client."""

    emulator: Emulator
    http: aiohttp.ClientSession
    token: str = ""

    async def authenticate(self, client_id: str | None = None, secret: str | None = None) -> Result:
        """Ask for a token and use it from now on."""
        body = {
            "clientId": client_id or self.emulator.client_id,
            "secret": secret or self.emulator.api_key,
        }
        result = await self.send("POST", "/auth/vendor", body)
        if result.status == 200:
            self.token = result.json["token"]
        return result

    async def send(self, method: str, target: str, body: object = None, **headers: str) -> Result:
        """Send a request and read the response; underscores in header names become hyphens."""
        async with self.open(method, target, body, **headers) as response:
            return Result(response.status, response.headers, await response.read())

    def open(self, method: str, target: str, body: object = None, **headers: str) -> Any:
        """Send a request without reading the body of the response."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        url = URL(self.emulator.url + target, encoded=True)
        return self.http.request(method, url, data=data, headers=named, allow_redirects=False)

    async def add(self, user_id: str, tenant_id: str, **fields: object) -> Result:
        """Add a user to a tenant; the id is put into the path as it is."""
        body = {"tenantId": tenant_id, **fields}
        return await self.send("POST", f"{USERS}/{user_id}/tenant", body)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until a condition holds."""
    with anyio.fail_after(10):
        while not condition():
            await anyio.lowlevel.checkpoint()
