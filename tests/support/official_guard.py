"""Guards a FastAPI application with the official ``frontegg`` package: a program of its own.

Arguments are the client id, the API key, and tokens by kind as JSON. Each is sent to a route for
everybody with a token, one for Admins, and one for a role that nobody has. The statuses go to
stdout as JSON, with the tenant that the first route saw.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from typing import Any

import httpx
from fastapi import Depends, FastAPI

# The package has no types for the parts that are used.
official: Any = import_module("frontegg.fastapi").frontegg
guard: Any = import_module("frontegg.fastapi.secure_access").FronteggSecurity
app = FastAPI()


of_everybody: Any = Depends(guard())


@app.get("/me")
def me(user: Any = of_everybody) -> dict[str, Any]:
    """Serve everybody with a token."""
    return {"tenant": user.tenant_id}


@app.get("/admins", dependencies=[Depends(guard(roles=["Admin"]))])
@app.get("/owners", dependencies=[Depends(guard(roles=["Owner"]))])
@app.get("/permitted", dependencies=[Depends(guard(permissions=["permission-Admin"]))])
def served() -> None:
    """Serve those whom the guard lets through."""


async def main(client_id: str, api_key: str, tokens: dict[str, str]) -> dict[str, Any]:
    """Return the statuses of every token, and of a request without one."""
    await official.init_app(client_id, api_key)
    transport = httpx.ASGITransport(app)
    found: dict[str, Any] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
        for kind, token in {**tokens, "none": ""}.items():
            header = "x-api-key" if kind.endswith("Access") else "Authorization"
            value = token if kind.endswith("Access") else f"Bearer {token}"
            headers = {header: value} if token else {}
            paths = ("/me", "/admins", "/permitted", "/owners")
            answers = [await http.get(path, headers=headers) for path in paths]
            found[kind] = [answers[0].json().get("tenant"), *(each.status_code for each in answers)]
    return found


sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))))
