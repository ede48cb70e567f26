"""Web application with Starlette: ``uvicorn starlette_app:app --workers 2``.

Reads ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a region,
``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from frontegg_async import FronteggSession
from frontegg_async.auth import Claims, require
from frontegg_async.integrations.starlette import FronteggMiddleware, error_handlers, lifespan


async def health(request: Request) -> Response:
    return PlainTextResponse("ok")


async def me(request: Request) -> Response:
    caller: Claims = request.state.claims
    return JSONResponse({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


async def get_user(request: Request) -> Response:
    frontegg: FronteggSession = request.state.frontegg
    user = await frontegg.users.get(request.path_params["user_id"])
    return Response(user.to_json(), media_type="application/json")


async def list_users(request: Request) -> Response:
    tenant_id = request.path_params["tenant_id"]
    require(tenant=tenant_id).check(request.state.claims)
    frontegg: FronteggSession = request.state.frontegg
    users = await frontegg.users.iterate(tenant_id=tenant_id).collect(max_items=100)
    return JSONResponse([user.to_dict() for user in users])


ADMINS = Middleware(FronteggMiddleware, requires=require(roles="Admin"))

app = Starlette(
    routes=[
        Route("/health", health),
        Route("/me", me),
        Route("/users/{user_id}", get_user, middleware=[ADMINS]),
        Route("/tenants/{tenant_id}/users", list_users),
    ],
    lifespan=lifespan(issuer=os.environ.get("FRONTEGG_ISSUER")),
    middleware=[Middleware(FronteggMiddleware, public=["/health"])],
    exception_handlers=error_handlers(),
)
