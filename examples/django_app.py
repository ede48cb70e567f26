"""Project of Django in one file: ``uvicorn django_app:application --workers 2``.

Reads ``DJANGO_SECRET_KEY``, ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a
region, ``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os

import django
import msgspec
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from frontegg_async.integrations.django import (
    get_claims,
    get_session,
    requires,
    with_lifespan,
)

settings.configure(
    SECRET_KEY=os.environ["DJANGO_SECRET_KEY"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["frontegg_async.integrations.django.FronteggMiddleware"],
    FRONTEGG={
        "VERIFIER": {"issuer": os.environ.get("FRONTEGG_ISSUER")},
        "PUBLIC": ["/health"],
    },
)
django.setup()


def as_json(value: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json")


async def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def me(request: HttpRequest) -> HttpResponse:
    caller = get_claims(request)
    return as_json({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


@requires(roles="Admin")
async def get_user(request: HttpRequest, user_id: str) -> HttpResponse:
    return as_json(await get_session(request).users.get(user_id))


@requires(tenant_from="tenant_id")
async def list_users(request: HttpRequest, tenant_id: str) -> HttpResponse:
    users = get_session(request).users.iterate(tenant_id=tenant_id)
    return as_json(await users.collect(max_items=100))


urlpatterns = [
    path("health", health),
    path("me", me),
    path("users/<user_id>", get_user),
    path("tenants/<tenant_id>/users", list_users),
]

application = with_lifespan(get_asgi_application())
