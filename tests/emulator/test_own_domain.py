"""Paths of own domains, and the flow of a browser there."""

from dataclasses import replace

import jwt
import pytest

from .api import Api
from .logins import COOKIE, log_in, refresh, user

pytestmark = pytest.mark.anyio

ME = "/identity/resources/users/v2/me"
TOKEN = "/identity/resources/users/v3/me/token"
PREFIX = "/frontegg"


def tenant_of(token: str) -> str:
    """Return the tenant that a token acts in."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return str(claims["tenantId"])


async def test_every_route_is_there_under_the_prefix(api: Api) -> None:
    """The prefix changes nothing: routes, counts and records are those without it."""
    mine = await user(api)
    for path in (ME, "/tenants/resources/account-settings/v1", "/.well-known/jwks.json"):
        plain, prefixed = await mine.send("GET", path), await mine.send("GET", PREFIX + path)
        assert (prefixed.status, prefixed.body) == (plain.status, plain.body)
        assert prefixed.status == 200
    assert api.emulator.count(f"GET {ME}") == 2
    assert api.emulator.requests[-1].raw_path.startswith(PREFIX)
    assert api.emulator.requests[-1].template == "/.well-known/jwks.json"
    for path in ("/frontegg", "/frontegg/", "/fronteggidentity/resources/users/v2/me"):
        assert (await mine.send("GET", path)).json["errorCode"] == "ER-00004"


async def test_pages_of_other_origins(api: Api) -> None:
    """A preflight is answered for the page that asks, and is no request of the record."""
    page = {"Origin": "http://localhost:3000"}
    asked = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "a, b"}
    answer = await api.send("OPTIONS", f"{PREFIX}{ME}", **page, **asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Headers"] == "a, b"
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert api.emulator.requests[-1].method == "POST"
    refused = await api.send("GET", "/nowhere", **page)
    for each in (answer, refused):
        assert each.headers["Access-Control-Allow-Origin"] == page["Origin"]
        assert each.headers["Access-Control-Allow-Credentials"] == "true"
    assert (await api.send("OPTIONS", ME, **page)).status == 404
    assert "Vary" not in (await api.send("GET", ME)).headers
    await api.send("PUT", "/vendors", {"allowedOrigins": ["https://app.example"]})
    answer = await api.send("GET", ME, **page)
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_tab_has_a_tenant_of_its_own(api: Api) -> None:
    """A renewal goes where its body says, and the others stay in the active tenant."""
    await user(api, tenant_ids=("a", "b"))
    session = (await log_in(api, "u@x.io", "pw")).json
    renewed = (await refresh(api, session["refreshToken"], tenantId="b")).json
    assert (tenant_of(session["accessToken"]), tenant_of(renewed["accessToken"])) == ("a", "b")
    again = (await refresh(api, renewed["refreshToken"])).json
    assert tenant_of(again["accessToken"]) == "a"
    assert (await refresh(api, again["refreshToken"], tenantId="c")).status == 401
    assert api.emulator.user("u").active_tenant == "a"


async def test_a_token_for_another_tenant(api: Api) -> None:
    """A user gets a token for another of their tenants, and the session stays where it is."""
    mine = await user(api, tenant_ids=("a", "b"))
    made = await mine.send("POST", TOKEN, {"tenantId": "b"})
    assert (made.status, tenant_of(made.json["accessToken"])) == (201, "b")
    there = replace(api, token=made.json["accessToken"])
    settings = await there.send("GET", "/tenants/resources/account-settings/v1")
    assert settings.json["tenantId"] == "b"
    assert (await mine.send("POST", TOKEN, {"tenantId": "c"})).status == 400


async def test_an_application_that_a_login_names(api: Api) -> None:
    """The application of the header is in the token, and stays there after a renewal."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    body = {"email": "u@x.io", "password": "pw"}
    sent = await replace(api, token="").send(
        "POST",
        f"{PREFIX}/identity/resources/auth/v1/user",
        body,
        frontegg_requested_application_id="shop",
    )
    renewed = await refresh(api, sent.json["refreshToken"])
    for result in (sent, renewed):
        claims = jwt.decode(result.json["accessToken"], options={"verify_signature": False})
        assert claims["applicationId"] == "shop"
        assert COOKIE in result.headers["Set-Cookie"]
