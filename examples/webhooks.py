"""Receives webhooks and prehooks of Frontegg, with aiohttp.web.

    pip install 'frontegg-async[jwt]'
    FRONTEGG_CLIENT_ID=... FRONTEGG_API_KEY=... FRONTEGG_WEBHOOK_SECRET=... python webhooks.py

It keeps a copy of users and tenants. Only ids are taken from an event, since its body is not
signed: the users and tenants themselves are read from Frontegg. So an event that is forged,
repeated or late does no harm. ``COPY`` stands for your database. With many events, answer first
and read later, in a worker: docs/webhooks.md says why.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from frontegg_async import FronteggError, FronteggSession, NotFoundError, Tenant, User
from frontegg_async.integrations.error_responses import ErrorResponses
from frontegg_async.webhooks import (
    Event,
    TenantEvent,
    UserEvent,
    allow,
    block,
    unwrap,
    unwrap_prehook,
)

FRONTEGG: Final = web.AppKey("FRONTEGG", FronteggSession)
SECRET: Final = web.AppKey("SECRET", str)
COPY: Final = web.AppKey("COPY", dict[str, User | Tenant])
ERRORS: Final = ErrorResponses()
ROUTES: Final = web.RouteTableDef()


@ROUTES.post("/webhooks")
async def receive(request: web.Request) -> web.Response:
    """Bring the copy up to date. Any 2xx tells Frontegg that the event has arrived."""
    try:
        event = unwrap(request.headers, await request.read(), secret=request.app[SECRET])
        await update_copy(request.app, event)
    except FronteggError as error:
        answer = ERRORS.respond(error)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
    return web.Response(status=204)


async def update_copy(app: web.Application, event: Event) -> None:
    """Read what an event is about from Frontegg, and keep that."""
    frontegg, copy = app[FRONTEGG], app[COPY]
    match event:
        case UserEvent(user_id=str(user_id)):
            try:
                copy[user_id] = await frontegg.users.get(user_id)
            except NotFoundError:
                copy.pop(user_id, None)
        case TenantEvent(tenant_id=str(tenant_id)):
            try:
                copy[tenant_id] = await frontegg.tenants.get(tenant_id)
            except NotFoundError:
                copy.pop(tenant_id, None)
        case _:
            pass  # of no interest here, or of a kind that is new


@ROUTES.post("/prehooks/sign-up")
async def sign_up(request: web.Request) -> web.Response:
    """Decide who may sign up, within 5 seconds."""
    try:
        prehook = unwrap_prehook(request.headers, await request.read(), secret=request.app[SECRET])
    except FronteggError as error:
        answer = ERRORS.respond(error)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
    if (prehook.email or "").lower().endswith("@example.com"):
        return web.json_response(allow())
    return web.json_response(block("Sign up with your company's address."))


def make_app(frontegg: FronteggSession, secret: str) -> web.Application:
    """Return the application. It opens and closes the session."""
    app = web.Application(client_max_size=1_048_576)  # bytes; larger bodies are 413
    app[FRONTEGG], app[SECRET], app[COPY] = frontegg, secret, {}

    async def session(_: web.Application) -> AsyncIterator[None]:
        async with frontegg:
            yield

    app.cleanup_ctx.append(session)
    app.add_routes(ROUTES)
    return app


if __name__ == "__main__":
    web.run_app(
        make_app(FronteggSession.from_env(), os.environ["FRONTEGG_WEBHOOK_SECRET"]), port=8080
    )
