"""Project of Django in one file: ``uvicorn django_app:application --workers 2``.

Reads ``DJANGO_SECRET_KEY``, ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` and, on the host of a
region, ``FRONTEGG_ISSUER``, the URL of the workspace (``https://acme.frontegg.com``).
"""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
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


async def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def me(request: HttpRequest) -> HttpResponse:
    caller = get_claims(request)
    return JsonResponse({"user_id": caller.user_id, "tenant_id": caller.tenant_id})


@requires(roles="Admin")
async def get_user(request: HttpRequest, user_id: str) -> HttpResponse:
    user = await get_session(request).users.get(user_id)
    return HttpResponse(user.to_json(), content_type="application/json")


@requires(tenant_from="tenant_id")
async def list_users(request: HttpRequest, tenant_id: str) -> HttpResponse:
    users = await get_session(request).users.iterate(tenant_id=tenant_id).collect(max_items=100)
    return JsonResponse([user.to_dict() for user in users], safe=False)


urlpatterns = [
    path("health", health),
    path("me", me),
    path("users/<user_id>", get_user),
    path("tenants/<tenant_id>/users", list_users),
]

application = with_lifespan(get_asgi_application())
