"""Web application with Litestar: ``uvicorn litestar_app:app --workers 2``.

Reads ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a region,
``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os

from litestar import Litestar, get
from litestar.params import FromPath

from frontegg_async import User
from frontegg_async.integrations.litestar import (
    CurrentClaims,
    CurrentSession,
    FronteggPlugin,
    requires,
)


@get("/health")
async def health() -> str:
    return "ok"


@get("/me")
async def me(claims: CurrentClaims) -> dict[str, str | None]:
    return {"user_id": claims.user_id, "tenant_id": claims.tenant_id}


@get("/users/{user_id:str}", guards=[requires(roles="Admin")])
async def get_user(user_id: FromPath[str], frontegg: CurrentSession) -> User:
    return await frontegg.users.get(user_id)


@get("/tenants/{tenant_id:str}/users", guards=[requires(tenant_from="tenant_id")])
async def list_users(tenant_id: FromPath[str], frontegg: CurrentSession) -> list[User]:
    return await frontegg.users.iterate(tenant_id=tenant_id).collect(max_items=100)


app = Litestar(
    [health, me, get_user, list_users],
    plugins=[FronteggPlugin(issuer=os.environ.get("FRONTEGG_ISSUER"))],
)
