"""Tokens of every kind that the emulator gives, for those who check them."""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

IDENTITY: Final = "/identity/resources"


async def every_token(emulator: Emulator, http: aiohttp.ClientSession) -> dict[str, str]:
    """Return a token of each kind, and one that the emulator has not signed, by their names.

    All are of an Admin of the tenant ``t``, whom they add; access tokens are the values of
    ``x-api-key``.
    """
    emulator.add_tenant("t")
    emulator.add_user("u", email="u@x.io", tenant_ids=["t"], roles=["Admin"], password="pw")
    headers: dict[str, str] = {}

    async def post(path: str, body: object) -> Any:
        async with http.post(emulator.url + path, json=body, headers=headers) as response:
            return await response.json()

    credentials = {"clientId": emulator.client_id, "secret": emulator.api_key}
    environment = (await post("/auth/vendor", credentials))["token"]
    login = {"email": "u@x.io", "password": "pw"}
    found = {"user": (await post(f"{IDENTITY}/auth/v1/user", login))["accessToken"]}
    headers |= {
        "Authorization": f"Bearer {environment}",
        "frontegg-tenant-id": "t",
        "frontegg-user-id": "u",
    }
    body = {"description": "d", "roleIds": ["role-Admin"]}
    for kind, owner in (("user", "users"), ("tenant", "tenants")):
        made = await post(f"{IDENTITY}/{owner}/api-tokens/v1", body)
        given = {name: made[name] for name in ("clientId", "secret")}
        exchanged = await post(f"{IDENTITY}/auth/v2/api-token", given)
        found[f"{kind}Api"] = exchanged["access_token"]
        access = await post(f"{IDENTITY}/{owner}/access-tokens/v1", body)
        found[f"{kind}Access"] = access["secret"]
    head, claims, signature = found["user"].split(".")
    found["forged"] = f"{head}.{claims}.{signature[::-1]}"
    return found
