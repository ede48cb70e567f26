"""Frontegg's official SDK for Node before the emulator.

    python -m tests.clients.node --modules PATH/TO/node_modules

The folder has ``@frontegg/client`` 5. It validates tokens of users, of API tokens and access
tokens, refuses a forged one and one without a role, and finds the host of hosted login. Ends with
1 if it cannot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

__all__ = ["main", "validate"]

SCRIPT: Final = Path(__file__).parent / "node_sdk" / "validate.cjs"
IDENTITY: Final = "/identity/resources"


async def validate(modules: Path) -> list[dict[str, Any]]:
    """Return what the SDK saw, check by check."""
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        tokens = await _tokens(emulator, http)
        process = await asyncio.create_subprocess_exec(
            *("node", str(SCRIPT), emulator.client_id, emulator.api_key, json.dumps(tokens)),
            env={
                **os.environ,
                "NODE_PATH": str(modules),
                "FRONTEGG_API_GATEWAY_URL": emulator.url,
            },
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"validate.cjs ended with {process.returncode}")
    lines = [line for line in out.decode().splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


async def _tokens(emulator: Emulator, http: aiohttp.ClientSession) -> dict[str, str]:
    """Return a token of each kind, and one that the emulator has not signed."""
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


def main(arguments: Sequence[str]) -> int:
    """Print what the SDK saw; return 1 if it refused nothing that it should."""
    parser = argparse.ArgumentParser(description="@frontegg/client before the emulator.")
    parser.add_argument("--modules", type=Path, required=True)
    options = parser.parse_args(arguments)
    seen = asyncio.run(validate(options.modules))
    sys.stdout.write("\n".join(map(str, seen)) + "\n")
    refused = [each["refused"] for each in seen if each["check"] == "refused"]
    return int(not all(refused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
