"""Hosted login, by a client of a few lines: the page, the code flow, and what is rejected."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from frontegg_async.emulator import Emulator, HostedLoginPolicy, OAuthErrors

from .api import Api, Result
from .conftest import Connect

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:1/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().strip("=")


def hosted(**policy: Any) -> dict[str, Any]:
    """Return the settings of an emulator with a policy."""
    return {"authenticate": False, "hosted_login": HostedLoginPolicy(**policy)}


def add_ada(emulator: Emulator) -> None:
    """Add a user with a password."""
    emulator.add_user("ada", email="ada@x.io", tenant_ids=["t"], password="pw")


def page(**changes: str | None) -> str:
    """Return the target of the login page."""
    asked = {
        "response_type": "code",
        "client_id": "emulator-client",
        "redirect_uri": CALLBACK,
        "state": "s t&a=te",
        "code_challenge": CHALLENGE,
        **changes,
    }
    return f"/oauth/authorize?{urlencode({k: v for k, v in asked.items() if v is not None})}"


async def visit(api: Api, target: str, **headers: str) -> Result:
    """Open a page, without going where it redirects to."""
    url = f"{api.emulator.url}{target}"
    async with api.http.get(url, headers=headers, allow_redirects=False) as response:
        return Result(response.status, response.headers, await response.read())


def answer_of(result: Result) -> dict[str, str]:
    """Return the query with which a user was sent back."""
    assert result.status == 302
    location = result.headers["Location"]
    assert location.startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(location).query))


async def exchange(
    api: Api, sent: Mapping[str, str], *, basic: str | None = None, form: bool = False
) -> Result:
    """Send a request to the token route."""
    headers: dict[str, str] = {}
    if basic is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(basic.encode()).decode()}"
    body: dict[str, Any] = {"data": dict(sent)} if form else {"json": dict(sent)}
    url = f"{api.emulator.url}/oauth/token"
    async with api.http.post(url, headers=headers, **body) as response:
        return Result(response.status, response.headers, await response.read())


async def code_of(api: Api, **changes: str | None) -> dict[str, str]:
    """Return the parts of a token request for a new code."""
    code = answer_of(await visit(api, page(**changes)))["code"]
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}


async def test_the_form(connect: Connect) -> None:
    """The page takes a password, keeps the state, and shows no markup that came in the URL."""
    async with connect(**hosted()) as api:
        add_ada(api.emulator)
        target = page(login_hint='"><script>')
        shown = await visit(api, target)
        assert shown.status == 200
        assert b"<script>" not in shown.body
        url = f"{api.emulator.url}{target}"
        back = ""
        for password, status in (("wrong", 401), ("pw", 302)):
            form = {"email": "ada@x.io", "password": password}
            async with api.http.post(url, data=form, allow_redirects=False) as response:
                assert response.status == status
                back = response.headers.get("Location", "")
        assert dict(parse_qsl(urlsplit(back).query))["state"] == "s t&a=te"


@pytest.mark.parametrize("form", [True, False])
async def test_the_code_flow(connect: Connect, form: bool) -> None:
    """A code is exchanged for tokens, by JSON and by a form; the refresh token renews, once."""
    async with connect(**hosted(user_id="ada")) as api:
        add_ada(api.emulator)
        sent = await code_of(api, nonce="n")
        got = await exchange(api, {**sent, "code_verifier": VERIFIER}, form=form)
        assert got.status == 200
        assert got.json.keys() == {
            "token_type",
            "access_token",
            "refresh_token",
            "id_token",
            "expires_in",
        }
        renewal = {"grant_type": "refresh_token", "refresh_token": got.json["refresh_token"]}
        renewed = await exchange(api, renewal, form=form)
        assert renewed.status == 200
        me = await visit(
            api,
            "/identity/resources/users/v2/me",
            Authorization=f"Bearer {renewed.json['access_token']}",
        )
        assert me.json["id"] == "ada"
        assert (await exchange(api, renewal, form=form)).status == 401


@pytest.mark.parametrize(
    ("asked", "sent", "basic", "error"),
    [
        ({}, {}, None, "invalid_grant"),
        ({}, {"code_verifier": "w" * 43}, None, "invalid_grant"),
        ({}, {"code_verifier": VERIFIER, "redirect_uri": CALLBACK + "/"}, None, "invalid_grant"),
        ({}, {"code_verifier": VERIFIER, "client_id": "nobody"}, None, "invalid_client"),
        ({}, {"code_verifier": VERIFIER, "client_id": "shop"}, None, "invalid_grant"),
        ({}, {"code_verifier": VERIFIER}, "emulator-client:wrong", "invalid_client"),
        ({}, {"code_verifier": VERIFIER, "grant_type": "password"}, None, "unsupported_grant_type"),
        ({"code_challenge": None}, {"code_verifier": VERIFIER}, None, "invalid_grant"),
        ({"code_challenge": None}, {}, None, "invalid_grant"),
        ({"code_challenge": None}, {}, "emulator-client:emulator-api-key", None),
        ({}, {"code_verifier": VERIFIER}, "emulator-client", None),
    ],
)
async def test_exchanges(
    connect: Connect,
    asked: dict[str, str | None],
    sent: dict[str, str],
    basic: str | None,
    error: str | None,
) -> None:
    """A code is bound to its verifier or the client's secret, to its client and its page."""
    async with connect(**hosted(user_id="ada", applications={"shop": "s"})) as api:
        add_ada(api.emulator)
        got = await exchange(api, {**(await code_of(api, **asked)), **sent}, basic=basic)
        assert got.json.get("error") == error
        assert got.status == (200 if error is None else 401 if error == "invalid_client" else 400)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"client_id": "nobody"}, None),
        ({"redirect_uri": "https://evil.example/"}, None),
        ({"redirect_uri": "http://127.0.0.1@evil.example/"}, None),
        ({"redirect_uri": None}, None),
    ],
)
async def test_requests_that_are_rejected(
    connect: Connect, changes: dict[str, str | None], error: str | None
) -> None:
    """An error goes back to the application, but never to a page that is not registered."""
    async with connect(**hosted()) as api:
        got = await visit(api, page(**changes))
        if error is None:
            assert (got.status, "Location" in got.headers) == (400, False)
        else:
            assert answer_of(got) == {"error": error, "state": "s t&a=te"}


async def test_policies(connect: Connect) -> None:
    """Hints, secrets that are required, and errors in Frontegg's shape are choices."""
    policy = {"trust_hints": True, "secret_required": True, "errors": OAuthErrors.FRONTEGG}
    async with connect(**hosted(**policy)) as api:
        add_ada(api.emulator)
        assert (await visit(api, page())).status == 200
        sent = await code_of(api, login_hint="ada@x.io")
        got = await exchange(api, {**sent, "code_verifier": VERIFIER})
        assert (got.status, got.json) == (401, {"errors": ["Client authentication is required"]})


async def test_the_discovery_document(connect: Connect) -> None:
    """The document names routes that are there."""
    async with connect(**hosted()) as api:
        found = (await visit(api, "/.well-known/openid-configuration")).json
        assert found["issuer"] == api.emulator.url
        for name in ("authorization_endpoint", "end_session_endpoint", "jwks_uri"):
            target = found[name].removeprefix(api.emulator.url)
            assert (await visit(api, target)).status in {200, 400}
        assert found["token_endpoint"] == f"{api.emulator.url}/oauth/token"
