"""A web application whose users log in on Frontegg's page.

    pip install 'frontegg-async[jwt]'
    export FRONTEGG_CLIENT_ID=... FRONTEGG_DOMAIN=https://acme.frontegg.com
    python examples/hosted_login.py     # http://localhost:8080, redirect URL /callback

Visitors are kept in memory, so that this runs by itself; an application of several processes keeps
the pending login and the tokens in a store of its own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from frontegg_async import AuthenticationError, FronteggError, FronteggSession
from frontegg_async.auth import (
    Claims,
    OAuthClient,
    PendingLogin,
    TokenVerifier,
    begin_login,
    finish_login,
    logout_url,
)
from frontegg_async.integrations.error_responses import ErrorResponses

FRONTEGG = web.AppKey("frontegg", FronteggSession)
VERIFIER = web.AppKey("verifier", TokenVerifier)
CLIENT = web.AppKey("client", OAuthClient)
COOKIE = "visitor"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Visitor:
    """A browser: it has begun a login, or its user is logged in."""

    pending: PendingLogin | None = None
    user: FronteggSession | None = None
    """Calls as the user, and renews the user's tokens: kept as long as the user is served."""
    claims: Claims | None = None


VISITORS = web.AppKey("visitors", dict[str, Visitor])


def visitor_of(request: web.Request) -> Visitor:
    return request.app[VISITORS].get(request.cookies.get(COOKIE, "")) or Visitor()


def keep(request: web.Request, response: web.StreamResponse, visitor: Visitor) -> None:
    """Keep a visitor under a new cookie: the one before may be known to others."""
    request.app[VISITORS].pop(request.cookies.get(COOKIE, ""), None)
    key = secrets.token_urlsafe(32)
    request.app[VISITORS][key] = visitor
    secure = request.app[CLIENT].redirect_uri.startswith("https:")
    # Lax, because the callback is a request that comes from another site.
    response.set_cookie(COOKIE, key, httponly=True, samesite="Lax", secure=secure)


async def home(request: web.Request) -> web.Response:
    if visitor_of(request).user is None:
        page = '<a href="/login">Log in</a>'
    else:
        page = '<a href="/me">Me</a><form method="post" action="/logout"><button>Log out'
    return web.Response(text=page, content_type="text/html")


async def login(request: web.Request) -> web.Response:
    app = request.app
    to = request.query.get("next", "/")
    # A page of another host in ``next`` is an error here, and leads nowhere.
    url, pending = begin_login(app[FRONTEGG], app[CLIENT], return_to=to)
    response = web.Response(status=302, headers={"Location": url})
    keep(request, response, Visitor(pending=pending))
    return response


async def callback(request: web.Request) -> web.Response:
    app, visitor = request.app, visitor_of(request)
    pending, visitor.pending = visitor.pending, None
    done = await finish_login(
        app[FRONTEGG], app[CLIENT], pending, request.query, verifier=app[VERIFIER]
    )
    response = web.Response(status=302, headers={"Location": done.return_to})
    user = app[FRONTEGG].as_user(done.tokens)
    keep(request, response, Visitor(user=user, claims=done.claims))
    return response


async def me(request: web.Request) -> web.Response:
    visitor = visitor_of(request)
    if visitor.user is not None and visitor.claims is not None:
        try:
            profile = await visitor.user.me.get()
        except AuthenticationError:
            visitor.user = None  # logged out elsewhere, or after the last renewal
        else:
            tenant = escape(visitor.claims.tenant_id or "")
            page = f"<p>{escape(profile.email or '')} of {tenant}</p>"
            return web.Response(text=page, content_type="text/html")
    raise web.HTTPFound(f"/login?{urlencode({'next': request.path_qs})}")


async def logout(request: web.Request) -> web.Response:
    request.app[VISITORS].pop(request.cookies.get(COOKIE, ""), None)
    url = logout_url(request.app[FRONTEGG], request.app[CLIENT], return_to="/")
    response = web.Response(status=303, headers={"Location": url})
    response.del_cookie(COOKIE)
    return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 or 403 to a login that has not succeeded, and 502 where Frontegg failed."""
    try:
        return await handler(request)
    except FronteggError as error:
        answer = ErrorResponses().respond(error)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


async def frontegg(app: web.Application) -> AsyncIterator[None]:
    async with FronteggSession.for_users(
        client_id=os.environ["FRONTEGG_CLIENT_ID"], base_url=os.environ["FRONTEGG_DOMAIN"]
    ) as session:
        app[FRONTEGG] = session
        app[VERIFIER] = TokenVerifier(session)
        yield


def make_app(origin: str) -> web.Application:
    """Return the application, which browsers reach at ``origin``."""
    app = web.Application(middlewares=[errors])
    app[CLIENT] = OAuthClient(redirect_uri=f"{origin}/callback")
    app[VISITORS] = {}
    app.cleanup_ctx.append(frontegg)
    app.add_routes(
        [
            web.get("/", home),
            web.get("/login", login),
            web.get("/callback", callback),
            web.get("/me", me),
            web.post("/logout", logout),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(make_app("http://localhost:8080"), host="localhost", port=8080)
