"""Web application with FastAPI: ``uvicorn fastapi_app:app --workers 2``.

Reads ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a region,
``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os

from fastapi import FastAPI

from frontegg_async import User
from frontegg_async.integrations.fastapi import (
    CurrentClaims,
    CurrentSession,
    Requires,
    error_handlers,
    lifespan,
)

app = FastAPI(
    lifespan=lifespan(issuer=os.environ.get("FRONTEGG_ISSUER")),
    exception_handlers=error_handlers(),
)


@app.get("/me")
async def me(caller: CurrentClaims) -> dict[str, str | None]:
    return {"user_id": caller.user_id, "tenant_id": caller.tenant_id}


@app.get("/users/{user_id}", dependencies=[Requires(roles="Admin")])
async def get_user(user_id: str, frontegg: CurrentSession) -> User:
    return await frontegg.users.get(user_id)


@app.get("/tenants/{tenant_id}/users", dependencies=[Requires(tenant_from="tenant_id")])
async def list_users(tenant_id: str, frontegg: CurrentSession) -> list[User]:
    return await frontegg.users.iterate(tenant_id=tenant_id).collect(max_items=100)
