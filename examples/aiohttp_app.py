"""Web application with aiohttp.web: ``python aiohttp_app.py 8080``, one process for each core.

All processes listen on the same port, and the kernel deals out connections.

Reads ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a region,
``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os
import sys

from aiohttp import web

from frontegg_async.integrations.aiohttp_web import (
    CLAIMS,
    FRONTEGG,
    cleanup_context,
    frontegg_middleware,
    requires,
)

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    return web.Response(text="ok")


@routes.get("/me")
async def me(request: web.Request) -> web.Response:
    caller = request[CLAIMS]
    return web.json_response({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


@routes.get("/users/{user_id}")
@requires(roles="Admin")
async def get_user(request: web.Request) -> web.Response:
    user = await request.config_dict[FRONTEGG].users.get(request.match_info["user_id"])
    return web.Response(body=user.to_json(), content_type="application/json")


@routes.get("/tenants/{tenant_id}/users")
@requires(tenant_from="tenant_id")
async def list_users(request: web.Request) -> web.Response:
    found = request.config_dict[FRONTEGG].users.iterate(tenant_id=request.match_info["tenant_id"])
    users = await found.collect(max_items=100)
    return web.json_response([user.to_dict() for user in users])


def make_app() -> web.Application:
    app = web.Application(middlewares=[frontegg_middleware(public=["/health"])])
    app.cleanup_ctx.append(cleanup_context(issuer=os.environ.get("FRONTEGG_ISSUER")))
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), port=int(sys.argv[1]), reuse_port=True)
