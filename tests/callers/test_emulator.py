"""The emulator's tokens, checked by this package and, side by side, by a plain PyJWT script."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest

from frontegg_async import FronteggSession, Operation, TokenKind, UnauthorizedError
from frontegg_async.auth import TokenVerifier, require
from frontegg_async.emulator import Emulator
from frontegg_async.operation import JSON

from ..support.every_token import every_token

pytestmark = pytest.mark.anyio

JWKS = Operation("test.jwks", "GET", "/.well-known/jwks.json", JSON, token=TokenKind.NONE)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        running.add_user(
            "ada", email="ada@example.com", tenant_ids=["t1"], roles=["Admin"], password="pw-Ada-1"
        )
        yield running


@pytest.fixture
async def frontegg(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    async with FronteggSession(
        client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
    ) as session:
        yield session


async def token_of_ada(frontegg: FronteggSession) -> str:
    """Log in, and return the access token."""
    login = await frontegg.authentication.login(email="ada@example.com", password="pw-Ada-1")
    assert login.access_token is not None
    return login.access_token


async def test_a_login_passes_both_checks(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The token of a login is good to the verifier, with its defaults, and to PyJWT alone."""
    token = await token_of_ada(frontegg)
    claims = await TokenVerifier(frontegg).verify(token)
    require(roles="Admin", permissions="permission-Admin", tenant="t1").check(claims)
    assert claims.user_id == "ada"

    key = jwt.PyJWK.from_dict((await frontegg.call(JWKS))["keys"][0])
    theirs = jwt.decode(
        token, key, algorithms=["RS256"], audience=emulator.client_id, issuer=emulator.url
    )
    assert theirs == claims.raw


async def test_rotated_keys(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Tokens of the new key are good at once, and those of the withdrawn one are not any more."""
    verifier = TokenVerifier(frontegg)
    old = await token_of_ada(frontegg)
    await verifier.verify(old)
    emulator.rotate_keys()
    await verifier.verify(await token_of_ada(frontegg))
    with pytest.raises(UnauthorizedError, match="a key that is not known"):
        await verifier.verify(old)


async def test_access_tokens_of_users(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A user's access token is good in x-api-key, with the user's rights, until it is deleted."""
    tokens = frontegg.as_user(await token_of_ada(frontegg)).personal_tokens
    made = await tokens.create_access_token(description="CI")
    claims = await TokenVerifier(frontegg).authenticate({"x-api-key": made.secret or ""})
    require(roles="Admin", tenant="t1").check(claims)
    assert claims.user_id == "ada"

    await tokens.delete_access_token(made.id or "")
    with pytest.raises(UnauthorizedError, match="revoked"):
        await TokenVerifier(frontegg).authenticate({"x-api-key": made.secret or ""})


async def test_access_tokens_of_tenants(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A tenant's access token is good in x-api-key, with its own rights, until it is deleted."""
    tokens = frontegg.for_tenant("t1").api_tokens
    made = await tokens.create_access_token(description="CI", role_ids=["role-Admin"])
    claims = await TokenVerifier(frontegg).authenticate({"x-api-key": made.secret or ""})
    require(roles="Admin", tenant="t1").check(claims)
    assert claims.user_id is None

    await tokens.delete_access_token(made.id or "")
    with pytest.raises(UnauthorizedError, match="revoked"):
        await TokenVerifier(frontegg).authenticate({"x-api-key": made.secret or ""})


async def test_keys_of_the_configuration(frontegg: FronteggSession) -> None:
    """The PEM key of the environment's configuration verifies a login as the key set does."""
    verifier = TokenVerifier(frontegg, keys="configuration")
    assert (await verifier.verify(await token_of_ada(frontegg))).user_id == "ada"


async def test_the_official_package_agrees(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Frontegg's own Python package takes the tokens that the verifier takes, with equal claims.

    It reads the key, and which access tokens are active, from the emulator, as it does from
    Frontegg; tokens of another emulator are rejected by both.
    """
    verifier, user = TokenVerifier(frontegg), await token_of_ada(frontegg)
    tokens = frontegg.for_tenant("t1").api_tokens
    made = await tokens.create_access_token(description="CI", role_ids=["role-Admin"])
    access = made.secret or ""
    found = await officially("check", emulator, user, access)
    assert found["JWT"] == (await verifier.verify(user)).raw
    claims = await verifier.verify_access_token(access)
    assert found["AccessToken"] == {
        **claims.raw,
        "roles": ["Admin"],
        "permissions": ["permission-Admin"],
    }

    async with Emulator() as other:
        found = await officially("check", other, user, access)
    assert found == {"JWT": "UnauthenticatedException", "AccessToken": "UnauthenticatedException"}


async def test_the_official_guard() -> None:
    """Frontegg's guard of FastAPI serves each kind of token what its roles allow, and no other."""
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        tokens = await every_token(emulator, http)
        found = await officially("guard", emulator, json.dumps(tokens))
    served, refused = ["t", 200, 200, 200, 403], [None, 401, 401, 401, 401]
    good = dict.fromkeys(("user", "userApi", "userAccess", "tenantApi", "tenantAccess"), served)
    assert found == {**good, "forged": refused, "none": refused}


async def officially(program: str, emulator: Emulator, *arguments: str) -> Any:
    """Return the result of a program that uses the official package."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.support.official_{program}",
        emulator.client_id, emulator.api_key, *arguments,
        env={**os.environ, "FRONTEGG_API_GATEWAY_URL": emulator.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    written, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(written)
